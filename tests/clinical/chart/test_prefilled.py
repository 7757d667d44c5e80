"""The values that a calculator uses if they were measured at different times, and its notes."""

import re
from datetime import datetime, timedelta
from typing import Any

from clinical.calculators import REGISTRY, evaluate
from clinical.chart.evidence import Outcome
from clinical.chart.resources.times import parse_now
from clinical.prefilled import Prefilled, inputs_of
from tests.support.charts.chart_resources import NOW, observation, read
from tests.support.tables import each

UNITS = {
    "2951-2": "mmol/L",
    "2075-0": "mmol/L",
    "1963-8": "mmol/L",
    "1751-7": "g/dL",
    "8634-8": "ms",
    "8867-4": "/min",
    "2160-0": "mg/dL",
    "2161-8": "mg/dL",
    "2955-3": "mmol/L",
    "3095-7": "mg/dL",
    "3094-0": "mg/dL",
    "2345-7": "mg/dL",
    "1975-2": "mg/dL",
    "6301-6": "{INR}",
    "777-3": "10*9/L",
    "2703-7": "mm[Hg]",
    "3150-0": "%",
    "8478-0": "mm[Hg]",
    "9269-2": "{score}",
    "9192-6": "mL",
    "9279-1": "/min",
    "8480-6": "mm[Hg]",
    "8462-4": "mm[Hg]",
}
TAKEN = datetime.fromisoformat("2026-11-20T09:00:00+00:00")


def at(minutes: float, **values: float) -> list[dict[str, Any]]:
    """Values of so many minutes after the time above, by LOINC code."""
    when = (TAKEN + timedelta(minutes=minutes)).isoformat()
    codes = {name.lstrip("_").replace("_", "-"): value for name, value in values.items()}
    return [
        observation(code, value, UNITS[code], id=f"{code}.{minutes}", effectiveDateTime=when)
        for code, value in codes.items()
    ]


def filled(calculator: str, *resources: dict[str, Any]) -> Prefilled:
    return inputs_of(REGISTRY[calculator], read(*resources), parse_now(NOW))


@each(("apart", "computed"), [(0, True), (60, True), (-60, True), (61, False), (-61, False)])
def test_qtc_takes_a_heart_rate_of_the_hour_of_the_qt_interval(apart: int, computed: bool) -> None:
    prefilled = filled("qtc", *at(0, _8634_8=400), *at(apart, _8867_4=75))
    assert bool(evaluate("qtc", prefilled.raw).results) is computed
    rate = prefilled.findings["heart_rate"]
    if computed:
        assert rate.value == 75
        assert prefilled.warning == ""
    else:
        assert rate.outcome is Outcome.APART
        assert rate.why == "the chart has no set of values within an hour of each other"
        assert [one.value for one in rate.further] == [75]


def test_qtc_prefers_the_heart_rate_beside_the_qt_interval_to_a_newer_one() -> None:
    prefilled = filled("qtc", *at(0, _8634_8=400, _8867_4=75), *at(600, _8867_4=110))
    assert prefilled.findings["heart_rate"].value == 75


@each(("taken", "outcome"), [("08:00", Outcome.FOUND), ("07:59", Outcome.ASKED)])
def test_oxygen_from_another_time_than_the_vital_signs_is_asked(
    taken: str, outcome: Outcome
) -> None:
    rate = observation("8867-4", 75, "/min", effectiveDateTime="2026-11-24T09:00:00Z")
    flow = observation("3151-8", 2, "L/min", effectiveDateTime=f"2026-11-24T{taken}:00Z")
    oxygen = filled("news2", rate, flow).findings["supplemental_oxygen"]
    assert (oxygen.outcome, oxygen.value) == (outcome, True if outcome is Outcome.FOUND else None)


GAP = {"_2951_2": 140.0, "_2075_0": 104.0, "_1963_8": 24.0}
LONGEST = {"an hour": 1, "24 hours": 24}


@each("last", [0, 50, 300])
@each("albumin", [-3000, -1080, -70, 20, 400, 1600])
def test_why_a_value_does_not_belong_to_the_others_names_the_time_that_they_span(
    last: int, albumin: int
) -> None:
    ions = [*at(0, _2951_2=140, _2075_0=104), *at(last, _1963_8=24)]
    finding = filled("anion_gap", *ions, *at(albumin, _1751_7=2.5)).findings["albumin"]
    if finding.outcome is Outcome.FOUND:
        return
    said = re.search(r"collected within (an hour|24 hours) of each other, but this", finding.why)
    assert said is not None, finding.why
    assert LONGEST[said[1]] == (1 if last <= 60 else 24)
    assert [one.value for one in finding.further] == [2.5]


def test_values_that_make_no_set_are_not_said_to_be_far_from_each_other_one_by_one() -> None:
    resources = [*at(0, _2951_2=140, _2075_0=104), *at(2000, _1963_8=24)]
    findings = filled("anion_gap", *resources).findings
    for name in ("sodium", "chloride", "bicarbonate"):
        assert findings[name].why == "the chart has no set of values within 24 hours of each other"


