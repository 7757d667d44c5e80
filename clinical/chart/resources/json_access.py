"""Tolerant access to FHIR JSON (R4 datatypes): missing or malformed elements read as empty."""

from collections.abc import Iterable, Mapping

from shared.fhir import references
from shared.frozen import dataclass
from shared.json_members import cleaned, fields, items

# Limits the text that one field can add to a page. Codes, references and drug names are shorter.
LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Coding:
    """One code of a CodeableConcept; missing parts are empty strings."""

    system: str
    code: str
    display: str


def text(value: object) -> str:
    """Return the beginning of a JSON string, cleaned, or "" for anything else."""
    if not isinstance(value, str):
        return ""
    if len(value) > LONGEST_TEXT:
        value = value.strip()[:LONGEST_TEXT]
    # Most texts are ids and codes. A chart has a hundred thousand.
    return value if value.isalnum() else cleaned(value)


@dataclass(frozen=True, slots=True)
class Concept:
    """A CodeableConcept: its codings in charted order, its names, and the name to show.

    Compared by identity, which makes it a fast key for what depends only on it.
    """

    codings: tuple[Coding, ...]
    names: tuple[str, ...]
    label: str

    __eq__, __hash__ = object.__eq__, object.__hash__

    @classmethod
    def of(cls, members: Iterable[object]) -> "Concept":
        """Return the concept with these members (`members_of`)."""
        own, *parts = map(text, members)
        listed = tuple([Coding(*parts[at : at + 3]) for at in range(0, len(parts), 3)])
        displays = [coding.display for coding in listed]
        names = tuple(dict.fromkeys(name for name in (own, *displays) if name))
        shown = (own, *displays, *(coding.code for coding in listed))
        return cls(listed, names, next(filter(None, shown), ""))


def members_of(concept: object) -> tuple[object, ...]:
    """Return the text of a CodeableConcept, then system, code and display of each coding."""
    if not isinstance(concept, dict):
        return (None,)
    members = [concept.get("text")]
    for one in items(concept.get("coding")):
        get = fields(one).get
        members += (get("system"), get("code"), get("display"))
    return tuple(members)


def codings(concept: object) -> tuple[Coding, ...]:
    """Return the codings of a CodeableConcept in charted order."""
    return Concept.of(members_of(concept)).codings


def codes_of(concept: object, system: str) -> tuple[str, ...]:
    """Return the codes of one code system; codes without a system never count."""
    return tuple(coding.code for coding in codings(concept) if coding.system == system)


def names(concept: object) -> tuple[str, ...]:
    """Return the names of a CodeableConcept: its text, then the displays of its codings."""
    return Concept.of(members_of(concept)).names


def label(concept: object) -> str:
    """Return the name to show for a CodeableConcept, otherwise its first code."""
    return Concept.of(members_of(concept)).label


def referenced_id(reference: object, resource_type: str) -> str:
    """Return the id in `Type/id`, relative, absolute or with a version, or "".

    Only for resources that aren't about a patient: absolute references count on any server.
    """
    literal = fields(reference).get("reference")
    target = references.parse(literal, None) if isinstance(literal, str) else None
    return target.id if target is not None and target.type == resource_type else ""


def source_of(resource: Mapping[str, object]) -> str:
    """Return a resource's `Type/id`, to show as the source of a value."""
    kind, known = text(resource.get("resourceType")), text(resource.get("id"))
    return f"{kind}/{known}" if kind and known else kind or known


def id_of(resource: Mapping[str, object]) -> str:
    """Return the logical id of a resource unchanged, or "". To show it, use `source_of`."""
    known = resource.get("id")
    return known if isinstance(known, str) else ""
