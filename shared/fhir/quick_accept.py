"""A fast acceptance check for the common response: plain resources that are all about the patient.

The bytes are decoded once into types that name only the checked members (msgspec), and each value
is compared as it's decoded. There is no fast rejection: anything other than the one plain case is
read strictly and checked like every other response (shared/strict_json.py, compartment.py,
nested.py).

Why accepting is sound: the decoder visits every occurrence of each member that a type names, under
any spelling of its name, and rejects the document if one doesn't fit. So if a member is repeated,
the reader that uses the first and the one that uses the last both see an accepted value.

- Each resource has an allowed type. Its one element that names the patient (`subject`, `patient`
  and the like, `id` for a Patient) is an object with only `reference`, `type`, `identifier` and
  `display`, every `reference` in it names the patient as shared/fhir/references.py reads it, and
  every `type` in it names a patient's type.
- There is no resource anywhere else. Each resource has exactly one member `resourceType`, and the
  bytes contain these letters, in any case, exactly as often as there are resources. No escape in
  them spells a letter, and they contain no `ſ`, the one other character that a lenient reader takes
  for one of these letters (`str.casefold`).
- A Bundle has at least one entry, and at most one member `link` that isn't empty: the number of
  links seen equals the number in the last one. The first one has the same number, so it's the same.

Only links and entries that fit become objects. A compared value must be a text, and everything else
is skipped. So no document grows beyond a few times its size.

This is weaker than the strict check in some ways, because nothing is built from the skipped parts:
a repeated member in a part that isn't checked, a repeated `entry` that is empty, a number of
thousands of digits, and more values than shared/strict_json.py allows are passed on unchanged.
"""

import enum
import json
import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import Any, Literal, NamedTuple, Self, Union

import msgspec
import stringzilla

from shared.fhir import bundle_links, compartment
from shared.fhir.bundle_links import Links
from shared.fhir.references import Compartment, of_text
from shared.frozen import dataclass

_WORD = b"resourcetype"
_PIECE_BYTES = 65_536
# For a response of this size, a decoder for the patient saves more than the 0.3 ms that it costs.
_LARGE_BYTES = 262_144
_MOST_LINKS = 100
# FHIR R4 has 148 types of resources. The decoder for 68 of them takes 84 kB.
_MOST_TYPES = 150
# An escape of a letter in that word, or of the long s.
_SPELLED = re.compile(rb"\\u(?:00[4-7]|017[fF])")
_TO_LOWER_CASE = bytes.maketrans(ascii_uppercase.encode(), ascii_lowercase.encode())
_BEYOND_ASCII = bytes(range(128, 256))
_LONG_S = "\N{LATIN SMALL LETTER LONG S}"


@dataclass(frozen=True, slots=True)
class Expected:
    """The response that a request may have.

    `types` are the allowed resource types. Resources of `open_types` (`*`: all of them) may be
    about anyone. `is_bundle`: it's a Bundle of such resources, otherwise one of them. `id` is the
    id that each must have, or None for any. `mainly` is the type that most of them probably have.
    """

    types: frozenset[str]
    open_types: frozenset[str]
    compartment: Compartment
    is_bundle: bool
    id: str | None = None
    mainly: str = ""


class _Current:
    """The state while a response is read: what is expected, and the number of links seen."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected
        self.patient = f"Patient/{expected.compartment.patient}"
        self.links = 0


_current: ContextVar[_Current] = ContextVar("current")


# A compared text is an enumeration, the kind of custom type for which the decoder requires a text.
# For other types, it decodes the entire value before it calls our code. The only value that it
# accepts without a call is unknown outside of this process, or a usual reference to the patient.
class _Reference(enum.Enum):
    FITS = secrets.token_hex()

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        current = _current.get()
        if value == current.patient:
            return _FITS
        ours = of_text(str(value), current.expected.compartment) == "ours"
        return _FITS if ours else None


# In Python 3.11, an enumeration looks up a member by calling Python code.
_FITS = _Reference.FITS


class _KnownReference(enum.Enum):
    """The base of an enumeration of the usual references to one patient. The decoder accepts its
    values without a call. The calls were a fifth of the time of this check.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return next(iter(cls)) if _Reference._missing_(value) else None


