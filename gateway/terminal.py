"""Condenses the log of `run` for a terminal: one line for a launch, three for a failure.

It reads the lines that the servers write: the app's log events, and the simulated EHR's records
{"simulated": {…}}, which are the only source of the (invented) patient's name. Other text passes
through. Pure: the caller passes the time and prints the lines.
"""

import json
import re
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from shared.log import Event

# A launch whose page doesn't report that it's complete is reported after this many quiet seconds.
SETTLED_SECONDS = 1.0
_MOST_KEPT = 200
_LONGEST_CAUSE = 160
# The events whose response is a page, which the gateway keeps (gateway/failures.py).
_WITH_PAGE = frozenset({"launch_refused", "callback_failed", "app_refused"})
_UNEXPECTED = "internal_error"
_EVENTS = frozenset(get_args(Event))
Record = Mapping[str, object]


@dataclass(slots=True)
class _Launch:
    """One launch: the time of its first and last event in the log and, in seconds on the caller's
    clock, when that arrived.
    """

    first: str
    last: str
    arrived: float
    who: str = ""
    missing: str = ""
    session: str = ""
    reads: int = 0
    failed: int = 0


class Terminal:
    """The state of one terminal. `app` is the app's URL, `ehr` the simulated EHR's."""

    def __init__(self, app: str, ehr: str) -> None:
        self._app, self._ehr = app, ehr
        self._launches: dict[str, _Launch] = {}
        self._names: dict[str, str] = {}
        self._shown: dict[tuple[str, str], bool] = {}

    def lines(self, text: str, now: float) -> Iterator[str]:
        """Yield what to print for one line of output; `now` is in seconds, on any clock."""
        try:
            record = json.loads(text)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            yield _printable(text)
        elif isinstance(simulated := record.get("simulated"), dict):
            yield from self._of_ehr(simulated)
        elif record.get("event") in _EVENTS and _is_time(record.get("time")):
            yield from self._of_app(record, now)
        else:
            # A project's function printed it, or logged it: `event` is also structlog's word.
            yield _printable(text)

    def settled(self, now: float) -> Iterator[str]:
        """Yield the lines of the launches that have been quiet for a while."""
        for mark, one in list(self._launches.items()):
            if one.session and now - one.arrived >= SETTLED_SECONDS:
                yield self._end(mark)

    def _of_ehr(self, record: Record) -> Iterator[str]:
        mark = str(record.get("launch"))
        self._names[mark] = f"{record.get('patient') or 'No patient'} at {record.get('ehr')}"
        _forget(self._names)
        if refused := record.get("refused"):
            self._launches.pop(mark, None)
            what = "The EHR showed an error page instead of opening the app"
            yield from self._failure(str(record.get("time")), mark, what, str(refused), "")

    def _of_app(self, record: Record, now: float) -> Iterator[str]:
        event, mark = str(record["event"]), str(record.get("launch", ""))
        time, session = str(record.get("time")), str(record.get("session", ""))
        if event == "launch_started":
            self._launches[mark] = _Launch(time, time, now)
            _forget(self._launches)
            return
        if event == "callback_completed" and mark in self._launches:
            launch = self._launches[mark]
            launch.session, launch.last, launch.arrived = session, time, now
            missing = record.get("missing")
            launch.missing = " ".join(map(str, missing)) if isinstance(missing, list) else ""
            return
        opening = [key for key, one in self._launches.items() if session and one.session == session]
        for key in opening:
            launch = self._launches[key]
            launch.last, launch.arrived = time, now
            if event == "fhir_request":
                launch.reads += 1
                launch.failed += record.get("severity") != "INFO"
        if record.get("severity") != "INFO":
            self._launches.pop(mark, None)
            yield from self._problem(event, mark or "".join(opening), record)
        elif event == "app_opened" and opening:
            yield self._end(opening[0])
        elif event not in {"fhir_request", "app_opened"} and not opening:
            yield f"{_clock(time)}  {_text(record)}"

    def _end(self, mark: str) -> str:
        launch = self._launches.pop(mark)
        took = datetime.fromisoformat(launch.last) - datetime.fromisoformat(launch.first)
        failed = f" ({launch.failed} failed)" if launch.failed else ""
        missing = f", not granted: {launch.missing}" if launch.missing else ""
        reads = "1 read" if launch.reads == 1 else f"{launch.reads} reads"
        return _printable(
            f"{_clock(launch.first)}  {self._name(mark)}: {reads}{failed} in "
            f"{took.total_seconds():.1f} s{missing}"
        )

    def _name(self, mark: str) -> str:
        return self._names.get(mark, "A launch")

    def _problem(self, event: str, mark: str, record: Record) -> Iterator[str]:
        time, message = str(record.get("time")), str(record.get("message"))
        code = str(record.get("code", record.get("status", "")))
        cause = str(record.get("cause", ""))
        if not cause and not code:
            yield f"{_clock(time)}  {_text(record)}"
            return
        # The searches of one page often fail for the same reason.
        key = str(record.get("correlation_id")), f"{event} {code} {cause}"
        if key in self._shown:
            return
        self._shown[key] = True
        _forget(self._shown)
        page = f"{self._app}/failures/{record.get('correlation_id')}" if event in _WITH_PAGE else ""
        if not page and "code" in record:
            anchor = code.replace("_", "-")
            page = f"{self._app}/docs/troubleshooting.md#smart-calc/{anchor}"
        elif not page:
            page = f"{self._app}/docs/troubleshooting.md#causes-by-id"
        what = message.partition(": ")[2] if message.startswith(f"{code}: ") else message
        if event == "fhir_request":
            what = f"The EHR refused a request for {record.get('type')}"
        if not cause and "status" in record:
            cause = f"The EHR returned status {record['status']}."
        yield from self._failure(time, mark, f"{what.rstrip('.')} [{code}]", cause, page)
        if record.get("code") == _UNEXPECTED:
            stack = str(record.get("stack_trace")).splitlines()
            yield from (_printable(f"          {one}") for one in stack)

    def _failure(self, time: str, mark: str, what: str, cause: str, page: str) -> Iterator[str]:
        name = f"{self._names[mark]}: " if mark in self._names else ""
        yield _printable(f"{_clock(time)}  FAILED  {name}{what}")
        yield _printable(f"          Cause: {_first_sentence(cause) or 'see the trace'}")
        trace = f"{self._ehr}/trace" + (f"#launch-{mark}" if mark in self._names else "")
        yield _printable(f"          Trace: {trace}" + (f"   Explained: {page}" if page else ""))


def _is_time(value: object) -> bool:
    try:
        return datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False


def _forget(kept: MutableMapping[Any, Any]) -> None:
    while len(kept) > _MOST_KEPT:
        del kept[next(iter(kept))]


def _text(record: Record) -> str:
    subject = " ".join(str(record[one]) for one in ("ehr", "status") if one in record)
    return _printable(f"{record.get('message')}" + (f" ({subject})" if subject else ""))


def _clock(time: str) -> str:
    return _printable(time[11:19])


def _first_sentence(text: str) -> str:
    sentence = re.split(r"(?<=[.!?]) (?=[A-Z`'])", text, maxsplit=1)[0]
    return sentence if len(sentence) <= _LONGEST_CAUSE else f"{sentence[:_LONGEST_CAUSE]}…"


def _printable(text: str) -> str:
    """Return a text without characters that control the terminal; parts of it are untrusted."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text)
