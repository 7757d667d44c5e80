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
- A Bundle has at most one member `link` and at least one entry.

What is then weaker than the strict way: a member that comes twice where nothing looks, and a number
of thousands of digits, pass as they came.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, Literal

import msgspec

from shared import strict_json
from shared.fhir import compartment
from shared.fhir.references import of_text
from shared.json_members import objects

_WORD = b"resourcetype"
_PIECE_BYTES = 65_536
# Up to here an answer of nothing but brackets becomes some 15 MB.
_SMALL_BYTES = 500_000
# What would spell a letter of that word, or the long s.
_SPELLED = re.compile(rb"\\u(?:00[4-7]|017[fF])")
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


class _Compared:
    """What takes the place of a value that fits."""


class _Reference(_Compared):
    pass


class _Patient(_Compared):
    pass


class _Id(_Compared):
    pass


class _Links(_Compared):
    pass


class _ToPatient(msgspec.Struct, forbid_unknown_fields=True):
    reference: _Reference
    type: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    identifier: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    display: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Refused(_Compared):
    pass


class _NoResource(msgspec.Struct, tag_field="resourceType", tag=""):
    """Makes a union of one type: in a union, and only there, a tag must not be missing. Nothing is
    one: it must have a member, and whatever that holds is refused.
    """

    refused: _Refused


def accept(body: bytes, expected: Expected) -> tuple[dict[str, Any], ...] | None:
    """The links of an answer's Bundle, where all of the answer may be released; None where that is
    not to be told here.
    """
    shape = _shape(
        expected.types,
        _open(expected),
        expected.patient is not None,
        expected.is_bundle,
        expected.id is not None,
    )
    if shape is None:
        return None
    links: list[object] = []
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
        shape, dec_hook=_comparing(expected, links)
    )
    try:
        # What is compared, and the links, become objects, however many they are.
        if len(body) > _SMALL_BYTES and strict_json.holds_too_many_values(body):
            return None
        # Skipped parts are not decoded, so nothing else would tell that they are no UTF-8.
        if not body.isascii() and _LONG_S in body.decode():
            return None
        found = decoder.decode(body)
    except (ValueError, RecursionError):
        return None
    resources = len(found.entry) + 1 if expected.is_bundle else 1
    if resources == 1 and expected.is_bundle:
        return None
    if len(links) > 1 or _words(body) != resources or _SPELLED.search(body):
        return None
    return tuple(objects(links[0])) if links else ()


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


def _comparing(expected: Expected, links: list[object]) -> Callable[[type, Any], _Compared]:
    patient, fhir_base = expected.patient, expected.fhir_base
    plain = f"Patient/{patient}"

    def compared(kind: type, value: Any) -> _Compared:
        if kind is _Reference:
            fits = value == plain or (
                isinstance(value, str) and of_text(value, patient, fhir_base) == "ours"
            )
        elif kind is _Links:
            fits = isinstance(value, list)
            links.append(value)
        elif kind is _Refused:
            fits = False
        else:
            fits = value == (patient if kind is _Patient else expected.id)
        if not fits:
            raise ValueError(kind)
        found: _Compared = kind()
        return found

    return compared


@lru_cache(maxsize=256)
def _shape(
    types: frozenset[str],
    open_types: frozenset[str],
    has_patient: bool,
    is_bundle: bool,
    has_id: bool,
) -> Any:
    """The type of an answer; None where none of these types can be told quickly."""
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
        )
        for one, fields in looked_at.items()
        if not (has_id and "id" in fields)
    ]
    if not structs:
        return None
    resource = reduce(operator.or_, structs, _NoResource)
    if not is_bundle:
        return resource
    entry = msgspec.defstruct("Entry", [("resource", resource)])
    return msgspec.defstruct(
        "Bundle",
        [
            ("resourceType", Literal["Bundle"]),
            ("entry", list[entry]),  # type: ignore[valid-type]
            ("link", _Links | msgspec.UnsetType, msgspec.UNSET),
        ],
    )


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
