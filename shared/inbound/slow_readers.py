"""Answers that their browsers do not take: after a while the connection is ended.

A thread that sends waits for as long as its browser pleases, and the server has no limit for it.
So an answer is sent in pieces of PIECE_BYTES, and a connection on which one has waited MOST_SECONDS
is shut, which ends the wait. (SO_SNDTIMEO does not: Python waits for the socket by itself.
TCP_USER_TIMEOUT spares a browser that takes a little now and then.)
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
    """An answer on its way to a browser."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        # Since when the server is at work on a piece; None while the next one is made.
        self._since: float | None = time.monotonic()
        self._is_dropped = False
        with _lock:
            _all.add(self)
        _Watch.start_once()

    def pieces(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The answer, none of its pieces too large for the time that it gets."""
        self._since = None
        for chunk in chunks:
            for start in range(0, len(chunk), PIECE_BYTES):
                self._since = time.monotonic()
                yield chunk[start : start + PIECE_BYTES]
                self._since = None
        self._since = time.monotonic()

    def end(self) -> None:
        """It was sent, or will not be."""
        with _lock:
            _all.discard(self)
        if self._is_dropped:
            message = "the browser did not take the answer in time"
            log.event("answer_broken", message, severity="WARNING")

    def drop_if_late(self, now: float) -> None:
        """End the connection where a piece has waited for too long."""
        since = self._since
        if since is not None and now - since > MOST_SECONDS and not self._is_dropped:
            self._is_dropped = True
            with contextlib.suppress(OSError):  # the browser has left by itself
                self._sock.shutdown(socket.SHUT_RDWR)


class _Watch(threading.Thread):
    """Looks at all that is being sent, now and then. One a process; a fork has none."""

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
