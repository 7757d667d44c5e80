from typing import Any

import pytest

from functions.smart_calc.calculators.inputs import INPUTS
from functions.smart_calc.chart_evidence import Outcome
from tests.support.chart_resources import (
    HL7,
    LOINC,
    UCUM,
    concept,
    find,
    flags_passed_over,
    observation,
    quantity,
    sources,
)


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_a_final_amended_or_corrected_value_is_used(status: str) -> None:
    assert find("sodium", observation("2951-2", 140, "mmol/L", status=status)).value == 140


@pytest.mark.parametrize(
    "status", ["entered-in-error", "cancelled", "registered", "unknown", "FINAL", "", 1, None]
)
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


def test_an_older_preliminary_value_is_not_announced() -> None:
    finding = find(
        "sodium",
        observation("2951-2", 140, "mmol/L", id="final"),
        observation(
            "2951-2",
            120,
            "mmol/L",
            id="older",
            status="preliminary",
            effectiveDateTime="2026-11-01",
        ),
    )
    assert (finding.value, finding.flags) == (140, ())


def test_a_preliminary_value_alone_leaves_the_input_empty() -> None:
    finding = find("sodium", observation("2951-2", 120, "mmol/L", status="preliminary"))
    assert (finding.outcome, finding.value) == (Outcome.PRELIMINARY, None)
    assert finding.chosen is not None
    assert finding.chosen.charted == "120 mmol/L"


@pytest.mark.parametrize(
    ("name", "code"), [(name, code) for name, known in INPUTS.items() for code in known.loinc]
)
def test_every_loinc_code_of_the_dictionary_is_found_but_those_taken_standing(
    name: str, code: str
) -> None:
    known = INPUTS[name]
    middle = (known.low + known.high) / 2
    at = "2026-11-24T11:00:00Z"
    finding = find(name, observation(code, middle, known.unit, effectiveDateTime=at))
    standing = code in ("8460-8", "8454-1")
    assert finding.value == (None if standing else pytest.approx(middle))


@pytest.mark.parametrize(
    "code",
    [
        {"coding": [{"code": "2951-2"}]},
        {"coding": [{"system": "http://loinc.org/", "code": "2951-2"}]},
        {"coding": [{"system": "https://loinc.org", "code": "2951-2"}]},
        {"coding": [{"system": "urn:oid:1.2.3", "code": "2951-2"}]},
        {"coding": [{"system": LOINC, "code": "9999-9", "display": "Sodium"}]},
        {"text": "Sodium"},
        {"text": "2951-2"},
    ],
)
def test_a_bare_code_a_foreign_system_or_a_name_is_not_a_match(code: object) -> None:
    assert find("sodium", observation("2951-2", 140, "mmol/L", code=code)).value is None


def test_any_coding_may_be_the_one_that_matches() -> None:
    code = {"coding": [{"system": "urn:oid:1.2.3", "code": "NA"}, {"system": LOINC}]}
    code["coding"][1]["code"] = "2951-2"
    finding = find("sodium", observation("2951-2", 140, "mmol/L", code=code))
    assert finding.value == 140
    assert finding.chosen is not None
    assert finding.chosen.code is not None
    assert finding.chosen.code.code == "2951-2"


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("calcium_total", ("17861-6", "1994-3")),
        ("creatinine", ("2160-0", "2161-8")),
        ("bun", ("3094-0", "22664-7")),
    ],
)
def test_a_second_code_for_another_analyte_rules_a_value_out(
    name: str, codes: tuple[str, ...]
) -> None:
    known = INPUTS[name]
    charted = observation("", known.high / 2, known.unit, code=concept(LOINC, *codes))
    finding = find(name, charted)
    assert finding.value is None
    assert flags_passed_over(finding) == ["excluded_code"]


