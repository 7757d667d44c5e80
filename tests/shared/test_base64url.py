"""Base64url: one spelling out, padded or not in."""

import pytest

from shared import base64url
from tests.support.tables import each


@each(
    ("data", "text"),
    [(b"", ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"\xfb\xff\xfe", "-__-")],
)
def test_bytes_are_written_without_padding_and_read_with_and_without(
    data: bytes, text: str
) -> None:
    """RFC 4648 10, and the two characters in which base64url differs."""
    assert base64url.encode(data) == text
    assert base64url.decode(text) == data
    assert base64url.decode(text + "=" * (-len(text) % 4)) == data


@each("text", ["A", "AAAAA", "AA=A", "A A", "AAA\n", "é" * 4, "%%%%"])
def test_what_is_no_base64url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"(?i)base64|padding|ascii"):
        base64url.decode(text)
