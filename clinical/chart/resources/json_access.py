"""Tolerant access to FHIR JSON (R4 datatypes): missing or malformed elements read as empty."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.fhir import references
from shared.json_members import fields, items

# Limits the text that one field can add to a page. Codes, references and drug names are shorter.
LONGEST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Coding:
    """One code of a CodeableConcept; missing parts are empty strings."""

    system: str
    code: str
    display: str


def text(value: object) -> str:
    """Return the beginning of a JSON string, or "" for anything else."""
    return value.strip()[:LONGEST_TEXT] if isinstance(value, str) else ""


def codings(concept: object) -> tuple[Coding, ...]:
    """Return the codings of a CodeableConcept in charted order."""
    if not isinstance(concept, dict):
        return ()
    return tuple(
        [
            Coding(text(one.get("system")), text(one.get("code")), text(one.get("display")))
            for one in map(fields, items(concept.get("coding")))
        ]
    )


def codes_of(concept: object, system: str) -> tuple[str, ...]:
    """Return the codes of one code system; codes without a system never count."""
    return tuple(coding.code for coding in codings(concept) if coding.system == system)


def names(concept: object) -> tuple[str, ...]:
    """Return the names of a CodeableConcept: its text, then the displays of its codings."""
    called = (text(fields(concept).get("text")), *(coding.display for coding in codings(concept)))
    return tuple(dict.fromkeys(name for name in called if name))


def label(concept: object) -> str:
    """Return the name to show for a CodeableConcept, otherwise its first code."""
    if own := text(fields(concept).get("text")):
        return own
    listed = codings(concept)
    called = (*(one.display for one in listed), *(one.code for one in listed))
    return next(filter(None, called), "")


def referenced_id(reference: object, resource_type: str) -> str:
    """Return the id in `Type/id`, relative, absolute or with a version, or "".

    Only for resources that aren't about a patient: absolute references count on any server.
    """
    literal = fields(reference).get("reference")
    target = references.parse(literal, None) if isinstance(literal, str) else None
    return target.id if target is not None and target.type == resource_type else ""


def source_of(resource: Mapping[str, object]) -> str:
    """Return a resource's `Type/id`, to show as the source of a value."""
    return "/".join(part for part in (text(resource.get("resourceType")), id_of(resource)) if part)


def id_of(resource: Mapping[str, object]) -> str:
    """Return the logical id of a resource, or ""."""
    return text(resource.get("id"))