class _Patient(enum.Enum):
    FITS = secrets.token_hex()

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return _Patient.FITS if value == _current.get().expected.compartment.patient else None


class _Id(enum.Enum):
    FITS = secrets.token_hex()

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return _Id.FITS if value == _current.get().expected.id else None


class _Relation(enum.Enum):
    FITS = secrets.token_hex()

    @classmethod
    def _missing_(cls, _value: object) -> Self | None:
        current = _current.get()
        current.links += 1
        return _Relation.FITS if current.links <= _MOST_LINKS else None


class _Nothing(enum.Enum):
    FITS = secrets.token_hex()


def _reference(kind: type[enum.Enum]) -> type[msgspec.Struct]:
    """Return the type of a FHIR Reference to the patient."""
    others = ((name, _SKIPPED, msgspec.UNSET) for name in ("identifier", "display"))
    of_type = ("type", _PatientType | msgspec.UnsetType, msgspec.UNSET)
    return msgspec.defstruct(
        "ToPatient", [("reference", kind), of_type, *others], forbid_unknown_fields=True, gc=False
    )


_PatientType = Literal["Patient", "http://hl7.org/fhir/StructureDefinition/Patient"]
_SKIPPED = msgspec.Raw | msgspec.UnsetType
_ToPatient = _reference(_Reference)


class _Link(msgspec.Struct, gc=False):
    relation: _Relation
    url: str


class _NoResource(msgspec.Struct, tag_field="resourceType", tag=""):
    """Makes a union of one type: only in a union must a tag be present. No value matches it: it
    must have a member, and any value of that member is rejected.
    """

    refused: _Nothing


def accept(body: bytes, expected: Expected) -> Links | None:
    """Return the links of a response's Bundle if the entire response may be released, or None if
    this check can't decide.
    """
    opened = _open(expected)
    if max(len(expected.types), len(opened)) > _MOST_TYPES:
        return None
    kind = _Kind(
        expected.types,
        opened,
        expected.compartment.patient is not None,
        expected.is_bundle,
        expected.id is not None,
    )
    form = _decoder(kind)
    if form is not None and len(body) >= _LARGE_BYTES and form.names_patient(expected.mainly):
        known = _Known(expected.mainly, expected.compartment)
        form = _decoder(kind, known)
    if form is None:
        return None
    current = _Current(expected)
    before = _current.set(current)
    try:
        # Skipped parts aren't decoded, so nothing else would detect invalid UTF-8.
        if stringzilla.find_first_of(body, _BEYOND_ASCII) >= 0 and _LONG_S in body.decode():
            return None
        document = form.decoder.decode(body)
        resources = 1 + len(document.entry) if expected.is_bundle else 1
        if resources == 1 and expected.is_bundle:
            return None
        if _words(body) != resources or _spells_a_letter(body):
            return None
        if not expected.is_bundle or document.link is msgspec.UNSET:
            return Links()
        return _links(body, len(document.link)) if current.links == len(document.link) else None
    except (ValueError, RecursionError):
        return None
    finally:
        _current.reset(before)


class _Call(msgspec.Struct, gc=False):
    prefetch: dict[str, msgspec.Raw]


def accepted_keys(body: bytes, expected: Expected) -> frozenset[str]:
    """Return the keys of the prefetch in a CDS Hooks call whose value is accepted. `body` has
    passed strict parsing, so no key is repeated.
    """
    try:
        prefetch = msgspec.json.decode(body, type=_Call).prefetch
    except (ValueError, RecursionError):
        return frozenset()
    return frozenset(
        key for key, raw in prefetch.items() if accept(bytes(raw), expected) is not None
    )


def _links(body: bytes, count: int) -> Links | None:
    """Return the links of a Bundle whose last member `link` has this many. None if its first one
    doesn't, or can't be found.
    """
    place = bundle_links.first_in_head(body) or bundle_links.only(body)
    if place is None:
        return None
    links = json.loads(body[slice(*place)])
    return Links(tuple(links), place) if len(links) == count else None


def _words(body: bytes) -> int:
    """Count the letters of `resourceType`, in any case, in chunks that avoid a copy of the entire
    body.
    """
    view, size = memoryview(body), _PIECE_BYTES + len(_WORD) - 1
    return sum(
        stringzilla.count(stringzilla.translate(view[at : at + size], _TO_LOWER_CASE), _WORD)
        for at in range(0, len(body), _PIECE_BYTES)
    )


