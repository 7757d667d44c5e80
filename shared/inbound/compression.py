"""Pages sent as gzip to who takes it (RFC 9110 8.4.1.3, 12.5.3), whole or part by part.

For pages alone in which no secret stands beside text of the request: from the length of the others
one could be guessed (BREACH). Which they are their `Reply` says; SECURITY.md says why.
"""

import re
import zlib
from collections.abc import Iterator
from functools import lru_cache

ENCODING = "gzip"
# Less is not worth the work.
LEAST_BYTES = 1000
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 5
_ITEM = re.compile(
    r"[ \t]*(?P<coding>[!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*"
    r"(?:;[ \t]*[qQ]=(?P<q>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
)


@lru_cache(maxsize=64)
def taken(accept_encoding: str) -> bool:
    """Whether a caller takes gzip, and would not rather have the page as it is.

    What is not written as RFC 9110 says counts as not there.
    """
    weights: dict[str, float] = {}
    for item in accept_encoding[:1000].split(","):
        if match := _ITEM.fullmatch(item):
            weights[match["coding"].lower()] = float(match["q"] or 1)
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def compress(body: bytes | Iterator[bytes]) -> bytes | Iterator[bytes]:
    """A body as gzip. Of an iterator each part can be read as soon as it comes."""
    return _whole(body) if isinstance(body, bytes) else _parts(body)


def _whole(body: bytes) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()


def _parts(parts: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    try:
        for part in parts:
            yield packer.compress(part) + packer.flush(zlib.Z_SYNC_FLUSH)
        yield packer.flush()
    finally:
        # Whoever reads may go away; what makes the parts may have something to end.
        if close := getattr(parts, "close", None):
            close()
