from datetime import timedelta
from typing import Any

import pytest

from clinical.calculators.inputs import INPUTS
from clinical.chart.codes.observations import SECOND_CHOICE_NAMES
from clinical.chart.evidence import Outcome
from clinical.chart.resources.heading import HeadingReader
from clinical.chart.resources.times import parse_now
from tests.support.charts.chart_resources import (
    LOINC,
    NOW,
    concept,
    find,
    flags_passed_over,
    observation,
    sources,
)
from tests.support.tables import each


@each("status", ["entered-in-error", "cancelled", "registered", "unknown", "FINAL", "", 1, None])
def test_any_other_status_is_ignored(status: object) -> None:
    finding = find("sodium", observation("2951-2", 140, "mmol/L", status=status))
    assert (finding.outcome, finding.value) == (Outcome.ABSENT, None)
    assert flags_passed_over(finding) == ["status"]


def test_a_newer_preliminary_value_is_announced_not_used() -> None:
    finding = find(
        "sodium",
        observation("2951-2", 140, "mmol/L", id="final"),
        observation(
            "2951-2",
            120,
            "mmol/L",
            id="newer",
            status="preliminary",
            effectiveDateTime="2026-11-24T08:00:00Z",
        ),
    )
    assert finding.value == 140
    assert finding.flags == ("preliminary",)
    assert sources(finding) == {"Observation/newer": "preliminary"}


@each(
    ("status", "at"),
    [
        ("preliminary", "2026-11-01"),
        ("preliminary", "2026-11-20T09:00:00Z"),
        ("preliminary", None),
        ("cancelled", "2026-11-23"),
    ],
)
def test_nothing_but_a_newer_preliminary_value_is_announced(status: str, at: str | None) -> None:
    finding = find(
        "sodium",
        observation("2951-2", 140, "mmol/L", id="final"),
        observation("2951-2", 120, "mmol/L", status=status, effectiveDateTime=at),
    )
    assert (finding.value, finding.flags) == (140, ())


def test_a_preliminary_value_that_is_too_old_is_not_announced() -> None:
    ancient = observation(
        "2951-2", 120, "mmol/L", status="preliminary", effectiveDateTime="2020-01-01"
    )
    assert find("sodium", ancient).outcome is Outcome.ABSENT


def test_a_preliminary_value_alone_leaves_the_input_empty() -> None:
    finding = find("sodium", observation("2951-2", 120, "mmol/L", status="preliminary"))
    assert (finding.outcome, finding.value) == (Outcome.PRELIMINARY, None)
    assert finding.chosen is not None
    assert finding.chosen.charted == "120 mmol/L"


@each(("name", "code"), [(name, code) for name, known in INPUTS.items() for code in known.loinc])
def test_every_loinc_code_of_the_dictionary_is_found_but_those_taken_standing(
    name: str, code: str
) -> None:
    known = INPUTS[name]
    middle = (known.low + known.high) / 2
    at = "2026-11-24T11:00:00Z"
    finding = find(name, observation(code, middle, known.unit, effectiveDateTime=at))
    # Urea by mass is not urea nitrogen.
    never = code in ("8460-8", "8454-1", "22664-7")
    assert finding.value == (None if never else pytest.approx(middle))


@each(
    "code",
    [
        {"coding": [{"code": "2951-2"}]},
        {"coding": [{"system": "urn:oid:1.2.3", "code": "2951-2"}]},
        {"coding": [{"system": LOINC, "code": "9999-9", "display": "Sodium"}]},
        {"text": "Sodium"},
        {"text": "2951-2"},
    ],
)
def test_a_bare_code_a_foreign_system_or_a_name_is_not_a_match(code: object) -> None:
    assert find("sodium", observation("2951-2", 140, "mmol/L", code=code)).value is None


