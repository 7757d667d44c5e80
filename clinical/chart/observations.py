"""Observations sorted into candidates for the measured inputs (FHIR R4 Observation).

A code counts only if its system is LOINC, or if the site's configuration lists it, on the
Observation or on a component. Members of a panel are separate Observations, so `hasMember` is never
followed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple, TypeVar

from clinical.calculators.inputs import INPUTS
from clinical.chart.codes.observations import (
    BEDSIDE_LOINC,
    EXCLUDED_LOINC,
    EXCLUDED_METHODS,
    LOINC,
    SECOND_CHOICE_LOINC,
    SECOND_CHOICE_NAMES,
    UREA_LOINC,
)
from clinical.chart.codes.systems import System, system_of
from clinical.chart.evidence import Candidate, Evidence, Flag, Recency, recency_of
from clinical.chart.quantity import QuantityReader, ReadQuantity, is_flagged, read_with_unit
from clinical.chart.resources.heading import Heading, HeadingReader
from clinical.chart.resources.json_access import Coding, Concept
from clinical.chart.resources.scope import Resource, updated
from clinical.chart.resources.times import moment
from clinical.chart.resources.written_range import Range
from clinical.chart.swapped import without_swapped
from shared.config.settings import LocalCode
from shared.frozen import dataclass
from shared.json_members import fields, items

# The codes of each input, in order of preference.
LOINC_OF: Mapping[str, tuple[str, ...]] = {
    name: known.loinc + BEDSIDE_LOINC.get(name, ()) for name, known in INPUTS.items()
}
C = TypeVar("C", Concept, str)
# The note of a value that was found by a hospital's own code.
LOCAL = "found by a local code"
_INPUT_OF = {code: name for name, codes in LOINC_OF.items() for code in codes}


@dataclass(frozen=True, slots=True)
class _Measured:
    """An input that a code identifies: the code that decides, and its coding.

    `local` is the configuration's entry for a hospital's own code, or None.
    """

    name: str
    code: str
    coding: Coding
    is_second_choice: bool
    local: LocalCode | None = None


class Entry(NamedTuple):
    """One Observation, read once for everything shown or calculated from it.

    `recency` is its sort key, the newest highest. `candidates` come from it and its components,
    each with its input.
    """

    resource: Resource
    heading: Heading
    recency: Recency
    candidates: tuple[tuple[str, Candidate], ...]


class ObservationReader:
    """Reads each Observation once; `zone` is the site's time zone, `local` has its own codes."""

    def __init__(self, zone: tzinfo | None, local: Iterable[LocalCode] = ()) -> None:
        self._zone = zone
        self._local = {(one.system, one.code): one for one in local}
        self._headings = HeadingReader(zone)
        self._quantities = QuantityReader()
        # Keyed by identity. The entry keeps the resource alive, so its identity isn't reused.
        self._entries: dict[int, Entry] = {}
        self._measured: dict[Concept, tuple[_Measured, ...]] = {}
        # A panel can have many components, and its code and method long texts.
        self._excluded: dict[tuple[str, Concept | str], str] = {}

    def entry(self, observation: Resource) -> Entry:
        """Return the Observation as an entry; never raises."""
        known = self._entries.get(id(observation))
        if known is None:
            known = self._entries[id(observation)] = self._read(observation)
        return known

    def local_codes(self) -> list[str]:
        """Return the hospital's own codes in what it has read, as `local_codes` does."""
        return local_codes(self._entries.values()) if self._local else []

    def _read(self, observation: Resource) -> Entry:
        heading = self._headings.heading(observation)
        issued = moment(observation.get("issued"), self._zone)
        when = issued.instant if issued else None
        recency = recency_of(heading.moment, when, updated(observation))
        found = []
        for element, at, code in self._parts(observation, heading):
            for one in self._measured_by(code):
                value = self._value(one, element)
                excluded = self._excluded_as(one.name, heading, code)
                normal = self._quantities.normal_range(one.name, element)
                evidence = _evidence(one, value, heading, at, normal, is_usable=not excluded)
                # A flag tells more than the range only if there's no range.
                if normal == (None, None) and "interpretation" in element:
                    evidence = evidence._replace(is_flagged=is_flagged(element))
                flag, why = value.flag, value.why
                if excluded:
                    flag, why = Flag.EXCLUDED_CODE, f"a different measurement: {excluded}"
                candidate = Candidate(evidence, flag, why, recency, one.is_second_choice)
                found.append((one.name, candidate))
        candidates = tuple(found if len(found) < 2 else without_swapped(found))
        return Entry(observation, heading, recency, candidates)

    def _value(self, one: _Measured, element: Resource) -> ReadQuantity:
        if one.local is None or not one.local.unit:
            return self._quantities.read(one.name, one.code, element)
        return read_with_unit(one.name, one.code, element, one.local.unit)

    def _parts(
        self, observation: Resource, heading: Heading
    ) -> list[tuple[Resource, str, Concept]]:
        """Return the Observation and its components, each with its measurement key and its code."""
        whole = (observation, _taken_at(heading), heading.code)
        if "component" not in observation:
            return [whole]
        panel = f"{heading.source} {heading.moment.text if heading.moment else ''}"
        components = map(fields, items(observation["component"]))
        return [
            whole,
            *((one, panel, self._headings.concept(one.get("code"))) for one in components),
        ]

    def _measured_by(self, code: Concept) -> tuple[_Measured, ...]:
        known = self._measured.get(code)
        if known is None:
            known = tuple(_inputs_of(code)) or tuple(self._local_inputs_of(code))
            self._measured[code] = known
        return known

    def _local_inputs_of(self, code: Concept) -> Iterator[_Measured]:
        """Yield the input of the first code that the configuration lists."""
        for coding in code.codings if self._local else ():
            if local := self._local.get((coding.system, coding.code)):
                yield _Measured(
                    local.input, coding.code, coding, is_second_choice=False, local=local
                )
                return

    def _excluded_as(self, name: str, heading: Heading, code: Concept) -> str:
        """Return what an Observation or component measures instead, by position, code, method or
        site, or "".
        """
        if heading.standing and name in ("systolic_bp", "diastolic_bp"):
            return "standing"
        if name not in EXCLUDED_LOINC:
            return ""
        by_code = self._known(_by_code, name, heading.code) or self._known(_by_code, name, code)
        if by_code or name not in EXCLUDED_METHODS:
            return by_code
        by_method = self._known(_by_words, name, heading.method_and_site)
        return by_method or _by_words(name, "; ".join(code.names))

    def _known(self, excluded: Callable[[str, C], str], name: str, by: C) -> str:
        known = self._excluded.get((name, by))
        if known is None:
            known = self._excluded[name, by] = excluded(name, by)
        return known


