"""All vectors: cases on which two implementations agree, and cases that must be refused."""

from typing import Any

import pytest

from clinical.calculators import REGISTRY, Refused, UnknownCalculator, calculate
from tests.support.charts.calculators import CASES, ROWS
from tests.support.tables import each

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
    assert {row["calculator"] for row in ROWS} == set(REGISTRY) == set(CASES)


@each("name", ["qsofa", "charlson", "perc", "wells_dvt", "aa_gradient", "apri"])
def test_a_calculator_that_is_left_out_is_unknown(name: str) -> None:
    """Why, docs/calculators.md says."""
    with pytest.raises(UnknownCalculator):
        calculate(name, {})
