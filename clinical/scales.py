"""The range that a drawing of values over time covers, so that small changes look small. Pure.

A drawing from the lowest to the highest value would turn 1.20 and 1.28 mg/dL into a zigzag. So each
quantity has a minimum span (clinical/calculators/dictionary.py). These are drawing conventions, not
clinical limits:

1. Tightly regulated values: about the width of a typical adult reference interval.
2. Values whose scatter grows with the value: also a quarter of the value.
3. Others: a change that clinicians act on. Body weight: 5%. eGFR: two KDIGO stages of 15 each.
   Urine albumin: the 30 mg/g of stage A2. Oxygen: the scatter of a pulse oximeter.
"""

import math
from collections.abc import Iterable, Mapping

from clinical.calculators.inputs import INPUTS, OTHER_NUMBERS
from shared.frozen import dataclass

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
    least, share = (INPUTS[name] if name in INPUTS else OTHER_NUMBERS[name]).span
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
