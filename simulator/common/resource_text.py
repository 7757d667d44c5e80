"""Changes JSON without losing digits (FHIR R4, decimal: precision is part of a value).

`read` returns each number as a string that starts with NUL, which FHIR strings can't contain.
"""

import json
import re
from typing import Any

_MARK = "\x00"
_MARKED = re.compile(r'"\\u0000([^"]+)"')


def read(text: str) -> Any:
    """Parse JSON so that it can be changed.

    Raises ValueError if it isn't JSON or contains the character NUL.
    """
    if "\\u0000" in text:
        raise ValueError("a FHIR string can't contain the character NUL")
    try:
        return json.loads(text, parse_int=_marked, parse_float=_marked, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it's nested too deeply") from None


def write(document: Any) -> str:
    """Write a document from `read`, with the original digits of its numbers."""
    return _MARKED.sub(r"\1", json.dumps(document, ensure_ascii=False))


def _marked(number: str) -> str:
    return f"{_MARK}{number}"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} isn't valid in JSON")
