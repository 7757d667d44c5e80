"""Content codings of a response (RFC 9110 8.4): none, or gzip in chunks of a limited size."""

import zlib
from collections.abc import Iterator

MOST_AT_ONCE = 65536
# Empty members cost time and never reach a limit on the decoded size.
_MOST_EMPTY_MEMBERS = 100
_GZIP = 16 + zlib.MAX_WBITS


class CodingError(Exception):
    """The coding is unsupported, or the bytes aren't complete gzip members."""


def decoded(coding: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the decoded chunks for a value of Content-Encoding. Iterating raises CodingError."""
    name = coding.strip().lower()
    if name in {"gzip", "x-gzip"}:  # the same coding (RFC 9110 8.4.1.3)
        yield from _gunzip(chunks)
    elif name in {"", "identity"}:
        yield from chunks
    else:
        raise CodingError


def _gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Inflate the members of a gzip stream (RFC 1952) without limiting the total size."""
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
                # A full chunk may leave output behind although all input was consumed.
                more = len(piece) == MOST_AT_ONCE and not decoder.eof
                rest = decoder.unconsumed_tail or decoder.unused_data
    except zlib.error:
        raise CodingError from None
    if begun and not decoder.eof:
        raise CodingError
