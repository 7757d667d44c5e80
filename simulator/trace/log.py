"""The newest requests with their notes, each assigned to its launch.

Requests for discovery and keys, and requests with unknown values, don't identify a launch. If one
arrives within half a minute of a launch's own requests, at the same EHR and not from another
client, it's assigned to that launch and marked as assigned only by time. An authorization request
is assigned this way only while the chart is waiting for one.
"""

import threading
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from simulator.faults.named import FAULTS
from simulator.trace import LaunchTrace, Notes

MOST_ENTRIES = 2000
_NEAR = timedelta(seconds=30)


class TraceLog:
    """Stores the entries; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Notes] = deque(maxlen=MOST_ENTRIES)
        self._latest: dict[str, tuple[LaunchTrace, datetime]] = {}

    def keep(self, notes: Notes, number: int, status: int) -> None:
        """Store the notes of a request that got a response."""
        if not notes.ehr:
            return
        now = datetime.now(UTC)
        with self._lock:
            launch_trace = notes.launch_trace
            near = None if launch_trace is not None else self._near(notes, now)
            if launch_trace is None and near is None and notes.step == "authorize":
                launch_trace = LaunchTrace(notes.ehr, is_from_chart=False, client=notes.client)
            if launch_trace is not None:
                launch_trace.has_come_back |= notes.step == "authorize"
                self._latest[notes.ehr] = (launch_trace, now)
            notes.launch_trace, notes.is_placed = launch_trace or near, near is not None
            notes.number, notes.status = number, status
            self._entries.append(notes)

    def entries(self, after: int = 0) -> list[Notes]:
        """Return the entries after a number, oldest first."""
        with self._lock:
            return [one for one in self._entries if one.number > after]

    def clear(self) -> None:
        """Remove all entries."""
        with self._lock:
            self._entries.clear()
            self._latest.clear()

    def _near(self, notes: Notes, now: datetime) -> LaunchTrace | None:
        launch_trace, active = self._latest.get(notes.ehr, (None, now))
        if (
            launch_trace is None
            or now - active > _NEAR
            or notes.client not in ("", launch_trace.client)
        ):
            return None
        return None if notes.step == "authorize" and launch_trace.has_come_back else launch_trace


def as_json(entry: Notes) -> Mapping[str, object]:
    """Return an entry as JSON data, for tests and tools."""
    return {
        "number": entry.number,
        "time": entry.began.isoformat(),
        "step": entry.step,
        "ehr": entry.ehr,
        "title": entry.title,
        "client": entry.client,
        "launch": None if entry.launch_trace is None else entry.launch_trace.id,
        "placed_by_time": entry.is_placed,
        "checks": [
            {"mark": one.mark, "about": one.about, "text": one.text} for one in entry.checks
        ],
        "faults": [{"name": name, "title": FAULTS[name].title} for name in entry.faults],
        "refused": entry.is_refused,
        "answer": entry.answer,
        "status": entry.status,
    }
