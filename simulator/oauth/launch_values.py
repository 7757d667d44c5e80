"""Launch values, which a chart passes to an app for one authorization request (SMART App Launch
2.2, Launch App: EHR launch).
"""

import threading
from collections.abc import Callable

from simulator import trace
from simulator.common.expiring_map import ExpiringMap
from simulator.oauth.granted import Launch

LAUNCH_SECONDS = 300
# How long to remember used and expired values, so that the trace can report them.
_REMEMBERED_SECONDS = 8 * 3600


class _Value:
    def __init__(self, launch: Launch, expires: float) -> None:
        self.launch = launch
        self.expires = expires
        self.is_used = False


class LaunchValues:
    """The launch values of one EHR; thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._values = ExpiringMap[_Value](_REMEMBERED_SECONDS, clock)

    def issue(self, launch: Launch) -> str:
        """Return a new launch value."""
        return self._values.put(_Value(launch, self._clock() + LAUNCH_SECONDS))

    def find(self, value: str) -> Launch | None:
        """Return the launch behind a valid value, without consuming it; trace the result."""
        entry = self._values.get(value)
        if entry is None:
            trace.note("wrong", "launch", f"{trace.short(value)} wasn't issued by this EHR")
            return None
        trace.belong(entry.launch.launch_trace)
        late = self._clock() - entry.expires
        if entry.is_used:
            trace.note("wrong", "launch", "was already used; a launch value works only once")
        elif late >= 0:
            trace.note(
                "wrong", "launch", f"expired {late:.0f} s ago; it's valid for {LAUNCH_SECONDS} s"
            )
        else:
            trace.note("right", "launch", f"{trace.short(value)}, as the chart sent it, unused")
            return entry.launch
        return None

    def take(self, value: str) -> bool:
        """Consume a launch value; return False if it's unknown, expired or already used."""
        with self._lock:
            entry = self._values.get(value)
            if entry is None or entry.is_used or self._clock() >= entry.expires:
                return False
            entry.is_used = True
            return True
