"""Gzip for pages when the caller accepts it (RFC 9110 8.4.1.3, 12.5.3), in one part or as a stream.

Only for pages without a secret next to text from the request. Otherwise the secret could be guessed
from the length of the response (BREACH, see SECURITY.md). A page's `Reply` allows it.
"""

import re
import zlib
from collections.abc import Iterator
from functools import lru_cache

ENCODING = "gzip"
# Smaller bodies aren't worth compressing.
LEAST_BYTES = 1000
_GZIP = 16 + zlib.MAX_WBITS
_LEVEL = 5
_ITEM = re.compile(
    r"[ \t]*(?P<coding>[!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*"
    r"(?:;[ \t]*[qQ]=(?P<q>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
)


@lru_cache(maxsize=64)
def taken(accept_encoding: str) -> bool:
    """Return whether a caller accepts gzip and doesn't prefer the uncompressed page.

    Items that don't follow the syntax of RFC 9110 are ignored.
    """
    weights: dict[str, float] = {}
    for item in accept_encoding[:1000].split(","):
        if match := _ITEM.fullmatch(item):
            weights[match["coding"].lower()] = float(match["q"] or 1)
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def compress(body: bytes | Iterator[bytes]) -> bytes | Iterator[bytes]:
    """Compress a body with gzip. Each part of an iterator can be read as soon as it's sent."""
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
        # If the reader disconnects, the iterator may have something to close.
        if close := getattr(parts, "close", None):
            close()
