"""The newest value of each test in a list of Observations, as the chart states it. Pure.

FHIR R4 observation.html. For reading, not for calculating: nothing is converted, a number keeps
its digits, a date its own offset. Observations entered in error, cancelled or of another patient
are left out.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

_HIDDEN_STATUSES = frozenset({"entered-in-error", "cancelled", "registered", "unknown"})
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE_TIME = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:T(?P<time>\d\d:\d\d)\S*)?)?)?"
)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the page. `value` and `unit` as charted; `when` in the chart's own offset."""

    name: str
    value: str
    unit: str
    when: str
    status: str


def newest(observations: Iterable[dict[str, Any]], patient: str) -> list[Result]:
    """The newest Observation with a value of each code, by name."""
    best: dict[str, tuple[datetime, Result]] = {}
    for observation in observations:
        key = _code(observation)
        value = _value(observation)
        status = observation.get("status")
        if (
            not key
            or value is None
            or status in _HIDDEN_STATUSES
            or not _is_of(observation, patient)
        ):
            continue
        effective = _effective(observation)
        at = _instant(effective)
        if key not in best or at > best[key][0]:
            text, unit = value
            name = _name(observation)
            best[key] = (at, Result(name, text, unit, _shown(effective), str(status or "unknown")))
    return sorted((result for _, result in best.values()), key=lambda result: result.name.lower())


def _is_of(observation: dict[str, Any], patient: str) -> bool:
    reference = _object(observation.get("subject")).get("reference")
    return isinstance(reference, str) and f"/{reference}".endswith(f"/Patient/{patient}")


def _code(observation: dict[str, Any]) -> str:
    concept = _object(observation.get("code"))
    for coding in _objects(concept.get("coding")):
        if coding.get("system") and coding.get("code"):
            return f"{coding['system']}|{coding['code']}"
    return str(concept.get("text") or "")


def _name(element: dict[str, Any]) -> str:
    concept = _object(element.get("code"))
    displays = [coding.get("display") for coding in _objects(concept.get("coding"))]
    return str(concept.get("text") or next(filter(None, displays), None) or "Unnamed test")


def _value(observation: dict[str, Any]) -> tuple[str, str] | None:
    """Value and unit; a panel such as a blood pressure shows its parts, joined by a stroke."""
    own = _single(observation)
    if own is not None:
        return own
    parts = [part for item in _objects(observation.get("component")) if (part := _single(item))]
    if not parts:
        return None
    units = {unit for _, unit in parts}
    if len(units) == 1:
        return " / ".join(value for value, _ in parts), units.pop()
    return " / ".join(f"{value} {unit}".strip() for value, unit in parts), ""


def _single(element: dict[str, Any]) -> tuple[str, str] | None:
    quantity = element.get("valueQuantity")
    if isinstance(quantity, dict) and isinstance(quantity.get("value"), int | Decimal):
        comparator = str(quantity.get("comparator") or "")
        unit = str(quantity.get("unit") or quantity.get("code") or "")
        return f"{comparator} {_digits(quantity['value'])}".strip(), unit
    concept = element.get("valueCodeableConcept")
    if isinstance(concept, dict):
        return _name({"code": concept}), ""
    text = element.get("valueString")
    return (text, "") if isinstance(text, str) and text else None


def _digits(value: int | Decimal) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _effective(observation: dict[str, Any]) -> str:
    period = _object(observation.get("effectivePeriod"))
    candidates = (
        observation.get("effectiveDateTime"),
        observation.get("effectiveInstant"),
        period.get("end"),
        period.get("start"),
        observation.get("issued"),
    )
    return next((text for text in candidates if isinstance(text, str) and text), "")


def _instant(text: str) -> datetime:
    """For comparing only; a date without time counts as its beginning, none as the oldest."""
    match = _DATE_TIME.match(text)
    if match is None:
        return _BEGINNING
    try:
        if match["time"]:
            at = datetime.fromisoformat(text)
        else:
            at = datetime(  # noqa: DTZ001 - given its zone below
                int(match["year"]), int(match["month"] or 1), int(match["day"] or 1)
            )
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return _BEGINNING


def _shown(text: str) -> str:
    match = _DATE_TIME.match(text)
    if match is None:
        return "no date"
    month = int(match["month"] or 0)
    name = _MONTHS[month - 1] if 1 <= month <= 12 else None
    day = match["day"].lstrip("0") if match["day"] else None
    return " ".join(filter(None, (day, name, match["year"], match["time"])))


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
