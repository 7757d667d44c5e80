"""Parse only JSON that every reader interprets the same way (RFC 8259 4, 6 and 8.1).

A check must see the same values as any later reader of the same bytes. Readers differ about
repeated fields, NaN and Infinity, so documents with them are rejected.
"""

import json
from collections.abc import Callable
from typing import Any

# The number of values that any document may have, and the bytes that it needs for each further
# value. Charts have 15 bytes or more per value. A document of nothing but brackets would need 30
# times its size in memory.
_VALUES = 20_000
_BYTES_A_VALUE = 10
# With these, a quote and a colon don't tell the end of a name.
_UNCLEAR = (b" :", b"\t:", b"\n:", b"\r:", b'\\":')


class RepeatedMember(ValueError):
    """An object in the document repeats a field."""


def parse(body: bytes, decimal: Callable[[str], Any] | None = None) -> Any:
    """Parse a UTF-8 body. `decimal` parses the numbers that aren't integers.

    Raise RepeatedMember, or ValueError for JSON that is invalid, too deeply nested, or would become
    far larger in memory than it is.
    """
    # An estimate of the number of values in the document.
    if sum(map(body.count, (b"{", b"[", b","))) > _VALUES + len(body) // _BYTES_A_VALUE:
        raise ValueError("the document has too many values")
    text = body.decode("utf-8")
    sizes: list[int] = []

    def sized(document: dict[str, Any]) -> dict[str, Any]:
        sizes.append(len(document))
        return document

    try:
        # Every name ends in a quote and a colon. If the document has no more of these than its
        # objects have fields, none is repeated. Counting is faster than comparing names.
        if not any(one[:1] in body and one in body for one in _UNCLEAR):
            document = json.loads(
                text, parse_float=decimal, parse_constant=_no_constant, object_hook=sized
            )
            if sum(sizes) == body.count(b'":'):
                return document
            del document
        return json.loads(
            text, parse_float=decimal, parse_constant=_no_constant, object_pairs_hook=_object
        )
    except RecursionError:
        raise ValueError("the document is nested too deeply") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(members)
    if len(document) != len(members):
        raise RepeatedMember("an object repeats a field")
    return document
