"""Records that outlive a release: written by one release, read by an older and a newer one.

The functions are deployed at different times, and a release can be rolled back. So an unknown
member is ignored. A member that a later release added has a default in its dataclass, and is
written only if it differs from that. A renamed field keeps its member name, as `stored` in its
metadata. `schema` increases only if older releases would misread a record. They then reject it.
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
    """Map the members of a dataclass's records to its fields."""
    return {field.metadata.get("stored", field.name): field.name for field in fields(kind)}


def made(kind: type[T], stored: Mapping[str, Any], **given: Any) -> T:
    """Make a dataclass from the members of a record, and from the fields in `given`.

    JSON lists become tuples. Raise Unreadable if a member without a default is missing.
    """
    held = names(kind)
    known = {held[member]: value for member, value in stored.items() if member in held}
    tuples = {name: tuple(one) if isinstance(one, list) else one for name, one in known.items()}
    try:
        return kind(**{**tuples, **given})
    except TypeError:
        raise Unreadable from None


def members(value: Any) -> dict[str, Any]:
    """Return the members of a dataclass for a record, without those at their default."""
    return {
        field.metadata.get("stored", field.name): getattr(value, field.name)
        for field in fields(value)
        if field.default is MISSING or getattr(value, field.name) != field.default
    }