@each("system", ["http://loinc.org/", "https://loinc.org", "urn:oid:2.16.840.1.113883.6.1"])
def test_loinc_is_known_by_each_of_its_names(system: str) -> None:
    resource = observation("2951-2", 140, "mmol/L", code=concept(system, "2951-2"))
    assert find("sodium", resource).value == 140


@each(
    ("codes", "unit", "expected"),
    [
        (("22664-7",), "mmol/L", 19.607),
        (("3094-0", "22664-7"), "mmol/L", 19.607),
        (("22664-7",), "mg/dL", None),
        (("3094-0", "22664-7"), "mg/dL", None),
        (("3094-0",), "mg/dL", 7),
    ],
)
def test_urea_is_urea_nitrogen_by_moles_only(
    codes: tuple[str, ...], unit: str, expected: float | None
) -> None:
    finding = find("bun", observation("", 7, unit, code=concept(LOINC, *codes)))
    assert finding.value == (expected and pytest.approx(expected, rel=1e-4))


@each(
    "more",
    [
        {"code": concept(LOINC, "8634-8", "8636-3")},
        {"code": concept(LOINC, "8634-8", text="QTc (Bazett)")},
        {"method": {"text": "Fridericia"}},
        {"method": {"text": "rate-corrected"}},
        {"bodySite": None, "method": None},
    ],
)
def test_a_corrected_interval_is_no_qt(more: Any) -> None:
    resource = observation("8634-8", 450, "ms", **more)
    assert find("qt_interval", resource).value == (450 if more.get("method", 0) is None else None)


@each(
    ("more", "read"),
    [
        ({}, 41),
        ({"method": {"text": "arterial line sample"}}, 41),
        ({"method": {"text": "Venous blood gas"}}, None),
        ({"bodySite": {"text": "capillary, earlobe"}}, None),
        ({"code": concept(LOINC, "2703-7", text="pO2 (VBG)")}, None),
        ({"code": concept(LOINC, "2703-7", "2705-2")}, None),
    ],
)
def test_only_an_arterial_gas_fills_in_an_arterial_pressure(more: Any, read: float | None) -> None:
    today = {"effectiveDateTime": "2026-11-24T09:00:00Z"}
    assert find("pao2", observation("2703-7", 41, "mm[Hg]", **today, **more)).value == read


def test_any_coding_may_be_the_one_that_matches() -> None:
    code = {"coding": [{"system": "urn:oid:1.2.3", "code": "NA"}, {"system": LOINC}]}
    code["coding"][1]["code"] = "2951-2"
    finding = find("sodium", observation("2951-2", 140, "mmol/L", code=code))
    assert finding.value == 140
    assert finding.chosen is not None
    assert finding.chosen.code is not None
    assert finding.chosen.code.code == "2951-2"


@each(
    ("name", "codes"),
    [
        ("calcium_total", ("17861-6", "1994-3")),
        ("creatinine", ("2160-0", "2161-8")),
        ("bun", ("3094-0", "3091-6")),
    ],
)
def test_a_second_code_for_another_analyte_rules_a_value_out(
    name: str, codes: tuple[str, ...]
) -> None:
    known = INPUTS[name]
    resource = observation("", known.high / 2, known.unit, code=concept(LOINC, *codes))
    finding = find(name, resource)
    assert finding.value is None
    assert flags_passed_over(finding) == ["excluded_code"]


def test_members_of_a_panel_come_by_themselves() -> None:
    panel = observation(
        "24321-2", id="panel", hasMember=[{"reference": "Observation/o1"}], component=None
    )
    assert find("sodium", panel, observation("2951-2", 140, "mmol/L")).value == 140


@each(
    "subject",
    [
        {"reference": "Patient/p2"},
        {"reference": "Patient/p11"},
        {"reference": "Group/p1"},
        {"reference": "p1"},
        {"reference": "urn:uuid:p1"},
        {"display": "Joe Smart"},
        "Patient/p1",
        None,
    ],
)
def test_an_entry_about_anyone_else_is_ignored(subject: object) -> None:
    finding = find("sodium", observation("2951-2", 140, "mmol/L", subject=subject))
    assert finding.outcome is Outcome.ABSENT
    assert finding.passed_over == ()