@pytest.mark.parametrize("comparator", ["<", "<=", ">", ">=", "ad", ""])
def test_a_bound_leaves_the_input_empty_and_is_shown(comparator: str) -> None:
    bound = quantity(0.2, "mg/dL") | {"comparator": comparator}
    finding = find("creatinine", observation("2160-0", valueQuantity=bound))
    assert (finding.outcome, finding.value, finding.flags) == (
        Outcome.BOUND,
        None,
        ("comparator",),
    )
    assert finding.chosen is not None
    assert finding.chosen.charted == f"{comparator} 0.2 mg/dL".strip()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"valueString": " 140 "}, "140"),
        ({"valueString": "hemolyzed"}, "hemolyzed"),
        ({"valueCodeableConcept": {"text": "normal"}}, "normal"),
        ({"valueInteger": 140}, "140"),
        ({"valueRange": {"low": {"value": 1}}}, "Range"),
    ],
)
def test_a_text_for_a_number_is_shown_and_not_parsed(value: Any, shown: str) -> None:
    finding = find("sodium", observation("2951-2", **value))
    assert (finding.outcome, finding.value) == (Outcome.UNREADABLE, None)
    assert finding.flags == ("text_value",)
    assert finding.chosen is not None
    assert finding.chosen.charted == shown


@pytest.mark.parametrize("value", ["140", True, [140], {"value": 140}, float("nan")])
def test_what_is_no_number_leaves_the_input_empty(value: object) -> None:
    charted = quantity(0, "mmol/L") | {"value": value}
    finding = find("sodium", observation("2951-2", valueQuantity=charted))
    assert (finding.outcome, finding.flags) == (Outcome.UNREADABLE, ("not_a_number",))


@pytest.mark.parametrize(
    "unusable",
    [
        {"valueQuantity": quantity(0.2, "mmol/L") | {"comparator": "<"}},
        {"valueString": "hemolyzed"},
        {"valueQuantity": quantity(140, None)},
        {"valueQuantity": quantity(1400, "mmol/L")},
    ],
)
def test_an_older_value_does_not_hide_a_newest_one_that_is_unusable(unusable: Any) -> None:
    finding = find(
        "sodium",
        observation("2951-2", id="newest", effectiveDateTime="2026-11-23T09:00:00Z", **unusable),
        observation("2951-2", 140, "mmol/L", id="older"),
    )
    assert finding.value is None
    assert finding.chosen is not None
    assert finding.chosen.source == "Observation/newest"
    assert [evidence.value for evidence in finding.further] == [140]


@pytest.mark.parametrize(
    "empty",
    [
        {"dataAbsentReason": concept(HL7 + "data-absent-reason", "error")},
        {
            "dataAbsentReason": concept(HL7 + "data-absent-reason", "error"),
            "valueQuantity": quantity(120, "mmol/L"),
        },
        {},
        {"valueQuantity": {"unit": "mmol/L"}},
        {"hasMember": [{"reference": "Observation/member"}]},
    ],
)
def test_an_entry_without_a_value_gives_way_to_the_next_older_one(empty: Any) -> None:
    finding = find(
        "sodium",
        observation("2951-2", id="newest", effectiveDateTime="2026-11-23T09:00:00Z", **empty),
        observation("2951-2", 140, "mmol/L", id="older"),
    )
    assert finding.value == 140
    assert sources(finding)["Observation/newest"] in ("data_absent", "no_value")


def test_members_of_a_panel_come_by_themselves() -> None:
    panel = observation(
        "24321-2", id="panel", hasMember=[{"reference": "Observation/o1"}], component=None
    )
    assert find("sodium", panel, observation("2951-2", 140, "mmol/L")).value == 140


