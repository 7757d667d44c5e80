from clinical.calculators.inputs import INPUTS
from clinical.chart import prefill
from clinical.chart.evidence import Outcome
from clinical.chart.resources.json_access import Coding
from tests.support.charts.chart_resources import (
    LOINC,
    NOW,
    condition,
    find,
    observation,
    quantity,
    read,
)
from tests.support.tables import each


def test_a_value_keeps_where_it_came_from() -> None:
    finding = find(
        "creatinine",
        observation(
            "14682-9",
            124,
            "umol/L",
            id="cr",
            effectiveDateTime="2026-11-20T09:00:00-06:00",
            method={"text": "enzymatic"},
            referenceRange=[{"high": {"value": 110, "unit": "umol/L"}}],
        ),
    )
    evidence = finding.chosen
    assert evidence is not None
    assert evidence.source == "Observation/cr"
    assert evidence.code == Coding(LOINC, "14682-9", "")
    assert (evidence.charted, evidence.charted_value, evidence.charted_unit) == (
        "124 umol/L",
        124,
        "umol/L",
    )
    assert evidence.value == finding.value
    assert (finding.unit, finding.why) == ("mg/dL", "newest valid value")
    assert evidence.moment is not None
    assert evidence.moment.text == "2026-11-20T09:00:00-06:00"
    assert (evidence.status, evidence.category) == ("final", "laboratory")
    assert evidence.notes == ("method: enzymatic",)
    assert evidence.normal_high is not None
    assert round(evidence.normal_high, 3) == 1.244


@each("ranges", [None, [], [{}], [{"high": {"value": 110}}], [{"high": {"value": "110"}}], "110"])
def test_a_reference_range_that_cannot_be_read_is_left_out(ranges: object) -> None:
    evidence = find("creatinine", observation("2160-0", 1, "mg/dL", referenceRange=ranges)).chosen
    assert evidence is not None
    assert evidence.normal_high is None


def test_the_printed_unit_is_shown_where_the_chart_has_one() -> None:
    printed = quantity(132, "mm[Hg]") | {"unit": "mmHg"}
    evidence = find("systolic_bp", observation("8480-6", valueQuantity=printed)).chosen
    assert evidence is not None
    assert (evidence.charted, evidence.charted_unit) == ("132 mmHg", "mm[Hg]")


def test_the_earliest_entry_is_a_dated_one() -> None:
    entries = (condition("I10", id="a"), condition("I10", id="b", recordedDate="2020-01-01"))
    earliest = find("hypertension", *entries).earliest
    assert earliest is not None
    assert earliest.source == "Condition/b"
    assert find("hypertension").earliest is None


def test_every_input_is_answered_whatever_the_chart_holds() -> None:
    empty = read().findings
    assert set(empty) >= set(INPUTS) | {"age", "sex", "current_smoker", "statin", "hypertension"}
    assert {finding.outcome for finding in empty.values()} == {Outcome.ABSENT, Outcome.ASKED}
    assert set(read(observation("2951-2", 140, "mmol/L")).findings) == set(empty)


def test_the_prefill_names_a_measured_input_with_and_without_its_unit() -> None:
    values = prefill([observation("777-3", 250, "10*9/L")], NOW)
    assert values["platelets"] == values["platelets_10_9_l"] == 250
    assert {"systolic_bp_mm_hg", "sodium_mmol_l", "height_cm", "spo2", "inr"} <= set(values)


def test_the_usable_values_of_an_input_come_newest_first() -> None:
    chart = read(
        observation("2951-2", 130, "mmol/L", id="a", effectiveDateTime="2026-11-01"),
        observation("2951-2", 140, "mmol/L", id="b", effectiveDateTime="2026-11-20"),
        observation("2951-2", 1400, "mmol/L", id="c", effectiveDateTime="2026-11-21"),
        observation("2951-2", 135, "mmol/L", id="d", effectiveDateTime="2026-11-10"),
        observation("2951-2", 125, "mmol/L", id="e", effectiveDateTime="2020-01-01"),
        observation("2951-2", 126, "mmol/L", id="f", status="preliminary"),
        observation("2951-2", 127, "mmol/L", id="g", effectiveDateTime=None),
    )
    assert [evidence.value for evidence in chart.usable["sodium"]] == [140, 135, 130]


def test_only_a_found_value_is_prefilled() -> None:
    findings = read(
        observation("2951-2", 1400, "mmol/L", id="a"),
        observation("2160-0", 1.0, "mg/dL", id="b", effectiveDateTime="2020-01-01"),
        observation("2085-9", 50, "mg/dL", id="c"),
    ).findings
    for finding in findings.values():
        assert finding.value in (None, False) or finding.outcome is Outcome.FOUND
    assert findings["hdl"].value == 50
