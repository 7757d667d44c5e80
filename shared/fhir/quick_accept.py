"""A quick yes to what nearly every answer is: plain resources that are all the patient's.

The bytes are decoded once into types that name only what is looked at (msgspec), and each value is
compared as it is decoded. There is no quick no: whatever is not one plain case is read strictly and
checked as every answer was (shared/strict_json.py, compartment.py, nested.py).

Why a yes is sound. The decoder visits every occurrence of each member that a type names, under any
spelling of its name, and refuses the document where one does not fit. So of a member that comes
twice the reader that takes the first and the one that takes the last both see what was accepted.

- Each resource is of a type that may come. Its one element that names the patient (`subject`,
  `patient` and the like, of a Patient `id`) is an object of `reference`, `type`, `identifier` and
  `display` alone, and every `reference` in it names the patient as shared/fhir/references.py reads
  it.
- There is no resource anywhere else. Each resource has exactly one member `resourceType`, and the
  bytes hold these letters, in any case, as often as there are resources and not once more. No
  escape in them spells a letter, and no `ſ` stands in them, the one other character that a lenient
  reader takes for one of these letters (`str.casefold`).
- A Bundle has at least one entry, and at most one member `link` that is not empty: as many links
  were seen as the last one has. The first one has as many, so it is the same.

Nothing becomes an object but links and entries that fit: what is compared must be a text, all else
is skipped. So no document grows beyond a few times its size.

What is then weaker than the strict way, for nothing of it is built here: a member that comes twice
where nothing looks, an `entry` that is empty and comes once more, a number of thousands of digits,
and more values than shared/strict_json.py lets a document hold, pass as they came.
"""

import enum
import json
import operator
import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, Literal, Self

import msgspec

from shared.fhir import bundle_links, compartment
from shared.fhir.bundle_links import Links
from shared.fhir.references import of_text

_WORD = b"resourcetype"
_PIECE_BYTES = 65_536
_MOST_LINKS = 100
# FHIR R4 has 148 types of resources. What reads 68 of them takes 84 kB.
_MOST_TYPES = 150
# What would spell a letter of that word, or the long s.
_SPELLED = re.compile(rb"\\(?=u(?:00[4-7]|017[fF]))")
_LONG_S = "\N{LATIN SMALL LETTER LONG S}"


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer may be.

    `types` are those whose resources may come, `open_types` (`*`: all) those of them that may be
    about anybody. `is_bundle`: it is a Bundle of such resources, else one of them. `id` is the one
    that each must have; None: any.
    """

    types: frozenset[str]
    open_types: frozenset[str]
    patient: str | None
    fhir_base: str
    is_bundle: bool
    id: str | None = None


class _Current:
    """An answer that is being read: what it may be, and how many links were seen."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected
        self.patient = f"Patient/{expected.patient}"
        self.links = 0


_current: ContextVar[_Current] = ContextVar("current")


# A text that is compared is an enumeration: of the types about which the decoder asks us, that one
# must be a text. For others it decodes all that stands there before it asks. The one value that it
# takes without asking is not known outside of this process.
class _Reference(enum.Enum):
    FITS = secrets.token_hex()

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        current = _current.get()
        if value == current.patient:
            return _Reference.FITS
        expected = current.expected
        ours = of_text(str(value), expected.patient, expected.fhir_base) == "ours"
        return _Reference.FITS if ours else None


class _Patient(enum.Enum):
    FITS = secrets.token_hex()

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return _Patient.FITS if value == _current.get().expected.patient else None


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


class _ToPatient(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    reference: _Reference
    type: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    identifier: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    display: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Link(msgspec.Struct, gc=False):
    relation: _Relation
    url: str


class _NoResource(msgspec.Struct, tag_field="resourceType", tag=""):
    """Makes a union of one type: in a union, and only there, a tag must not be missing. Nothing is
    one: it must have a member, and whatever that holds is refused.
    """

    refused: _Nothing


def accept(body: bytes, expected: Expected) -> Links | None:
    """The links of an answer's Bundle, where all of the answer may be released; None where that is
    not to be told here.
    """
    opened = _open(expected)
    if max(len(expected.types), len(opened)) > _MOST_TYPES:
        return None
    decoder = _decoder(
        expected.types,
        opened,
        expected.patient is not None,
        expected.is_bundle,
        expected.id is not None,
    )
    if decoder is None:
        return None
    current = _Current(expected)
    before = _current.set(current)
    try:
        # Skipped parts are not decoded, so nothing else would tell that they are no UTF-8.
        if not body.isascii() and _LONG_S in body.decode():
            return None
        document = decoder.decode(body)
        resources = 1 + len(document.entry) if expected.is_bundle else 1
        if resources == 1 and expected.is_bundle:
            return None
        if _words(body) != resources or (b"\\" in body and _SPELLED.search(body)):
            return None
        if not expected.is_bundle or document.link is msgspec.UNSET:
            return Links()
        return _links(body, len(document.link)) if current.links == len(document.link) else None
    except (ValueError, RecursionError):
        return None
    finally:
        _current.reset(before)


def _links(body: bytes, count: int) -> Links | None:
    """The links of a Bundle whose last member `link` has so many; None where its first one has not,
    or is not to be found.
    """
    place = bundle_links.first_in_head(body) or bundle_links.only(body)
    if place is None:
        return None
    links = json.loads(body[slice(*place)])
    return Links(tuple(links), place) if len(links) == count else None


def _words(body: bytes) -> int:
    """How often the letters of `resourceType` stand in it, in any case; in pieces, so that no copy
    of the whole is made.
    """
    return sum(
        body[at : at + _PIECE_BYTES + len(_WORD) - 1].lower().count(_WORD)
        for at in range(0, len(body), _PIECE_BYTES)
    )


def _open(expected: Expected) -> frozenset[str]:
    return expected.types if "*" in expected.open_types else expected.open_types


@lru_cache(maxsize=128)
def _decoder(
    types: frozenset[str],
    open_types: frozenset[str],
    has_patient: bool,
    is_bundle: bool,
    has_id: bool,
) -> msgspec.json.Decoder[Any] | None:
    """What reads an answer; None where none of these types can be told quickly."""
    looked_at = {
        one: fields
        for one in types
        if (fields := _fields(one, is_open=one in open_types, has_patient=has_patient)) is not None
    }
    structs = [
        msgspec.defstruct(
            one,
            [*fields.items(), *([("id", _Id)] if has_id else [])],
            tag_field="resourceType",
            tag=one,
            gc=False,
        )
        for one, fields in looked_at.items()
        if not (has_id and "id" in fields)
    ]
    if not structs:
        return None
    resource = reduce(operator.or_, structs, _NoResource)
    if not is_bundle:
        return msgspec.json.Decoder(resource)
    entry = msgspec.defstruct("Entry", [("resource", resource)], gc=False)
    bundle = msgspec.defstruct(
        "Bundle",
        [
            ("resourceType", Literal["Bundle"]),
            ("entry", list[entry]),  # type: ignore[valid-type]
            ("link", list[_Link] | msgspec.UnsetType, msgspec.UNSET),
        ],
    )
    return msgspec.json.Decoder(bundle)


def _fields(resource_type: str, *, is_open: bool, has_patient: bool) -> dict[str, Any] | None:
    """The members of a resource that are looked at; None where it is not one plain case."""
    if is_open or resource_type in compartment.OUTSIDE:
        return {}
    if not has_patient:
        return None
    if resource_type == "Patient":
        return {"id": _Patient}
    elements = compartment.patient_elements(resource_type)
    return dict.fromkeys(elements, _ToPatient) if len(elements) == 1 else None
