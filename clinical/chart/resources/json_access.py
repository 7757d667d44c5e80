"""Tolerant access to FHIR JSON (R4 datatypes): what is missing or misshapen reads as empty."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.fhir import references
from shared.json_members import fields, items

# Bounds what one field can add to a page; no code, reference or drug name comes near it.
LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Coding:
    """One code of a CodeableConcept; what was not given is the empty string."""

    system: str
    code: str
    display: str


def text(value: object) -> str:
    """The beginning of a JSON string; of anything else the empty string."""
    return value.strip()[:LONGEST_TEXT] if isinstance(value, str) else ""


def codings(concept: object) -> tuple[Coding, ...]:
    """The codings of a CodeableConcept in the order charted."""
    if not isinstance(concept, dict):
        return ()
    return tuple(
        [
            Coding(text(one.get("system")), text(one.get("code")), text(one.get("display")))
            for one in map(fields, items(concept.get("coding")))
        ]
    )


def codes_of(concept: object, system: str) -> tuple[str, ...]:
    """The codes of one code system; a code without its system is never taken."""
    return tuple(coding.code for coding in codings(concept) if coding.system == system)


def names(concept: object) -> tuple[str, ...]:
    """What a CodeableConcept is called: its text, then the displays of its codings."""
    called = (text(fields(concept).get("text")), *(coding.display for coding in codings(concept)))
    return tuple(dict.fromkeys(name for name in called if name))


def label(concept: object) -> str:
    """The one name to show for a CodeableConcept; without any its first code."""
    if own := text(fields(concept).get("text")):
        return own
    listed = codings(concept)
    called = (*(one.display for one in listed), *(one.code for one in listed))
    return next(filter(None, called), "")


def referenced_id(reference: object, resource_type: str) -> str:
    """The id in `Type/id`, relative, absolute or with a version; empty for any other reference.

    For what is about no patient: absolute references are taken on any server.
    """
    literal = fields(reference).get("reference")
    target = references.parse(literal, None) if isinstance(literal, str) else None
    return target.id if target is not None and target.type == resource_type else ""


def source_of(resource: Mapping[str, object]) -> str:
    """`Type/id` of a resource, to be shown as the source of a value."""
    return "/".join(part for part in (text(resource.get("resourceType")), id_of(resource)) if part)


def id_of(resource: Mapping[str, object]) -> str:
    """The logical id of a resource; empty where it has none."""
    return text(resource.get("id"))
