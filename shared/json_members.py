"""JSON of others, read tolerantly: what is missing or misshapen reads as empty."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def document(body: bytes | str) -> dict[str, Any] | None:
    """The JSON object in a body; None for anything else."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def fields(value: object) -> Mapping[str, object]:
    """The members of a JSON object; of anything else none."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> Sequence[object]:
    """The elements of a JSON array; of anything else none."""
    return value if isinstance(value, list) else ()


def objects(value: object) -> list[dict[str, Any]]:
    """The objects among the elements of a JSON array; of anything else none."""
    return [item for item in items(value) if isinstance(item, dict)]


def text(value: object) -> str:
    """A JSON string without the spaces around it; of anything else the empty string."""
    return value.strip() if isinstance(value, str) else ""
