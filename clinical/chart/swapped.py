"""A reading of blood pressure whose diastolic value is not below its systolic one: a mix-up."""

from collections.abc import Sequence
from dataclasses import replace

from clinical.calculators.limits import at_least
from clinical.chart.evidence import Candidate, Flag

_PRESSURES = _UPPER, _LOWER = "systolic_bp", "diastolic_bp"
_WHY = "the diastolic pressure is not below the systolic pressure"

Readings = Sequence[tuple[str, Candidate]]


def without_swapped(readings: Readings) -> Readings:
    """Take both values from every reading that mixes them up; each candidate has its input."""
    lowest: dict[str, float] = {}
    highest: dict[str, float] = {}
    for name, candidate in readings:
        value, reading = candidate.evidence.value, candidate.evidence.reading
        if name == _UPPER and isinstance(value, float):
            lowest[reading] = min(value, lowest.get(reading, value))
        elif name == _LOWER and isinstance(value, float):
            highest[reading] = max(value, highest.get(reading, value))
    both = lowest.keys() & highest.keys()
    swapped = {reading for reading in both if at_least(highest[reading], lowest[reading])}
    if not swapped:
        return readings
    return [
        (name, _marked(one) if name in _PRESSURES and one.evidence.reading in swapped else one)
        for name, one in readings
    ]


def _marked(candidate: Candidate) -> Candidate:
    if candidate.flag:
        return candidate
    without = replace(candidate.evidence, value=None)
    return replace(candidate, evidence=without, flag=Flag.CONFLICT, why=_WHY)
