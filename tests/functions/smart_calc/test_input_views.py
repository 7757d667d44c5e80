"""The page's text for one input: its state, the value as charted, and the reason if it's empty."""

from datetime import UTC, datetime
from typing import Any

import pytest

from clinical.chart import read_chart
from clinical.clock import Clock
from functions.smart_calc.page import input_views
from functions.smart_calc.page.view_models import InputView
from tests.support.charts.chart_resources import (
    ICD10CM,
    SNOMED,
    concept,
    condition,
    observation,
    smoking,
)
from tests.support.tables import each

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = "2026-11-24T08:00:00Z"


def seen(name: str, *resources: dict[str, Any]) -> InputView:
    finding = read_chart(list(resources), NOW, "p1", None).findings[name]
    return input_views.view(finding, Clock(NOW), optional=False)


def creatinine(**changes: Any) -> dict[str, Any]:
    return {**observation("2160-0", 1.5, "mg/dL", effectiveDateTime=TODAY), **changes}


def text_value(text: str) -> dict[str, Any]:
    made = creatinine(valueString=text)
    del made["valueQuantity"]
    return made


def quantity(**parts: Any) -> dict[str, Any]:
    return creatinine(valueQuantity=parts)


EMPTY = [
    pytest.param(text_value("hemolyzed"), "charted, but not readable", "hemolyzed", id="text"),
    pytest.param(quantity(value=1.5), "charted, but not readable", "1.5", id="no unit"),
    pytest.param(
        quantity(value=1.5, unit="g"), "charted, but not readable", "1.5 g", id="another unit"
    ),
    pytest.param(
        quantity(value=0.2, unit="mg/dL", comparator="<"),
        "charted only as below or above a limit",
        "< 0.2 mg/dL",
        id="a bound",
    ),
    pytest.param(
        quantity(value=150, unit="mg/dL"),
        "implausible: check the unit",
        "150 mg/dL",
        id="implausible",
    ),
    pytest.param(
        creatinine(effectiveDateTime="2020-01-01T08:00:00Z"),
        "last known value is too old",
        "1.5 mg/dL",
        id="too old",
    ),
    pytest.param(
        creatinine(status="preliminary"), "only a preliminary value", "1.5 mg/dL", id="preliminary"
    ),
]


@each(("resource", "state", "charted"), EMPTY)
def test_an_input_that_stays_empty_shows_what_is_charted_and_why_it_is_not_used(
    resource: dict[str, Any], state: str, charted: str
) -> None:
    view = seen("creatinine", resource)
    assert (view.value, view.data) == ("", "null")
    assert view.state == state
    assert view.look in {"warn", "bad"}
    assert view.original == charted
    assert "LOINC 2160-0" in view.source
    assert (view.standing, view.note) == ("open", f"Creatinine ({state.partition(':')[0]})")


def test_a_missing_unit_and_an_unknown_one_are_told_apart() -> None:
    (none,) = seen("creatinine", quantity(value=1.5)).remarks
    (unknown,) = seen("creatinine", quantity(value=1.5, unit="g")).remarks
    assert none == "No unit in the chart (expected mg/dL)."
    assert unknown == "Unknown unit g (expected mg/dL)."


def test_a_converted_value_stands_with_the_one_charted_and_another_alone() -> None:
    molar = quantity(value=132.63, unit="umol/L")
    view = seen("creatinine", molar)
    assert (view.value, view.original) == ("1.50", "132.63 µmol/L")
    assert seen("creatinine", creatinine()).original == ""


def test_a_diagnosis_stands_with_its_code_once_and_its_reason_once() -> None:
    view = seen("atrial_fibrillation", condition("I48.91", verification="provisional"))
    assert view.state == "suggested by the chart: please confirm"
    (entry,) = view.entries
    assert entry.remark == "active provisional"
    assert view.remarks == ()
    (entry,) = seen("hypertension", condition(concept(ICD10CM, "I10"))).entries
    assert entry.text == "charted only as a code (I10)"


def test_what_is_absent_is_said_to_be_not_found() -> None:
    assert seen("creatinine").state == "not found in chart"
    assert seen("atrial_fibrillation").state == "not found in chart: assumed absent"
    former = smoking("8517006", effectiveDateTime=TODAY)
    assert seen("current_smoker", former).state == "no, from the chart"
    assert seen("current_smoker").data == "null"


def test_a_smoking_status_that_a_problem_contradicts_is_asked_with_that_problem() -> None:
    problem = condition(concept(SNOMED, "449868002", text="Smokes tobacco daily"))
    view = seen("current_smoker", smoking("266919005", effectiveDateTime=TODAY), problem)
    assert (view.state, view.data, view.look) == ("chart contradicts itself", "null", "bad")
    assert view.remarks[0] == "The problem list shows that the patient smokes."
    assert "Smokes tobacco daily" in view.remarks[1]


def test_of_many_entries_of_a_diagnosis_the_earliest_is_among_those_shown() -> None:
    years = ("2009", "2015", "2017", "2019")
    listed = (condition("E11.9", id=year, onsetDateTime=f"{year}-03-05") for year in years)
    shown = [one.when for one in seen("diabetes", *listed).entries]
    assert shown == ["5 Mar 2019", "5 Mar 2017", "5 Mar 2009"]
