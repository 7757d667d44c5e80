"""Whom a FHIR reference names, read in one way for all (FHIR R4 references.html).

A literal reference is read in those forms only in which every reader sees the same: `Type/id`,
with `/_history/version` at most, relative or on the FHIR base itself; `#id`; `urn:`. Servers
forgive more than that (white space, percent-encoding, dot segments, a query), each in its own way:
what is written otherwise is not interpreted but held to be about another patient as soon as a
willing reader could find one in it.
"""

import contextlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from shared import fhir_id, urls
from shared.fhir.resource_types import RESOURCE_TYPES

# Whom a reference names:
#   ours     the patient of the launch
#   another  another patient, or somebody who may be one: by identifier, or not plainly written
#   nobody   something that is no patient, or nothing at all
#   unread   written in no form that is read here, without a word of a patient
Whom = Literal["ours", "another", "nobody", "unread"]

_TYPES = frozenset(RESOURCE_TYPES)
_DEFINITION = "http://hl7.org/fhir/StructureDefinition/"
_ID = fhir_id.PATTERN
_RELATIVE = re.compile(
    rf"(?P<type>[A-Z][A-Za-z]{{1,63}})/(?P<id>{_ID})(?:/_history/(?P<version>{_ID}))?"
)
_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)
_CONTAINED = re.compile(f"#{_ID}")
_URN = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9-]{1,31}:[A-Za-z0-9.:_-]{1,200}")
_PATIENT = re.compile(r"(?<![a-z])patient(?![a-z])")
_MEMBERS = frozenset({"reference", "type", "identifier"})
_PLAIN = _MEMBERS | {"display"}
# From a contained resource to the one that holds it (FHIR R4 references.html).
_ITSELF = "#"
# What leads to no other resource.
_EMPTY = frozenset({"", "#"})
_LONGEST = 4096
_MOST_CODINGS = 8


@dataclass(frozen=True, slots=True)
class Target:
    """What a literal reference leads to. `version` is empty where it names none."""

    type: str
    id: str
    version: str = ""


def parse(reference: str, fhir_base: str | None) -> Target | None:
    """The target of a relative reference, or of an absolute one on the FHIR base; None for others.

    Of the base the default port, the case of the host, and http for https are forgiven. Where
    `fhir_base` is None the server of the resources is not known, and any may be meant.
    """
    below = _below(reference, fhir_base) if _ABSOLUTE.match(reference) else reference
    match = None if below is None else _RELATIVE.fullmatch(below)
    if match is None or match["type"] not in _TYPES:
        return None
    return Target(match["type"], match["id"], match["version"] or "")


def whom(
    reference: object, patient: str | None, fhir_base: str | None, *, may_be_a_patient: bool = True
) -> Whom:
    """Whom a Reference (parsed JSON) names.

    `may_be_a_patient` is whether a patient may stand in its element: an identifier whose `type` is
    not given then counts as a patient's.
    """
    if reference is None:
        return "nobody"
    if not isinstance(reference, Mapping):
        return "another"
    # What nearly all are, told without the rest.
    if (
        patient
        and reference.get("reference") == f"Patient/{patient}"
        and _PLAIN.issuperset(reference)
    ):
        return "ours"
    if any(member(name) in _MEMBERS.difference({name}) for name in reference):
        return "another"
    literal, kind = reference.get("reference"), reference.get("type")
    if literal is not None and not isinstance(literal, str):
        return "another"
    is_empty = literal is None or literal.strip() in _EMPTY
    named: Whom = "nobody" if is_empty else of_text(str(literal), patient, fhir_base)
    # A literal reference goes before an identifier, but not against its `type`.
    if named not in {"ours", "another"} and reference.get("identifier") is not None:
        if kind is not None and not _is_of_another_type(kind):
            return "another"
        if kind is None and may_be_a_patient and (is_empty or named == "unread"):
            return "another"
    return "unread" if is_empty and literal not in {None, _ITSELF} else named


def of_text(reference: str, patient: str | None, fhir_base: str | None) -> Whom:
    """Whom a literal reference names."""
    target = parse(reference, fhir_base)
    if target is not None:
        if target.type != "Patient":
            return "nobody"
        return "ours" if target.id == patient else "another"
    if reference == _ITSELF or _CONTAINED.fullmatch(reference):
        return "nobody"
    if _speaks_of_a_patient(reference):
        return "another"
    return "nobody" if _URN.fullmatch(reference) else "unread"


def member(name: str) -> str:
    """The name of a member as a lenient server takes it."""
    if name in _MEMBERS:
        return name
    plain = unicodedata.normalize("NFKC", name)
    return "".join(one for one in plain if one.isprintable() and not one.isspace()).casefold()


def _is_of_another_type(value: object) -> bool:
    name = value.removeprefix(_DEFINITION) if isinstance(value, str) else ""
    return name in _TYPES and name != "Patient"


def _below(reference: str, fhir_base: str | None) -> str | None:
    """What follows the FHIR base in an absolute reference."""
    if fhir_base is not None:
        return urls.relative_to(reference, fhir_base)
    try:
        base, *below = reference.rsplit("/", 4 if "/_history/" in reference else 2)
        urls.normalise_base(base)
    except ValueError:
        return None
    return "/".join(below)


def _speaks_of_a_patient(reference: str) -> bool:
    """Whether a willing reader could find a patient in it."""
    if len(reference) > _LONGEST:
        return True
    with contextlib.suppress(ValueError):
        reference = urls.path_of(reference)
    text = reference
    for _ in range(_MOST_CODINGS):
        decoded = unquote(text)
        if decoded == text:
            plain = unicodedata.normalize("NFKC", text).encode("ascii", "ignore").decode()
            return _PATIENT.search("".join(plain.split()).casefold()) is not None
        text = decoded
    return True
