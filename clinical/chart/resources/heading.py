"""The fields of an Observation that apply to all its values (FHIR R4 Observation).

A chart has thousands of Observations with few different codes and categories, so each is read once.
"""

from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

from clinical.chart.codes.observations import (
    BODY_POSITION,
    BODY_POSITION_LOINC,
    LOINC,
    SNOMED,
    STANDING_SNOMED,
)
from clinical.chart.resources.json_access import (
    Coding,
    Concept,
    codes_of,
    label,
    members_of,
    names,
    source_of,
    text,
)
from clinical.chart.resources.scope import Resource
from clinical.chart.resources.times import Moment, observed
from shared.frozen import dataclass
from shared.json_members import fields, items


@dataclass(frozen=True, slots=True)
class Category:
    """The categories of an Observation: their names, as one text, and their codes."""

    label: str
    codes: frozenset[str]


class Heading(NamedTuple):
    """The fields that apply to all values; `method_and_site` has the names of method and site."""

    source: str
    status: str
    category: Category
    moment: Moment | None
    code: Concept
    standing: bool
    method_and_site: str
    notes: tuple[str, ...]

    @property
    def codings(self) -> tuple[Coding, ...]:
        """The codings of its code, in charted order."""
        return self.code.codings


class HeadingReader:
    """Reads headings, and each code and category once; `zone` is the site's time zone."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._concepts: dict[tuple[object, ...], Concept] = {}
        self._categories: dict[tuple[Concept, ...], Category] = {}

    def heading(self, observation: Resource) -> Heading:
        """Read the fields of an Observation that apply to all its values; never raises."""
        when = observed(observation, self._zone)
        notes: tuple[str, ...] = (when.note,) if when and when.note else ()
        if "method" in observation and (method := label(observation["method"])):
            notes += (f"method: {method}",)
        # In the order of the fields, which takes half the time of naming them.
        return Heading(
            source_of(observation),
            text(observation.get("status")),
            self._category(items(observation.get("category"))),
            when,
            self.concept(observation.get("code")),
            _is_standing(observation),
            _method_and_site(observation),
            notes,
        )

    def concept(self, value: object) -> Concept:
        """Return a CodeableConcept as read, the same object for the same members."""
        members = members_of(value)
        try:
            known = self._concepts.get(members)
        except TypeError:
            # An object in place of a text.
            return Concept.of(members)
        if known is None:
            known = Concept.of(members)
            # Numbers can be chosen so that all of them have one hash, which would make each lookup
            # as slow as a search through all of them.
            if all(isinstance(one, str | None) for one in members):
                self._concepts[members] = known
        return known

    def _category(self, listed: Sequence[object]) -> Category:
        concepts = tuple([self.concept(one) for one in listed])
        known = self._categories.get(concepts)
        if known is None:
            codes = frozenset(coding.code for concept in concepts for coding in concept.codings)
            label = ", ".join(concept.label for concept in concepts if concept.label)
            known = self._categories[concepts] = Category(label, codes)
        return known


def _method_and_site(observation: Resource) -> str:
    if "method" not in observation and "bodySite" not in observation:
        return ""
    method_and_site = (observation.get("method"), observation.get("bodySite"))
    return "; ".join(name for concept in method_and_site for name in names(concept))


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
