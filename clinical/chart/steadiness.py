"""Whether creatinine is steady: no estimate of kidney function holds while it is changing.

The rule: two values within 7 days that differ by more than half, or within 48 hours by 0.3 mg/dL
(KDIGO 2012 acute kidney injury, Kidney Int Suppl 2012;2:1-138).
"""

from collections.abc import Sequence
from datetime import timedelta

from clinical.chart.evidence import Evidence

_DAYS_7, _HOURS_48 = timedelta(days=7), timedelta(hours=48)
_TIMES, _MG_DL = 1.5, 0.3
# Decimals of a chart are not exact in binary: 1.3 - 1.0 is a little more than 0.3.
_NOISE = 1e-9


def unsteady(creatinine: Sequence[Evidence]) -> str:
    """What to say of the newest creatinine beside those before it; empty where it is steady.

    `creatinine` holds the usable values in mg/dL, newest first.
    """
    dated = [
        (entry.moment.instant, entry.value)
        for entry in creatinine
        if entry.moment and isinstance(entry.value, float)
    ]
    for when, value in dated[1:]:
        newest_when, newest = dated[0]
        low, high = sorted((value, newest))
        apart = newest_when - when
        by_half = apart <= _DAYS_7 and high > _TIMES * low + _NOISE
        if by_half or (apart <= _HOURS_48 and high - low >= _MG_DL - _NOISE):
            days = "48 hours" if apart <= _HOURS_48 else "7 days"
            return f"Creatinine is not steady: from {value:.3g} to {newest:.3g} mg/dL within {days}"
    return ""
