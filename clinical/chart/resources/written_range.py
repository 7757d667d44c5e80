"""A reference range that the laboratory wrote as a text: "8.6 – 10.2 mg/dL", "< 40".

Only common forms are read. What could mean something else isn't: two ranges, words besides a unit
of the input, ends in different units or in the wrong order.
"""

import re

from clinical.calculators.inputs import to_canonical

Range = tuple[float | None, float | None]
NO_RANGE: Range = (None, None)

_NUMBER = r"(\d+(?:\.\d+|,\d\d?)?)"
_NAME = r"(?:(?:normal|reference|ref\.?)(?: range| interval| values?)?\s*:?\s*)?"
_FROM_TO = re.compile(rf"{_NAME}{_NUMBER}(\D*?)\s*(?:[-~\u2010-\u2015\u2212]|to\b)\s*{_NUMBER}(.*)")
_ONE_END = re.compile(rf"{_NAME}([<>]=?|[≤≥]|up to\b)\s*{_NUMBER}(.*)")
_BRACKETS = {"(": ")", "[": "]"}
_LONGEST = 60


def read(name: str, written: str, own_unit: str) -> Range:
    """Return both ends in the input's canonical unit, or None for an end that isn't there.

    Without a unit, the text has that of the value, `own_unit`. A limit written as "< 40" is 40.
    """
    plain = written[: _LONGEST + 1].strip().lower()
    if len(plain) > _LONGEST:
        return NO_RANGE
    if closing := _BRACKETS.get(plain[:1]):
        plain = plain[1:].replace(closing, "", 1).strip()
    if both := _FROM_TO.fullmatch(plain):
        low, unit, high, last_unit = (part.strip() for part in both.groups())
        units = {unit, last_unit} - {""} or {own_unit}
        return _ends(name, low, high, units.pop()) if len(units) == 1 else NO_RANGE
    if one := _ONE_END.fullmatch(plain):
        sign, number, unit = (part.strip() for part in one.groups())
        low, high = (number, "") if sign[0] in ">≥" else ("", number)
        return _ends(name, low, high, unit or own_unit)
    return NO_RANGE


def _ends(name: str, low: str, high: str, unit: str) -> Range:
    try:
        lowest, highest = _end(name, low, unit), _end(name, high, unit)
    except ValueError:
        return NO_RANGE
    in_order = lowest is None or highest is None or lowest < highest
    return (lowest, highest) if in_order else NO_RANGE


def _end(name: str, number: str, unit: str) -> float | None:
    """Return an end; there's none below 0, which no value reaches."""
    value = float(number.replace(",", ".") or 0)
    return to_canonical(name, value, unit) if value else None
