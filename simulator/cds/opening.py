"""Open charts with their cards, kept so that the user can follow or dismiss the cards, and the
outcome of each card.
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
    """One CDS service's response to an opened chart.

    `client_id`: the registered app that the service belongs to. `problems`: problems of the
    response as a whole. `was_spoiled`: whether the service refused a call that an injected fault
    had broken. `outcomes`: how the clinician handled a card, by its number.
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
    """The state of one EHR as a CDS client; thread-safe.

    `openings`: charts on screens. `hides_keys`: whether an injected fault makes the key set
    endpoint fail. `templates`: cached discovery documents, by the base URL of the service.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.openings = ExpiringMap[Opening](_SECONDS, clock)
        self.hides_keys = False
        self.templates: dict[str, object] = {}
        self._lock = threading.Lock()
        self._asking: list[LaunchTrace] = []

    def begin(self, launch_trace: LaunchTrace) -> None:
        """Record that a call has started."""
        with self._lock:
            self._asking.append(launch_trace)

    def end(self, launch_trace: LaunchTrace) -> None:
        """Record that the call has ended."""
        with self._lock:
            self._asking.remove(launch_trace)

    def asking(self) -> LaunchTrace | None:
        """Return the call that a request for the keys belongs to, if only one is active."""
        with self._lock:
            return self._asking[0] if len(self._asking) == 1 else None
