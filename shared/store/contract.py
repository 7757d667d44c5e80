"""The store: the only memory that instances share. One contract, whatever runs it.

Every guarantee that matters is a conditional write: `create` succeeds once for a key, `replace`
and `delete` only on the version that was read. Expiry is checked here, on read; the back end's
own removal of expired records only cleans up. Every call is bounded in time; an outcome that
is not known raises StoreUnavailable and the caller fails closed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]
Fields = Mapping[str, Value]


class Conflict(Exception):
    """The condition of a write did not hold: exists already, gone, or changed since it was read."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as read. `version` is opaque: it names this very write."""

    fields: Fields
    expires_at: float
    version: str


class Store(Protocol):
    """Records by collection and key. Keys are hex digests; times are unix seconds."""

    def create(self, collection: str, key: str, fields: Fields, expires_at: float) -> str:
        """Write a new record and give its version. Raises Conflict where the key exists."""

    def read(self, collection: str, key: str) -> Record | None:
        """The record, or None where there is none or it has expired."""

    def replace(
        self, collection: str, key: str, fields: Fields, expires_at: float, version: str
    ) -> str:
        """Write a record anew if it is still at `version`; give its new one, or raise Conflict."""

    def delete(self, collection: str, key: str, version: str | None = None) -> None:
        """Remove a record, if still at `version` where one is given. Raises Conflict.

        Without a version a record that is not there is no error.
        """
