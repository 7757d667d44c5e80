"""Read a request's body completely, within a size limit and at a minimum rate, or refuse it.

Otherwise, a client that announces a body and sends none, or only a byte now and then, could occupy
a server thread indefinitely. If a body is too slow, its socket is shut down for reading. That ends
a read in progress, but the response can still be sent. Fast bytes don't make up for a later pause.
"""

import contextlib
import errno
import socket
import threading
import time
from typing import IO

MAX_BYTES = 10_000_000
# A line of 1 Mbit/s is fast enough, after an initial delay or a pause that a mobile network may
# need.
GRACE_SECONDS = 2.0
BYTES_A_SECOND = 100_000
# The limit for a body that isn't used, even if it arrives fast.
UNWANTED_SECONDS = 2.0
_PIECE = 65_536


class Incomplete(Exception):
    """The body ended early, its chunks can't be read (RFC 9112 7.1), or it fell behind."""


class Body:
    """The body of one request.

    `announced` is its Content-Length. `chunked` means that it arrives in chunks instead. `sock` is
    the connection, or None if the server doesn't expose it. Then no time limits are enforced.
    """

    def __init__(
        self,
        stream: IO[bytes],
        announced: int | None,
        sock: socket.socket | None,
        *,
        chunked: bool = False,
    ) -> None:
        self._stream = stream
        self._announced = announced
        self._sock = sock
        self._left = MAX_BYTES
        self._taken = 0
        self._patience = GRACE_SECONDS
        self._end: float | None = None
        self._late = False
        self.is_over = not (announced or chunked)

    def read(self, most: int) -> bytes:
        """Read up to `most` bytes. Raise Incomplete."""
        pieces = []
        while most > 0 and (piece := self._piece(min(most, _PIECE))):
            pieces.append(piece)
            most -= len(piece)
        return b"".join(pieces)

    def let_by(self) -> None:
        """Read and drop the rest, because some senders read the response only after they have sent
        everything. Don't read a body over 10 MB, or for longer than UNWANTED_SECONDS.
        """
        if (self._announced or 0) > MAX_BYTES:
            return
        self._end = time.monotonic() + UNWANTED_SECONDS
        with contextlib.suppress(Incomplete):
            while self._left > 0 and self._piece(_PIECE):
                pass

    def hang_up(self) -> None:
        """Close the connection after the response if the body isn't complete, because its remaining
        bytes would be read as another request.

        Raise ConnectionResetError, which makes the server close it.
        """
        if self._sock is None:
            return
        late = threading.Timer(GRACE_SECONDS, self._shut)
        late.daemon = True
        late.start()
        # Give the sender time to read the response: an immediate close would reset the connection.
        with contextlib.suppress(Incomplete):
            while self._left > 0 and self._piece(_PIECE):
                pass
        late.cancel()
        self._shut()
        raise ConnectionResetError(errno.ECONNRESET, "the request was not read to the end")

    def _piece(self, size: int) -> bytes:
        if self.is_over or self._late:
            return b""
        watch, begun = self._watch(), time.monotonic()
        try:
            piece = self._stream.read(size)
        except Exception:  # noqa: BLE001 - each server has its own for a body that breaks off
            self._late = True
            raise Incomplete from None
        finally:
            if watch is not None:
                watch.cancel()
        self._taken += len(piece)
        self._left -= len(piece)
        waited = time.monotonic() - begun
        # Never more than the grace period: fast bytes don't make up for a later pause.
        earned = len(piece) / BYTES_A_SECOND - waited
        self._patience = min(self._patience + earned, GRACE_SECONDS)
        if self._late or (not piece and self._taken < (self._announced or 0)):
            self._late = True
            raise Incomplete
        self.is_over = not piece or self._taken == self._announced
        return piece

    def _watch(self) -> threading.Timer | None:
        if self._sock is None:
            return None
        seconds = self._patience
        if self._end is not None:
            seconds = min(seconds, self._end - time.monotonic())
        watch = threading.Timer(max(seconds, 0.0), self._shut)
        watch.daemon = True
        watch.start()
        return watch

    def _shut(self) -> None:
        self._late = True
        if self._sock is not None:
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_RD)
