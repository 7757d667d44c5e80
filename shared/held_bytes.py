"""How many bytes of answers an instance holds at once, so that no browser can fill its memory.

Answers up to FREE_BYTES are read without asking: the server's threads bound them. A larger one
takes room for the most that it may have before more of it is read; where there is none it waits,
unread, until its deadline. When some wait already, further requests are refused before anything is
sent. Room is counted in memory: looked at, an answer takes TIMES its bytes, sent on only its bytes.
"""

import contextlib
import ctypes
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar

from shared.errors import Overloaded

FREE_BYTES = 1_500_000
ROOM_BYTES = 250_000_000
# Received in pieces, joined, decoded, parsed, rewritten: measured with a Bundle of 19 MB.
TIMES = 6
MOST_WAITING = 4
# A request's body is waited for no longer: nothing was sent yet, so it can be refused.
BODY_SECONDS = 5.0


# mallopt(3). Blocks from this size on are mapped by themselves.
_M_MMAP_THRESHOLD = -3
_MAPPED_BYTES = 1_000_000


def give_memory_back() -> None:
    """Have the C library give every large block back to the system when it is freed.

    By itself glibc raises the size from which it does so with each large block, up to 32 MB, and
    keeps the rest: after 16 answers of 19 MB an instance held 370 MB, with this 150.
    """
    with contextlib.suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)


class Late(Exception):
    """There was no room in time."""


class Room:
    """What all requests of a process share."""

    def __init__(self, size: int = ROOM_BYTES) -> None:
        self._size = size
        self._left = size
        self._waiting = 0
        self._changed = threading.Condition()

    @property
    def is_full(self) -> bool:
        """Whether so many wait for room that nobody else should begin."""
        return self._waiting >= MOST_WAITING

    def take(self, size: int, until: float) -> int:
        """Take room, waiting until a time on the monotonic clock; what was taken. Raises Late."""
        size = min(size, self._size)
        with self._changed:
            self._waiting += 1
            try:
                seconds = max(0.0, until - time.monotonic())
                if not self._changed.wait_for(lambda: self._left >= size, seconds):
                    raise Late
            finally:
                self._waiting -= 1
            self._left -= size
        return size

    def give(self, size: int) -> None:
        """Give room back; a negative size takes it without asking."""
        if size:
            with self._changed:
                self._left += size
                self._changed.notify_all()


class Holding:
    """What one request holds. Its threads may share it."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._taken = 0
        self._is_admitted = False
        self._brought_body = False
        self._is_over = False
        self._lock = threading.Lock()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be given back."""
        return self._taken == 0

    def admit(self) -> None:
        """Whether a request may go on to the EHR, asked before its first call; else Overloaded."""
        # Whoever brought a large body has waited already.
        if self._room.is_full and not (self._is_admitted or self._brought_body):
            raise Overloaded
        self._is_admitted = True

    def body(self, size: int) -> None:
        """Make room for the body of the request. Raises Overloaded."""
        if size > FREE_BYTES:
            self._brought_body = True
            try:
                self._take(TIMES * size, time.monotonic() + BODY_SECONDS)
            except Late:
                raise Overloaded from None

    def gather(self, chunks: Iterator[bytes], most: int, until: float, *, sent: bool) -> bytes:
        """An answer of at most `most` bytes, whole. Raises Late, and what the chunks raise.

        Where a change was `sent`, or the request brought a large body, it does not wait.
        """
        received, size, taken = [], 0, 0
        try:
            for chunk in chunks:
                size += len(chunk)
                if size > FREE_BYTES and not taken:
                    wanted = TIMES * most
                    if sent or self._brought_body:
                        taken = self._seize(wanted)
                    else:
                        taken = self._take(wanted, until)
                received.append(chunk)
        except BaseException:
            self._give(taken)
            raise
        self._give(max(0, taken - TIMES * size))
        return b"".join(received)

    def keep(self, size: int) -> None:
        """Hold no more than the bytes of the answer that is sent to the browser."""
        with self._lock:
            kept = size if size > FREE_BYTES else 0
            surplus = max(0, self._taken - kept)
            self._taken -= surplus
        self._room.give(surplus)

    def end(self) -> None:
        """Give everything back."""
        self._is_over = True
        self.keep(0)

    def _take(self, size: int, until: float) -> int:
        if self._is_over:
            raise Late
        taken = self._room.take(size, until)
        with self._lock:
            self._taken += taken
        return taken

    def _seize(self, size: int) -> int:
        self._room.give(-size)
        with self._lock:
            self._taken += size
        return size

    def _give(self, size: int) -> None:
        with self._lock:
            size = min(size, self._taken)
            self._taken -= size
        self._room.give(size)


_room = Room()
_holding: ContextVar[Holding | None] = ContextVar("holding", default=None)


def begin() -> Holding:
    """Count what is held in this context from here on, for one request."""
    holding = Holding(_room)
    _holding.set(holding)
    return holding


def admit() -> None:
    """Whether the request under way may go on to the EHR. Raises Overloaded."""
    holding = _holding.get()
    if holding is not None:
        holding.admit()


def gather(chunks: Iterator[bytes], most: int, until: float, *, sent: bool = False) -> bytes:
    """An answer for the request under way: as `Holding.gather`; outside of one without a limit."""
    holding = _holding.get()
    if holding is None:
        return b"".join(chunks)
    return holding.gather(chunks, most, until, sent=sent)
