"""Observations sorted into candidates for the measured inputs (FHIR R4 Observation).

A code counts only under the system http://loinc.org, on the Observation or on a component.
Members of a panel come by themselves, so `hasMember` is never followed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from clinical.calculators.inputs import INPUTS
from clinical.chart.codes.observations import (
    BEDSIDE_LOINC,
    BODY_POSITION,
    EXCLUDED_LOINC,
    LOINC,
    SECOND_CHOICE_LOINC,
    SNOMED,
    STANDING_SNOMED,
)
from clinical.chart.evidence import Candidate, Evidence, Flag, Recency, recency_of
from clinical.chart.quantity import read, upper_normal
from clinical.chart.resources.json_access import Coding, codes_of, codings, label, source_of, text
from clinical.chart.resources.scope import Resource, updated
from clinical.chart.resources.times import Moment, moment, observed
from shared.json_members import fields, items

# The codes of each input, in order of preference.
LOINC_OF: Mapping[str, tuple[str, ...]] = {
    name: known.loinc + BEDSIDE_LOINC.get(name, ()) for name, known in INPUTS.items()
}
_INPUT_OF = {code: name for name, codes in LOINC_OF.items() for code in codes}


@dataclass(frozen=True, slots=True)
class Heading:
    """What an Observation says about all its values."""

    source: str
    status: str
    category: str
    moment: Moment | None
    codings: tuple[Coding, ...]
    standing: bool
    notes: tuple[str, ...]


def heading_of(observation: Resource, zone: tzinfo | None) -> Heading:
    """Read what an Observation says about all its values; never raises."""
    when = observed(observation, zone)
    method = label(observation.get("method"))
    return Heading(
        source=source_of(observation),
        status=text(observation.get("status")),
        category=", ".join(filter(None, map(label, items(observation.get("category"))))),
        moment=when,
        codings=codings(observation.get("code")),
        standing=_is_standing(observation),
        notes=tuple(
            filter(None, (when.note if when else "", f"method: {method}" if method else ""))
        ),
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One Observation, read once for everything that is shown or calculated of it.

    `readings` are the candidates that it and its components are, each with its input.
    """

    resource: Resource
    heading: Heading
    issued: datetime | None
    updated: datetime | None
    readings: tuple[tuple[str, Candidate], ...]

    @property
    def recency(self) -> Recency:
        """Where it stands among others, the newest highest."""
        return recency_of(self.heading.moment, self.issued, self.updated)


class ObservationReader:
    """Reads each Observation once; `zone` is that of the site."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        # By identity; the resource is kept in the entry, so that its identity stays its own.
        self._entries: dict[int, Entry] = {}

    def entry(self, observation: Resource) -> Entry:
        """The Observation as an entry; never raises."""
        known = self._entries.get(id(observation))
        if known is None:
            known = self._entries[id(observation)] = _entry(observation, self._zone)
        return known


def _entry(observation: Resource, zone: tzinfo | None) -> Entry:
    heading = heading_of(observation, zone)
    issued = moment(observation.get("issued"), zone)
    when = issued.instant if issued else None
    last = updated(observation)
    readings = tuple(_candidates(observation, heading, when, last))
    return Entry(observation, heading, when, last, readings)


def measured(entries: Iterable[Entry]) -> Mapping[str, tuple[Candidate, ...]]:
    """The candidates for each measured input that the entries hold."""
    found: dict[str, list[Candidate]] = defaultdict(list)
    for entry in entries:
        for name, candidate in entry.readings:
            found[name].append(candidate)
    return {name: tuple(candidates) for name, candidates in found.items()}


def _candidates(
    observation: Resource, heading: Heading, issued: datetime | None, last: datetime | None
) -> Iterator[tuple[str, Candidate]]:
    parts = [(observation, _taken_at(heading), heading.codings)]
    for entry in map(fields, items(observation.get("component"))):
        panel = f"{heading.source} {heading.moment.text if heading.moment else ''}"
        parts.append((entry, panel, codings(entry.get("code"))))
    for holder, reading, own in parts:
        loinc = {coding.code: coding for coding in own if coding.system == LOINC}
        for name in dict.fromkeys(_INPUT_OF[code] for code in loinc if code in _INPUT_OF):
            code = next(code for code in LOINC_OF[name] if code in loinc)
            value = read(name, code, holder)
            flag, why = value.flag, value.why
            if excluded := _excluded(name, heading, own):
                flag, why = Flag.EXCLUDED_CODE, f"another measurement: {excluded}"
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
                reading=reading,
                normal_high=upper_normal(name, holder),
                notes=heading.notes + value.notes,
            )
            yield (
                name,
                Candidate(
                    evidence,
                    flag,
                    why,
                    issued,
                    last,
                    code in SECOND_CHOICE_LOINC.get(name, ()),
                ),
            )


def _taken_at(heading: Heading) -> str:
    """Single values belong to one reading where they were taken at the same instant."""
    if heading.moment is None:
        return heading.source
    return f"at {heading.moment.instant.timestamp():f}"


def _excluded(name: str, heading: Heading, own: tuple[Coding, ...]) -> str:
    """What the Observation measures instead, by another of its codes; empty where nothing."""
    if heading.standing and name in ("systolic_bp", "diastolic_bp"):
        return "standing"
    other = EXCLUDED_LOINC.get(name, {})
    loinc = (coding.code for coding in heading.codings + own if coding.system == LOINC)
    return next((other[code] for code in loinc if code in other), "")


def _is_standing(observation: Resource) -> bool:
    if "extension" not in observation:
        return False
    positions = (
        fields(extension).get("valueCodeableConcept")
        for extension in items(observation.get("extension"))
        if fields(extension).get("url") == BODY_POSITION
    )
    return any(STANDING_SNOMED in codes_of(position, SNOMED) for position in positions)
