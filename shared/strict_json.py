"""JSON that every reader interprets the same way (RFC 8259 4, 6 and 8.1).

A check here must see what any later reader of the same bytes sees. Some readers use the first of
repeated members and some the last, and some accept NaN or Infinity and others don't. Such documents
are rejected.
"""

import json
from collections.abc import Callable
from typing import Any

# The values that a document of any length may have, and the bytes for each further value. Charts
# have 15 bytes per value and more. Documents that consist only of brackets would become 30 times
# their size.
_VALUES = 20_000
_BYTES_A_VALUE = 10


class RepeatedMember(ValueError):
    """An object in the document repeats a member."""


def parse(body: bytes, decimal: Callable[[str], Any] | None = None) -> Any:
    """Parse a UTF-8 body. `decimal` reads the numbers that aren't integers.

    Raise RepeatedMember, or ValueError for JSON that is invalid, too deeply nested to read, or
    would become far larger in memory than it is.
    """
    if _holds_too_many_values(body):
        raise ValueError("the document holds too many values")
    try:
        return json.loads(
            body.decode("utf-8"),
            parse_float=decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise ValueError("the document is nested too deep") from None


def _holds_too_many_values(body: bytes) -> bool:
    """Return whether a document would become far larger in memory than it is."""
    return sum(map(body.count, (b"{", b"[", b","))) > _VALUES + len(body) // _BYTES_A_VALUE


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(members)
    if len(document) != len(members):
        raise RepeatedMember("an object has one member twice")
    return document
