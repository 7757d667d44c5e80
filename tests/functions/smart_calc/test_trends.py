"""Values over time: which are drawn, where, and which one is marked as used."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from clinical import scales
from clinical.calculators import REGISTRY
from clinical.calculators.inputs import INPUTS
from clinical.chart import read_chart
from clinical.clock import Clock
from functions.smart_calc.page import input_views, trends
from functions.smart_calc.page.view_models import Trend
from tests.support.charts.chart_resources import observation, patient
from tests.support.tables import each

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def creatinine(value: float, day: str, **more: Any) -> dict[str, Any]:
    return observation("2160-0", value, "mg/dL", effectiveDateTime=day, id=f"o-{day}", **more)


def of_input(*resources: dict[str, Any], name: str = "creatinine") -> Trend | None:
    chart = read_chart(list(resources), NOW, "p1", None)
    return trends.of_input(chart.findings[name], chart, Clock(NOW))


def of_egfr(*resources: dict[str, Any]) -> Trend | None:
    chart = read_chart(list(resources), NOW, "p1", None)
    return trends.of_output(REGISTRY["egfr_ckd_epi_2021"], chart, Clock(NOW))


YESTERDAY, TODAY = "2026-11-23T08:00:00Z", "2026-11-24T08:00:00Z"
LONG_AGO = "2026-03-01T08:00:00Z"


def test_the_points_go_from_the_oldest_to_the_newest_and_the_used_one_is_marked() -> None:
    trend = of_input(creatinine(1.4, TODAY), creatinine(1.1, LONG_AGO), creatinine(1.9, YESTERDAY))
    assert trend
    assert [one.text for one in trend.points] == ["1.1 mg/dL", "1.9 mg/dL", "1.4 mg/dL"]
    assert [one.is_used for one in trend.points] == [False, False, True]
    assert [one.x for one in trend.points] == sorted(one.x for one in trend.points)
    lowest, highest, used = trend.points
    # Up is smaller in a drawing.
    assert highest.y < used.y < lowest.y
    assert all(trends.LEFT <= one.x <= trends.RIGHT for one in trend.points)
    assert all(trends.TOP <= one.y <= trends.BOTTOM for one in trend.points)
    assert trend.line.count(",") == 3
    assert highest.exact == "1.9"
    assert trend.summary == "3 values, last 12 months"
    assert "from the chart" in highest.note


def test_the_values_are_listed_as_text_a_line_each_the_newest_first() -> None:
    trend = of_input(creatinine(1.4, TODAY), creatinine(1.1, YESTERDAY))
    assert trend
    assert trend.listed == "24 Nov 2026 08:00\t1.4 mg/dL\tused\n23 Nov 2026 08:00\t1.1 mg/dL"
    assert trend.extras == ""


def test_what_does_not_follow_from_a_line_is_given_beside_it() -> None:
    converted = observation("2160-0", 100, "umol/L", effectiveDateTime=YESTERDAY, id="o-moles")
    trend = of_input(creatinine(1.4, TODAY), converted)
    assert trend
    used, other = json.loads(trend.extras)
    assert used is None
    assert other[0] == "1.13"
    assert other[1] == pytest.approx(1.1309658)
    assert other[2] == "Creatinine 100 umol/L (23 Nov 2026, from the chart)"


def test_a_unit_with_a_line_break_stays_in_its_line() -> None:
    odd = creatinine(1.1, YESTERDAY)
    odd["valueQuantity"] = {**odd["valueQuantity"], "unit": "mg\n\t/dL"}
    trend = of_input(creatinine(1.4, TODAY), odd)
    assert trend
    assert trend.listed.endswith("\n23 Nov 2026 08:00\t1.1 mg/dL")
    assert trend.listed.count("\n") == 1


def test_a_value_that_is_among_those_over_time_is_not_listed_twice() -> None:
    preliminary = creatinine(1.9, "2026-11-24T09:00:00Z", status="preliminary")
    resources = [creatinine(1.4, TODAY), creatinine(1.1, YESTERDAY), preliminary]
    chart = read_chart(resources, NOW, "p1", None)
    clock = Clock(NOW)
    shown = input_views.view(chart.findings["creatinine"], clock, optional=False)
    assert [one.text for one in shown.others] == ["preliminary: 1.9 mg/dL", "1.1 mg/dL"]
    shown = replace(shown, trend=trends.of_input(chart.findings["creatinine"], chart, clock))
    assert [one.text for one in shown.others] == ["preliminary: 1.9 mg/dL"]


def test_a_small_change_looks_small_and_a_large_one_large() -> None:
    heights = []
    for newest in (1.28, 2.4):
        trend = of_input(creatinine(1.2, YESTERDAY), creatinine(newest, TODAY))
        assert trend
        before, after = trend.points
        heights.append((before.y - after.y) / (trends.BOTTOM - trends.TOP))
        assert float(trend.low) <= 1.2
        assert float(trend.high.removesuffix(" mg/dL")) >= newest
    assert 0 < heights[0] < 0.2
    assert heights[1] > 0.6


def test_every_measured_quantity_has_a_scale_that_covers_its_values() -> None:
    for name, known in INPUTS.items():
        for values in ((known.low, known.low), (known.high, known.high), (known.low, known.high)):
            scale = scales.scale(name, values)
            assert 0 <= scale.low <= values[0], name
            assert values[1] <= scale.high, name
            assert scale.low < scale.high, name


def test_a_trend_begins_and_ends_with_a_day_or_on_one_day_with_a_time() -> None:
    trend = of_input(creatinine(1.1, LONG_AGO), creatinine(1.4, TODAY))
    assert trend
    assert (trend.first, trend.last) == ("1 Mar 2026", "24 Nov 2026")
    trend = of_input(creatinine(1.1, "2026-11-24T02:30:00Z"), creatinine(1.4, TODAY))
    assert trend
    assert (trend.first, trend.last) == ("24 Nov 2026 02:30", "24 Nov 2026 08:00")


def test_no_line_is_drawn_over_a_gap() -> None:
    days = ("2026-03-01", "2026-03-11", "2026-03-21", "2026-08-01", "2026-11-14", "2026-11-24")
    trend = of_input(*(creatinine(1.4, f"{day}T08:00:00Z") for day in days))
    assert trend
    assert trend.gaps == {3, 4}
    # A value between two gaps is a dot.
    assert [part.count(",") for part in trend.line.split("M")] == [0, 3, 1, 2]
    assert trend.line.count("h0") == 1


@each(
    "resources",
    [
        [],
        [creatinine(1.4, TODAY)],
        [creatinine(1.4, TODAY), creatinine(1.5, "2020-01-01T08:00:00Z")],
        [creatinine(1.4, TODAY), creatinine(1.9, YESTERDAY, status="preliminary")],
        [creatinine(1.4, TODAY), creatinine(900, YESTERDAY)],
    ],
    ids=["none", "one", "too old", "preliminary", "implausible"],
)
def test_values_that_cannot_be_used_are_not_drawn(resources: list[dict[str, Any]]) -> None:
    assert of_input(*resources) is None


def test_no_more_are_drawn_than_can_be_read() -> None:
    days = [f"2026-{month:02}-{day:02}T08:00:00Z" for month in (8, 9, 10) for day in range(1, 29)]
    trend = of_input(*(creatinine(1.4, day) for day in days))
    assert trend
    assert len(trend.points) == trends.MOST
    assert trend.summary == "newest 12 of 84 values, last 12 months"
    assert trend.points[-1].when == "28 Oct 2026 08:00"


def test_egfr_is_that_of_each_creatinine_at_the_age_of_its_day() -> None:
    # 66 on 24 November, and still 65 in March.
    person = patient(birthDate="1960-05-01", gender="male")
    trend = of_egfr(person, creatinine(1.5, LONG_AGO), creatinine(1.5, TODAY))
    assert trend
    assert {one.text for one in trend.points} == {"51 mL/min/1.73 m²"}
    assert trend.points[0].y < trend.points[1].y
    assert [one.is_used for one in trend.points] == [False, True]


def test_without_a_birth_date_there_is_no_egfr_over_time() -> None:
    assert of_egfr(creatinine(1.5, LONG_AGO), creatinine(1.5, TODAY)) is None


def test_a_calculator_that_gives_no_other_anything_has_no_line() -> None:
    chart = read_chart([creatinine(1.4, TODAY), creatinine(1.9, YESTERDAY)], NOW, "p1", None)
    assert trends.of_output(REGISTRY["meld"], chart, Clock(NOW)) is None
