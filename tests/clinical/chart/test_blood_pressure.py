from itertools import permutations
from typing import Any

from clinical.chart.evidence import Outcome
from tests.support.charts.chart_resources import (
    LOINC,
    SNOMED,
    concept,
    observation,
    pressure,
    quantity,
    read,
    sources,
)
from tests.support.tables import each

OLDER, NEWER = "2026-11-20T08:00:00Z", "2026-11-23T08:00:00Z"


def pair(*resources: Any) -> tuple[object, object]:
    """Systolic and diastolic value, the same whatever the order of the resources."""
    pairs = set()
    for pages in permutations(resources):
        findings = read(*pages).findings
        pairs.add((findings["systolic_bp"].value, findings["diastolic_bp"].value))
    (only,) = pairs
    return only


def single(code: str, value: float, at: str = NEWER, /, **more: Any) -> dict[str, Any]:
    return observation(code, value, "mm[Hg]", id=f"s{code}{value}", effectiveDateTime=at, **more)


@each("panel", ["85354-9", "55284-4", "35094-2"])
def test_a_panel_is_read_by_its_components(panel: str) -> None:
    assert pair(pressure(132, 78, code=concept(LOINC, panel))) == (132, 78)


@each(
    ("newer", "expected"),
    [
        ((132, 78), (132, 78)),
        ((120, None), (120, None)),
        ((None, 80), (150, 90)),
        ((None, None), (150, 90)),
    ],
)
def test_both_values_come_from_the_newest_reading_with_a_systolic_one(
    newer: Any, expected: Any
) -> None:
    older = pressure(150, 90, id="older", effectiveDateTime=OLDER)
    half = pressure(*newer, id="half", effectiveDateTime=NEWER)
    assert pair(older, half) == expected
    if newer == (None, 80):
        named = sources(read(older, half).findings["diastolic_bp"])
        assert named == {"Observation/half": "incomplete_reading"}


def test_where_the_reading_has_no_diastolic_value_those_of_others_are_handed_on() -> None:
    older = pressure(150, 90, id="older", effectiveDateTime=OLDER)
    assert pair(older, single("8480-6", 120)) == (120, None)
    finding = read(older, single("8480-6", 120)).findings["diastolic_bp"]
    assert (finding.outcome, finding.why) == (
        Outcome.ABSENT,
        "this reading doesn't include the value, but other readings do",
    )
    assert [evidence.value for evidence in finding.further] == [90]


def test_single_values_of_one_instant_are_one_reading() -> None:
    older = pressure(150, 90, id="older", effectiveDateTime=OLDER)
    systolic = single("8480-6", 120)
    diastolic = single("8462-4", 70, "2026-11-23T09:00:00+01:00")
    assert pair(older, systolic, diastolic) == (120, 70)


def test_values_of_two_readings_are_never_combined() -> None:
    assert pair(single("8480-6", 120), single("8462-4", 70, OLDER)) == (120, None)
    assert pair(single("8480-6", 120, OLDER), single("8462-4", 70)) == (120, None)


def test_half_a_reading_is_better_than_none() -> None:
    assert pair(single("8480-6", 120)) == (120, None)
    assert pair(single("8462-4", 70)) == (None, 70)


def test_a_complete_reading_that_is_too_old_does_not_hide_a_single_value() -> None:
    ancient = pressure(150, 90, id="ancient", effectiveDateTime="2020-01-01T08:00:00Z")
    assert pair(ancient, single("8480-6", 120)) == (120, None)


def test_a_last_known_reading_is_shown_with_both_values() -> None:
    findings = read(pressure(150, 90, effectiveDateTime="2020-01-01T08:00:00Z")).findings
    for name, charted in (("systolic_bp", "150 mm[Hg]"), ("diastolic_bp", "90 mm[Hg]")):
        chosen = findings[name].chosen
        assert chosen is not None
        assert (findings[name].outcome, chosen.charted) == (Outcome.STALE, charted)


def test_a_reading_issued_twice_is_one_reading() -> None:
    first = pressure(150, 90, id=None, issued="2026-11-20T10:00:00Z")
    second = pressure(150, 90, id=None, issued="2026-11-20T11:00:00Z")
    assert pair(first, second) == (150, 90)


def test_a_reading_with_an_implausible_half_keeps_the_other() -> None:
    chart = read(
        pressure(1320, 78, effectiveDateTime=NEWER),
        pressure(150, 90, id="older", effectiveDateTime=OLDER),
    )
    assert chart.findings["systolic_bp"].outcome is Outcome.IMPLAUSIBLE
    assert chart.findings["diastolic_bp"].value == 78


