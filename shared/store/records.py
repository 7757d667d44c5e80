"""Read and write dataclasses as records that older and newer releases can read too.

The functions are deployed at different times, and a release can be rolled back. So unknown members
are ignored. A member that was added later has a default in its dataclass, and is written only if it
has a different value. A renamed field keeps its old member name, as `stored` in its metadata.
`schema` is increased only if older releases would misread a record. They then reject it.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

SCHEMA = 1
T = TypeVar("T")


class Unreadable(Exception):
    """The record has a newer schema than this release, or a member is missing."""


def check_schema(stored: Mapping[str, Any]) -> None:
    """Raise Unreadable if the schema of the record is newer than this release's."""
    schema = stored.get("schema", SCHEMA)
    if not isinstance(schema, int) or schema > SCHEMA:
        raise Unreadable


def names(kind: Any) -> Mapping[str, str]:
    """Map the members of a record to the fields of its dataclass."""
    return {field.metadata.get("stored", field.name): field.name for field in fields(kind)}


def build(kind: type[T], stored: Mapping[str, Any], **others: Any) -> T:
    """Create a dataclass from the members of a record, and from other fields.

    JSON lists become tuples. Raise Unreadable if a member without a default is missing.
    """
    fields_by_member = names(kind)
    known = {
        fields_by_member[member]: tuple(value) if isinstance(value, list) else value
        for member, value in stored.items()
        if member in fields_by_member
    }
    try:
        return kind(**known | others)
    except TypeError:
        raise Unreadable from None


def members(value: Any) -> dict[str, Any]:
    """Return the members of a dataclass for a record, except those with their default value."""
    return {
        field.metadata.get("stored", field.name): getattr(value, field.name)
        for field in fields(value)
        if field.default is MISSING or getattr(value, field.name) != field.default
    }
