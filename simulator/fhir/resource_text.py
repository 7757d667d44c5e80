"""JSON that is changed without losing a digit (FHIR R4, decimal: precision is part of a value).

In a document read here every number is a text that begins with NUL, which FHIR strings cannot hold.
"""

import json
import re
from typing import Any

_MARK = "\x00"
_MARKED = re.compile(r'"\\u0000([^"]+)"')


def read(text: str) -> Any:
    """Read JSON for a change. Raises ValueError: it is no JSON, or holds the character NUL."""
    if "\\u0000" in text:
        raise ValueError("a FHIR string cannot hold the character NUL")
    try:
        return json.loads(text, parse_int=_marked, parse_float=_marked, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def write(document: Any) -> str:
    """Write a document that `read` gave, its numbers with the digits they came with."""
    return _MARKED.sub(r"\1", json.dumps(document, ensure_ascii=False))


def _marked(number: str) -> str:
    return f"{_MARK}{number}"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