@pytest.mark.parametrize(
    ("name", "code", "value", "unit", "expected"),
    [
        ("creatinine", "14682-9", 124, "umol/L", 1.4024),
        ("glucose", "14749-6", 5.5, "mmol/L", 99.088),
        ("bun", "14937-7", 7, "mmol/L", 19.607),
        ("bilirubin_total", "14631-6", 34.2, "umol/L", 2.0),
        ("albumin", "1751-7", 39, "g/L", 3.9),
        ("calcium_total", "2000-8", 2.3, "mmol/L", 9.2184),
        ("cholesterol_total", "14647-2", 5.2, "mmol/L", 201.084),
        ("triglycerides", "14927-8", 1.7, "mmol/L", 150.569),
        ("ast", "1920-8", 0.5, "ukat/L", 30),
        ("platelets", "777-3", 250, "K/uL", 250),
        ("platelets", "777-3", 250_000, "/uL", 250),
        ("weight", "29463-7", 180, "[lb_av]", 81.6466),
        ("weight", "29463-7", 80_000, "g", 80),
        ("height", "8302-2", 70, "[in_i]", 177.8),
        ("inr", "6301-6", 1.1, "{INR}", 1.1),
        ("inr", "6301-6", 1.1, None, 1.1),
        ("hba1c", "4548-4", 53, "mmol/mol", 7.0004),
        ("uacr", "9318-7", 3.4, "mg/mmol{creat}", 30.056),
    ],
)
def test_a_charted_unit_is_converted(
    name: str, code: str, value: float, unit: str | None, expected: float
) -> None:
    finding = find(name, observation(code, value, unit))
    assert finding.value == pytest.approx(expected, rel=1e-4)
    assert finding.unit == INPUTS[name].unit
    assert finding.chosen is not None
    assert (finding.chosen.charted_value, finding.chosen.charted_unit) == (value, unit or "")


@pytest.mark.parametrize(
    ("name", "code", "value", "unit", "expected"),
    [
        ("temperature", "8310-5", 98.6, "[degF]", 37.0),
        ("spo2", "59408-5", 0.97, "1", 97.0),
        ("systolic_bp", "8480-6", 16, "kPa", 120.01),
        ("respiratory_rate", "9279-1", 16, "{breaths}/min", 16),
    ],
)
def test_a_vital_sign_of_today_is_converted(
    name: str, code: str, value: float, unit: str, expected: float
) -> None:
    today = observation(code, value, unit, effectiveDateTime="2026-11-24T10:00:00Z")
    assert find(name, today).value == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("unit", [" MG/DL ", "mg/dl", "Mg/dL"])
def test_a_printed_unit_is_read_whatever_its_case(unit: str) -> None:
    printed = {"value": 1.4, "unit": unit}
    assert find("creatinine", observation("2160-0", valueQuantity=printed)).value == 1.4


@pytest.mark.parametrize("micro", ["u", "µ", "μ"])  # noqa: PLE2515  # both signs for micro occur
def test_micro_is_read_however_it_is_written(micro: str) -> None:
    printed = {"value": 88.42, "unit": f"{micro}mol/L"}
    finding = find("creatinine", observation("2160-0", valueQuantity=printed))
    assert finding.value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("charted", "expected"),
    [
        ({"unit": "umol/L", "system": UCUM, "code": "mg/dL"}, 1.4),
        ({"unit": "mg/dL", "system": UCUM}, 1.4),
        ({"unit": "mg/dL", "system": "urn:oid:1.2.3", "code": "umol/L"}, 1.4),
        ({"unit": "mg/dL", "code": "umol/L"}, 1.4),
        ({"unit": "mg/dL", "system": UCUM, "code": "furlong"}, None),
        ({"system": "urn:oid:1.2.3", "code": "mg/dL"}, None),
        ({"unit": "furlong"}, None),
        ({"unit": "mmol"}, None),
    ],
)
def test_the_ucum_code_decides_before_the_printed_unit(
    charted: Any, expected: float | None
) -> None:
    finding = find("creatinine", observation("2160-0", valueQuantity={"value": 1.4, **charted}))
    assert finding.value == expected


def test_a_missing_and_an_unknown_unit_are_told_apart() -> None:
    missing = find("sodium", observation("2951-2", 140, None))
    unknown = find("sodium", observation("2951-2", 140, "furlong"))
    assert (missing.outcome, missing.flags) == (Outcome.UNREADABLE, ("no_unit",))
    assert (unknown.outcome, unknown.flags) == (Outcome.UNREADABLE, ("unknown_unit",))
    assert "furlong" in unknown.why


def test_a_mass_unit_under_a_molar_code_is_followed_with_a_note() -> None:
    finding = find("creatinine", observation("14682-9", 1.4, "mg/dL"))
    assert finding.value == 1.4
    assert finding.chosen is not None
    assert "14682-9 is for moles" in " ".join(finding.chosen.notes)


def test_a_molar_unit_under_a_molar_code_needs_no_note() -> None:
    finding = find("creatinine", observation("14682-9", 124, "umol/L"))
    assert finding.chosen is not None
    assert finding.chosen.notes == ()


