"""An Observation as charted: name, value, unit, interpretation and reference range. Pure.

FHIR R4 observation.html. Nothing is converted, numbers keep their digits, and units are spelled as
people write them.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeGuard

from clinical import units_in_words
from shared.json_members import fields, objects, text

_ABSENT = "–"
FRACTION = "fraction of 1"
NO_UNIT = "no unit"
_NUMBERS = (int, Decimal)
_MOST_PLACES = 20
_LONGEST_TEXT = 60
# HL7 v3 ObservationInterpretation, as laboratories print it.
_SIGNS = frozenset({"H", "HH", "HU", "L", "LL", "LU", "A", "AA"})


def sign_of(observation: Any) -> str:
    """Return the EHR's interpretation, such as `H` or `L`, or those of a panel's parts."""
    own = next(_signs(observation), "")
    if own or not objects(observation.get("component")):
        return own
    parts = [next(_signs(part), "") for part in objects(observation.get("component"))]
    return " / ".join(part or _ABSENT for part in parts) if any(parts) else ""


def _signs(element: Any) -> Iterator[str]:
    for concept in objects(element.get("interpretation")):
        for coding in objects(concept.get("coding")):
            if text(coding.get("code")) in _SIGNS:
                yield text(coding.get("code"))


def range_of(observation: Any) -> str:
    """Return the first reference range that the EHR sends, in its own unit."""
    for entry in objects(observation.get("referenceRange")):
        low, high = _end(entry.get("low")), _end(entry.get("high"))
        if low and high:
            return f"{low} to {high}"
        if low or high:
            return f"from {low}" if low else f"up to {high}"
        if words := text(entry.get("text")):
            return words[:_LONGEST_TEXT]
    return ""


def _end(quantity: object) -> str:
    value = fields(quantity).get("value")
    return _digits(value) if _is_number(value) else ""


def name_of(concept: object) -> str:
    """Return a CodeableConcept's name for a reader, or ""."""
    codings = objects(fields(concept).get("coding"))
    texts = [fields(concept).get("text")]
    for member in ("display", "code"):
        texts += [coding.get(member) for coding in codings]
    return next(filter(None, map(text, texts)), "")


def has_value(observation: Any) -> bool:
    """Return whether an Observation or a part of it has a value."""
    return _has_value(observation) or any(map(_has_value, objects(observation.get("component"))))


def _has_value(element: Any) -> bool:
    return _is_number(fields(element.get("valueQuantity")).get("value")) or bool(_words(element))


def value_of(observation: Any) -> tuple[str, str]:
    """Return value and unit of an Observation that has a value. A panel such as a blood pressure
    has its parts, separated by slashes.

    A part without a value keeps its place, so that the other one can't be mistaken for it.
    """
    own = _single(observation)
    if own is not None:
        return own
    parts = [_single(item) for item in objects(observation.get("component"))]
    units = {part[1] for part in parts if part}
    if len(units) == 1:
        return " / ".join(part[0] if part else _ABSENT for part in parts), units.pop()
    return " / ".join(" ".join(part).strip() if part else _ABSENT for part in parts), ""


def _single(element: Any) -> tuple[str, str] | None:
    quantity = fields(element.get("valueQuantity"))
    value = quantity.get("value")
    if _is_number(value):
        unit = _unit(text(quantity.get("unit")) or text(quantity.get("code")))
        return f"{text(quantity.get('comparator'))} {_digits(value)}".strip(), unit
    words = _words(element)
    return (words, "") if words else None


def _is_number(value: object) -> TypeGuard[int | Decimal]:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def _words(element: Any) -> str:
    return name_of(element.get("valueCodeableConcept")) or text(element.get("valueString"))


def _unit(printed: str) -> str:
    """Return a unit in words, or "" for a UCUM annotation such as {INR}."""
    if not printed:
        return NO_UNIT
    return FRACTION if printed == "1" else units_in_words.charted(printed)


def _digits(value: int | Decimal) -> str:
    """Return a number as charted, with short exponents written out."""
    if isinstance(value, Decimal) and abs(value.adjusted()) <= _MOST_PLACES:
        return f"{value:f}"
    return str(value)
