"""The marks on the results of the simulated patients: actions and cautions."""

from datetime import UTC, datetime

import pytest

from clinical.chart import read_chart
from clinical.clock import Clock
from functions.smart_calc.page import cautions
from functions.smart_calc.page.calculator_views import in_groups
from functions.smart_calc.page.view_models import CalculatorView
from simulator.charts.generated import CHARTS
from simulator.charts.moving import WRITTEN_FOR

NOW = datetime(WRITTEN_FOR.year, WRITTEN_FOR.month, WRITTEN_FOR.day, 15, tzinfo=UTC)
PATIENTS = sorted(CHARTS.keys() - {"practitioners"})


def views(patient: str) -> list[CalculatorView]:
    """Return the rows of a patient, the most relevant first."""
    chart = read_chart(CHARTS[patient](), NOW, f"synthetic-{patient}", None)
    return [view for group in in_groups(chart, Clock(NOW)).values() for view in group]


@pytest.fixture(scope="module")
def listed() -> dict[str, list[CalculatorView]]:
    return {patient: views(patient) for patient in PATIENTS}


def test_only_results_that_need_action_are_marked_at_most_one_in_ten(
    listed: dict[str, list[CalculatorView]],
) -> None:
    marks = {
        (patient, view.name): view.mark
        for patient, some in listed.items()
        for view in some
        if view.mark
    }
    assert marks == {
        ("dario", "egfr_ckd_epi_2021"): "action",
        ("elsa", "qtc"): "urgent",
        ("ida", "cha2ds2_vasc"): "action",
    }
    results = sum(bool(view.headline) for some in listed.values() for view in some)
    assert len(marks) * 10 <= results


def test_a_result_that_needs_action_opens_first(listed: dict[str, list[CalculatorView]]) -> None:
    first = {patient: some[0].name for patient, some in listed.items()}
    assert (first["elsa"], first["dario"]) == ("qtc", "egfr_ckd_epi_2021")
    assert (first["ida"], first["cora"]) == ("cha2ds2_vasc", "cha2ds2_vasc")


def test_an_action_that_the_chart_shows_is_not_asked_for_again(
    listed: dict[str, list[CalculatorView]],
) -> None:
    """Cora takes an anticoagulant, Alma a statin; Elsa has cirrhosis; Greta's AF is unconfirmed."""
    for patient, name in (
        *(("cora", "cha2ds2_vasc"), ("greta", "cha2ds2_vasc")),
        *(("alma", "prevent_2023_base"), ("elsa", "fib4")),
    ):
        (view,) = (one for one in listed[patient] if one.name == name)
        assert (patient, view.headline[0].action) == (patient, "")


def test_one_cause_marks_one_row_and_is_told_once_for_the_page(
    listed: dict[str, list[CalculatorView]],
) -> None:
    bruno = listed["bruno"]
    assert not any(view.mark or view.has_mark_of_caution for view in bruno)
    causes = [one for view in bruno if view.headline for one in view.quality]
    assert len(causes) == 3
    assert cautions.of_the_page(causes) == causes[0].text
    greta = [view.name for view in listed["greta"] if view.has_mark_of_caution]
    assert greta == ["egfr_ckd_epi_2021", "cha2ds2_vasc"]


def test_an_action_that_was_taken_is_no_mark_of_doubt(
    listed: dict[str, list[CalculatorView]],
) -> None:
    """Cora's apixaban is told with her CHA2DS2-VASc, and doesn't make it doubtful."""
    (view,) = (one for one in listed["cora"] if one.name == "cha2ds2_vasc")
    assert view.first_caution.startswith("An oral anticoagulant is ordered or reported")
    assert not view.has_mark_of_caution


def test_an_old_value_caution_never_rests_on_the_apps_own_choice(
    listed: dict[str, list[CalculatorView]],
) -> None:
    """Hugo's QTc uses the heart rate of the tracing, though a newer one is charted."""
    (view,) = (one for one in listed["hugo"] if one.name == "qtc")
    (rate,) = (one for one in view.inputs if one.name == "heart_rate")
    assert rate.remarks[0].startswith("Collected with the other values")
    assert (view.quality, rate.age_look) == ((), "good")
    (ldl,) = (one for one in listed["hugo"] if one.name == "ldl")
    assert cautions.of_the_page(ldl.quality) == (
        "Old values: Total cholesterol; HDL cholesterol; Triglycerides."
    )
