"""Observations sorted into candidates for the measured inputs (FHIR R4 Observation).

A code counts only if its system is LOINC, on the Observation or on a component. Members of a panel
are separate Observations, so `hasMember` is never followed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from clinical.calculators.inputs import INPUTS
from clinical.chart.codes.observations import (
    BEDSIDE_LOINC,
    BODY_POSITION,
    BODY_POSITION_LOINC,
    EXCLUDED_LOINC,
    EXCLUDED_METHODS,
    LOINC,
    SECOND_CHOICE_LOINC,
    SECOND_CHOICE_NAMES,
    SNOMED,
    STANDING_SNOMED,
    UREA_LOINC,
)
from clinical.chart.codes.systems import System, system_of
from clinical.chart.evidence import Candidate, Evidence, Flag, Recency, recency_of
from clinical.chart.quantity import read, upper_normal
from clinical.chart.resources.json_access import (
    Coding,
    codes_of,
    codings,
    label,
    names,
    source_of,
    text,
)
from clinical.chart.resources.scope import Resource, updated
from clinical.chart.resources.times import Moment, moment, observed
from clinical.chart.swapped import without_swapped
from shared.json_members import fields, items

# The codes of each input, in order of preference.
LOINC_OF: Mapping[str, tuple[str, ...]] = {
    name: known.loinc + BEDSIDE_LOINC.get(name, ()) for name, known in INPUTS.items()
}
_INPUT_OF = {code: name for name, codes in LOINC_OF.items() for code in codes}


@dataclass(frozen=True, slots=True)
class Heading:
    """The fields of an Observation that apply to all its values; `made_by` is method and site."""

    source: str
    status: str
    category: str
    moment: Moment | None
    codings: tuple[Coding, ...]
    standing: bool
    made_by: str
    notes: tuple[str, ...]


def heading_of(observation: Resource, zone: tzinfo | None) -> Heading:
    """Read the fields of an Observation that apply to all its values; never raises."""
    when = observed(observation, zone)
    method = label(observation.get("method"))
    return Heading(
        source=source_of(observation),
        status=text(observation.get("status")),
        category=", ".join(filter(None, map(label, items(observation.get("category"))))),
        moment=when,
        codings=codings(observation.get("code")),
        standing=_is_standing(observation),
        made_by="; ".join(
            name
            for key in ("method", "bodySite")
            if key in observation
            for name in names(observation[key])
        ),
        notes=tuple(
            filter(None, (when.note if when else "", f"method: {method}" if method else ""))
        ),
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One Observation, read once for everything shown or calculated from it.

    `candidates` come from it and its components, each with its input.
    """

    resource: Resource
    heading: Heading
    issued: datetime | None
    updated: datetime | None
    candidates: tuple[tuple[str, Candidate], ...]

    @property
    def recency(self) -> Recency:
        """Its sort key, the newest highest."""
        return recency_of(self.heading.moment, self.issued, self.updated)


