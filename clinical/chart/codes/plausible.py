"""Plausible ranges by unit: 99 mmol/L of glucose is 99 mg/dL with a wrong unit.

They are narrower than the hard ranges of the input dictionary (calculators/inputs.py), and apply
only to charted values, because a person may enter a rarer one. Ranges that don't narrow the hard
range are left out.
"""

from collections.abc import Mapping

from clinical.calculators.limits import within
from clinical.calculators.units import normalise, spelled

_RANGES: Mapping[tuple[str, str], tuple[float, float]] = {
    ("glucose", "mmol/L"): (0.5, 60),
    ("bun", "mmol/L"): (0.4, 100),
    ("creatinine", "umol/L"): (9, 2210),
    ("creatinine", "mg/L"): (2, 250),
    ("creatinine", "mmol/L"): (0.02, 2.2),
    ("bilirubin_total", "umol/L"): (2, 1370),
    ("cholesterol_total", "mmol/L"): (1, 26),
    ("hdl", "mmol/L"): (0.13, 5.2),
    ("triglycerides", "mmol/L"): (0.11, 57),
}
_BY_SPELLING = {
    (name, spelling): limits
    for (name, unit), limits in _RANGES.items()
    for spelling in spelled(unit)
}
_NARROWED = frozenset(name for name, _ in _RANGES)


def implausible(name: str, number: float, unit: str) -> str:
    """Return the text for a charted number that's implausible in its unit, otherwise ""."""
    if name not in _NARROWED:
        return ""
    low, high = _BY_SPELLING.get((name, normalise(unit)), (None, None))
    if within(number, low, high):
        return ""
    return f"outside {low:g} to {high:g} {unit}: check the value and its unit"
