"""JSON that every reader understands alike (RFC 8259 4, 6 and 8.1).

What is checked here must be what any later reader of the same bytes sees. Of a member that comes
twice some take the first and some the last, and NaN or Infinity is read by some and not by others:
such a document is refused.
"""

import json
from collections.abc import Callable
from typing import Any

# Values that a document of any length may hold, and the bytes for each further one. Charts have 15
# bytes a value and more. Documents of nothing but brackets would become 30 times their size.
_VALUES = 20_000
_BYTES_A_VALUE = 10


class RepeatedMember(ValueError):
    """An object of the document names a member twice."""


def parse(body: bytes, decimal: Callable[[str], Any] | None = None) -> Any:
    """The document in a body, in UTF-8; `decimal` reads the numbers that are not whole.

    Raises RepeatedMember, else ValueError for what is no such JSON, is nested too deep to read, or
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
    """Whether a document would become far larger in memory than it is."""
    return sum(map(body.count, (b"{", b"[", b","))) > _VALUES + len(body) // _BYTES_A_VALUE


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(members)
    if len(document) != len(members):
        raise RepeatedMember("an object has one member twice")
    return document
