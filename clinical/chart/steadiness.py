"""Whether creatinine is steady: no estimate of kidney function is valid while it's changing.

It isn't steady if the newest value and one within 7 days before it differ by a factor of 1.5 or
more, or one within 48 hours by 0.3 mg/dL or more (KDIGO 2012 acute kidney injury, Kidney Int Suppl
2012;2:1-138). It isn't steady either if the newest value is at least 1.5 times the median of those
more than 7 days and up to a year before it (NHS England AKI algorithm, 2014).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

from clinical.calculators.kdigo_aki import RATIO, RISE
from clinical.calculators.limits import at_least
from clinical.chart.evidence import Evidence

HOURS_48 = timedelta(hours=48)
_DAYS_7, _YEAR = timedelta(days=7), timedelta(days=365)


def unsteady(creatinine: Sequence[Evidence]) -> str:
    """Return the text if the newest creatinine isn't steady, otherwise "".

    `creatinine` are the usable values in mg/dL, newest first.
    """
    dated = _dated(creatinine)
    for when, value in dated[1:]:
        newest_when, newest = dated[0]
        apart = newest_when - when
        low, high = sorted((value, newest))
        by_half = apart <= _DAYS_7 and at_least(high, RATIO * low)
        if by_half or (apart <= HOURS_48 and at_least(high - low, RISE)):
            days = "48 hours" if apart <= HOURS_48 else "7 days"
            return f"Creatinine is not stable: from {value:.3g} to {newest:.3g} mg/dL within {days}"
    baseline = of_the_year(creatinine)
    if baseline and at_least(dated[0][1], RATIO * median(baseline)):
        steps = f"from a median of {median(baseline):.3g} to {dated[0][1]:.3g} mg/dL"
        return f"Creatinine is not stable: {steps} within a year"
    return ""


def of_the_year(creatinine: Sequence[Evidence]) -> list[float]:
    """Return the values more than 7 days and up to a year before the newest, which is first."""
    dated = _dated(creatinine)
    return [value for when, value in dated if _DAYS_7 < dated[0][0] - when <= _YEAR]


def single_value(creatinine: Sequence[Evidence]) -> str:
    """Return a warning if all values are from the same time, which proves nothing, or ""."""
    if len({when for when, _ in _dated(creatinine)}) > 1:
        return ""
    return "Only one creatinine value: cannot tell whether creatinine is stable"


def _dated(creatinine: Sequence[Evidence]) -> list[tuple[datetime, float]]:
    return [
        (entry.moment.instant, entry.value)
        for entry in creatinine
        if entry.moment and isinstance(entry.value, float)
    ]
