"""Close the connection of a browser that doesn't read its response in time.

A sending thread waits as long as the browser does, and the server has no limit for that. So a
response is sent in chunks of PIECE_BYTES, and a connection is shut down when a chunk has waited
MOST_SECONDS, which ends the wait. (SO_SNDTIMEO doesn't: Python waits for the socket by itself.
TCP_USER_TIMEOUT spares a browser that reads a little now and then.)
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterable, Iterator

from shared import log

PIECE_BYTES = 64_000
MOST_SECONDS = 30.0
_LOOK_SECONDS = 0.5


class Sending:
    """A response that is being sent to a browser."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        # The time since the server has been sending a chunk, or None while the next one is made.
        self._since: float | None = time.monotonic()
        self._is_dropped = False
        with _lock:
            _all.add(self)
        _Watch.start_once()

    def pieces(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the response in chunks small enough for the time limit."""
        self._since = None
        for chunk in chunks:
            for start in range(0, len(chunk), PIECE_BYTES):
                self._since = time.monotonic()
                yield chunk[start : start + PIECE_BYTES]
                self._since = None
        self._since = time.monotonic()

    def end(self) -> None:
        """Stop watching a response that was sent or dropped."""
        with _lock:
            _all.discard(self)
        if self._is_dropped:
            message = "the browser did not take the answer in time"
            log.event("answer_broken", message, severity="WARNING")

    def drop_if_late(self, now: float) -> None:
        """Close the connection if a chunk has waited too long."""
        since = self._since
        if since is not None and now - since > MOST_SECONDS and not self._is_dropped:
            self._is_dropped = True
            with contextlib.suppress(OSError):  # the browser has already disconnected
                self._sock.shutdown(socket.SHUT_RDWR)


class _Watch(threading.Thread):
    """Checks all responses being sent at intervals. One per process. A fork starts without one."""

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
