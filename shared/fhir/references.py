"""Interpret FHIR references in the same way everywhere (FHIR R4 references.html).

A literal reference is interpreted only in the forms that every reader sees the same way: `Type/id`,
optionally with `/_history/version`, relative or on the FHIR base itself; `#id`; `urn:`. Servers
tolerate more (white space, percent-encoding, dot segments, a query), each in its own way. Other
spellings aren't interpreted, but count as another patient as soon as a lenient reader could find a
patient in them.
"""

import contextlib
import unicodedata
from typing import Literal
from urllib.parse import unquote

from shared import fhir_id, urls
from shared.fhir.resource_types import RESOURCE_TYPES
from shared.frozen import dataclass
from shared.patterns import pattern

# The target of a reference:
#   `ours`     the patient of the launch
#   `another`  another patient, or possibly one: by identifier, or in an unclear spelling
#   `nobody`   not a patient, or nothing at all
#   `unread`   a form that isn't interpreted here, and doesn't mention a patient
Whom = Literal["ours", "another", "nobody", "unread"]

_TYPES = frozenset(RESOURCE_TYPES)
_DEFINITION = "http://hl7.org/fhir/StructureDefinition/"
_ID = fhir_id.PATTERN
_RELATIVE = pattern(
    rf"(?P<type>[A-Z][A-Za-z]{{1,63}})/(?P<id>{_ID})(?:/_history/(?P<version>{_ID}))?"
)
_ABSOLUTE = pattern(r"(?i)https?://")
_CONTAINED = pattern(f"#{_ID}")
_URN = pattern(r"urn:[A-Za-z0-9][A-Za-z0-9-]{1,31}:[A-Za-z0-9.:_-]{1,200}")
_PATIENT = pattern(r"(?<![a-z])patient(?![a-z])")
_MEMBERS = frozenset({"reference", "type", "identifier"})
_PLAIN = _MEMBERS | {"display"}
# The spellings that the `type` of a reference to a patient may have.
PATIENT_TYPES = frozenset({"Patient", f"{_DEFINITION}Patient"})
# From a contained resource to its container (FHIR R4 references.html).
_ITSELF = "#"
# References that don't lead to another resource.
_EMPTY = frozenset({"", "#"})
_LONGEST = 4096
_MOST_CODINGS = 8


@dataclass(frozen=True, slots=True)
class Compartment:
    """The patient compartment that a document is compared with: the patient, None if there is none,
    and the FHIR base on which references are read, None if any server may have sent the document.

    `outside`: it comes from outside the FHIR base, so its ids and relative references are another
    server's.
    """

    patient: str | None
    fhir_base: str | None
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a literal reference. `version` is empty if it names none."""

    type: str
    id: str
    version: str = ""


def parse(reference: str, fhir_base: str | None) -> Target | None:
    """Return the target of a relative reference, or of an absolute one on the FHIR base. None for
    others.

    In the base, the default port, the case of the host, and http for https are tolerated. If
    `fhir_base` is None, the server of the resources is unknown, and any base is accepted.
    """
    below = _below(reference, fhir_base) if _ABSOLUTE.match(reference) else reference
    match = None if below is None else _RELATIVE.fullmatch(below)
    if match is None or match["type"] not in _TYPES:
        return None
    return Target(match["type"], match["id"], match["version"] or "")


def leads_here(reference: str, fhir_base: str) -> bool:
    """Return whether a literal reference in a document from outside the FHIR base leads to a
    resource below the base, or to one that the document's resource contains.
    """
    if reference.startswith(_ITSELF):
        return True
    return bool(_ABSOLUTE.match(reference)) and parse(reference, fhir_base) is not None


def whom(reference: object, known: Compartment, *, may_be_a_patient: bool = True) -> Whom:
    """Return the target of a Reference (parsed JSON).

    `may_be_a_patient` is whether its element may contain a patient: then an identifier without a
    `type` counts as a patient's.
    """
    if reference is None:
        return "nobody"
    if not isinstance(reference, dict):
        return "another"
    # The common case, without the other checks.
    if (
        known.patient
        and not known.outside
        and reference.get("reference") == f"Patient/{known.patient}"
        and _PLAIN.issuperset(reference)
        and ("type" not in reference or reference["type"] == "Patient")
    ):
        return "ours"
    if any(member(name) in _MEMBERS.difference({name}) for name in reference):
        return "another"
    literal, kind = reference.get("reference"), reference.get("type")
    if literal is not None and not isinstance(literal, str):
        return "another"
    is_empty = literal is None or literal.strip() in _EMPTY
    named: Whom = "nobody" if is_empty else of_text(str(literal), known)
    # A reference that contradicts itself proves nothing.
    if named == "ours" and not (kind is None or (isinstance(kind, str) and kind in PATIENT_TYPES)):
        return "unread"
    # A literal reference takes precedence over an identifier, but not over its `type`.
    if named not in {"ours", "another"} and reference.get("identifier") is not None:
        if kind is not None and not _is_of_another_type(kind):
            return "another"
        if kind is None and may_be_a_patient and (is_empty or named == "unread"):
            return "another"
    return "unread" if is_empty and literal not in {None, _ITSELF} else named


def of_text(reference: str, known: Compartment) -> Whom:
    """Return the target of a literal reference."""
    target = parse(reference, known.fhir_base)
    if target is not None:
        if target.type != "Patient":
            return "nobody"
        is_proved = not known.outside or _ABSOLUTE.match(reference)
        return "ours" if target.id == known.patient and is_proved else "another"
    if reference == _ITSELF or _CONTAINED.fullmatch(reference):
        return "nobody"
    if _speaks_of_a_patient(reference):
        return "another"
    return "nobody" if _URN.fullmatch(reference) else "unread"


def member(name: str) -> str:
    """Return the name of a member as a lenient server reads it."""
    if name in _MEMBERS:
        return name
    plain = unicodedata.normalize("NFKC", name)
    return "".join(one for one in plain if one.isprintable() and not one.isspace()).casefold()


def _is_of_another_type(value: object) -> bool:
    name = value.removeprefix(_DEFINITION) if isinstance(value, str) else ""
    return name in _TYPES and name != "Patient"


def _below(reference: str, fhir_base: str | None) -> str | None:
    """Return the part of an absolute reference after the FHIR base."""
    if fhir_base is not None:
        return urls.relative_to(reference, fhir_base)
    try:
        base, *below = reference.rsplit("/", 4 if "/_history/" in reference else 2)
        urls.normalise_base(base)
    except ValueError:
        return None
    return "/".join(below)


def _speaks_of_a_patient(reference: str) -> bool:
    """Return whether a lenient reader could find a patient in it."""
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
