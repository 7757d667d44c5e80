"""Tables and calculators judge an Observation alike, in one time zone, by one reading of it."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from clinical.chart import observations, read_chart
from clinical.chart.resources.times import moment, zone_of
from clinical.clock import Clock
from functions.smart_calc.page import entries, input_views
from functions.smart_calc.page.calculator_views import in_groups
from functions.smart_calc.page.latest_values import ListedValue, newest
from functions.smart_calc.page.view_models import CalculatorView, InputView
from simulator.charts.generated import load_charts
from tests.support.charts.chart_resources import (
    ICD10CM,
    RXNORM,
    condition,
    observation,
    order,
    pressure,
)
from tests.support.ehr.in_memory_ehr import answer_from, read_in, session_of
from tests.support.tables import each

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BASE = "https://ehr.example/r4"
SNOMED = "http://snomed.info/sct"
EGFR = "egfr_ckd_epi_2021"


def shown(*resources: dict[str, Any]) -> list[ListedValue]:
    entries = read_chart(list(resources), NOW, "p1", BASE).entries
    clock = Clock(NOW.astimezone(zone_of((one.heading.moment for one in entries), NOW)))
    return newest(entries, clock)


def chloride(value: float = 104, **changes: Any) -> dict[str, Any]:
    when = {"effectiveDateTime": "2026-11-20T08:00:00Z", "id": f"o-{value}"}
    made = observation("2075-0", value, "mmol/L", **{**when, **changes})
    # As the reader of answers hands numbers on.
    made["valueQuantity"]["value"] = Decimal(str(value))
    return made


def test_what_no_calculator_takes_is_shown_and_marked_with_their_reason() -> None:
    slip = chloride(1.04)
    (row,) = shown(slip)
    finding = read_chart([slip], NOW, "p1", BASE).findings["chloride"]
    assert (row.value, row.mark) == ("1.04", finding.why)
    assert "60 to 150" in row.mark


def test_a_date_in_the_future_hides_no_real_value() -> None:
    (row,) = shown(chloride(), chloride(99, effectiveDateTime="2099-07-07T08:00:00Z"))
    assert (row.value, row.mark) == ("104", "")
    assert row.rejected == ("99 mmol/L, 7 Jul 2099 08:00: dated in the future",)
    (alone,) = shown(chloride(99, effectiveDateTime="2099-07-07T08:00:00Z"))
    assert (alone.value, alone.mark) == ("99", "dated in the future")


def test_a_newer_preliminary_value_is_told_beside_the_final_one() -> None:
    newer = {"status": "preliminary", "effectiveDateTime": "2026-11-21T08:00:00Z"}
    (row,) = shown(chloride(), chloride(110, **newer))
    assert row.value == "104"
    assert row.rejected == ("110 mmol/L, 21 Nov 2026 08:00: preliminary",)


def test_two_values_of_one_time_are_marked_as_the_calculators_see_them() -> None:
    (row,) = shown(chloride(100), chloride(120))
    assert row.mark.startswith("another value from the same time")
    (agreeing,) = shown(chloride(100), chloride(100.4))
    assert agreeing.mark == ""


def test_a_pressure_that_no_calculator_takes_is_marked_with_the_reason() -> None:
    (row,) = shown(pressure(78, 132, effectiveDateTime="2026-11-20T08:00:00Z"))
    assert row.mark == "the diastolic pressure is not below the systolic pressure"


def test_a_value_beyond_the_look_back_is_marked() -> None:
    (row,) = shown(chloride(effectiveDateTime="2024-11-20T08:00:00Z"))
    assert row.mark == "2 years ago, too old for the calculators, whose limit is 1 year"


def test_the_range_and_the_sign_are_those_that_the_ehr_sends() -> None:
    ranged = {
        "referenceRange": [{"low": {"value": 98, "unit": "mmol/L"}, "high": {"value": 107}}],
        "interpretation": [{"coding": [{"code": "H"}]}],
    }
    (row,) = shown(chloride(110, **ranged))
    assert (row.sign, row.range) == ("H", "98 to 107")
    (low,) = shown(chloride(referenceRange=[{"low": {"value": 98}}]))
    assert (low.sign, low.range) == ("", "from 98")
    (text,) = shown(chloride(referenceRange=[{"text": "see report"}]))
    assert text.range == "see report"


def test_the_page_has_the_offset_of_most_times_and_tells_of_another() -> None:
    here = [
        chloride(100 + day, effectiveDateTime=f"2026-11-1{day}T08:00:00-06:00") for day in (1, 2)
    ]
    there = observation("2951-2", 140, "mmol/L", effectiveDateTime="2026-11-19T05:10:00Z")
    rows = {row.name: row.when for row in shown(*here, there)}
    assert set(rows.values()) == {
        "12 Nov 2026 08:00",
        "18 Nov 2026 23:10 (charted 19 Nov 2026 05:10 UTC)",
    }


@each(
    ("charted", "zone", "written"),
    [
        ("2026-11-19T05:10:00Z", "UTC", "19 Nov 2026 05:10"),
        ("2026-11-18T23:30:00-06:00", "UTC−06:00", "18 Nov 2026 23:30"),
        ("2026-11-19T05:10:00+05:30", "UTC+05:30", "19 Nov 2026 05:10"),
        ("2026-11-19", "UTC", "19 Nov 2026"),
        ("2026-11", "UTC", "Nov 2026"),
        (
            "2026-11-19T05:10:00",
            "UTC",
            "19 Nov 2026 05:10 (charted 19 Nov 2026 05:10 without a time zone)",
        ),
    ],
)
def test_a_time_alone_is_written_as_charted(charted: str, zone: str, written: str) -> None:
    when = moment(charted, UTC)
    clock = Clock(NOW.astimezone(zone_of([when], NOW)))
    assert (clock.zone, clock.time(when)) == (zone, written)
    assert clock.now == NOW


def test_of_as_many_offsets_the_one_of_the_newest_time_counts() -> None:
    older, newer = moment("2026-11-18T08:00:00-05:00", UTC), moment("2026-11-19T08:00:00Z", UTC)
    assert Clock(NOW.astimezone(zone_of([older, newer], NOW))).zone == "UTC"
    ahead = moment("2062-11-19T08:00:00+01:00", UTC)
    assert Clock(NOW.astimezone(zone_of([older, ahead], NOW))).zone == "UTC−05:00"


def seen(name: str, *resources: dict[str, Any]) -> InputView:
    finding = read_chart(list(resources), NOW, "p1", BASE).findings[name]
    return input_views.view(finding, Clock(NOW), optional=False)


def test_oxygen_that_was_charted_is_never_said_not_to_be() -> None:
    old = observation("3151-8", 2.6, "L/min", effectiveDateTime="2026-11-20T08:00:00Z")
    view = seen("supplemental_oxygen", old)
    assert view.remarks == ("No oxygen documented in the last 48 h (the last value is older).",)
    (entry,) = view.entries
    assert (entry.text, entry.when) == ("2.6 L/min", "20 Nov 2026 08:00")
    none = seen("supplemental_oxygen")
    assert none.remarks == ("No oxygen flow or concentration in the chart.",)


def test_a_suggestion_by_text_shows_what_its_coding_says() -> None:
    coding = {"system": "urn:local", "code": "Z13", "display": "Encounter for a test"}
    made = condition("I10", id="c1")
    made["code"] = {"text": "Congestive heart failure", "coding": [coding]}
    (entry,) = seen("congestive_heart_failure", made).entries
    assert entry.text == "Congestive heart failure; coded as Encounter for a test (Z13)"
    same = condition("I10", id="c2")
    coding = {"system": SNOMED, "code": "84114007", "display": "Heart failure"}
    same["code"] = {"text": "Heart failure", "coding": [coding]}
    (entry,) = seen("congestive_heart_failure", same).entries
    assert entry.text == "Heart failure (84114007)"


def test_a_score_warns_of_what_the_chart_has_against_it() -> None:
    def told(*resources: dict[str, Any]) -> list[str]:
        groups = in_groups(read_chart(list(resources), NOW, "p1", BASE), Clock(NOW))
        (score,) = (one for views in groups.values() for one in views if one.name == "cha2ds2_vasc")
        return [one.text for one in score.warnings]

    past, active = condition("I48.91", "resolved", id="past"), condition("I48.20", id="now")
    resolved = "Atrial fibrillation is documented only as resolved or inactive."
    assert told(past) == [resolved]
    assert told(past, active) == []
    against = (condition("Z51.5", id="c1"), order("enoxaparin 40 MG", id="m1"))
    assert told(past, *against) == [
        resolved,
        "A parenteral anticoagulant is ordered or reported.",
        "Palliative care is documented in the chart.",
    ]


def test_what_a_code_is_called_is_shown_where_it_differs_from_the_text() -> None:
    state = {"system": ICD10CM, "code": "Z33.1", "display": "Pregnant state"}
    pregnant = condition("Z33.1", id="c1")
    pregnant["code"] = {"text": "Struck by turtle", "coding": [state]}
    chart = read_chart([pregnant], NOW, "p1", BASE)
    groups = in_groups(chart, Clock(NOW))
    (kidney,) = (one for views in groups.values() for one in views if one.name == EGFR)
    (caution,) = kidney.warnings
    assert caution.text.startswith("Pregnancy is documented")
    assert caution.entry == "Struck by turtle; coded as Pregnant state (Z33.1), no date"
    assert "turtle" not in kidney.note
    drug = {"system": RXNORM, "code": "11289", "display": "warfarin"}
    ordered = order("unused", id="m1")
    ordered["medicationCodeableConcept"] = {"text": "Blue pill", "coding": [drug]}
    finding = read_chart([ordered], NOW, "p1", BASE).findings["oral_anticoagulant"]
    (entry,) = entries.answering(finding, Clock(NOW))
    assert entry.text == "Blue pill; coded as warfarin (11289)"


def egfr(*resources: dict[str, Any]) -> CalculatorView:
    person = {"resourceType": "Patient", "id": "p1", "birthDate": "1957-10-11", "gender": "male"}
    creatinine = observation("2160-0", 1.21, "mg/dL", effectiveDateTime="2026-11-20T08:00:00Z")
    chart = read_chart([person, creatinine, *resources], NOW, "p1", BASE)
    groups = in_groups(chart, Clock(NOW))
    return next(v for vs in groups.values() for v in vs if v.name == "egfr_ckd_epi_2021")


def test_acute_kidney_injury_on_the_problem_list_stands_beside_the_egfr() -> None:
    def grave(*resources: dict[str, Any]) -> list[str]:
        return [caution.text for caution in egfr(*resources).warnings if caution.grave]

    assert grave() == []
    (said,) = grave(condition("N17.9", id="c1"))
    assert said.startswith("Acute kidney injury is on the problem list")
    assert said in egfr(condition("N17.9", id="c1")).note
    (suggested,) = grave(condition("N17.9", verification="provisional", id="c1"))
    assert suggested.startswith("The problem list suggests acute kidney injury")
    assert grave(condition("N17.9", "resolved", id="c1")) == []


@each(
    ("verification", "said"),
    [
        (
            "confirmed",
            "Atrial fibrillation is documented in the chart. In an irregular rhythm, the QTc of",
        ),
        ("provisional", "The problem list suggests atrial fibrillation. In an irregular rhythm"),
    ],
)
def test_atrial_fibrillation_stands_beside_the_qtc(verification: str, said: str) -> None:
    taken = {"effectiveDateTime": "2026-11-24T08:00:00Z"}
    values = (
        observation("8634-8", 400, "ms", id="qt", **taken),
        observation("8867-4", 80, "/min", id="rate", **taken),
    )

    def qtc(*more: dict[str, Any]) -> CalculatorView:
        chart = read_chart([*values, *more], NOW, "p1", BASE)
        groups = in_groups(chart, Clock(NOW))
        return next(v for vs in groups.values() for v in vs if v.name == "qtc")

    assert qtc().cautions == ()
    view = qtc(condition("I48.91", verification=verification, id="c1"))
    assert view.results[0].printed == "440"
    (caution,) = view.cautions
    assert caution.startswith(said)
    assert caution in view.note


@each("status", ["active", "on-hold"])
def test_a_vitamin_k_antagonist_stands_beside_the_meld_score(status: str) -> None:
    chart = read_chart([order("warfarin 5 MG", status=status)], NOW, "p1", BASE)
    views = in_groups(chart, Clock(NOW)).values()
    (meld,) = (one for group in views for one in group if one.name == "meld")
    (caution,) = meld.cautions
    assert "vitamin K antagonist" in caution


def test_a_charted_bmi_is_shown_only_if_it_differs_from_the_calculated_one() -> None:
    taken = {"effectiveDateTime": "2026-11-24T08:00:00Z"}
    values = (
        observation("29463-7", 80, "kg", id="weight", **taken),
        observation("8302-2", 180, "cm", id="height", **taken),
    )

    def reported(value: float) -> list[str]:
        reported = observation("39156-5", value, "kg/m2", id="bmi", **taken)
        groups = in_groups(read_chart([*values, reported], NOW, "p1", BASE), Clock(NOW))
        (bmi,) = (one for views in groups.values() for one in views if one.name == "bmi")
        return [entry.text for entry in bmi.reported]

    # 24.7 is calculated.
    assert reported(25.1) == []
    (text,) = reported(25.3)
    assert "25.3" in text


def test_one_creatinine_is_not_called_steady() -> None:
    view = egfr()
    assert view.cautions == ()
    assert view.noted == ("Only one creatinine value: cannot tell whether creatinine is stable.",)
    assert "Only one creatinine value" in view.note


def test_what_may_undo_the_result_is_said_before_the_age_of_a_value() -> None:
    """On the folded card and in the note, where the first caution is the one that is read."""
    earlier = observation("2160-0", 1.8, "mg/dL", id="o2", effectiveDateTime="2026-11-19T08:00:00Z")
    later = observation(
        "2160-0",
        1.1,
        "mg/dL",
        id="o3",
        status="preliminary",
        effectiveDateTime="2026-11-21T08:00:00Z",
    )
    view = egfr(earlier, later)
    unsteady, preliminary = view.noted
    assert view.cautions == (unsteady,)
    assert unsteady.startswith("Creatinine is not stable: from 1.8 to 1.21 mg/dL")
    assert preliminary == (
        "Newer preliminary value in the chart, not used: Creatinine, serum or plasma."
    )
    assert view.note.index("not stable") < view.note.index("preliminary")


@each(
    "chart",
    [(), (condition("I48.91", verification="provisional", id="c1"),)],
    ids=["none charted", "suggested"],
)
@each("name", ["cha2ds2_vasc", "has_bled"])
def test_whether_there_is_atrial_fibrillation_is_said_in_one_caution(
    chart: tuple[dict[str, Any], ...], name: str
) -> None:
    person = {"resourceType": "Patient", "id": "p1", "birthDate": "1950-01-01", "gender": "male"}
    read = read_chart([person, *chart], NOW, "p1", BASE)
    groups = in_groups(read, Clock(NOW))
    view = next(v for vs in groups.values() for v in vs if v.name == name)
    (said,) = view.cautions
    assert "atrial fibrillation" in said
    assert chart or "recommended" not in view.note


def test_an_observation_is_read_once_for_a_whole_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a chart of many pages too, where each page decides whether the next one is read."""
    read: Counter[int] = Counter()
    entry = observations.Entry

    def counted(resource: Any, *fields: Any) -> Any:
        read[id(resource)] += 1
        return entry(resource, *fields)

    monkeypatch.setattr(observations, "Entry", counted)
    answer_from(monkeypatch, load_charts())
    made = read_in(session_of("synthetic-hugo"), "synthetic-hugo", datetime.now(UTC))
    assert made.parts["labs"].more
    assert set(read.values()) == {1}
    assert len(made.chart.entries) > 500


def test_a_page_that_is_settled_by_its_values_asks_for_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The decision uses only the values, no diagnosis and no drug."""
    monkeypatch.setattr("clinical.chart.diagnoses", _never)
    monkeypatch.setattr("clinical.chart.drug_classes", _never)
    from clinical.chart import valued

    reader = observations.ObservationReader(UTC)
    assert valued([chloride(), chloride(1.04)], NOW, "p1", BASE, reader) == {"chloride"}
    assert valued([chloride(1.04)], NOW, "p1", BASE, reader) == frozenset()


def _never(*_: object) -> Any:
    raise AssertionError
