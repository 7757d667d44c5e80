"""The newest value of each test in a chart, with the judgement of the calculators. Pure.

FHIR R4 observation.html. For reading, not for calculating: nothing is converted, a number keeps its
digits. What a calculator would not take is marked with the reason, and what counts nowhere (a
preliminary value, a date in the future) hides no value that does. Observations entered in error,
cancelled or of another patient are left out.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from clinical.chart import question
from clinical.chart.choice import agree, does_not_count, set_aside
from clinical.chart.evidence import Flag
from clinical.chart.observations import Entry
from clinical.chart.resources.json_access import text
from clinical.chart.resources.times import Moment
from clinical.clock import Clock
from shared.fhir import compartment

from .charted import code_of, name_of, range_of, sign_of, value_of
from .wording import beyond, look_back

_HIDDEN_STATUSES = frozenset({"entered-in-error", "cancelled", "registered", "unknown"})
_MOST_REJECTED = 3
_LONGEST_TEXT = 60
_PRESSURE = "blood pressure"


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the page.

    `value` and `unit` are as charted, `sign` and `range` what the EHR sends of what is normal.
    `when` is in the zone of the page. `mark` says why no calculator takes the value (empty where
    one may), `rejected` which newer values were passed over, each with the reason. `moment` and
    `source` tell which Observation it is, `remark` what else a reader has to know.
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
    remark: str = ""


def newest(entries: Iterable[Entry], patient: str, fhir_base: str, clock: Clock) -> list[Result]:
    """The newest usable Observation of the patient with a value of each code, by name."""
    by_code: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        observation: Any = entry.resource
        if entry.heading.status in _HIDDEN_STATUSES or value_of(observation) is None:
            continue
        if not compartment.belongs(observation, patient, fhir_base):
            continue
        key = code_of(observation.get("code")) or name_of(observation.get("code"))
        by_code[key].append(entry)
    tops = [_newest_first(of_code, clock) for of_code in by_code.values()]
    found = [(top, _result(top, ordered, clock)) for top, ordered in tops]
    found.sort(key=lambda one: (one[1].name.lower(), one[1].name, one[1].value))
    pressures = _by_time([one for one in found if _is_pressure(one[0])])
    found = [one for one in found if not _is_pressure(one[0])] + pressures
    found.sort(key=lambda one: _PRESSURE if _is_pressure(one[0]) else one[1].name.lower())
    return [result for _, result in found]


def _is_pressure(entry: Entry) -> bool:
    return any(name in ("systolic_bp", "diastolic_bp") for name, _ in entry.readings)


def _by_time(pressures: list[tuple[Entry, Result]]) -> list[tuple[Entry, Result]]:
    """Panels and single values of blood pressure, the newest first; an older one says so.

    They are one test under three codes: apart, an older panel would be read as the newest.
    """
    ordered = sorted(pressures, key=lambda one: one[1].name, reverse=True)
    ordered.sort(key=lambda one: one[0].recency[0], reverse=True)
    return [
        (top, replace(result, remark="a newer reading stands above"))
        if top.recency[0] < ordered[0][0].recency[0]
        else (top, result)
        for top, result in ordered
    ]


def _newest_first(entries: list[Entry], clock: Clock) -> tuple[Entry, list[Entry]]:
    """The entry to show, and all of them, newest first."""
    # By text where the times are equal: the order in which pages came must not decide.
    ordered = sorted(entries, key=lambda entry: (entry.heading.source, _shown(entry)))
    ordered.sort(key=lambda entry: entry.recency, reverse=True)
    return next((one for one in ordered if not _why_aside(one, clock)), ordered[0]), ordered


def _result(top: Entry, ordered: list[Entry], clock: Clock) -> Result:
    observation: Any = top.resource
    amount, unit = value_of(observation) or ("", "")
    equals = [one for one in ordered if one.recency == top.recency and one is not top]
    newer = ordered[: ordered.index(top)]
    return Result(
        name=name_of(observation.get("code")) or "Unnamed test",
        value=amount,
        unit=unit,
        sign=sign_of(observation),
        range=range_of(observation),
        when=_when(top, clock),
        status=top.heading.status or "no status",
        mark=_why_aside(top, clock) or _conflict(top, equals, clock) or _why_unused(top, clock),
        rejected=tuple(_told(one, clock) for one in newer if one not in equals)[:_MOST_REJECTED],
        source=top.heading.source,
        moment=top.heading.moment,
    )


def _when(entry: Entry, clock: Clock) -> str:
    charted = text(entry.resource.get("effectiveDateTime"))
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
            said = "too old for the calculators: their limit is"
            return beyond(moment.days_before(clock.now), look_back(name)[1], said)
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
    return value_of(one.resource) == value_of(other.resource)


def _told(entry: Entry, clock: Clock) -> str:
    return f"{_shown(entry)}, {clock.time(entry.heading.moment)}: {_why_aside(entry, clock)}"


def _shown(entry: Entry) -> str:
    return " ".join(filter(None, value_of(entry.resource) or ()))
