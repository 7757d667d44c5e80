"""Records that outlive a release: what one release wrote, an older and a newer one read.

The functions are deployed at different moments, and a release can be taken back. So a member that
is not known is ignored, and a member that a later release added has a default in its dataclass;
it is written only where it differs from that. A renamed field keeps its member, which its
metadata has as `stored`. `schema` rises only where older releases would misread a record; they then
refuse it.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

SCHEMA = 1
T = TypeVar("T")


class Unreadable(Exception):
    """A record that this release cannot read: a newer schema, or a member is missing."""


def check_schema(stored: Mapping[str, Any]) -> None:
    """Raise Unreadable where a newer release says that this one would misread the record."""
    schema = stored.get("schema", SCHEMA)
    if not isinstance(schema, int) or schema > SCHEMA:
        raise Unreadable


def names(kind: Any) -> Mapping[str, str]:
    """The members of a dataclass in a record, with the fields that hold them."""
    return {field.metadata.get("stored", field.name): field.name for field in fields(kind)}


def made(kind: type[T], stored: Mapping[str, Any], **given: Any) -> T:
    """A dataclass from the members of a record, and from what is `given` beside it.

    JSON's lists become tuples. Raises Unreadable where a member without a default is missing.
    """
    held = names(kind)
    known = {held[member]: value for member, value in stored.items() if member in held}
    tuples = {name: tuple(one) if isinstance(one, list) else one for name, one in known.items()}
    try:
        return kind(**{**tuples, **given})
    except TypeError:
        raise Unreadable from None


def members(value: Any) -> dict[str, Any]:
    """The members of a dataclass for a record: those at their default are left out."""
    return {
        field.metadata.get("stored", field.name): getattr(value, field.name)
        for field in fields(value)
        if field.default is MISSING or getattr(value, field.name) != field.default
    }
