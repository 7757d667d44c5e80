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
