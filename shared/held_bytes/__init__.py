"""Limit the bytes of responses in an instance's memory, so that no browser can fill it.

Responses up to FREE_BYTES aren't counted, because the number of server threads limits them. A
larger one takes room (room.py), all at once if its length is known, or otherwise as its bytes
arrive. If there is no room, the app stops reading the response until there is. If a response stalls
while it occupies room, only that response fails. If several requests for a session or an EHR are
already waiting, further ones are refused before anything is sent. Room is measured in memory: TIMES
the bytes of a response that is being checked, and only its bytes while it's being sent.
"""

import contextlib
import ctypes
import threading
import time
from contextvars import ContextVar

from shared.errors import Overloaded
from shared.held_bytes.room import Room, Turn
from shared.outbound.http_client import MOST_IN_ONE, Reading, Stream

FREE_BYTES = MOST_IN_ONE
# For the chunks, the joined bytes, and the decoded, parsed and rewritten document. Measured with a
# Bundle of 19 MB.
TIMES = 6
# A response of unknown length reserves memory in steps of this size.
STEP_BYTES = 1_000_000
# A request that waits for room occupies a server thread. Room is free again in seconds, even if a
# response stalls.
WAIT_SECONDS = 10.0
# A response that holds room must bring this many bytes within this time, or it counts as stalled.
PACE_BYTES = 64_000
PACE_SECONDS = 5.0
# The limit for a request's body: nothing was sent yet, so the request can be refused.
BODY_SECONDS = 5.0
_LITTLE_BYTES = 8192


# mallopt(3): blocks from the first size on are mapped individually. Up to the second size, free
# memory at the end of a thread's heap is kept for its next response.
_M_MMAP_THRESHOLD, _MAPPED_BYTES = -3, 2_000_000
_M_TRIM_THRESHOLD, _KEPT_BYTES = -1, 4_000_000


def give_memory_back() -> None:
    """Make the C library return large freed blocks to the system.

    By default, glibc raises the threshold with each large block, up to 32 MB, and keeps smaller
    blocks. After 16 responses of 19 MB, an instance used 370 MB, and only 150 MB with this. Blocks
    below the threshold set here are still kept, because mapping and clearing them again took a
    quarter of the time of a 1 MB response.
    """
    with contextlib.suppress(AttributeError, OSError):  # another C library
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


class _Pieces:
    """The received bytes in few objects, because each takes about 40 extra bytes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._little = bytearray()

    def add(self, piece: bytes) -> None:
        """Add the next bytes."""
        if len(piece) >= _LITTLE_BYTES:
            self._set_down()
            self._pieces.append(piece)
        else:
            self._little += piece
            if len(self._little) >= _LITTLE_BYTES:
                self._set_down()

    def joined(self) -> bytes:
        """Return all bytes."""
        self._set_down()
        return b"".join(self._pieces)

    def _set_down(self) -> None:
        if self._little:
            self._pieces.append(bytes(self._little))
            self._little.clear()


class _Pace:
    """The minimum rate of a response that holds room: PACE_BYTES in any PACE_SECONDS."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._size: int | None = None

    def begin(self, size: int) -> None:
        """Start counting at this size."""
        self._size = size
        self._reading.due = time.monotonic() + PACE_SECONDS

    def keep(self, size: int) -> None:
        """Record the size received so far."""
        if self._size is None or size - self._size >= PACE_BYTES:
            self.begin(size)


def _length(answer: Stream) -> int | None:
    """Return the length of a body, None if the response doesn't state it."""
    coding, length = (answer.headers.get(f"content-{name}", "") for name in ("encoding", "length"))
    return int(length) if coding in {"", "identity"} and length.isdecimal() else None


def _room_of(size: int) -> int:
    """Return the room that small responses with this many bytes in total need."""
    return TIMES * size if size > FREE_BYTES else 0


