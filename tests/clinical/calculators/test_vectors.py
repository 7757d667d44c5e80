"""All vectors: cases on which two implementations agree, and cases that must be refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinical.calculators import REGISTRY, Refused, calculate
from tests.support.tables import each

VECTORS = Path(__file__).parents[1] / "data" / "calc_vectors.json"
ROWS: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))["rows"]
COMPUTED = [row for row in ROWS if not row.get("must_not_compute")]
REFUSED = [row for row in ROWS if row.get("must_not_compute")]


def inputs_of(row: dict[str, Any]) -> dict[str, tuple[object, str | None]]:
    return {given["name"]: (given["value"], given["unit"]) for given in row["inputs"]}


@each("row", COMPUTED, ids=lambda row: row["id"])
def test_a_vector_is_reproduced(row: dict[str, Any]) -> None:
    outputs = calculate(row["calculator"], inputs_of(row))

    assert outputs[row["output"]] == pytest.approx(row["expected"], abs=row["tolerance"], rel=0)


@each("row", REFUSED, ids=lambda row: row["id"])
def test_a_case_that_must_not_be_computed_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        calculate(row["calculator"], inputs_of(row))


def test_every_calculator_has_vectors() -> None:
    """How many, docs/calculators.md says; a row that is lost makes that page wrong."""
    assert {row["calculator"] for row in ROWS} == set(REGISTRY)


# Khan 2024, worked example of the supplement (table S25), in percent.
@each(
    ("sex", "output", "percent"),
    [
        ("female", "risk_10y_total_cvd_percent", "14.7"),
        ("female", "risk_10y_ascvd_percent", "9.2"),
        ("female", "risk_10y_heart_failure_percent", "8.1"),
        ("female", "risk_30y_total_cvd_percent", "53.0"),
        ("female", "risk_30y_ascvd_percent", "35.4"),
        ("female", "risk_30y_heart_failure_percent", "39.0"),
        ("male", "risk_10y_total_cvd_percent", "16.3"),
        ("male", "risk_10y_ascvd_percent", "10.2"),
        ("male", "risk_10y_heart_failure_percent", "10.6"),
    ],
)
def test_the_worked_example_of_the_prevent_paper_is_reproduced(
    sex: str, output: str, percent: str
) -> None:
    outputs = calculate(
        "prevent_2023_base",
        {
            "age": (50, "a"),
            "sex": (sex, None),
            "systolic_bp": (160, "mm[Hg]"),
            "cholesterol_total": (200, "mg/dL"),
            "hdl": (45, "mg/dL"),
            "diabetes": (True, None),
            "current_smoker": (False, None),
            "antihypertensive_treatment": (True, None),
            "statin": (False, None),
            "egfr": (90, "mL/min/{1.73_m2}"),
            "bmi": (35, "kg/m2"),
        },
    )

    assert f"{outputs[output]:.1f}" == percent
