"""A chart that was opened with its cards, remembered while it is on the screen: who may dismiss or
follow them, and what became of each.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simulator.cds.answer import Card
from simulator.common.expiring_map import ExpiringMap
from simulator.trace import LaunchTrace

_SECONDS = 3600


@dataclass(slots=True)
class Answered:
    """What one CDS service answered to an opening.

    Fields:
        client_id: the registered app that the service belongs to.
        service: the URL of the service.
        problems: what was wrong with the whole answer.
        was_spoiled: whether the service refused a call that a fault of the EHR had spoiled.
        outcomes: what the clinician made of a card, by its number.
    """

    client_id: str
    name: str
    service: str
    cards: Sequence[Card]
    problems: Sequence[str]
    was_spoiled: bool = False
    outcomes: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """A chart on a clinician's screen."""

    patient: str
    user: str
    fault: str
    answers: Sequence[Answered]
    launch_trace: LaunchTrace


class CdsState:
    """What one EHR remembers as a CDS client; safe to share between threads.

    Fields:
        openings: charts on screens.
        hides_keys: whether a fault makes the address of the keys fail.
        templates: discovery documents that are kept, by the base URL of the service.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.openings = ExpiringMap[Opening](_SECONDS, clock)
        self.hides_keys = False
        self.templates: dict[str, object] = {}
        self._lock = threading.Lock()
        self._asking: list[LaunchTrace] = []

    def begin(self, launch_trace: LaunchTrace) -> None:
        """Say that a call has begun."""
        with self._lock:
            self._asking.append(launch_trace)

    def end(self, launch_trace: LaunchTrace) -> None:
        """Say that the call is over."""
        with self._lock:
            self._asking.remove(launch_trace)

    def asking(self) -> LaunchTrace | None:
        """Return the call that a request for the keys belongs to, where there is only one."""
        with self._lock:
            return self._asking[0] if len(self._asking) == 1 else None
