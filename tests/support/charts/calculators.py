"""The vectors of the calculators, and what the tests of each need to know of it."""

import json
from pathlib import Path
from typing import Any

from clinical.calculators.inputs import CHOICES, FLAGS, INPUTS, OTHER_NUMBERS

_DATA = Path(__file__).parents[2] / "clinical" / "data"
VECTORS = _DATA / "calc_vectors.json"
ROWS: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))["rows"]
CASES: dict[str, dict[str, Any]] = {
    row["calculator"]: row
    for row in json.loads((_DATA / "calc_cases.json").read_text("utf-8"))["rows"]
}


def in_canonical_units(values: dict[str, Any]) -> dict[str, tuple[Any, str | None]]:
    """Return values as inputs of `evaluate`, numbers in their canonical unit."""
    return {name: (value, unit_of(name)) for name, value in values.items()}


def unit_of(name: str) -> str | None:
    """Return the canonical unit of a number, and none for an answer."""
    if name in FLAGS or name in CHOICES:
        return None
    return (INPUTS[name] if name in INPUTS else OTHER_NUMBERS[name]).unit
