"""Ideal and adjusted body weight, for drug doses: Devine, Drug Intell Clin Pharm 1974;8:650-655.

The share of 40% of the excess weight follows gentamicin practice (Bauer 1983; Winter 2012).
"""

from clinical.calculators.limits import at_most, below
from clinical.calculators.model import Citation, NotApplicable, Note, Sex

CM_PER_INCH = 2.54
_FIVE_FEET = 60 * CM_PER_INCH


def ideal_weight(sex: Sex, height: float) -> float:
    """Return Devine's ideal weight, kg, from height in cm; raise NotApplicable unless positive."""
    weight = (45.5 if sex == "female" else 50) + 2.3 * (height / CM_PER_INCH - 60)
    if at_most(weight, 0):
        raise NotApplicable("Devine's ideal weight is not defined at this height")
    return weight


def adjusted_weight(sex: Sex, height: float, weight: float) -> float:
    """Return the ideal weight plus 40% of the excess of the actual weight, kg."""
    ideal = ideal_weight(sex, height)
    return ideal + 0.4 * (weight - ideal)


DEVINE = Citation(
    "Devine BJ. Drug Intell Clin Pharm 1974;8:650-655 (ideal weight)", "10.1177/106002807400801104"
)
SHORT = Note(
    "Height below 60 in (152.4 cm): Devine's formula gives a low ideal weight",
    lambda values: below(values.get("height", _FIVE_FEET), _FIVE_FEET),
)
