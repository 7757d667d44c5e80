from datetime import datetime, timedelta
from typing import Any

from clinical.chart.evidence import Outcome
from tests.support.charts.chart_resources import (
    condition,
    find,
    observation,
    pressure,
    quantity,
    read,
)
from tests.support.tables import each

TODAY = "2026-11-24T10:00:00Z"


@each(
    ("value", "at", "expected"),
    [
        (2.3, "2026-11-20", True),
        (2.27, "2026-11-20", True),
        (2.26, "2026-11-20", False),
        (2.3, "2026-06-01", None),
        (2.3, "2024-06-01", False),
    ],
)
def test_a_fresh_creatinine_over_2_26_mg_dl_is_abnormal_renal_function(
    value: float, at: str, expected: bool | None
) -> None:
    creatinine = observation("2160-0", value, "mg/dL", effectiveDateTime=at)
    finding = find("abnormal_renal_function", creatinine)
    assert finding.value is expected
    assert (finding.outcome is Outcome.OFFERED) == (expected is None)


def test_a_diagnosis_is_named_before_the_laboratory_value() -> None:
    finding = find("abnormal_renal_function", observation("2160-0", 5, "mg/dL"), condition("N18.6"))
    assert finding.value is True
    assert finding.chosen is not None
    assert finding.chosen.source == "Condition/c1"


def result(code: str, unit: str, value: float, high: float | None) -> dict[str, Any]:
    ranges = None if high is None else [{"high": quantity(high, unit)}]
    return observation(code, value, unit, id=code, referenceRange=ranges)


@each(
    ("bilirubin", "ast", "alt", "expected"),
    [
        ((2.5, 1.2), (130, 40), (30, 40), True),
        ((2.5, 1.2), (30, 40), (130, 40), True),
        ((2.4, 1.2), (130, 40), (30, 40), False),
        ((2.5, 1.2), (120, 40), (30, 40), False),
        ((2.5, None), (130, 40), (30, 40), False),
        ((2.5, 1.2), (130, None), (30, 40), False),
    ],
)
def test_bilirubin_and_an_enzyme_over_their_limits_are_abnormal_liver_function(
    bilirubin: Any, ast: Any, alt: Any, expected: bool
) -> None:
    finding = find(
        "abnormal_liver_function",
        result("1975-2", "mg/dL", *bilirubin),
        result("1920-8", "U/L", *ast),
        result("1742-6", "U/L", *alt),
    )
    assert finding.value is expected


@each(
    ("systolic", "at", "expected"),
    [(161, TODAY, True), (160, TODAY, False), (161, "2026-06-01", None), (None, TODAY, None)],
)
def test_uncontrolled_hypertension_needs_a_fresh_systolic_pressure(
    systolic: float | None, at: str, expected: bool | None
) -> None:
    panel = pressure(systolic, 90, effectiveDateTime=at)
    assert find("uncontrolled_hypertension", panel).value is expected


def oxygen(code: str, value: float, unit: str, at: str = TODAY) -> dict[str, Any]:
    return observation(code, value, unit, id=f"{code}{at}", effectiveDateTime=at)


@each(
    ("resources", "expected"),
    [
        ([], None),
        ([oxygen("3151-8", 2, "L/min")], True),
        ([oxygen("3151-8", 0, "L/min")], False),
        ([oxygen("3150-0", 21, "%")], False),
        ([oxygen("3150-0", 0.28, "1")], True),
        ([oxygen("3151-8", 0, "L/min"), oxygen("3150-0", 40, "%")], True),
        ([oxygen("3151-8", 2, "L/min", "2026-11-24T01:00:00Z"), oxygen("3150-0", 21, "%")], False),
        ([oxygen("3151-8", 2, "L/min", "2026-11-01T01:00:00Z")], None),
    ],
)
def test_supplemental_oxygen_is_read_from_the_newest_entries_and_never_assumed(
    resources: list[Any], expected: bool | None
) -> None:
    assert read(*resources).findings["supplemental_oxygen"].value is expected


@each(
    ("earlier", "baseline", "lowest"),
    [
        ([], None, None),
        ([(60, 1.3)], 1.3, 1.3),
        ([(48 * 60, 1.2), (60, 1.3)], 1.2, 1.2),
        ([(48 * 60 + 1, 1.2), (60, 1.3)], 1.2, 1.3),
        ([(7 * 24 * 60, 1.0)], 1.0, None),
        ([(7 * 24 * 60, 0.5), (7 * 24 * 60 + 1, 1.1)], 1.1, None),
        ([(60, 0.4), (200 * 24 * 60, 0.9), (300 * 24 * 60, 1.0), (10 * 24 * 60, 1.5)], 1.0, 0.4),
        ([(364 * 24 * 60, 0.9), (10 * 24 * 60, 1.5)], 1.2, None),
        ([(366 * 24 * 60, 0.9), (10 * 24 * 60, 1.5)], 1.5, None),
        ([(-60, 0.4)], 1.4, 1.4),
    ],
)
def test_a_baseline_creatinine_is_suggested_and_the_lowest_of_48_hours_filled_in(
    earlier: list[tuple[int, float]], baseline: float | None, lowest: float | None
) -> None:
    """Minutes before the newest value, 1.4. One after it is the newest itself."""
    newest = datetime.fromisoformat("2026-11-24T10:00:00+00:00")
    values = [
        observation(
            "2160-0",
            value,
            "mg/dL",
            id=f"o{minutes}",
            effectiveDateTime=(newest - timedelta(minutes=minutes)).isoformat(),
        )
        for minutes, value in [(0, 1.4), *earlier]
    ]
    findings = read(*values).findings
    suggested = findings["creatinine_baseline"]
    assert suggested.value is None
    assert [one.value for one in suggested.further] == ([] if baseline is None else [baseline])
    assert findings["creatinine_48h"].value == lowest
