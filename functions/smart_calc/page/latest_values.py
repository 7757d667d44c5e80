"""The newest value of each test in a list of Observations, as the chart states it. Pure.

FHIR R4 observation.html. For reading, not for calculating: nothing is converted, a number keeps
its digits, a date its own offset. Observations entered in error, cancelled or of another patient
are left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from shared.fhir import compartment

from . import dates

_HIDDEN_STATUSES = frozenset({"entered-in-error", "cancelled", "registered", "unknown"})
_ABSENT = "–"
_MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the page. `value` and `unit` as charted; `when` in the chart's own offset."""

    name: str
    value: str
    unit: str
    when: str
    status: str


def newest(observations: Iterable[dict[str, Any]], patient: str, fhir_base: str) -> list[Result]:
    """The newest Observation of the patient with a value of each code, by name."""
    best: dict[str, tuple[datetime, Result]] = {}
    for observation in observations:
        value = _value(observation)
        status = _text(observation.get("status"))
        if value is None or status in _HIDDEN_STATUSES:
            continue
        if not compartment.belongs(observation, patient, fhir_base):
            continue
        name = _name(observation.get("code"))
        key = _code(observation.get("code")) or name
        effective = _effective(observation)
        at = dates.instant(effective)
        if key not in best or at > best[key][0]:
            amount, unit = value
            when = dates.shown(effective)
            shown = Result(name or "Unnamed test", amount, unit, when, status or "no status")
            best[key] = (at, shown)
    return sorted((result for _, result in best.values()), key=lambda result: result.name.lower())


def _code(concept: object) -> str:
    """The first coding that says whose code it is."""
    for coding in _objects(_object(concept).get("coding")):
        system, code = _text(coding.get("system")), _text(coding.get("code"))
        if system and code:
            return f"{system}|{code}"
    return ""


def _name(concept: object) -> str:
    """What a CodeableConcept says to a reader; empty where it says nothing."""
    codings = _objects(_object(concept).get("coding"))
    texts = [_object(concept).get("text")]
    for member in ("display", "code"):
        texts += [coding.get(member) for coding in codings]
    return next(filter(None, map(_text, texts)), "")


def _value(observation: dict[str, Any]) -> tuple[str, str] | None:
    """Value and unit; a panel such as a blood pressure shows its parts, joined by a stroke.

    A part without a value keeps its place, so that the other one cannot be taken for it.
    """
    own = _single(observation)
    if own is not None:
        return own
    parts = [_single(item) for item in _objects(observation.get("component"))]
    units = {part[1] for part in parts if part}
    if len(units) == 1:
        return " / ".join(part[0] if part else _ABSENT for part in parts), units.pop()
    if not units:
        return None
    return " / ".join(" ".join(part).strip() if part else _ABSENT for part in parts), ""


def _single(element: dict[str, Any]) -> tuple[str, str] | None:
    quantity = _object(element.get("valueQuantity"))
    value = quantity.get("value")
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        unit = _text(quantity.get("unit")) or _text(quantity.get("code"))
        return f"{_text(quantity.get('comparator'))} {_digits(value)}".strip(), unit
    text = _name(element.get("valueCodeableConcept")) or _text(element.get("valueString"))
    return (text, "") if text else None


def _digits(value: int | Decimal) -> str:
    """As charted; an exponent is written out where that is short."""
    if isinstance(value, Decimal) and abs(value.adjusted()) <= _MOST_PLACES:
        return f"{value:f}"
    return str(value)


def _effective(observation: dict[str, Any]) -> str:
    period = _object(observation.get("effectivePeriod"))
    candidates = (
        observation.get("effectiveDateTime"),
        observation.get("effectiveInstant"),
        period.get("end"),
        period.get("start"),
        observation.get("issued"),
    )
    return next(filter(None, map(_text, candidates)), "")


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
