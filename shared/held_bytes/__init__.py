"""How many bytes of answers an instance holds at once, so that no browser can fill its memory.

Answers up to FREE_BYTES are read without asking: the server's threads bound them. A larger one
takes room (room.py): all that it needs where its length is known, else as its bytes come. Where
there is none it waits, unread. One that stalls while it holds room fails, and nobody else does. Of
a session, or an EHR, of which several wait already, further requests are refused before anything is
sent. Room is counted in memory: looked at, an answer takes TIMES its bytes, sent on only its bytes.
"""

import contextlib
import ctypes
import time
from contextvars import ContextVar

from shared.errors import Overloaded
from shared.held_bytes.room import Room, Turn
from shared.outbound.http_client import Due, Stream

FREE_BYTES = 1_500_000
# Received in pieces, joined, decoded, parsed, rewritten: measured with a Bundle of 19 MB.
TIMES = 6
# What a growing answer takes at once.
STEP_BYTES = 1_000_000
# A wait for room holds a thread of the server; the room of an answer is free again in seconds, that
# of one that stalls too.
WAIT_SECONDS = 10.0
# What an answer that holds room has to bring, and within which time, or it has stalled.
PACE_BYTES = 64_000
PACE_SECONDS = 5.0
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
