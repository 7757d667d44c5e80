"""The values of a chart as the page lists them, marked if no calculator would use them. Pure.

FHIR R4 observation.html. For reading, not for calculating: nothing is converted, and numbers keep
their digits. A value that no calculator would use is marked with the reason. A value that never
counts (preliminary, dated in the future) doesn't hide one that does. Observations that are entered
in error, canceled or of another patient are left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby, islice, takewhile
from operator import attrgetter
from typing import Any

from clinical.chart import question
from clinical.chart.choice import does_not_count, set_aside
from clinical.chart.codes.observations import LOINC
from clinical.chart.evidence import Flag, Recency
from clinical.chart.observations import Entry
from clinical.chart.quantity import SHARES
from clinical.chart.resources.json_access import Concept, codings, text
from clinical.chart.resources.times import Moment
from clinical.clock import Clock
from shared.fhir import compartment
from shared.fhir.references import Compartment
from shared.frozen import dataclass
from shared.json_members import objects

from ..contradictions import Contradictions
from .observation_text import FRACTION, has_value, name_of, range_of, sign_of, value_of
from .wording import beyond, look_back

_HIDDEN_STATUSES = frozenset({"entered-in-error", "cancelled", "registered", "unknown"})
_MOST_REJECTED = 3
_LONGEST_TEXT = 60
_PRESSURE = "blood pressure"
_RECENCY = attrgetter("recency")


@dataclass(frozen=True, slots=True)
class ListedValue:
    """One line of the page.

    `value` and `unit` are as charted, the unit in words. `sign` and `range` are the EHR's
    interpretation and reference range. `when` is in the page's time zone. `mark` tells why no
    calculator uses the value, and is empty if one may. `is_old` means that the only reason is its
    age. `rejected` lists newer values that were passed over, each with the reason. `moment` and
    `source` identify the Observation. `remark` is what else a reader must know.
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
    is_old: bool = False
    remark: str = ""

    @property
    def remarks(self) -> tuple[str, ...]:
        """The remarks below the line: why the value isn't used, and newer unused values."""
        reason = "" if self.mark == self.status else self.mark
        newer = (f"newer, not used: {one}" for one in self.rejected)
        found = filter(None, (reason, self.remark, *newer))
        return tuple(f"{one[:1].upper()}{one[1:]}" for one in found)


def newest(entries: Iterable[Entry], clock: Clock) -> list[ListedValue]:
    """Return the newest usable value of each code in a patient's chart, sorted by name."""
    known = _by_code(entries).values()
    results = [_newest(_newest_first(of_code), clock) for of_code in known]
    results.sort(key=lambda one: (one[1].name.lower(), one[1].name, one[1].value))
    pressures = _by_time([one for one in results if _is_pressure(one[0])])
    results = [one for one in results if not _is_pressure(one[0])] + pressures
    results.sort(key=lambda one: _PRESSURE if _is_pressure(one[0]) else one[1].name.lower())
    return [result for _, result in results]


def every(
    entries: Iterable[Entry], patient: str, fhir_base: str, clock: Clock
) -> list[ListedValue]:
    """Return the patient's Observations with a value, newest first, each checked separately."""
    own = Compartment(patient, fhir_base)
    known = _by_code(one for one in entries if compartment.belongs(one.resource, own))
    listed = _newest_first([one for of_code in known.values() for one in of_code])
    # Prepared for lookup, because one test may have thousands of entries.
    of_one_time = {
        id(one): others
        for of_code in known.values()
        for of_time in _by_recency(of_code)
        for others in [_that_count(of_time, clock)]
        for one in of_time
    }
    return [_result(one, (), of_one_time[id(one)].of(one), clock) for one in listed]


def _by_recency(entries: list[Entry]) -> Iterable[list[Entry]]:
    groups: dict[Recency, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.recency].append(entry)
    return groups.values()


def _that_count(of_time: list[Entry], clock: Clock) -> Contradictions:
    return Contradictions((one for one in of_time if not _why_aside(one, clock)), _amount)


def _by_code(entries: Iterable[Entry]) -> Mapping[str, list[Entry]]:
    """Return the entries to show, by test."""
    groups: dict[str, list[Entry]] = defaultdict(list)
    tests: dict[Concept, str] = {}
    for entry in entries:
        if entry.heading.status in _HIDDEN_STATUSES or not has_value(entry.resource):
            continue
        code = entry.heading.code
        if code not in tests:
            tests[code] = _test(code)
        groups[tests[code]].append(entry)
    return groups


def _test(code: Concept) -> str:
    """Return the key of a test: its first coding that has a system, or its name."""
    coded = (f"{one.system}|{one.code}" for one in code.codings if one.system and one.code)
    return next(coded, code.label)


def _is_pressure(entry: Entry) -> bool:
    return any(name in ("systolic_bp", "diastolic_bp") for name, _ in entry.candidates)


