"""Read untrusted JSON tolerantly: a missing or malformed value counts as empty."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


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
    """Return a JSON string without surrounding spaces, or an empty text for anything else."""
    return value.strip() if isinstance(value, str) else ""