def ago(minutes: float, values: dict[str, float]) -> list[dict[str, Any]]:
    """Values of so many minutes before the chart is read, by LOINC code."""
    when = (parse_now(NOW) - timedelta(minutes=minutes)).isoformat()
    return [
        observation(code, value, UNITS[code], id=f"{code}.{minutes}", effectiveDateTime=when)
        for code, value in values.items()
    ]


@each(
    ("calculator", "values", "name", "hours"),
    [
        ("kdigo_aki", {"2160-0": 1.4}, "creatinine", 48),
        ("free_water_deficit", {"2951-2": 150}, "sodium", 48),
        ("free_water_deficit", {"2345-7": 250}, "glucose", 48),
        ("wells_pe", {"8867-4": 110}, "heart_rate", 24),
        ("curb65", {"9279-1": 30, "8480-6": 85, "8462-4": 50}, "respiratory_rate", 24),
        ("sofa", {"2703-7": 80, "3150-0": 40}, "pao2", 24),
        ("sofa", {"777-3": 100}, "platelets", 24),
        ("sofa", {"1975-2": 2}, "bilirubin_total", 24),
        ("sofa", {"8478-0": 65}, "mean_arterial_pressure", 24),
        ("sofa", {"8480-6": 90, "8462-4": 50}, "mean_arterial_pressure", 24),
        ("sofa", {"9269-2": 12}, "gcs", 24),
        ("sofa", {"2160-0": 1.4}, "creatinine", 24),
        ("sofa", {"9192-6": 400}, "urine_output_24h", 24),
    ],
)
def test_an_acute_calculator_takes_a_value_up_to_its_own_age(
    calculator: str, values: dict[str, float], name: str, hours: int
) -> None:
    taken = [filled(calculator, *ago(60 * hours + late, values)) for late in (0, 1)]
    assert [one.findings[name].value is not None for one in taken] == [True, False]


@each(
    ("calculator", "newest", "other", "name", "hours", "quiet"),
    [
        ("corrected_sodium", {"2951-2": 130}, {"2345-7": 500}, "glucose", 24, 1),
        ("fractional_excretion", {"2160-0": 2}, {"2161-8": 90}, "urine_creatinine", 24, 6),
        (
            "fractional_excretion",
            {"2160-0": 2, "2161-8": 90, "2951-2": 140},
            {"2955-3": 20},
            "urine_sodium",
            6,
            6,
        ),
        (
            "fractional_excretion",
            {"2160-0": 2, "2161-8": 90, "3094-0": 40},
            {"3095-7": 300},
            "urine_urea_nitrogen",
            6,
            6,
        ),
        ("child_pugh", {"1975-2": 2, "6301-6": 1.5}, {"1751-7": 3}, "albumin", 7 * 24, 2 * 24),
        ("curb65", {"8480-6": 85, "8462-4": 50}, {"9279-1": 30}, "respiratory_rate", 1, 1),
        ("curb65", {"9279-1": 30, "8480-6": 85, "8462-4": 50}, {"3094-0": 30}, "bun", 24, 24),
        ("sofa", {"2703-7": 80}, {"3150-0": 40}, "fio2", 1, 1),
    ],
)
def test_values_are_paired_up_to_a_time_and_noted_from_another(
    calculator: str,
    newest: dict[str, float],
    other: dict[str, float],
    name: str,
    hours: int,
    quiet: int,
) -> None:
    apart = (60 * quiet, 60 * quiet + 1, 60 * hours, 60 * hours + 1)
    pairs = [filled(calculator, *ago(0, newest), *ago(one, other)) for one in apart]
    assert [one.findings[name].value is not None for one in pairs] == [
        True,
        hours > quiet,
        True,
        False,
    ]
    assert [bool(one.warning) for one in pairs][:3] == [False, hours > quiet, hours > quiet]


@each(
    ("calculator", "readings", "pair"),
    [
        ("mean_arterial_pressure", [(0, 120, 80)], (120, 80)),
        ("mean_arterial_pressure", [(0, 150, None), (60, 120, 80)], (150, None)),
        ("mean_arterial_pressure", [(0, None, 70), (60, 120, 80)], (120, 80)),
        ("curb65", [(0, 150, None), (60, 120, 80)], (150, None)),
        ("curb65", [(0, None, 70), (60, 120, 80)], (120, 80)),
        ("curb65", [(0, 150, None), (30, None, 70)], (150, None)),
    ],
)
def test_a_diastolic_pressure_is_never_that_of_another_reading(
    calculator: str,
    readings: list[tuple[int, float | None, float | None]],
    pair: tuple[float, float | None],
) -> None:
    values = [
        one
        for minutes, *pressures in readings
        for code, value in zip(("8480-6", "8462-4", "9279-1"), (*pressures, 30.0), strict=True)
        if value is not None
        for one in ago(minutes, {code: value})
    ]
    findings = filled(calculator, *values).findings
    assert (findings["systolic_bp"].value, findings["diastolic_bp"].value) == pair
