"""Parse only JSON that every reader interprets the same way (RFC 8259 4, 6 and 8.1).

A check must see the same values as any later reader of the same bytes. Readers differ about
repeated fields, NaN and Infinity, so documents with them are rejected.
"""

import json
from collections.abc import Callable
from typing import Any

from shared.patterns import pattern

# The number of values that any document may have, and the bytes that it needs for each further
# value. Charts have 15 bytes or more per value. A document of nothing but brackets would need 30
# times its size in memory.
_VALUES = 20_000
_BYTES_A_VALUE = 10
# Smaller documents don't need the libraries. ID tokens are smaller (shared/oidc/jws.py), so
# callback never loads them.
_WORTH_BYTES = 32_768
_BEGINNINGS = (b"{", b"[", b",")
# With these, a quote and a colon don't tell the end of a name.
_IN_A_TEXT = b'\\":'
_GAPS = (b" :", b"\t:", b"\n:", b"\r:")
_GAP = pattern(rb'"[ \t\n\r]+:')


class RepeatedMember(ValueError):
    """An object in the document repeats a field."""


def parse(body: bytes, decimal: Callable[[str], Any] | None = None) -> Any:
    """Parse a UTF-8 body. `decimal` parses the numbers that aren't integers.

    Raise RepeatedMember, or ValueError for JSON that is invalid, too deeply nested, or would become
    far larger in memory than it is.
    """
    if _values(body) > _VALUES + len(body) // _BYTES_A_VALUE:
        raise ValueError("the document has too many values")
    try:
        document = _parsed_fast(body, decimal) if len(body) >= _WORTH_BYTES else None
        return document or json.loads(
            body.decode("utf-8"),
            parse_float=decimal,
            parse_constant=_no_constant,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise ValueError("the document is nested too deeply") from None


def _values(body: bytes) -> int:
    """Estimate the number of values in a document."""
    if len(body) < _WORTH_BYTES:
        return sum(map(body.count, _BEGINNINGS))
    import stringzilla  # not in every function

    return sum(stringzilla.count(body, one) for one in _BEGINNINGS)


def _parsed_fast(body: bytes, decimal: Callable[[str], Any] | None) -> Any:
    """Parse in half of the time. Return None if this can't decide whether a field is repeated.

    Every name ends in a quote and a colon. If the document, written again, has as many of these as
    the body, no name was lost, so none is repeated. In the written document, a string that has them
    in it escapes the quote, and so doesn't count.
    """
    import msgspec  # not in every function
    import stringzilla

    def has(text: bytes) -> bool:
        return bool(stringzilla.find(body, text) >= 0)

    if has(_IN_A_TEXT) or (any(map(has, _GAPS)) and _GAP.search(body)):
        return None
    try:
        document = msgspec.json.Decoder(float_hook=decimal).decode(body)
        written = msgspec.json.encode(document)
    except (ValueError, OverflowError):
        return None
    names = stringzilla.count(written, b'":') - stringzilla.count(written, _IN_A_TEXT)
    return document if names == stringzilla.count(body, b'":') else None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(members)
    if len(document) != len(members):
        raise RepeatedMember("an object repeats a field")
    return document