@pytest.mark.parametrize(
    ("name", "code", "value", "unit"),
    [
        ("sodium", "2951-2", 1400, "mmol/L"),
        ("creatinine", "2160-0", 124, "mg/dL"),
        ("creatinine", "14682-9", 1.4, "umol/L"),
        ("height", "8302-2", 1.75, "cm"),
        ("potassium", "2823-3", -4, "mmol/L"),
        ("sodium", "2951-2", 10**400, "mmol/L"),
    ],
)
def test_an_implausible_value_leaves_the_input_empty(
    name: str, code: str, value: float, unit: str
) -> None:
    finding = find(name, observation(code, value, unit))
    assert (finding.outcome, finding.value) == (Outcome.IMPLAUSIBLE, None)
    assert finding.flags == ("out_of_range",)
    assert "check the value and its unit" in finding.why


def test_a_fahrenheit_value_labelled_celsius_is_implausible() -> None:
    today = observation("8310-5", 98.6, "Cel", effectiveDateTime="2026-11-24T10:00:00Z")
    assert find("temperature", today).outcome is Outcome.IMPLAUSIBLE


@pytest.mark.parametrize(
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


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/p1",
        "https://ehr.example/r4/tenant/Patient/p1",
        "Patient/p1/_history/3",
    ],
)
def test_the_patient_is_known_by_a_relative_absolute_or_versioned_reference(reference: str) -> None:
    charted = observation("2951-2", 140, "mmol/L", subject={"reference": reference})
    assert find("sodium", charted).value == 140


def test_a_value_whose_focus_is_not_the_patient_is_ignored() -> None:
    fetal = observation(
        "8867-4", 140, "/min", focus=[{"reference": "BodyStructure/fetus"}], effectiveDateTime=None
    )
    assert find("heart_rate", fetal).outcome is Outcome.ABSENT


def test_a_resource_of_another_type_is_ignored() -> None:
    report = observation("2951-2", 140, "mmol/L", resourceType="DiagnosticReport")
    assert find("sodium", report).outcome is Outcome.ABSENT


def test_an_absent_input_is_not_found() -> None:
    finding = find("sodium")
    assert (finding.outcome, finding.value, finding.why) == (
        Outcome.ABSENT,
        None,
        "nothing is charted",
    )


@pytest.mark.parametrize(
    ("name", "better", "lesser", "unit", "values"),
    [
        ("weight", "29463-7", "3142-7", "kg", (80, 95)),
        ("weight", "3141-9", "75292-3", "kg", (80, 95)),
        ("height", "8302-2", "3138-5", "cm", (175, 190)),
        ("glucose", "2345-7", "41653-7", "mg/dL", (100, 200)),
    ],
)
def test_a_measured_or_laboratory_value_comes_before_a_newer_lesser_one(
    name: str, better: str, lesser: str, unit: str, values: tuple[float, float]
) -> None:
    newer = observation(
        lesser, values[1], unit, id="lesser", effectiveDateTime="2026-11-23T09:00:00Z"
    )
    older = observation(better, values[0], unit)
    finding = find(name, older, newer)
    assert finding.value == values[0]
    assert sources(finding) == {"Observation/lesser": "second_choice"}
    assert find(name, newer).value == values[1]


def test_a_lesser_value_is_used_where_the_better_one_is_too_old() -> None:
    stated = observation("3142-7", 95, "kg", id="stated")
    measured = observation("29463-7", 80, "kg", effectiveDateTime="2024-01-01T09:00:00Z")
    assert find("weight", stated, measured).value == 95


@pytest.mark.parametrize(
    ("gas_at", "expected"), [("2026-11-20T09:50:00Z", 24), ("2026-11-20T11:00:00Z", 12)]
)
def test_serum_bicarbonate_is_preferred_to_a_blood_gas_of_the_same_hour(
    gas_at: str, expected: float
) -> None:
    serum = observation("1963-8", 24, "mmol/L")
    gas = observation("1960-4", 12, "mmol/L", id="gas", effectiveDateTime=gas_at)
    assert find("bicarbonate", serum, gas).value == expected
