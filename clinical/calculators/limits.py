"""Comparisons of a computed number with a limit, which ignore conversion noise.

64 kg at 1.60 m gives 24.999999999999996 in binary arithmetic, and 70 g/L x 0.1 is
7.000000000000001 g/dL. No measured value has ten significant digits, so a difference this small
never matters clinically.
"""

import math

NOISE = 1e-9


def compare(value: float, limit: float) -> int:
    """Return -1, 0 or 1 for a value below, at or above the limit, ignoring conversion noise."""
    if math.isinf(limit) or abs(value - limit) > NOISE * max(abs(limit), 1):
        return (value > limit) - (value < limit)
    return 0


def below(value: float, limit: float) -> bool:
    """Return whether the value is below the limit."""
    return compare(value, limit) < 0


def at_least(value: float, limit: float) -> bool:
    """Return whether the value is at or above the limit."""
    return compare(value, limit) >= 0


def above(value: float, limit: float) -> bool:
    """Return whether the value is above the limit."""
    return compare(value, limit) > 0


def at_most(value: float, limit: float) -> bool:
    """Return whether the value is at or below the limit."""
    return compare(value, limit) <= 0


def within(value: float, low: float | None, high: float | None) -> bool:
    """Return whether low <= value <= high; None means no limit."""
    return (low is None or at_least(value, low)) and (high is None or at_most(value, high))


def without_noise(value: float) -> float:
    """Return the value to nine decimals: 24.999999999999996, for 64 kg at 1.60 m, becomes 25."""
    # Adding 0.0 turns -0.0 into 0.0.
    return round(value, 9) + 0.0


def round_half_away(value: float, digits: int = 0) -> float:
    """Round half away from zero: 12.5 gives 13. Python's round() goes to the even number, 12."""
    scale = 10.0**digits
    # Adding 0.0 turns -0.0, which prints as "-0", into 0.0.
    return math.copysign(math.floor(abs(value) * scale + 0.5 + NOISE) / scale, value) + 0.0
