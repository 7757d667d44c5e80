"""Share the memory that an instance has for large responses.

Responses that wait for room form a queue. One that fits may overtake others. Only the first in the
queue may take all of the free room, so that growing responses never all wait for each other. The
others leave half of the room to it. If several belong to one EHR or one session, their room is
limited further.
"""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from shared.errors import Overloaded

ROOM_BYTES = 250_000_000
# Maximum number of waiting requests per session. Further ones are refused.
MOST_WAITING = 4
# Maximum number of sessions with requests waiting for one EHR: half the threads of a server.
# Further requests to it are refused.
MOST_SESSIONS_WAITING = 8
# The shares of the room that several responses of one session, several of one EHR, and all
# responses of unknown length may hold in addition to the first in the queue.
SESSION_SHARE, EHR_SHARE, GROWING_SHARE = 1 / 4, 3 / 8, 1 / 2


class Holder(Protocol):
    """A request that holds room."""

    session: object
    ehr: object


class Turn:
    """The place of a response in the queue for room. A response whose length `is_known` takes all
    its room at once, and never holds room while it waits.
    """

    def __init__(self, holding: Holder, *, is_known: bool) -> None:
        self.holding = holding
        self.is_known = is_known


class Room:
    """The room that all requests of a process share."""

    def __init__(self, size: int = ROOM_BYTES) -> None:
        self._size = size
        self._taken: Counter[Holder] = Counter()
        self._waiting: Counter[Holder] = Counter()
        self._line: list[Turn] = []
        self._changed = threading.Condition()

    @property
    def left(self) -> int:
        """The free bytes, negative if changes took room regardless."""
        return self._size - self._taken.total()

    @property
    def waiting(self) -> int:
        """The number of requests that wait for room."""
        return self._waiting.total()

    def taken(self, holding: Holder) -> int:
        """Return the room that one request holds."""
        return self._taken[holding]

    def is_full(self, session: object, ehr: object) -> bool:
        """Return whether so many requests wait for room that no further one may start for this
        session, or to this EHR.
        """
        with self._changed:
            waiting = list(self._waiting.elements())
        of_ehr = {one.session for one in waiting if one.ehr == ehr}
        of_session = sum(one.session == session for one in waiting)
        return of_session >= MOST_WAITING or len(of_ehr) >= MOST_SESSIONS_WAITING

    @contextlib.contextmanager
    def turn(self, holding: Holder, *, is_known: bool) -> Iterator[Turn]:
        """Add a place at the end of the queue."""
        turn = Turn(holding, is_known=is_known)
        with self._changed:
            self._line.append(turn)
        try:
            yield turn
        finally:
            with self._changed:
                self._line.remove(turn)
                self._changed.notify_all()

    def take(self, holding: Holder, size: int, until: float, turn: Turn | None = None) -> None:
        """Reserve room, waiting until `until` (monotonic clock). Raise Overloaded.

        With a `turn`, only within its share, unless it's the first in the queue.
        """
        size = min(size, self._size)
        with self._changed:
            self._waiting[holding] += 1
            try:
                seconds = max(0.0, until - time.monotonic())
                if not self._changed.wait_for(lambda: self._fits(holding, size, turn), seconds):
                    raise Overloaded
            finally:
                self._waiting[holding] -= 1
                self._waiting += Counter()
            self._taken[holding] += size

    def _fits(self, holding: Holder, size: int, turn: Turn | None) -> bool:
        if size > self.left:
            return False
        if turn is None or turn is self._line[0]:
            return True
        first = self._line[0].holding

        def within(share: float, others: list[Holder]) -> bool:
            """Return whether this size and the room of all others except the first fit into a
            share.
            """
            held = sum(self._taken[one] for one in others if one is not first)
            return not others or held + size <= share * self._size

        of_ehr = [one for one in self._taken if one.ehr == holding.ehr]
        of_session = [one for one in of_ehr if one.session == holding.session]
        return (
            within(SESSION_SHARE, [] if of_session == [holding] else of_session)
            and within(EHR_SHARE, [] if of_ehr == [holding] else of_ehr)
            and (turn.is_known or within(GROWING_SHARE, [first, *self._taken]))
        )

    def seize(self, holding: Holder, size: int) -> None:
        """Take room unconditionally."""
        with self._changed:
            self._taken[holding] += size

    def give(self, holding: Holder, size: int) -> None:
        """Release room, at most what is held."""
        if size == 0:
            return
        with self._changed:
            self._taken[holding] -= min(size, self._taken[holding])
            self._taken += Counter()
            self._changed.notify_all()

    def keep(self, holding: Holder, size: int) -> None:
        """Release all room above a size."""
        self.give(holding, max(0, self._taken[holding] - size))
