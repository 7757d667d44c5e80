"""What counts as a value or an answer of an input: checks against the input dictionary."""

import math

from clinical.calculators import units
from clinical.calculators.dictionary import INPUTS, OTHER_NUMBERS, Input
from clinical.calculators.limits import within
from clinical.calculators.model import Implausible, NotUnderstood, UnknownUnit
from clinical.calculators.questions import CHOICES, FLAGS, Choice

__all__ = [
    "CHOICES",
    "FLAGS",
    "INPUTS",
    "OTHER_NUMBERS",
    "Choice",
    "Input",
    "checked",
    "label",
    "to_canonical",
]


def to_canonical(name: str, value: object, unit: str | None) -> float:
    """Return the value of a numeric input in its canonical unit.

    Raises NotUnderstood unless the value is a finite number, UnknownUnit for a unit outside the
    input's table, Implausible outside its hard range (all are Refused, so ValueError), and
    KeyError for a name that isn't a numeric input.
    """
    entry = INPUTS[name] if name in INPUTS else OTHER_NUMBERS[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotUnderstood(f"{entry.label}: must be a number")
    conversion = units.conversion(entry.units, unit)
    if conversion is None:
        raise UnknownUnit(
            f"{entry.label}: the unit is missing or not accepted (expected {entry.unit})"
        )
    factor, offset = conversion
    try:
        canonical = float(value) * factor + offset
    except OverflowError:
        canonical = math.inf
    if math.isnan(canonical):
        raise NotUnderstood(f"{entry.label}: must be a number")
    if not within(canonical, entry.low, entry.high):
        raise Implausible(
            f"{entry.label} is outside {entry.low:g} to {entry.high:g} {entry.unit}: "
            "check the value and its unit"
        )
    return canonical


def label(name: str) -> str:
    """Return an input's name for people; raise KeyError for an unknown name."""
    if name in FLAGS:
        return FLAGS[name]
    if name in CHOICES:
        return CHOICES[name].label
    return (INPUTS[name] if name in INPUTS else OTHER_NUMBERS[name]).label


def checked(name: str, value: object, unit: str | None) -> float | bool | str:
    """Return the value of any input as formulas expect it; age in completed years.

    Raises the same errors as to_canonical. The unit of an answer is ignored.
    """
    if name in FLAGS:
        if not isinstance(value, bool):
            raise NotUnderstood(f"{FLAGS[name]}: the answer must be true or false")
        return value
    if name in CHOICES:
        choice = CHOICES[name]
        # True == 1 in Python, but True isn't a valid answer to a numbered question.
        if isinstance(value, bool) or value not in choice.answers:
            answers = " or ".join(str(answer) for answer in choice.answers)
            raise NotUnderstood(f"{choice.label}: the answer must be {answers}")
        return choice.answers[choice.answers.index(value)]
    number = to_canonical(name, value, unit)
    return max(math.floor(number), 0) if name == "age" else number
