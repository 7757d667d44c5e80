"""An answer as its bytes come in, read by llhttp (through httptools) and bounded by us.

RFC 9112. llhttp is strict where others guess: two lengths, a length beside chunks, or a line that
is no header make it no answer. In one thing it is made lenient: blanks after the size of a chunk,
which RFC 9112 7.1.1 allows before an extension and some servers pad every size with.
"""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

# Bytes in a row that bring nothing of a body: a head, trailers, extensions of chunks.
MOST_BARREN_BYTES = 65_536
_MOST_HEADERS = 100
_VERSIONS = frozenset({"1.0", "1.1"})


class NotHttp(ValueError):
    """What comes is no answer by the book, or larger than any head is."""


class ConnectionEnded(ConnectionError):
    """The other side ended the connection before the answer was whole."""


class Incoming:
    """One answer. Fed with what arrives until `is_whole`.

    Fields:
        has_begun: bytes of it have come.
        status, headers: once `is_headed`. Names are in lower case; values of one name are joined by
            commas (RFC 9110 5.3).
        is_whole: its last byte has come.
        is_last: nothing may follow it on its connection.
    """

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.has_begun = self.is_headed = self.is_whole = False
        self.is_last = True
        self._pieces: list[bytes] = []
        self._barren = MOST_BARREN_BYTES
        self._left = _MOST_HEADERS
        self._parser = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(lenient_spaces_after_chunk_size=True)

    def feed(self, data: memoryview) -> None:
        """Take what has arrived; nothing at all is the end of the connection.

        Raises NotHttp and ConnectionEnded.
        """
        if not data:
            self._end()
            return
        self.has_begun = True
        self._barren -= len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            # What follows a whole answer is no part of any.
            if not self.is_whole:
                raise NotHttp from None
            self.is_last = True
        if self._barren < 0:
            raise NotHttp

    def take(self) -> bytes:
        """What has come of the body since the last time."""
        piece = b"".join(self._pieces)
        self._pieces.clear()
        return piece

    def _end(self) -> None:
        framed = not self.headers.keys().isdisjoint({"content-length", "transfer-encoding"})
        if framed or not self.is_headed:
            raise ConnectionEnded
        self.is_whole = True

    # What llhttp calls:

    def on_message_begin(self) -> None:
        """An answer begins: the only one that was asked for, or an interim one (1xx)."""
        if self.is_whole:
            raise NotHttp

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; trailers, which come after the body, count for nothing."""
        if self.is_headed:
            return
        self._left -= 1
        if self._left < 0:
            raise NotHttp
        key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        """The head is whole. No transfer coding was asked for (RFC 9110 10.1.4), so there can be
        none but chunks: what else it names would be taken for the body, or hide in it.
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

    def on_body(self, piece: bytes) -> None:
        """Some of the body, without the frames of its chunks. An interim answer has none (RFC 9110
        15.2), though llhttp reads one: it would be the beginning of the answer's.
        """
        if not self.is_headed:
            raise NotHttp
        self._barren = MOST_BARREN_BYTES
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """The answer is whole; an interim one is forgotten."""
        if not self.is_headed:
            self.headers = {}
            return
        self.is_whole = True
        # RFC 9112 6.1: chunks are not of HTTP/1.0, so the end of them may not be what it seems.
        old = self._parser.get_http_version() == "1.0" and "transfer-encoding" in self.headers
        self.is_last = old or not self._parser.should_keep_alive()
