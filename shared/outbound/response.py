"""Parse a response incrementally with llhttp (through httptools), within limits.

RFC 9112. llhttp is strict: it rejects two lengths, a length together with chunks, and a line that
isn't a header. It's lenient only about spaces after the size of a chunk, which RFC 9112 7.1.1
allows before an extension, and which some servers add to every size.
"""

import io
from collections.abc import Callable

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

# The most consecutive bytes that aren't part of the body: a head, trailers, chunk extensions.
MOST_BARREN_BYTES = 65_536
_MOST_HEADERS = 100
_VERSIONS = frozenset({"1.0", "1.1"})


class NotHttp(ValueError):
    """The bytes aren't a valid HTTP response, or its head is too large."""


class ConnectionEnded(ConnectionError):
    """The other side ended the connection before the response was complete."""


class Incoming:
    """One response. Feed it with received bytes until `is_whole`.

    Fields:
        has_begun: some of its bytes have arrived.
        status, headers: set once `is_headed`. Names are in lowercase. Values of one name are
            joined by commas (RFC 9110 5.3).
        is_whole: its last byte has arrived.
        is_last: no other response may follow it on its connection.
        left: the number of bytes of the body that are still to come, if that number ends it.
    """

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.has_begun = self.is_headed = self.is_whole = False
        self.is_last = True
        self.left = 0
        self._pieces: list[bytes] = []
        self._barren = MOST_BARREN_BYTES
        self._headers_left = _MOST_HEADERS
        self._parser = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(lenient_spaces_after_chunk_size=True)

    def feed(self, data: memoryview) -> None:
        """Parse received bytes. Empty data means the connection has ended.

        Raise NotHttp and ConnectionEnded.
        """
        if not data:
            self._end()
            return
        self.has_begun = True
        self._barren -= len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            # Bytes after a complete response belong to no response.
            if not self.is_whole:
                raise NotHttp from None
            self.is_last = True
        if self._barren < 0:
            raise NotHttp

    def take(self) -> bytes:
        """Return the part of the body received since the last call."""
        piece = b"".join(self._pieces)
        self._pieces.clear()
        return piece

    def rest(self, begun: bytes, receive: Callable[[memoryview], int]) -> bytes:
        """Return the body that has `begun`, with all that is `left` received in its place. Raise
        ConnectionEnded.
        """
        # Like http.client: BufferedReader has the bytes written into what it returns.
        whole = io.BufferedReader(_Source(begun, receive), 1).read(len(begun) + self.left)
        self._complete()
        return whole

    def _end(self) -> None:
        framed = not self.headers.keys().isdisjoint({"content-length", "transfer-encoding"})
        if framed or not self.is_headed:
            raise ConnectionEnded
        self.is_whole = True

    # Callbacks of llhttp:

    def on_message_begin(self) -> None:
        """Accept the start of the only expected response, or of an interim one (1xx)."""
        if self.is_whole:
            raise NotHttp

    def on_header(self, name: bytes, value: bytes) -> None:
        """Store a header. Trailers, which come after the body, are ignored."""
        if self.is_headed:
            return
        self._headers_left -= 1
        if self._headers_left < 0:
            raise NotHttp
        key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        """Check the complete head. No transfer coding was requested (RFC 9110 10.1.4), so only
        chunked is valid. The bytes of any other coding would count as the body.
        """
        if self._parser.get_http_version() not in _VERSIONS:
            raise NotHttp
        if self.headers.get("transfer-encoding", "chunked").lower() != "chunked":
            raise NotHttp
        status = self._parser.get_status_code()
        if status < 100:
            raise NotHttp
        if status >= 200:
            self.status = status
            self.is_headed = True
            # llhttp has rejected a length that isn't a number, a second one, and one with chunks.
            self.left = int(self.headers.get("content-length", 0))

    def on_body(self, piece: bytes) -> None:
        """Store a part of the body, without chunk framing. Ignore the body that llhttp reads in an
        interim response, which has none (RFC 9110 15.2), so that it doesn't precede the real body.
        """
        if not self.is_headed:
            raise NotHttp
        self._barren = MOST_BARREN_BYTES
        self._pieces.append(piece)
        self.left -= len(piece)

    def on_message_complete(self) -> None:
        """Mark the response as complete, or drop an interim one."""
        if not self.is_headed:
            self.headers = {}
            return
        self._complete()

    def _complete(self) -> None:
        """Mark the response as complete."""
        self.is_whole = True
        self.left = 0
        # RFC 9112 6.1: HTTP/1.0 has no chunked coding, so the end of such a response is unreliable.
        old = self._parser.get_http_version() == "1.0" and "transfer-encoding" in self.headers
        self.is_last = old or not self._parser.should_keep_alive()


class _Source(io.RawIOBase):
    """The bytes that have arrived, then those that are still to come."""

    def __init__(self, arrived: bytes, receive: Callable[[memoryview], int]) -> None:
        self._arrived = arrived
        self._receive = receive

    def readable(self) -> bool:
        return True

    def readinto(self, place: memoryview) -> int:  # type: ignore[override]
        if size := len(self._arrived):
            place[:size] = self._arrived
            self._arrived = b""
        elif not (size := self._receive(place)):
            raise ConnectionEnded
        return size
