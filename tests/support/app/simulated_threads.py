"""A process with 16 threads and a queue, on a clock that a test moves: how long requests wait while
EHRs hang. The rules and the counting are the product's own, and only the EHRs are simulated.
"""

import itertools
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from shared.errors import Overloaded
from shared.outbound import waiting
from shared.outbound.request import origin_of
from shared.outbound.serving import Serving, Threads
from shared.outbound.waiting import Wait
from tests.support.app.stores import Clock

TICK = 0.05


@dataclass(frozen=True)
class Asked:
    """A request: what it is for, and the FHIR base that it calls, or None for /health.

    Without `answers`, the EHR is silent, or sends a byte every `trickle` seconds. The call ends
    after `seconds`.
    """

    name: str
    base: str | None = None
    answers: bool = True
    is_read: bool = True
    trickle: float = math.inf
    seconds: float = 60.0


@dataclass
class _Held:
    """A request in a thread, and its call that waits."""

    serving: Serving
    wait: Wait
    asked: Asked
    since: float


@dataclass
class SimulatedThreads:
    """`delays` has how long each served request waited, by name, with the time it was sent."""

    threads: Threads
    clock: Clock
    delays: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    refused: list[Asked] = field(default_factory=list)
    sent: list[tuple[float, Asked]] = field(default_factory=list)
    queue: deque[tuple[float, Asked]] = field(default_factory=deque)
    _held: list[_Held] = field(default_factory=list)

    def run(self, seconds: float, arriving: Callable[[int], Iterator[Asked]]) -> None:
        """Let requests arrive for some time, by the number of the tick."""
        for tick in itertools.count():
            if tick * TICK >= seconds:
                return
            self.queue.extend((self.clock.now, one) for one in arriving(tick))
            self._look()
            while self.queue and self.threads.free:
                self._serve(*self.queue.popleft())
            self.clock.now += TICK

    def longest(self, after: float) -> float:
        """The longest delay of a request that was sent after a time, or still waits."""
        delays = [late for each in self.delays.values() for sent, late in each if sent >= after]
        waiting_now = [
            self.clock.now - sent for sent, one in self.queue if one.answers and sent >= after
        ]
        return max(delays + waiting_now)

    def _serve(self, sent: float, asked: Asked) -> None:
        request = waiting.begin()
        self.delays.setdefault(asked.name, []) if asked.answers else None
        if asked.base is None:
            self.delays[asked.name].append((sent, self.clock.now - sent))
            request.end()
            return
        try:
            waiting.admit(asked.base, asked.base, asked.base)
        except Overloaded:
            self.refused.append(asked)
            request.end()
            return
        self.sent.append((self.clock.now, asked))
        wait = waiting.call(origin_of(asked.base), asked.base, is_read=asked.is_read)
        if asked.answers:
            with wait:
                wait.received(2_000)
            wait.answered()
            self.delays[asked.name].append((sent, self.clock.now - sent))
            request.end()
        else:
            wait.__enter__()
            self._held.append(_Held(request, wait, asked, self.clock.now))

    def _look(self) -> None:
        """Let each waiting thread look whether to go on waiting."""
        for one in list(self._held):
            waited = self.clock.now - one.since
            if waited % one.asked.trickle < TICK and waited > TICK:
                one.wait.received(1)
            try:
                one.wait.seconds(one.since + one.asked.seconds)
            except (Overloaded, TimeoutError) as error:
                self._held.remove(one)
                one.wait.__exit__(type(error), error, None)
                one.serving.end()