def _spells_a_letter(body: bytes) -> bool:
    """Return whether an escape may spell a letter of `resourceType`."""
    at: int = stringzilla.find(body, b"\\u")
    return at >= 0 and _SPELLED.search(body, at) is not None


def _open(expected: Expected) -> frozenset[str]:
    return expected.types if "*" in expected.open_types else expected.open_types


class _Kind(NamedTuple):
    """The properties of a response that its decoder depends on."""

    types: frozenset[str]
    open_types: frozenset[str]
    has_patient: bool
    is_bundle: bool
    has_id: bool


class _Known(NamedTuple):
    """The type that most resources have, and the compartment of the patient that they name."""

    mainly: str
    of: Compartment

    def references(self) -> list[str]:
        """Return the usual references to the patient."""
        relative = f"Patient/{self.of.patient}"
        usual = (relative, f"{self.of.fhir_base}/{relative}")
        return [one for one in usual if of_text(one, self.of) == "ours"]


class _Form(NamedTuple):
    """The decoder of a response, and for each resource type the checked members and what it's
    decoded into.
    """

    fields: Mapping[str, Mapping[str, Any]]
    structs: Mapping[str, type[msgspec.Struct]]
    decoder: msgspec.json.Decoder[Any]

    def names_patient(self, resource_type: str) -> bool:
        """Return whether resources of this type have a reference to the patient."""
        return _ToPatient in self.fields.get(resource_type, {}).values()


@lru_cache(maxsize=128)
def _decoder(kind: _Kind, known: _Known | None = None) -> _Form | None:
    """Return the form of a response, None if this check supports none of these types. With
    `known`, it's for one patient.
    """
    general = _decoder(kind) if known else None
    if known and general:
        names = {f"FITS{number}": text for number, text in enumerate(known.references())}
        # Calling an enumeration without members makes a subclass, which mypy doesn't know.
        own = _reference(_KnownReference("Own", names))  # type: ignore[call-arg, arg-type]
        own_fields = {
            name: own if checked is _ToPatient else checked
            for name, checked in general.fields[known.mainly].items()
        }
        structs = {**general.structs, known.mainly: _struct(known.mainly, own_fields)}
        return _Form(general.fields, structs, _decoder_of(structs, is_bundle=kind.is_bundle))
    looked_at = {
        one: {**fields, "id": _Id} if kind.has_id else fields
        for one in kind.types
        if (fields := _fields(one, is_open=one in kind.open_types, has_patient=kind.has_patient))
        is not None
        and not (kind.has_id and "id" in fields)
    }
    if not looked_at:
        return None
    structs = {one: _struct(one, fields) for one, fields in looked_at.items()}
    return _Form(looked_at, structs, _decoder_of(structs, is_bundle=kind.is_bundle))


def _struct(name: str, fields: Mapping[str, Any]) -> type[msgspec.Struct]:
    return msgspec.defstruct(name, fields.items(), tag_field="resourceType", tag=name, gc=False)


def _decoder_of(
    structs: Mapping[str, type[msgspec.Struct]], *, is_bundle: bool
) -> msgspec.json.Decoder[Any]:
    resource: Any = Union[(*structs.values(), _NoResource)]
    if not is_bundle:
        return msgspec.json.Decoder(resource)
    entry: Any = msgspec.defstruct("Entry", [("resource", resource)], gc=False)
    bundle = msgspec.defstruct(
        "Bundle",
        [
            ("resourceType", Literal["Bundle"]),
            ("entry", list[entry]),
            ("link", list[_Link] | msgspec.UnsetType, msgspec.UNSET),
        ],
    )
    return msgspec.json.Decoder(bundle)


def _fields(resource_type: str, *, is_open: bool, has_patient: bool) -> dict[str, Any] | None:
    """Return the members of a resource to check, None if it isn't the plain case."""
    if is_open or resource_type in compartment.OUTSIDE:
        return {}
    if not has_patient:
        return None
    if resource_type == "Patient":
        return {"id": _Patient}
    element = compartment.patient_element(resource_type)
    return None if element is None else {element: _ToPatient}
