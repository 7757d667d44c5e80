"""The newest value of each test in a chart, with the judgement of the calculators. Pure.

FHIR R4 observation.html. For reading, not for calculating: nothing is converted, a number keeps its
digits. What a calculator would not take is marked with the reason, and what counts nowhere (a
preliminary value, a date in the future) hides no value that does. Observations entered in error,
cancelled or of another patient are left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from clinical.chart import question
from clinical.chart.choice import agree, does_not_count, set_aside
from clinical.chart.evidence import Flag
from clinical.chart.observations import Entry
from clinical.chart.resources.times import Moment
from shared.fhir import compartment

from .clock import Clock
from .wording import ago, look_back, span

_HIDDEN_STATUSES = frozenset({"entered-in-error", "cancelled", "registered", "unknown"})
_ABSENT = "–"
_MOST_PLACES = 20
_MOST_REJECTED = 3
_LONGEST_TEXT = 60
# HL7 v3 ObservationInterpretation, as laboratories print it.
_SIGNS = frozenset({"H", "HH", "HU", "L", "LL", "LU", "A", "AA"})


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the page.

    `value` and `unit` are as charted, `sign` and `range` what the EHR sends of what is normal.
    `when` is in the zone of the page. `mark` says why no calculator takes the value (empty where
    one may), `rejected` which newer values were passed over, each with the reason. `moment` and
    `source` tell which Observation it is.
    """

    name: str
    value: str
    unit: str
    sign: str
    range: str
    when: str
    status: str
    mark: str
    rejected: tuple[str, ...]
    source: str
    moment: Moment | None


def newest(entries: Iterable[Entry], patient: str, fhir_base: str, clock: Clock) -> list[Result]:
    """The newest usable Observation of the patient with a value of each code, by name."""
    by_code: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        observation: Any = entry.resource
        if entry.heading.status in _HIDDEN_STATUSES or _value(observation) is None:
            continue
        if not compartment.belongs(observation, patient, fhir_base):
            continue
        key = _code(observation.get("code")) or _name(observation.get("code"))
        by_code[key].append(entry)
    found = [_result(of_code, clock) for of_code in by_code.values()]
    return sorted(found, key=lambda result: (result.name.lower(), result.name, result.value))


def _result(entries: list[Entry], clock: Clock) -> Result:
    # By text where the times are equal: the order in which pages came must not decide.
    ordered = sorted(entries, key=lambda entry: (entry.heading.source, _shown(entry)))
    ordered.sort(key=lambda entry: entry.recency, reverse=True)
    top = next((one for one in ordered if not _why_aside(one, clock)), ordered[0])
    observation: Any = top.resource
    amount, unit = _value(observation) or ("", "")
    equals = [one for one in ordered if one.recency == top.recency and one is not top]
    newer = ordered[: ordered.index(top)]
    return Result(
        name=_name(observation.get("code")) or "Unnamed test",
        value=amount,
        unit=unit,
        sign=_sign(observation),
        range=_range(observation),
        when=_when(top, clock),
        status=top.heading.status or "no status",
        mark=_why_aside(top, clock) or _conflict(top, equals, clock) or _why_unused(top, clock),
        rejected=tuple(_told(one, clock) for one in newer if one not in equals)[:_MOST_REJECTED],
        source=top.heading.source,
        moment=top.heading.moment,
    )


def _when(entry: Entry, clock: Clock) -> str:
    charted = _text(entry.resource.get("effectiveDateTime"))
    if entry.heading.moment is None and charted:
        return f"no readable date: {charted[:_LONGEST_TEXT]}"
    return clock.time(entry.heading.moment)


def _why_aside(entry: Entry, clock: Clock) -> str:
    """Why an entry counts nowhere; empty where it may count."""
    told = does_not_count(entry.heading.status, entry.heading.moment, clock.now)
    if told is not None:
        return "preliminary" if told[0] is Flag.PRELIMINARY else told[1]
    passed = [set_aside(reading, clock.now) for _, reading in entry.readings]
    if passed and all(passed):
        return next(one.why for one in passed if one)
    return ""


def _why_unused(entry: Entry, clock: Clock) -> str:
    """Why no calculator takes a value that counts; empty where one may, or none asks for it."""
    for name, reading in entry.readings:
        if reading.flag and set_aside(reading, clock.now) is None:
            return reading.why
        moment = entry.heading.moment
        if moment and not question(name, clock.now).in_time(moment):
            since, limit = ago(moment.days_before(clock.now)), span(look_back(name)[1])
            return f"{since}, too old for the calculators: their limit is {limit}"
    return ""


def _conflict(top: Entry, equals: list[Entry], clock: Clock) -> str:
    for other in equals:
        if not _why_aside(other, clock) and not _same(top, other):
            return f"another value of the same time: {_shown(other)}"
    return ""


def _same(one: Entry, other: Entry) -> bool:
    if one.readings and len(one.readings) == len(other.readings):
        pairs = zip(one.readings, other.readings, strict=True)
        return all(agree(first, second) for (_, first), (_, second) in pairs)
    return _value(one.resource) == _value(other.resource)


def _told(entry: Entry, clock: Clock) -> str:
    return f"{_shown(entry)}, {clock.time(entry.heading.moment)}: {_why_aside(entry, clock)}"


def _shown(entry: Entry) -> str:
    return " ".join(filter(None, _value(entry.resource) or ()))


def _sign(observation: Any) -> str:
    """`H` or `L`, where the EHR says so; of a panel those of its parts."""
    own = next(_signs(observation), "")
    if own or not _objects(observation.get("component")):
        return own
    parts = [next(_signs(part), "") for part in _objects(observation.get("component"))]
    return " / ".join(part or _ABSENT for part in parts) if any(parts) else ""


def _signs(element: Any) -> Iterator[str]:
    for concept in _objects(element.get("interpretation")):
        for coding in _objects(concept.get("coding")):
            if _text(coding.get("code")) in _SIGNS:
                yield _text(coding.get("code"))


def _range(observation: Any) -> str:
    """The first reference range that the EHR sends, in its own unit."""
    for entry in _objects(observation.get("referenceRange")):
        low, high = _end(entry.get("low")), _end(entry.get("high"))
        if low and high:
            return f"{low} to {high}"
        if low or high:
            return f"from {low}" if low else f"up to {high}"
        if text := _text(entry.get("text")):
            return text[:_LONGEST_TEXT]
    return ""


def _end(quantity: object) -> str:
    value = _object(quantity).get("value")
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return _digits(value)
    return ""


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


def _value(observation: Any) -> tuple[str, str] | None:
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


def _single(element: Any) -> tuple[str, str] | None:
    quantity = _object(element.get("valueQuantity"))
    value = quantity.get("value")
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        unit = _unit(_text(quantity.get("unit")) or _text(quantity.get("code")))
        return f"{_text(quantity.get('comparator'))} {_digits(value)}".strip(), unit
    text = _name(element.get("valueCodeableConcept")) or _text(element.get("valueString"))
    return (text, "") if text else None


def _unit(printed: str) -> str:
    """As charted; an annotation of UCUM alone, such as {INR}, is no unit to read."""
    if printed.startswith("{") and printed.endswith("}"):
        return ""
    return "fraction of 1" if printed == "1" else printed


def _digits(value: int | Decimal) -> str:
    """As charted; an exponent is written out where that is short."""
    if isinstance(value, Decimal) and abs(value.adjusted()) <= _MOST_PLACES:
        return f"{value:f}"
    return str(value)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