class ObservationReader:
    """Reads each Observation once; `zone` is the site's time zone."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        # Keyed by identity. The entry keeps the resource alive, so its identity isn't reused.
        self._entries: dict[int, Entry] = {}

    def entry(self, observation: Resource) -> Entry:
        """Return the Observation as an entry; never raises."""
        known = self._entries.get(id(observation))
        if known is None:
            known = self._entries[id(observation)] = _entry(observation, self._zone)
        return known


def _entry(observation: Resource, zone: tzinfo | None) -> Entry:
    heading = heading_of(observation, zone)
    issued = moment(observation.get("issued"), zone)
    when = issued.instant if issued else None
    last = updated(observation)
    candidates = tuple(_candidates(observation, heading, when, last))
    if len(candidates) > 1:
        candidates = tuple(without_swapped(candidates))
    return Entry(observation, heading, when, last, candidates)


def measured(entries: Iterable[Entry]) -> Mapping[str, tuple[Candidate, ...]]:
    """Return the candidates for each measured input in the entries."""
    candidates: dict[str, list[Candidate]] = defaultdict(list)
    # A blood pressure in two Observations is one measurement too.
    for name, candidate in without_swapped([one for entry in entries for one in entry.candidates]):
        candidates[name].append(candidate)
    return {name: tuple(some) for name, some in candidates.items()}


def _candidates(
    observation: Resource, heading: Heading, issued: datetime | None, last: datetime | None
) -> Iterator[tuple[str, Candidate]]:
    parts = [(observation, _taken_at(heading), heading.codings)]
    for entry in map(fields, items(observation.get("component"))):
        panel = f"{heading.source} {heading.moment.text if heading.moment else ''}"
        parts.append((entry, panel, codings(entry.get("code"))))
    for holder, measurement, own in parts:
        loinc = {coding.code: coding for coding in own if _is_loinc(coding)}
        for name in dict.fromkeys(_INPUT_OF[code] for code in loinc if code in _INPUT_OF):
            # If an entry has both codes, read it as urea, which is the more cautious reading.
            code = next(code for code in (UREA_LOINC, *LOINC_OF[name]) if code in loinc)
            value = read(name, code, holder)
            flag, why = value.flag, value.why
            if excluded := _excluded(name, heading, own, holder.get("code")):
                flag, why = Flag.EXCLUDED_CODE, f"another measurement: {excluded}"
            is_second_choice = code in SECOND_CHOICE_LOINC.get(name, ())
            kind = (SECOND_CHOICE_NAMES[name],) if is_second_choice else ()
            evidence = Evidence(
                source=heading.source,
                charted=value.charted,
                value=None if flag else value.value,
                charted_value=value.charted_value,
                charted_unit=value.charted_unit,
                code=loinc[code],
                moment=heading.moment,
                status=heading.status,
                category=heading.category,
                measurement=measurement,
                normal_high=upper_normal(name, holder),
                half_digit=value.half_digit,
                notes=heading.notes + value.notes + kind,
            )
            yield (
                name,
                Candidate(
                    evidence,
                    flag,
                    why,
                    issued,
                    last,
                    is_second_choice,
                ),
            )


def _is_loinc(coding: Coding) -> bool:
    system = coding.system
    if system == LOINC:
        return True
    # Most systems are a vendor's own, and the full check is slower.
    may_be = system.endswith("113883.6.1") or "loinc" in system.lower()
    return may_be and system_of(system) is System.LOINC


def _taken_at(heading: Heading) -> str:
    """Return the measurement of a single value: values of the same instant share one."""
    if heading.moment is None:
        return heading.source
    return f"at {heading.moment.instant.timestamp():f}"


def _excluded(name: str, heading: Heading, own: tuple[Coding, ...], code: object) -> str:
    """Return what the Observation measures instead, by code, name, method or site, or ""."""
    if heading.standing and name in ("systolic_bp", "diastolic_bp"):
        return "standing"
    other = EXCLUDED_LOINC.get(name)
    if other is None:
        return ""
    loinc = (coding.code for coding in heading.codings + own if _is_loinc(coding))
    by_code = next((other[code] for code in loinc if code in other), "")
    if by_code or name not in EXCLUDED_METHODS:
        return by_code
    words, instead = EXCLUDED_METHODS[name]
    return instead if words.search("; ".join((heading.made_by, *names(code)))) else ""


def _is_standing(observation: Resource) -> bool:
    """Return whether the extension or a component says that the patient was standing."""
    if "extension" not in observation and "component" not in observation:
        return False
    extensions = map(fields, items(observation.get("extension")))
    components = map(fields, items(observation.get("component")))
    positions = (
        *(one for one in extensions if one.get("url") == BODY_POSITION),
        *(one for one in components if BODY_POSITION_LOINC in codes_of(one.get("code"), LOINC)),
    )
    return any(_says_standing(one.get("valueCodeableConcept")) for one in positions)


def _says_standing(position: object) -> bool:
    return STANDING_SNOMED in codes_of(position, SNOMED) or any(
        "standing" in name.lower() for name in names(position)
    )
