"""The memory that an instance has for large answers, and who may take of it.

What waits for room stands in a line. What fits passes whoever waits. Only the first may take all
that is free, so that answers that grow never all wait for each other; others leave half of the room
to it, and what several of one EHR, or of one session, hold is bounded further.
"""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from shared.errors import Overloaded

ROOM_BYTES = 250_000_000
# Requests of one session that wait while further ones of it are refused.
MOST_WAITING = 4
# Sessions of an EHR that wait while further requests to it are refused: half the threads of a
# server.
MOST_SESSIONS_WAITING = 8
# Of the room: what the answers of one session, of one EHR, where there are several, and all whose
# length is not known may hold beside the first of the line.
SESSION_SHARE, EHR_SHARE, GROWING_SHARE = 1 / 4, 3 / 8, 1 / 2


class Holder(Protocol):
    """A request that holds room."""

    session: object
    ehr: object


class Turn:
    """The place of an answer in the line of those that take room. One `is_known` whose length is:
    it takes all that it needs at once, and never waits with room in its hands.
    """

    def __init__(self, holding: Holder, *, is_known: bool) -> None:
        self.holding = holding
        self.is_known = is_known


class Room:
    """What all requests of a process share."""

    def __init__(self, size: int = ROOM_BYTES) -> None:
        self._size = size
        self._taken: Counter[Holder] = Counter()
        self._waiting: Counter[Holder] = Counter()
        self._line: list[Turn] = []
        self._changed = threading.Condition()

    @property
    def left(self) -> int:
        """The bytes that are free; less than none where changes were answered regardless."""
        return self._size - self._taken.total()

    @property
    def waiting(self) -> int:
        """How many wait for room."""
        return self._waiting.total()

    def taken(self, holding: Holder) -> int:
        """What one request holds."""
        return self._taken[holding]

    def is_full(self, session: object, ehr: object) -> bool:
        """Whether so many wait for room that no further request of this session, or to this EHR,
        should begin.
        """
        with self._changed:
            waiting = list(self._waiting.elements())
        of_ehr = {one.session for one in waiting if one.ehr == ehr}
        of_session = sum(one.session == session for one in waiting)
        return of_session >= MOST_WAITING or len(of_ehr) >= MOST_SESSIONS_WAITING

    @contextlib.contextmanager
    def turn(self, holding: Holder, *, is_known: bool) -> Iterator[Turn]:
        """A place at the end of the line."""
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
        """Take room, waiting until a time on the monotonic clock. Raises Overloaded.

        With a `turn` its share, unless it is the first of the line.
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
            """Whether a share holds what all but the first of the line hold, and this."""
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
        """Take room without asking."""
        with self._changed:
            self._taken[holding] += size

    def give(self, holding: Holder, size: int) -> None:
        """Give room back, at most what is held."""
        if size == 0:
            return
        with self._changed:
            self._taken[holding] -= min(size, self._taken[holding])
            self._taken += Counter()
            self._changed.notify_all()

    def keep(self, holding: Holder, size: int) -> None:
        """Give back all above a size."""
        self.give(holding, max(0, self._taken[holding] - size))
