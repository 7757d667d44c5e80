"""Close the connection of a browser that doesn't read its response in time.

A thread that sends a response waits for the browser, and the server doesn't limit that. So a
response is sent in chunks of PIECE_BYTES, or of what the system takes without a wait, and if a
chunk has waited for MOST_SECONDS, the connection is shut down, which ends the wait. (SO_SNDTIMEO
doesn't end it, because Python itself waits for the socket. TCP_USER_TIMEOUT doesn't affect a
browser that reads a little now and then.)
"""

import contextlib
import fcntl
import socket
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from shared import log
from shared.inbound.spliced import Spliced

PIECE_BYTES = 64_000
# A piece is a copy of a part of the response.
_MOST_AT_ONCE = 1_000_000
MOST_SECONDS = 30.0
_LOOK_SECONDS = 0.5


class Sending:
    """A response that is being sent to a browser."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        # The time when the server started to send a chunk, or None while the next one is created.
        self._since: float | None = time.monotonic()
        self._is_dropped = False
        with _lock:
            _all.add(self)
        _Watch.start_once()

    def pieces(self, chunks: Iterable[bytes | Spliced]) -> Iterator[bytes]:
        """Yield the response in chunks small enough for the time limit."""
        self._since = None
        for chunk in chunks:
            cut = chunk.pieces if isinstance(chunk, Spliced) else partial(_cut, chunk)
            for piece in cut(self._room):
                self._since = time.monotonic()
                yield piece
                self._since = None
        self._since = time.monotonic()

    def _room(self, left: int) -> int:
        """Return how much of what is left to send at once: PIECE_BYTES, or more if the system takes
        it without a wait.
        """
        if left <= PIECE_BYTES:
            return PIECE_BYTES
        try:
            size = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
            # In Linux the same as SIOCOUTQ (tcp(7)): the bytes that wait in the buffer.
            answer = fcntl.ioctl(self._sock, termios.TIOCOUTQ, bytes(4))
        except OSError:
            return PIECE_BYTES
        waiting: int = struct.unpack("i", answer)[0]
        # Half of the buffer is for what the system keeps besides the bytes (socket(7)).
        return max(PIECE_BYTES, min(size // 2 - waiting, _MOST_AT_ONCE))

    def end(self) -> None:
        """Stop watching a response that was sent or dropped."""
        with _lock:
            _all.discard(self)
        if self._is_dropped:
            message = "the browser did not read the response in time"
            log.event("answer_broken", message, severity="WARNING")

    def drop_if_late(self, now: float) -> None:
        """Close the connection if a chunk has waited too long."""
        since = self._since
        if since is not None and now - since > MOST_SECONDS and not self._is_dropped:
            self._is_dropped = True
            with contextlib.suppress(OSError):  # if the browser has already disconnected
                self._sock.shutdown(socket.SHUT_RDWR)


def _cut(chunk: bytes, room: Callable[[int], int]) -> Iterator[bytes]:
    start = 0
    while start < len(chunk):
        piece = chunk[start : start + room(len(chunk) - start)]
        start += len(piece)
        yield piece


class _Watch(threading.Thread):
    """The one thread of a process that regularly checks all responses that are being sent. A fork
    starts without it.
    """

    _started = False

    @classmethod
    def start_once(cls) -> None:
        if not cls._started:
            cls._started = True
            cls(name="slow readers", daemon=True).start()

    def run(self) -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            with _lock:
                for one in _all:
                    one.drop_if_late(now)


_all: set[Sending] = set()
_lock = threading.Lock()