def _by_time(pressures: list[tuple[Entry, ListedValue]]) -> list[tuple[Entry, ListedValue]]:
    """Return blood pressure panels and single values, newest first, with a remark on older ones.

    They are one test with three codes. Listed separately, an older panel would look like the
    newest.
    """
    ordered = sorted(pressures, key=lambda one: one[1].name, reverse=True)
    ordered.sort(key=lambda one: one[0].recency[0], reverse=True)
    return [
        (top, replace(result, remark="a newer reading is listed above"))
        if top.recency[0] < ordered[0][0].recency[0]
        else (top, result)
        for top, result in ordered
    ]


def _newest_first(entries: list[Entry]) -> list[Entry]:
    ordered: list[Entry] = []
    for _, group in groupby(sorted(entries, key=_RECENCY, reverse=True), _RECENCY):
        of_time = list(group)
        if len(of_time) > 1:
            # By their text, because the order of the pages must not decide.
            of_time.sort(key=lambda entry: (entry.heading.source, _shown(entry)))
        ordered += of_time
    return ordered


def _newest(ordered: list[Entry], clock: Clock) -> tuple[Entry, ListedValue]:
    """Return the entry to show of a test, and its line: the newest that counts, or else of all."""
    at = next((at for at, one in enumerate(ordered) if not _why_aside(one, clock)), 0)
    top = ordered[at]
    newer = (one for one in ordered[:at] if one.recency != top.recency)
    not_older = takewhile(lambda one: one.recency >= top.recency, ordered)
    of_time = [one for one in not_older if one.recency == top.recency]
    other = _that_count(of_time, clock).of(top)
    return top, _result(top, islice(newer, _MOST_REJECTED), other, clock)


def _result(top: Entry, newer: Iterable[Entry], other: Entry | None, clock: Clock) -> ListedValue:
    """Return the line of an entry; `newer` entries weren't used, and `other` contradicts it."""
    observation: Any = top.resource
    amount, unit = _amount(top)
    odd = _why_aside(top, clock) or _why_unused(top, clock)
    if other and not odd:
        odd = f"another value from the same time: {_shown(other)}"
    old = "" if odd else _too_old(top, clock)
    return ListedValue(
        name=name_of(observation.get("code")) or "Unnamed test",
        value=amount,
        unit=unit,
        sign=sign_of(observation),
        range=range_of(observation),
        when=_when(top, clock),
        status=top.heading.status or "no status",
        mark=odd or old,
        rejected=tuple(_rejection(one, clock) for one in newer),
        source=top.heading.source,
        moment=top.heading.moment,
        is_old=bool(old),
    )


def _when(entry: Entry, clock: Clock) -> str:
    charted = text(entry.resource.get("effectiveDateTime"))
    if entry.heading.moment is None and charted:
        return f"no readable date: {charted[:_LONGEST_TEXT]}"
    return clock.time(entry.heading.moment)


def _why_aside(entry: Entry, clock: Clock) -> str:
    """Return why an entry never counts, or "" if it may."""
    reason = does_not_count(entry.heading.status, entry.heading.moment, clock.now)
    if reason is not None:
        return "preliminary" if reason[0] is Flag.PRELIMINARY else reason[1]
    passed = [set_aside(candidate, clock.now) for _, candidate in entry.candidates]
    if passed and all(passed):
        return next(one.why for one in passed if one)
    return ""


def _why_unused(entry: Entry, clock: Clock) -> str:
    """Return why no calculator uses a valid value, or "" if one may or none needs it."""
    for _, candidate in entry.candidates:
        if candidate.flag and set_aside(candidate, clock.now) is None:
            return candidate.why
    if not entry.candidates and not _has_loinc(entry):
        return "the test has no LOINC code"
    return ""


def _has_loinc(entry: Entry) -> bool:
    parts = objects(entry.resource.get("component"))
    of_parts = (coding for part in parts for coding in codings(part.get("code")))
    return any(coding.system == LOINC for coding in (*entry.heading.codings, *of_parts))


def _too_old(entry: Entry, clock: Clock) -> str:
    """Return the text for a value that's too old for every calculator, or ""."""
    moment = entry.heading.moment
    for name, _ in entry.candidates:
        if moment and not question(name, clock.now).in_time(moment):
            prefix = "too old for the calculators, whose limit is"
            return beyond(moment.days_before(clock.now), look_back(name)[1], prefix)
    return ""


def _rejection(entry: Entry, clock: Clock) -> str:
    return f"{_shown(entry)}, {clock.time(entry.heading.moment)}: {_why_aside(entry, clock)}"


def _shown(entry: Entry) -> str:
    return " ".join(filter(None, _amount(entry)))


def _amount(entry: Entry) -> tuple[str, str]:
    """Return value and unit as charted; "1" is a unit only if the input can be in percent."""
    amount = value_of(entry.resource)
    if amount[1] == FRACTION and not any(name in SHARES for name, _ in entry.candidates):
        return amount[0], ""
    return amount