@each(
    ("codes", "why"),
    [
        (("8480-6", "8460-8"), "standing"),
        (("8460-8",), "standing"),
        (("8480-6", "76215-3"), "invasive"),
    ],
)
def test_standing_and_invasive_pressures_are_passed_over(codes: Any, why: str) -> None:
    other = single("", 100, code=concept(LOINC, *codes))
    older = pressure(150, 90, id="older", effectiveDateTime=OLDER)
    assert pair(other, older) == (150, 90)
    passed = read(other).findings["systolic_bp"].passed_over
    assert [(p.flag.value, p.why) for p in passed] == [
        ("excluded_code", f"a different measurement: {why}")
    ]


def test_standing_components_and_standing_positions_are_passed_over() -> None:
    orthostatic = observation(
        "85354-9",
        component=[
            {"code": concept(LOINC, "8460-8"), "valueQuantity": quantity(100, "mm[Hg]")},
            {"code": concept(LOINC, "8454-1"), "valueQuantity": quantity(60, "mm[Hg]")},
        ],
        effectiveDateTime=NEWER,
    )
    position = "http://hl7.org/fhir/StructureDefinition/observation-bodyPosition"
    upright = pressure(
        110,
        65,
        id="upright",
        effectiveDateTime=NEWER,
        extension=[{"url": position, "valueCodeableConcept": concept(SNOMED, "10904000")}],
    )
    older = pressure(150, 90, id="older", effectiveDateTime=OLDER)
    assert pair(orthostatic, upright, older) == (150, 90)


def test_a_newer_preliminary_panel_is_announced_for_both_values() -> None:
    findings = read(
        pressure(150, 90, id="older", effectiveDateTime=OLDER),
        pressure(120, 70, effectiveDateTime=NEWER, status="preliminary"),
    ).findings
    assert [findings[name].value for name in ("systolic_bp", "diastolic_bp")] == [150, 90]
    assert findings["systolic_bp"].flags == findings["diastolic_bp"].flags == ("preliminary",)


def test_two_panels_of_one_time_that_differ_are_in_conflict() -> None:
    left = pressure(150, 90, id="left")
    assert pair(left, pressure(120, 70, id="right")) == (None, None)
    assert pair(left, pressure(150, 70, id="right")) == (150, None)
    assert pair(left, pressure(150, 90, id="right")) == (150, 90)
    findings = read(left, pressure(150, 70, id="right")).findings
    assert findings["diastolic_bp"].outcome is Outcome.CONFLICTING


def test_older_readings_are_handed_on_for_both_values() -> None:
    panels = [
        pressure(120 + day, 60 + day, id=f"p{day}", effectiveDateTime=f"2026-11-{day:02}")
        for day in range(10, 14)
    ]
    findings = read(*panels).findings
    assert [e.value for e in findings["systolic_bp"].further] == [132, 131, 130]
    assert [e.value for e in findings["diastolic_bp"].further] == [72, 71, 70]


def test_oxygen_is_read_from_the_components_of_a_pulse_oximetry() -> None:
    oximetry = observation(
        "59408-5",
        94,
        "%",
        effectiveDateTime="2026-11-24T11:00:00Z",
        component=[{"code": concept(LOINC, "3151-8"), "valueQuantity": quantity(2, "L/min")}],
    )
    findings = read(oximetry).findings
    assert (findings["spo2"].value, findings["o2_flow"].value) == (94, 2)


@each(
    "more",
    [
        {"method": {"text": "Arterial line"}},
        {"method": concept(SNOMED, "386534000", text="Arterial pressure monitoring (invasive)")},
        {"bodySite": {"text": "A-line, left radial artery"}},
    ],
)
def test_a_pressure_of_an_arterial_line_is_not_used(more: Any) -> None:
    assert pair(pressure(130, 60, **more)) == (None, None)
    assert pair(pressure(130, 60, method={"text": "Non-invasive, cuff"})) == (130, 60)


def test_a_pressure_with_a_standing_position_among_its_components_is_not_used() -> None:
    standing = pressure(96, 60)
    position = {"code": concept(LOINC, "8361-8")}
    for value in (concept(SNOMED, "10904000"), {"text": "Standing"}):
        part = [position | {"valueCodeableConcept": value}]
        assert pair(standing | {"component": standing["component"] + part}) == (None, None)


@each(("upper", "lower"), [(78, 132), (80, 80)])
def test_of_a_reading_whose_diastolic_is_not_below_its_systolic_neither_is_used(
    upper: float, lower: float
) -> None:
    swapped = pressure(upper, lower, effectiveDateTime=NEWER)
    older = pressure(150, 90, id="older", effectiveDateTime=OLDER)
    assert pair(swapped, older) == (None, None)
    assert pair(single("8480-6", upper), single("8462-4", lower), older) == (None, None)
    chart = read(swapped, older, observation("8867-4", 72, "/min", effectiveDateTime=NEWER))
    assert chart.findings["heart_rate"].value == 72
    assert chart.findings["systolic_bp"].outcome is Outcome.CONFLICTING
    assert [evidence.value for evidence in chart.usable["systolic_bp"]] == [150]
