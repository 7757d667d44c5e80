"""Adversarial charts and what must come out of each: tests/clinical/data/chart_truth.json."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinical.chart import prefill

_ROWS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "chart_truth.json").read_text(encoding="utf-8")
)["rows"]
_AREAS = sorted({row["area"] for row in _ROWS})


def _allowed(value: object, expected: object) -> bool:
    if isinstance(expected, list):
        return any(_allowed(value, one) for one in expected)
    if (
        isinstance(expected, bool)
        or isinstance(value, bool)
        or not isinstance(expected, int | float)
    ):
        return value is expected or (isinstance(value, str) and value == expected)
    return isinstance(value, int | float) and value == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize("area", _AREAS)
def test_a_chart_says_what_it_can_say_and_no_more(area: str) -> None:
    wrong = []
    for row in (one for one in _ROWS if one["area"] == area):
        values = prefill(row["resources"], row["today"])
        wrong += [
            f"{row['id']} {row['title']}: {name} is {values[name]}, not {expected}"
            for name, expected in row["expect"].items()
            if not _allowed(values[name], expected)
        ]
    assert wrong == []