def measured(entries: Iterable[Entry]) -> Mapping[str, tuple[Candidate, ...]]:
    """Return the candidates for each measured input in the entries."""
    candidates: dict[str, list[Candidate]] = defaultdict(list)
    # A blood pressure in two Observations is one measurement too.
    for name, candidate in without_swapped([one for entry in entries for one in entry.candidates]):
        candidates[name].append(candidate)
    return {name: tuple(some) for name, some in candidates.items()}


def local_codes(entries: Iterable[Entry]) -> list[str]:
    """Return the hospital's own codes in the entries, each as `system|code`, sorted."""
    evidence = (candidate.evidence for entry in entries for _, candidate in entry.candidates)
    found = {
        f"{one.code.system}|{one.code.code}" for one in evidence if one.code and LOCAL in one.notes
    }
    return sorted(found)


def _inputs_of(code: Concept) -> Iterator[_Measured]:
    loinc = {coding.code: coding for coding in code.codings if _is_loinc(coding)}
    for name in dict.fromkeys(_INPUT_OF[code] for code in loinc if code in _INPUT_OF):
        # If an entry has both codes, read it as urea, which is the more cautious reading.
        decisive = next(code for code in (UREA_LOINC, *LOINC_OF[name]) if code in loinc)
        is_second_choice = decisive in SECOND_CHOICE_LOINC.get(name, ())
        yield _Measured(name, decisive, loinc[decisive], is_second_choice)


def _evidence(
    measured: _Measured,
    value: ReadQuantity,
    heading: Heading,
    measurement: str,
    normal: Range,
    *,
    is_usable: bool,
) -> Evidence:
    name = measured.name
    kind: tuple[str, ...] = (SECOND_CHOICE_NAMES[name],) if measured.is_second_choice else ()
    kind += (LOCAL,) if measured.local else ()
    # In the order of the fields, which takes half the time of naming them.
    return Evidence(
        heading.source,
        value.charted,
        value.value if is_usable and not value.flag else None,
        value.charted_value,
        value.charted_unit,
        measured.coding,
        heading.moment,
        heading.status,
        heading.category.label,
        measurement,
        *normal,
        value.half_digit,
        heading.notes + value.notes + kind,
    )


def _is_loinc(coding: Coding) -> bool:
    system = coding.system
    if system == LOINC:
        return True
    # Most systems are a vendor's own, and the full check is slower.
    may_be = system.endswith("113883.6.1") or "loinc" in system.lower()
    return may_be and system_of(system) is System.LOINC


def _taken_at(heading: Heading) -> str:
    """Return the measurement key of a single value, the same for all values of one instant."""
    return heading.source if heading.moment is None else _at(heading.moment.instant)


@lru_cache(maxsize=4096)
def _at(instant: datetime) -> str:
    return f"at {instant.timestamp():f}"


def _by_code(name: str, code: Concept) -> str:
    """Return what a code measures instead of an input, or ""."""
    other = EXCLUDED_LOINC[name]
    loinc = (coding.code for coding in code.codings if _is_loinc(coding))
    return next((other[code] for code in loinc if code in other), "")


def _by_words(name: str, text: str) -> str:
    """Return what was measured instead, if the text names such a method or site, or ""."""
    words, instead = EXCLUDED_METHODS[name]
    return instead if words.search(text) else ""
