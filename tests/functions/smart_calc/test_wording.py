"""How the page writes ages if a value is too old, and its note on a value that isn't used."""

from datetime import UTC, datetime, timedelta
from typing import Any

from clinical.calculators.inputs import INPUTS
from clinical.chart import read_chart
from clinical.clock import Clock
from functions.smart_calc.page import input_views, wording
from functions.smart_calc.page.calculator_views import in_groups
from functions.smart_calc.page.entries import sentence
from functions.smart_calc.page.view_models import CalculatorView
from tests.support.charts.chart_resources import observation, patient, quantity
from tests.support.tables import each

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def view_of(name: str, *resources: dict[str, Any]) -> CalculatorView:
    chart = read_chart([patient(birthDate="1960-01-01"), *resources], NOW, "p1", None)
    groups = in_groups(chart, Clock(NOW))
    return next(view for views in groups.values() for view in views if view.name == name)


@each("limit", sorted({one.fresh_days for one in INPUTS.values()} - {0}))
@each("beyond", [0.01, 0.99, 1, 40])
def test_no_value_is_as_old_as_the_limit_that_it_is_beyond(limit: int, beyond: float) -> None:
    said = wording.beyond(limit + beyond, limit, "older than")
    own = said.partition(" ago")[0]
    assert own == f"over {wording.span(limit)}" or own != wording.span(limit)
    assert own.removeprefix("over ") != own or said.endswith(f"older than {wording.span(limit)}")


@each(("days", "said"), [(0.75, "under 1 day ago"), (1.2, "1 day ago"), (800, "2 years ago")])
def test_a_value_of_last_evening_is_not_of_today(days: float, said: str) -> None:
    assert wording.ago(days) == said


@each(
    ("text", "shown"),
    [("eGFR is low", "eGFR is low."), ("values differ", "Values differ."), ("a", "A.")],
)
def test_a_sentence_begins_with_a_capital_unless_a_name_does_not(text: str, shown: str) -> None:
    assert sentence(text) == shown


def ion(code: str, value: float, **more: Any) -> dict[str, Any]:
    return observation(code, value, "mmol/L", id=code, **more)


IONS = (ion("2951-2", 140), ion("2075-0", 104), ion("1963-8", 24))


def test_a_value_that_is_charted_and_not_used_is_not_called_missing() -> None:
    albumin = observation("1751-7", 2.5, "g/dL", id="a", effectiveDateTime="2026-11-18T09:00:00Z")
    gap = view_of("anion_gap", *IONS, albumin)
    refused = {one.refused for one in gap.results if one.refused}
    told = "Albumin, serum or plasma: not used, not collected with the other values"
    assert any(told in one for one in refused)
    assert not any("Missing: Albumin" in one for one in refused)
    without = {one.refused for one in view_of("anion_gap", *IONS).results if one.refused}
    assert any("Missing: Albumin" in one for one in without)


def test_what_is_missing_is_that_of_the_first_result() -> None:
    bound = observation("2571-8", id="t", valueQuantity=quantity(1000, "mg/dL"))
    bound["valueQuantity"]["comparator"] = ">"
    hdl = observation("2085-9", 50, "mg/dL", id="h")
    lacking = view_of("ldl", bound, hdl).lacking
    assert "Triglycerides (charted only as below or above a limit)" in lacking
    assert any(one.startswith("Total cholesterol") for one in lacking)


def test_age_and_sex_are_not_said_to_have_been_measured() -> None:
    made = observation("2160-0", 1.2, "mg/dL")
    about = view_of("egfr_ckd_epi_2021", made).provenance
    assert about == "Computed from 3 chart values, measured 20 Nov 2026"


def test_an_answer_that_needs_a_person_does_not_deny_what_is_charted() -> None:
    vital = {"category": [{"coding": [{"code": "vital-signs"}]}]}
    flow = observation("3151-8", 2.6, "L/min", **vital)
    chart = read_chart([flow], NOW + timedelta(days=30), "p1", None)
    seen = input_views.view(chart.findings["supplemental_oxygen"], Clock(NOW), optional=False)
    assert seen.state == "not clear from the chart: please enter it"
    assert seen.value == ""


def noted(view: CalculatorView, name: str) -> str:
    return next(one.note for one in view.inputs if one.name == name)


def test_a_note_gives_a_converted_value_as_charted_and_a_calculated_one_as_it_is_shown() -> None:
    resource = observation("2160-0", 124, "umol/L", id="c")
    assert noted(view_of("egfr_ckd_epi_2021", resource), "creatinine") == (
        "Creatinine 124 umol/L (20 Nov 2026)"
    )
    risk = view_of("prevent_2023_base", resource)
    assert noted(risk, "egfr") == "eGFR (CKD-EPI 2021) 55 mL/min/1.73 m2 (20 Nov 2026)"


@each(
    ("height_at", "dates"),
    [
        ("2026-11-20", "20 Nov 2026"),
        ("2020-11-11", "body weight 20 Nov 2026, body height 11 Nov 2020"),
    ],
)
def test_a_calculated_value_is_dated_by_each_value_behind_it(height_at: str, dates: str) -> None:
    vital = {"category": [{"coding": [{"code": "vital-signs"}]}]}
    weight = observation("29463-7", 86, "kg", id="w", effectiveDateTime="2026-11-20", **vital)
    height = observation("8302-2", 173, "cm", id="h", effectiveDateTime=height_at, **vital)
    view = view_of("prevent_2023_base", weight, height)
    assert noted(view, "bmi") == f"Body mass index 28.7 kg/m2 ({dates})"


def test_ounces_are_read_from_a_chart_but_not_offered_for_a_weight() -> None:
    offered = [option[0] for option in wording.units()["weight"]]
    assert "[lb_av]" in offered
    assert "[oz_av]" not in offered
    assert "[oz_av]" in INPUTS["weight"].units
