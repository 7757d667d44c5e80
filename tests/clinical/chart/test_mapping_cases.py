import json
from pathlib import Path
from typing import Any

import pytest

from clinical.chart import prefill
from tests.support.tables import each

CASES = json.loads(
    (Path(__file__).parents[1] / "data" / "fhir_mapping_cases.json").read_text(encoding="utf-8")
)["cases"]


@each("case", CASES, ids=lambda case: f"{case['id']} {case['title']}")
def test_the_prefill_of_a_mapping_case_is_the_expected_one(case: Any) -> None:
    values = prefill(case["resources"], case["today"])
    for name, expected in case["expect"].items():
        if isinstance(expected, float | int) and not isinstance(expected, bool):
            assert values[name] == pytest.approx(expected, rel=0.005)
        else:
            assert values[name] == expected


def test_all_mapping_cases_are_there() -> None:
    assert len(CASES) == 26
