"""Content codings of an answer (RFC 9110 8.4): none, or gzip in pieces of a bounded size."""

import zlib
from collections.abc import Iterator

MOST_AT_ONCE = 65536
# Members that hold nothing cost time and never reach a limit on what they hold.
_MOST_EMPTY_MEMBERS = 100
_GZIP = 16 + zlib.MAX_WBITS


class CodingError(Exception):
    """The coding is another one, or the bytes are not whole gzip members."""


def decoded(coding: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """What the chunks hold, given the value of Content-Encoding. Iterating raises CodingError."""
    name = coding.strip().lower()
    if name in {"gzip", "x-gzip"}:  # RFC 9110 8.4.1.3: the same
        yield from _gunzip(chunks)
    elif name in {"", "identity"}:
        yield from chunks
    else:
        raise CodingError


def _gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The members of a gzip stream (RFC 1952), whatever they inflate to."""
    decoder = zlib.decompressobj(_GZIP)
    begun = False
    empty, filled = 0, False
    try:
        for chunk in chunks:
            rest, more = chunk, False
            while rest or more:
                if decoder.eof:
                    empty += not filled
                    if empty > _MOST_EMPTY_MEMBERS:
                        raise CodingError
                    decoder, filled = zlib.decompressobj(_GZIP), False
                begun = True
                piece = decoder.decompress(rest, MOST_AT_ONCE)
                filled = filled or bool(piece)
                yield piece
                # A full piece may leave output behind although all input was taken.
                more = len(piece) == MOST_AT_ONCE and not decoder.eof
                rest = decoder.unconsumed_tail or decoder.unused_data
    except zlib.error:
        raise CodingError from None
    if begun and not decoder.eof:
        raise CodingError
