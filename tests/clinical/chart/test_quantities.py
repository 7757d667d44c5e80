from decimal import Decimal
from typing import Any

from clinical.chart.evidence import Outcome
from tests.support.charts.chart_resources import (
    HL7,
    UCUM,
    concept,
    find,
    observation,
    quantity,
    sources,
)
from tests.support.tables import each


@each("comparator", ["<", "<=", ">", ">=", "ad", ""])
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


@each(
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


@each(("value", "read"), [(14, 14), (2, None), ("14", None), (True, None)])
def test_a_score_can_be_an_integer(value: Any, read: float | None) -> None:
    score = observation("9269-2", valueInteger=value, effectiveDateTime="2026-11-24T09:00:00Z")
    assert find("gcs", score).value == read


@each("value", ["140", True, [140], {"value": 140}, float("nan")])
def test_what_is_no_number_leaves_the_input_empty(value: object) -> None:
    stated = quantity(0, "mmol/L") | {"value": value}
    finding = find("sodium", observation("2951-2", valueQuantity=stated))
    assert (finding.outcome, finding.flags) == (Outcome.UNREADABLE, ("not_a_number",))


@each(
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


@each(
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


@each(("digits", "value"), [("1.40", 1.4), ("2", 2.0), ("1.4E+0", 1.4), ("124E-2", 1.24)])
def test_a_decimal_is_read_as_a_number_and_shown_with_its_digits(digits: str, value: float) -> None:
    stated = quantity(0, "mg/dL") | {"value": Decimal(digits)}
    high = quantity(0, "mg/dL") | {"value": Decimal("1.20")}
    finding = find(
        "creatinine",
        observation("2160-0", valueQuantity=stated, referenceRange=[{"high": high}]),
    )
    assert finding.value == value
    assert isinstance(finding.value, float)
    assert finding.chosen is not None
    assert finding.chosen.charted == f"{Decimal(digits)} mg/dL"
    assert (finding.chosen.charted_value, finding.chosen.normal_high) == (value, 1.2)


@each(
    ("number", "outcome"),
    [
        ("NaN", Outcome.UNREADABLE),
        ("sNaN", Outcome.UNREADABLE),
        ("Infinity", Outcome.IMPLAUSIBLE),
        ("1E+999999", Outcome.IMPLAUSIBLE),
    ],
)
def test_a_decimal_without_bounds_leaves_the_input_empty(number: str, outcome: Outcome) -> None:
    stated = quantity(0, "mg/dL") | {"value": Decimal(number)}
    assert find("creatinine", observation("2160-0", valueQuantity=stated)).outcome is outcome


@each(
    ("unit", "expected"),
    [
        ({"unit": "mg/dL (serum)", "system": UCUM, "code": "mg/dL"}, 1.4),
        ({"unit": "MG/100ML", "system": UCUM, "code": "mg/dL"}, 1.4),
        ({"unit": "umol/L", "system": UCUM, "code": "mg/dL"}, None),
        ({"unit": "mg/dL", "system": UCUM}, 1.4),
        ({"unit": "mg/dL", "system": "urn:oid:1.2.3", "code": "umol/L"}, 1.4),
        ({"unit": "mg/dL", "code": "umol/L"}, 1.4),
        ({"unit": "mg/dL", "system": UCUM, "code": "furlong"}, None),
        ({"system": "urn:oid:1.2.3", "code": "mg/dL"}, None),
        ({"unit": "furlong"}, None),
        ({"unit": "mmol"}, None),
    ],
)
def test_the_ucum_code_decides_before_the_printed_unit(unit: Any, expected: float | None) -> None:
    finding = find("creatinine", observation("2160-0", valueQuantity={"value": 1.4, **unit}))
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
    assert "14682-9 implies molar units" in " ".join(finding.chosen.notes)
    molar = find("creatinine", observation("14682-9", 124, "umol/L")).chosen
    assert molar is not None
    assert molar.notes == ()


@each(
    ("name", "code", "value", "unit"),
    [
        ("sodium", "2951-2", 1400, "mmol/L"),
        ("creatinine", "2160-0", 124, "mg/dL"),
        ("creatinine", "14682-9", 1.4, "umol/L"),
        ("height", "8302-2", 1.75, "cm"),
        ("potassium", "2823-3", -4, "mmol/L"),
        ("sodium", "2951-2", 10**400, "mmol/L"),
        ("glucose", "2345-7", 99, "mmol/L"),
        ("bun", "3094-0", 101, "mmol/L"),
        ("creatinine", "2160-0", 8.9, "umol/L"),
    ],
)
def test_an_implausible_value_leaves_the_input_empty(
    name: str, code: str, value: float, unit: str
) -> None:
    finding = find(name, observation(code, value, unit))
    assert (finding.outcome, finding.value) == (Outcome.IMPLAUSIBLE, None)
    assert finding.flags == ("out_of_range",)
    assert "check the value and its unit" in finding.why


def test_the_ends_of_the_plausible_range_count() -> None:
    assert find("bilirubin_total", observation("14631-6", 2, "umol/L")).outcome is Outcome.FOUND


def test_the_precision_of_a_number_with_an_exponent_is_that_of_its_last_digit() -> None:
    stated = quantity(120, "mg/dL") | {"value": Decimal("1.2E+2")}
    chosen = find("glucose", observation("2345-7", valueQuantity=stated)).chosen
    assert chosen is not None
    assert chosen.half_digit == 0.5
