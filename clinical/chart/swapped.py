"""Blood pressures with swapped values, where the diastolic isn't below the systolic."""

from collections.abc import Sequence

from clinical.calculators.limits import at_least
from clinical.chart.evidence import Candidate, Flag

_PRESSURES = _UPPER, _LOWER = "systolic_bp", "diastolic_bp"
_WHY = "the diastolic pressure is not below the systolic pressure"

NamedCandidates = Sequence[tuple[str, Candidate]]


def without_swapped(candidates: NamedCandidates) -> NamedCandidates:
    """Flag both values of each swapped measurement; each candidate comes with its input."""
    lowest: dict[str, float] = {}
    highest: dict[str, float] = {}
    for name, candidate in candidates:
        if name not in _PRESSURES:
            continue
        value, measurement = candidate.evidence.value, candidate.evidence.measurement
        if name == _UPPER and isinstance(value, float):
            lowest[measurement] = min(value, lowest.get(measurement, value))
        elif name == _LOWER and isinstance(value, float):
            highest[measurement] = max(value, highest.get(measurement, value))
    both = lowest.keys() & highest.keys()
    swapped = {one for one in both if at_least(highest[one], lowest[one])}
    if not swapped:
        return candidates
    return [
        (name, _marked(one) if name in _PRESSURES and one.evidence.measurement in swapped else one)
        for name, one in candidates
    ]


def _marked(candidate: Candidate) -> Candidate:
    if candidate.flag:
        return candidate
    without = candidate.evidence._replace(value=None)
    return candidate._replace(evidence=without, flag=Flag.CONFLICT, why=_WHY)