class Holding:
    """The room that one request holds. Its threads may share it."""

    def __init__(self, room: Room) -> None:
        self._room = room
        # Until they're known, each request counts as its own.
        self.session: object = self
        self.ehr: object = self
        self._is_admitted = False
        self._brought_body = False
        self._is_over = False
        self._small = 0
        self._counting = threading.Lock()

    @property
    def is_empty(self) -> bool:
        """Return whether no room is held."""
        return self._room.taken(self) == 0

    def admit(self, session: object, ehr: object) -> None:
        """Let a session's request continue to its EHR, or raise Overloaded. Call this before its
        first call.
        """
        # A request with a large body has already waited.
        if not (self._is_admitted or self._brought_body) and self._room.is_full(session, ehr):
            raise Overloaded
        self.session, self.ehr = session, ehr
        self._is_admitted = True

    def body(self, size: int) -> None:
        """Take room for the body of the request. Raise Overloaded."""
        if size > FREE_BYTES:
            self._brought_body = True
            self._room.take(self, TIMES * size, time.monotonic() + BODY_SECONDS)

    def gather(self, answer: Stream, most: int, until: float, *, sent: bool) -> bytes:
        """Return a response's complete body of at most `most` bytes. Raise Overloaded if there is
        no room, and the errors of its chunks, including TimedOut if it stalls.

        If a change was `sent`, or the request had a large body, it doesn't wait.
        """
        received, size, taken = _Pieces(), 0, 0
        known = _length(answer)
        most = min(most, known or most)
        turn: Turn | None = None
        pace = _Pace(answer.reading)
        answer.reading.in_one = True
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
                            self._seize(wanted)
                        else:
                            if turn is None:
                                place = self._room.turn(self, is_known=known is not None)
                                turn = line.enter_context(place)
                            self._take(wanted, until, turn)
                            # The EHR didn't cause the wait for room, so it doesn't count.
                            pace.begin(size)
                        taken += wanted
                    received.add(chunk)
            except BaseException:
                self._room.give(self, taken)
                raise
            self._room.give(self, max(0, taken - TIMES * size))
        return received.joined()

    def retain(self, size: int) -> None:
        """Take room for a response that is kept while others are read, because many small responses
        together could fill the memory too. Raise Overloaded.
        """
        if size > FREE_BYTES:
            return  # it took its room in `gather`
        with self._counting:
            before, self._small = self._small, self._small + size
        wanted = _room_of(before + size) - _room_of(before)
        if wanted == 0:
            return
        try:
            with self._room.turn(self, is_known=False) as turn:
                self._take(wanted, time.monotonic() + WAIT_SECONDS, turn)
        except Overloaded:
            with self._counting:
                self._small -= size
            raise

    def keep(self, size: int) -> None:
        """Keep only the bytes of the response that is sent to the browser."""
        self._room.keep(self, size if size > FREE_BYTES else 0)

    def end(self) -> None:
        """Release all room."""
        self._is_over = True
        self.keep(0)

    def _take(self, size: int, until: float, turn: Turn) -> None:
        if not self._is_over:
            self._room.take(self, size, min(until, time.monotonic() + WAIT_SECONDS), turn)
        self._leave_nothing()
        if self._is_over:
            raise Overloaded

    def _seize(self, size: int) -> None:
        self._room.seize(self, size)
        self._leave_nothing()

    def _leave_nothing(self) -> None:
        """Give back the room of a thread that outlives the request. No other code would."""
        if self._is_over:
            self.keep(0)


_room = Room()
_holding: ContextVar[Holding | None] = ContextVar("holding", default=None)


def begin() -> Holding:
    """Count the bytes held in this context from now on, for one request."""
    holding = Holding(_room)
    _holding.set(holding)
    return holding


def finish(holding: Holding) -> None:
    """End a request in the context where it started, so that what runs there next isn't counted."""
    holding.end()
    _holding.set(None)


def admit(session: str, ehr: str) -> None:
    """Let the current request of a session (its handle) continue to its EHR (its base), or raise
    Overloaded.
    """
    holding = _holding.get()
    if holding is not None:
        holding.admit(session, ehr)


def retain(size: int) -> None:
    """Take room for a response that the current request keeps, like `Holding.retain`."""
    holding = _holding.get()
    if holding is not None:
        holding.retain(size)


def gather(answer: Stream, most: int, until: float, *, sent: bool = False) -> bytes:
    """Read a response like `Holding.gather` for the current request, or without a limit outside of
    one.
    """
    holding = _holding.get()
    if holding is None:
        return b"".join(answer.chunks)
    return holding.gather(answer, most, until, sent=sent)
