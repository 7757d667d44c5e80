"""Read untrusted JSON tolerantly: a missing or malformed value counts as empty.

A text that people see or that's copied is cleaned, whatever it's for: the page, a note, an
attribute, a card or a log line (Unicode TR 36, 3.1; ECMA-48).
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

# Escape sequences of terminals, control characters and surrogates, and what's invisible or changes
# the order of the text around it. The joiners U+200C and U+200D are parts of words.
_UNSEEN = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    r"\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def document(body: bytes | str) -> dict[str, Any] | None:
    """Return the JSON object in a body, or None for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def fields(value: object) -> Mapping[str, object]:
    """Return the fields of a JSON object, or none for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> Sequence[object]:
    """Return the elements of a JSON array, or none for anything else."""
    return value if isinstance(value, list) else ()


def objects(value: object) -> list[dict[str, Any]]:
    """Return the objects among the elements of a JSON array, or none for anything else."""
    return [item for item in items(value) if isinstance(item, dict)]


def text(value: object) -> str:
    """Return a JSON string, cleaned, or an empty text for anything else."""
    return cleaned(value) if isinstance(value, str) else ""


def cleaned(text: str) -> str:
    """Return a text in one line, with single spaces, and without characters that control a terminal
    or the order of other text.
    """
    text = text.strip()
    # Most texts need nothing else, and a chart has a hundred thousand.
    if text.isprintable() and "  " not in text:
        return text
    return " ".join(_UNSEEN.sub("", " ".join(text.split())).split())
