"""The range that a drawing of values over time covers, so that small changes look small. Pure.

A drawing from the lowest to the highest value would turn 1.20 and 1.28 mg/dL into a zigzag. So each
quantity has a minimum span. These are drawing conventions, not clinical limits.
"""

import math
from collections.abc import Iterable, Mapping

from shared.frozen import dataclass

# Minimum span in canonical units, and as a share of the highest value.
#
# 1. Tightly regulated values: about the width of a typical adult reference interval.
# 2. Values whose scatter grows with the value: also a quarter of the value, so that 900 and 940 U/L
#    don't look like a crisis.
# 3. Others: a change that clinicians act on. Body weight: 5%. eGFR: two KDIGO stages of 15 each.
#    Urine albumin: the 30 mg/g of stage A2. Oxygen: the scatter of a pulse oximeter.
_QUARTER = 0.25
_LEAST: Mapping[str, tuple[float, float]] = {
    # 1
    "sodium": (10, 0),
    "potassium": (1.5, 0),
    "chloride": (10, 0),
    "bicarbonate": (8, 0),
    "calcium_total": (2, 0),
    "calcium_ionized": (0.5, 0),
    "albumin": (1.5, 0),
    "osmolality_measured": (20, 0),
    "hba1c": (1.5, 0),
    "systolic_bp": (40, 0),
    "diastolic_bp": (20, 0),
    "heart_rate": (40, 0),
    "respiratory_rate": (8, 0),
    "temperature": (1.5, 0),
    "qt_interval": (80, 0),
    "qrs_duration": (40, 0),
    # 2
    "creatinine": (0.6, _QUARTER),
    "bun": (15, _QUARTER),
    "glucose": (30, _QUARTER),
    "bilirubin_total": (1, _QUARTER),
    "inr": (0.5, _QUARTER),
    "ast": (30, _QUARTER),
    "alt": (30, _QUARTER),
    "platelets": (100, _QUARTER),
    "cholesterol_total": (50, _QUARTER),
    "hdl": (20, _QUARTER),
    "ldl_reported": (50, _QUARTER),
    "triglycerides": (50, _QUARTER),
    # 3
    "egfr": (30, 0),
    "egfr_reported": (30, 0),
    "uacr": (30, _QUARTER),
    "weight": (2, 0.05),
    "height": (5, 0),
    "bmi": (2, 0.05),
    "bmi_reported": (2, 0.05),
    "spo2": (6, 0),
    "fio2": (10, 0),
    "o2_flow": (4, 0),
    "ethanol": (50, 0),
}
_HIGHEST: Mapping[str, float] = {"spo2": 100, "fio2": 100}
# The approximate number of round numbers between the ends.
_MARKS = 4


@dataclass(frozen=True, slots=True)
class Scale:
    """The lowest and highest number that a drawing covers."""

    low: float
    high: float

    def share(self, value: float) -> float:
        """Return where a value is between the ends, from 0 to 1."""
        return (value - self.low) / (self.high - self.low)


def scale(name: str, values: Iterable[float]) -> Scale:
    """Return the range for values of a quantity, in its canonical unit; at least one value."""
    numbers = list(values)
    lowest, highest = min(numbers), max(numbers)
    least, share = _LEAST[name]
    span = max(least, share * highest, highest - lowest)
    step = _step(span / _MARKS)
    low = math.floor(round((lowest + highest - span) / 2 / step, 6)) * step
    high = math.ceil(round((lowest + highest + span) / 2 / step, 6)) * step
    # Keep both ends within possible values without changing the span.
    beyond = max(high - max(_HIGHEST.get(name, math.inf), highest), 0)
    low, high = max(low - beyond, 0.0), high - beyond
    return Scale(low, max(high, low + span))


def _step(about: float) -> float:
    """Return the smallest 1, 2 or 5 times a power of ten that isn't below `about`."""
    power = 10.0 ** math.floor(math.log10(about))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= about * 0.999)