@each(
    "reference",
    [
        "Patient/p1",
        "https://ehr.example/r4/tenant/Patient/p1",
        "Patient/p1/_history/3",
    ],
)
def test_the_patient_is_known_by_a_relative_absolute_or_versioned_reference(reference: str) -> None:
    resource = observation("2951-2", 140, "mmol/L", subject={"reference": reference})
    assert find("sodium", resource).value == 140


def test_a_value_whose_focus_is_not_the_patient_is_ignored() -> None:
    fetal = observation(
        "8867-4", 140, "/min", focus=[{"reference": "BodyStructure/fetus"}], effectiveDateTime=None
    )
    assert find("heart_rate", fetal).outcome is Outcome.ABSENT


def test_a_resource_of_another_type_is_ignored() -> None:
    report = observation("2951-2", 140, "mmol/L", resourceType="DiagnosticReport")
    assert find("sodium", report).outcome is Outcome.ABSENT


# How much newer a lesser value has to be to be taken: a day, or the days that the better is fresh.
@each(
    ("name", "better", "lesser", "unit", "days"),
    [
        ("weight", "29463-7", "3142-7", "kg", 180),
        ("weight", "3141-9", "75292-3", "kg", 180),
        ("weight", "3141-9", "8350-1", "kg", 180),
        ("height", "8302-2", "3138-5", "cm", 3650),
        ("height", "8302-2", "8301-4", "cm", 3650),
        ("glucose", "2345-7", "41653-7", "mg/dL", 1),
        ("bicarbonate", "1963-8", "1960-4", "mmol/L", 1),
        ("bicarbonate", "2028-9", "1959-6", "mmol/L", 1),
        ("bicarbonate", "2028-9", "14627-4", "mmol/L", 1),
        ("bicarbonate", "1963-8", "20565-8", "mmol/L", 1),
    ],
)
def test_a_better_value_comes_before_a_newer_lesser_one_while_it_is_recent(
    name: str, better: str, lesser: str, unit: str, days: int
) -> None:
    now = parse_now(NOW)
    newer = observation(lesser, 50, unit, id="lesser", effectiveDateTime=NOW)
    for hours, expected in ((24 * days, 40), (24 * days + 1, 50)):
        at = (now - timedelta(hours=hours)).isoformat()
        finding = find(name, observation(better, 40, unit, effectiveDateTime=at), newer)
        assert finding.value == expected
        if expected == 40:
            assert sources(finding) == {"Observation/lesser": "second_choice"}
        else:
            assert finding.chosen is not None
            assert SECOND_CHOICE_NAMES[name] in finding.chosen.notes


@each(("by_name_at", "expected"), [("2026-11-24T09:00:00Z", 97), ("2026-11-24T08:59:00Z", 91)])
def test_pulse_oximetry_by_name_is_preferred_within_the_hour(
    by_name_at: str, expected: float
) -> None:
    by_name = observation("59408-5", 97, "%", effectiveDateTime=by_name_at)
    other = observation("2708-6", 91, "%", id="other", effectiveDateTime="2026-11-24T10:00:00Z")
    assert find("spo2", by_name, other).value == expected


class _Alike(int):
    """A number with the same hash as all others, like any number times 2**61 - 1."""

    compared = 0

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        _Alike.compared += 1
        return self is other


def test_codes_that_are_numbers_with_one_hash_are_not_compared_with_each_other() -> None:
    reader = HeadingReader(None)
    charted = [{"coding": [{"system": LOINC, "code": _Alike(one)}]} for one in range(1000)]
    assert {reader.concept(one).codings[0].code for one in charted} == {""}
    assert _Alike.compared == 0
