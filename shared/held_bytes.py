"""How many bytes of answers an instance holds at once, so that no browser can fill its memory.

Answers up to FREE_BYTES are read without asking: the server's threads bound them. A larger one
takes room: all that it needs where its length is known, else as its bytes come. Where there is none
it waits, unread, in a line; what fits passes whoever waits. Only the first of the line may take all
that is free, so that answers that grow never all wait for each other; others leave half of the room
to it, and what several of one EHR, or of one session, hold is bounded further. One that stalls
while it holds room fails: it hurts nobody else. Of a session, or an EHR, of which several wait
already, further requests are refused before anything is sent. Room is counted in memory: looked at,
an answer takes TIMES its bytes, sent on only its bytes.
"""

import contextlib
import ctypes
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextvars import ContextVar

from shared.errors import Overloaded
from shared.outbound.http_client import Due, Stream

FREE_BYTES = 1_500_000
ROOM_BYTES = 250_000_000
# Received in pieces, joined, decoded, parsed, rewritten: measured with a Bundle of 19 MB.
TIMES = 6
# What a growing answer takes at once.
STEP_BYTES = 1_000_000
# A wait for room holds a thread of the server; the room of an answer is free again in seconds, that
# of one that stalls too.
WAIT_SECONDS = 10.0
# Requests of one session that wait while further ones of it are refused.
MOST_WAITING = 4
# Sessions of an EHR that wait while further requests to it are refused: half the threads of a
# server.
MOST_SESSIONS_WAITING = 8
# What an answer that holds room has to bring, and within which time, or it has stalled.
PACE_BYTES = 64_000
PACE_SECONDS = 5.0
# A request's body is waited for no longer: nothing was sent yet, so it can be refused.
BODY_SECONDS = 5.0
_LITTLE_BYTES = 8192
# Of the room: what the answers of one session, of one EHR, where there are several, and all whose
# length is not known may hold beside the first of the line.
SESSION_SHARE, EHR_SHARE, GROWING_SHARE = 1 / 4, 3 / 8, 1 / 2


# mallopt(3): blocks from the first size on are mapped by themselves; up to the second, what is free
# at the end of a thread's memory is kept for its next answer.
_M_MMAP_THRESHOLD, _MAPPED_BYTES = -3, 2_000_000
_M_TRIM_THRESHOLD, _KEPT_BYTES = -1, 4_000_000


def give_memory_back() -> None:
    """Have the C library give large blocks back to the system when they are freed.

    By itself glibc raises the size from which it does so with each large block, up to 32 MB, and
    keeps the rest: after 16 answers of 19 MB an instance held 370 MB, with this 150. Smaller blocks
    are kept: to map and clear them anew took a quarter of the time of an answer of 1 MB.
    """
    with contextlib.suppress(AttributeError, OSError):  # another C library
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


class Turn:
    """The place of an answer in the line of those that take room. One `is_known` whose length is:
    it takes all that it needs at once, and never waits with room in its hands.
    """

    def __init__(self, holding: "Holding", *, is_known: bool) -> None:
        self.holding = holding
        self.is_known = is_known


class Room:
    """What all requests of a process share."""

    def __init__(self, size: int = ROOM_BYTES) -> None:
        self._size = size
        self._taken: Counter[Holding] = Counter()
        self._waiting: Counter[Holding] = Counter()
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

    def taken(self, holding: "Holding") -> int:
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
    def turn(self, holding: "Holding", *, is_known: bool) -> Iterator[Turn]:
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

    def take(self, holding: "Holding", size: int, until: float, turn: Turn | None = None) -> None:
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

    def _fits(self, holding: "Holding", size: int, turn: Turn | None) -> bool:
        if size > self.left:
            return False
        if turn is None or turn is self._line[0]:
            return True
        first = self._line[0].holding

        def within(share: float, others: list[Holding]) -> bool:
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

    def seize(self, holding: "Holding", size: int) -> None:
        """Take room without asking."""
        with self._changed:
            self._taken[holding] += size

    def give(self, holding: "Holding", size: int) -> None:
        """Give room back, at most what is held."""
        if size == 0:
            return
        with self._changed:
            self._taken[holding] -= min(size, self._taken[holding])
            self._taken += Counter()
            self._changed.notify_all()

    def keep(self, holding: "Holding", size: int) -> None:
        """Give back all above a size."""
        self.give(holding, max(0, self._taken[holding] - size))


