"""Content codings: gzip in bounded pieces, whatever it inflates to (RFC 9110 8.4, RFC 1952)."""

import gzip
import random
from collections.abc import Iterator

import pytest

from shared.outbound.content_coding import MOST_AT_ONCE, CodingError, decoded
from tests.support.tables import each

NOISE = random.Random(1).randbytes(300_000)


def _cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


@each("size", [1000, 65_536, 10_000_000])
@each(
    "content",
    [b"", b"x", b"x" * MOST_AT_ONCE, b"x" * (2 * MOST_AT_ONCE), b"x" * 5_000_000, NOISE],
    ids=len,
)
def test_what_was_packed_comes_out_in_pieces(content: bytes, size: int) -> None:
    pieces = list(decoded("gzip", _cut(gzip.compress(content), size)))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= MOST_AT_ONCE


def test_members_follow_each_other() -> None:
    packed = gzip.compress(b"a" * MOST_AT_ONCE) + gzip.compress(b"") + gzip.compress(b"b")
    for size in (1, 7, 10_000):
        assert b"".join(decoded(" GZIP ", _cut(packed, size))) == b"a" * MOST_AT_ONCE + b"b"


@each("coding", ["", "identity", "Identity"])
def test_without_a_coding_the_bytes_are_the_content(coding: str) -> None:
    assert list(decoded(coding, iter([b"a", b"b"]))) == [b"a", b"b"]


@each(
    ("coding", "data"),
    [
        ("br", b"x"),
        ("gzip, gzip", gzip.compress(b"x", mtime=0)),
        ("gzip", b"x" * 100),
        ("gzip", gzip.compress(NOISE, mtime=0)[:-9]),
        ("gzip", gzip.compress(b"x", mtime=0) + b"rest"),
        ("gzip", gzip.compress(b"x", mtime=0)[:-4] + b"\0\0\0\0"),
    ],
)
def test_what_cannot_be_decoded_is_refused(coding: str, data: bytes) -> None:
    with pytest.raises(CodingError):
        list(decoded(coding, iter([data])))


def test_members_without_end_that_hold_nothing_are_refused_soon() -> None:
    sent = 0

    def empty() -> Iterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield gzip.compress(b"", mtime=0) * 10

    with pytest.raises(CodingError):
        list(decoded("gzip", empty()))
    assert sent < 20
