"""Find the text of the field `link` in a Bundle's bytes (FHIR R4 bundle.html).

To change links, only that text is replaced, and nothing else is serialized again.
"""

import json
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from shared.frozen import dataclass
from shared.patterns import pattern

_HEAD_BYTES = 8192
_MOST_BYTES = 65_536
_NAME = b'"link"'
_COLON = pattern(rb"[ \t\n\r]*:")
_SPACE = pattern(r"[ \t\n\r]*")
_decoder = json.JSONDecoder()

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Links:
    """The links of a response, and the start and end of their text in its bytes, or None if there
    are no links.
    """

    items: tuple[dict[str, Any], ...] = ()
    place: Place | None = None


def first_in_head(body: bytes) -> Place | None:
    """Return start and end of the value of the first member `link`, None if it isn't within the
    first 8 kB. `body` is an object in UTF-8.
    """
    return _first(body[:_HEAD_BYTES].decode(errors="ignore"))


def first(body: bytes) -> Place | None:
    """Return the same by parsing the entire body, or None if it has no such field."""
    place = first_in_head(body)
    return _first(body.decode()) if place is None and len(body) > _HEAD_BYTES else place


def only(body: bytes) -> Place | None:
    """Return the same by searching for the name at any depth. None unless it occurs exactly once
    and has a value of at most 64 kB. No letter in `body` may be spelled with an escape.
    """
    if body.count(_NAME) != 1:
        return None
    colon = _COLON.match(body, body.index(_NAME) + len(_NAME))
    if colon is None:
        return None
    start = colon.end()
    text = body[start : start + _MOST_BYTES].decode(errors="ignore")
    try:
        value = _skip(text, 0)
        end: int = _decoder.raw_decode(text, value)[1]
    except (ValueError, RecursionError):
        return None
    return start + value, start + len(text[:end].encode())


def _first(text: str) -> Place | None:
    """Return start and end, in bytes, in a text that may be truncated."""
    try:
        position = _skip(text, _skip(text, 0) + 1)
        while text[position] == '"':
            name, position = scanstring(text, position + 1)
            start = _skip(text, _skip(text, position) + 1)
            end: int = _decoder.raw_decode(text, start)[1]
            position = _skip(text, end)
            if name == "link" and text[position]:
                before = len(text[:start].encode())
                return before, before + len(text[start:end].encode())
            if text[position] == ",":
                position = _skip(text, position + 1)
    except (ValueError, IndexError, RecursionError):
        pass
    return None


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