class _Pieces:
    """What was received, in few objects: each takes some 40 bytes of its own."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._little = bytearray()

    def add(self, piece: bytes) -> None:
        """Take what comes next."""
        if len(piece) >= _LITTLE_BYTES:
            self._set_down()
            self._pieces.append(piece)
        else:
            self._little += piece
            if len(self._little) >= _LITTLE_BYTES:
                self._set_down()

    def joined(self) -> bytes:
        """All of it."""
        self._set_down()
        return b"".join(self._pieces)

    def _set_down(self) -> None:
        if self._little:
            self._pieces.append(bytes(self._little))
            self._little.clear()


class _Pace:
    """What an answer has to bring while it holds room: PACE_BYTES in any PACE_SECONDS."""

    def __init__(self, due: Due) -> None:
        self._due = due
        self._size: int | None = None

    def begin(self, size: int) -> None:
        """Count from here on: so much has come."""
        self._size = size
        self._due.at = time.monotonic() + PACE_SECONDS

    def keep(self, size: int) -> None:
        """So much has come."""
        if self._size is None or size - self._size >= PACE_BYTES:
            self.begin(size)


def _length(answer: Stream) -> int | None:
    """The length of a body, None where the answer does not say it."""
    coding, length = (answer.headers.get(f"content-{name}", "") for name in ("encoding", "length"))
    return int(length) if coding in {"", "identity"} and length.isdecimal() else None


class Holding:
    """What one request holds. Its threads may share it."""

    def __init__(self, room: Room) -> None:
        self._room = room
        # Until it is known, each request is its own.
        self.session: object = self
        self.ehr: object = self
        self._is_admitted = False
        self._brought_body = False
        self._is_over = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be given back."""
        return self._room.taken(self) == 0

    def admit(self, session: object, ehr: object) -> None:
        """Whether a request of a session may go on to its EHR, asked before its first call; else
        Overloaded.
        """
        # Whoever brought a large body has waited already.
        if not (self._is_admitted or self._brought_body) and self._room.is_full(session, ehr):
            raise Overloaded
        self.session, self.ehr = session, ehr
        self._is_admitted = True

    def body(self, size: int) -> None:
        """Make room for the body of the request. Raises Overloaded."""
        if size > FREE_BYTES:
            self._brought_body = True
            self._room.take(self, TIMES * size, time.monotonic() + BODY_SECONDS)

    def gather(self, answer: Stream, most: int, until: float, *, sent: bool) -> bytes:
        """The body of an answer, of at most `most` bytes, whole. Raises Overloaded where there is
        no room, and what its chunks raise: TimedOut also where it stalls.

        Where a change was `sent`, or the request brought a large body, it does not wait.
        """
        received, size, taken = _Pieces(), 0, 0
        known = _length(answer)
        most = min(most, known or most)
        turn: Turn | None = None
        pace = _Pace(answer.due)
        with contextlib.ExitStack() as line:
            try:
                for chunk in answer.chunks:
                    size += len(chunk)
                    if size > FREE_BYTES:
                        pace.keep(size)
                    if size > FREE_BYTES and TIMES * size > taken:
                        enough = most if known else min(most, size + STEP_BYTES)
                        wanted = TIMES * max(size, enough) - taken
                        if sent or self._brought_body:
                            self._room.seize(self, wanted)
                        else:
                            if turn is None:
                                place = self._room.turn(self, is_known=known is not None)
                                turn = line.enter_context(place)
                            self._take(wanted, until, turn)
                            # A wait for room was no fault of the EHR's.
                            pace.begin(size)
                        taken += wanted
                    received.add(chunk)
            except BaseException:
                self._room.give(self, taken)
                raise
            self._room.give(self, max(0, taken - TIMES * size))
        return received.joined()

    def keep(self, size: int) -> None:
        """Hold no more than the bytes of the answer that is sent to the browser."""
        self._room.keep(self, size if size > FREE_BYTES else 0)

    def end(self) -> None:
        """Give everything back."""
        self._is_over = True
        self.keep(0)

    def _take(self, size: int, until: float, turn: Turn) -> None:
        if self._is_over:
            raise Overloaded
        self._room.take(self, size, min(until, time.monotonic() + WAIT_SECONDS), turn)


_room = Room()
_holding: ContextVar[Holding | None] = ContextVar("holding", default=None)


def begin() -> Holding:
    """Count what is held in this context from here on, for one request."""
    holding = Holding(_room)
    _holding.set(holding)
    return holding


def admit(session: str, ehr: str) -> None:
    """Whether the request under way, of a session (its handle), may go on to its EHR (its base).

    Raises Overloaded.
    """
    holding = _holding.get()
    if holding is not None:
        holding.admit(session, ehr)


def gather(answer: Stream, most: int, until: float, *, sent: bool = False) -> bytes:
    """An answer for the request under way: as `Holding.gather`; outside of one without a limit."""
    holding = _holding.get()
    if holding is None:
        return b"".join(answer.chunks)
    return holding.gather(answer, most, until, sent=sent)
