"""How many bytes of answers an instance holds at once, so that no browser can fill its memory.

Answers up to FREE_BYTES are read without asking: the server's threads bound them. A larger one
takes room as its bytes come; where there is none it waits, unread. Half of the room is for the
answer that began first alone, so that never all wait for each other. Of a session of which several
wait already, further requests are refused before anything is sent: one browser holds up itself, not
the others. Room is counted in memory: looked at, an answer takes TIMES its bytes, sent on only its
bytes.
"""

import contextlib
import ctypes
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextvars import ContextVar

from shared.errors import Overloaded

FREE_BYTES = 1_500_000
ROOM_BYTES = 250_000_000
# Received in pieces, joined, decoded, parsed, rewritten: measured with a Bundle of 19 MB.
TIMES = 6
# What a growing answer takes at once.
STEP_BYTES = 1_000_000
# A wait for room holds a thread of the server; the room of an answer is free again in seconds.
WAIT_SECONDS = 10.0
# Requests of one session that wait while further ones of it are refused.
MOST_WAITING = 4
# Sessions that wait while everybody is refused: half the threads of a server.
MOST_SESSIONS_WAITING = 8
# A request's body is waited for no longer: nothing was sent yet, so it can be refused.
BODY_SECONDS = 5.0
_LITTLE_BYTES = 8192


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


class Late(Exception):
    """There was no room in time."""


class Room:
    """What all requests of a process share."""

    def __init__(self, size: int = ROOM_BYTES) -> None:
        self._size = size
        self._taken: Counter[Holding] = Counter()
        self._waiting: Counter[Holding] = Counter()
        self._line: list[object] = []
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

    def is_full(self, session: object) -> bool:
        """Whether so many wait for room that no further request of this session should begin."""
        with self._changed:
            waiting = Counter(one.session for one in self._waiting.elements())
        return waiting[session] >= MOST_WAITING or len(waiting) >= MOST_SESSIONS_WAITING

    @contextlib.contextmanager
    def turn(self) -> Iterator[object]:
        """A place in the line of answers that grow; the first of the line may take all room."""
        turn = object()
        with self._changed:
            self._line.append(turn)
        try:
            yield turn
        finally:
            with self._changed:
                self._line.remove(turn)
                self._changed.notify_all()

    def take(self, holding: "Holding", size: int, until: float, turn: object | None = None) -> None:
        """Take room, waiting until a time on the monotonic clock. Raises Late.

        With a `turn` only what others leave, unless it is the first.
        """
        size = min(size, self._size)
        with self._changed:
            self._waiting[holding] += 1
            try:
                seconds = max(0.0, until - time.monotonic())
                if not self._changed.wait_for(lambda: self._fits(holding, size, turn), seconds):
                    raise Late
            finally:
                self._waiting[holding] -= 1
                self._waiting += Counter()
            self._taken[holding] += size

    def _fits(self, holding: "Holding", size: int, turn: object | None) -> bool:
        left = self.left - size
        if turn is None or turn is self._line[0]:
            return left >= 0
        session = [one for one in self._taken if one.session == holding.session]
        alone = session in ([], [holding])
        share = self._size if alone else self._size // 4
        of_session = sum(self._taken[one] for one in session) + size
        return left >= self._size // 2 and of_session <= share

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


class Holding:
    """What one request holds. Its threads may share it."""

    def __init__(self, room: Room) -> None:
        self._room = room
        # Until it is known, each request is its own.
        self.session: object = self
        self._is_admitted = False
        self._brought_body = False
        self._is_over = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be given back."""
        return self._room.taken(self) == 0

    def admit(self, session: object) -> None:
        """Whether a request of a session may go on to the EHR, asked before its first call; else
        Overloaded.
        """
        # Whoever brought a large body has waited already.
        if not (self._is_admitted or self._brought_body) and self._room.is_full(session):
            raise Overloaded
        self.session = session
        self._is_admitted = True

    def body(self, size: int) -> None:
        """Make room for the body of the request. Raises Overloaded."""
        if size > FREE_BYTES:
            self._brought_body = True
            try:
                self._room.take(self, TIMES * size, time.monotonic() + BODY_SECONDS)
            except Late:
                raise Overloaded from None

    def gather(self, chunks: Iterator[bytes], most: int, until: float, *, sent: bool) -> bytes:
        """An answer of at most `most` bytes, whole. Raises Late, and what the chunks raise.

        Where a change was `sent`, or the request brought a large body, it does not wait.
        """
        received, size, taken = _Pieces(), 0, 0
        turn = None
        with contextlib.ExitStack() as line:
            try:
                for chunk in chunks:
                    size += len(chunk)
                    if size > FREE_BYTES and TIMES * size > taken:
                        wanted = TIMES * max(size, min(most, size + STEP_BYTES)) - taken
                        if sent or self._brought_body:
                            self._room.seize(self, wanted)
                        else:
                            turn = turn or line.enter_context(self._room.turn())
                            self._take(wanted, until, turn)
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

    def _take(self, size: int, until: float, turn: object) -> None:
        if self._is_over:
            raise Late
        self._room.take(self, size, min(until, time.monotonic() + WAIT_SECONDS), turn)


_room = Room()
_holding: ContextVar[Holding | None] = ContextVar("holding", default=None)


def begin() -> Holding:
    """Count what is held in this context from here on, for one request."""
    holding = Holding(_room)
    _holding.set(holding)
    return holding


def admit(session: str) -> None:
    """Whether the request under way, of a session (its handle), may go on to the EHR.

    Raises Overloaded.
    """
    holding = _holding.get()
    if holding is not None:
        holding.admit(session)


def gather(chunks: Iterator[bytes], most: int, until: float, *, sent: bool = False) -> bytes:
    """An answer for the request under way: as `Holding.gather`; outside of one without a limit."""
    holding = _holding.get()
    if holding is None:
        return b"".join(chunks)
    return holding.gather(chunks, most, until, sent=sent)
