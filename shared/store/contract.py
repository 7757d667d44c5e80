"""The interface of the stores. A store is the only memory that instances share.

All guarantees rest on conditional writes: `create` succeeds only once for a key, and `replace` and
`delete` only if the record still has the version that was read. A store checks the expiry on every
read. The back end's own removal of expired records is only cleanup. Every call has a time limit. If
its outcome is unknown, it raises StoreUnavailable, and the caller fails closed.
"""

from collections.abc import Mapping
from typing import Protocol

from shared.frozen import dataclass

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]
Fields = Mapping[str, Value]


class Conflict(Exception):
    """The condition of a write failed: the record already exists, is gone, or has changed since it
    was read.
    """


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it was read. `version` is opaque and identifies the write."""

    fields: Fields
    expires_at: float
    version: str


class Store(Protocol):
    """Records by collection and key. Keys are hex digests. Times are Unix seconds."""

    def create(self, collection: str, key: str, fields: Fields, expires_at: float) -> str:
        """Write a new record and return its version. Raise Conflict if the key exists."""

    def read(self, collection: str, key: str) -> Record | None:
        """Return the record, or None if it doesn't exist or has expired."""

    def replace(
        self, collection: str, key: str, fields: Fields, expires_at: float, version: str
    ) -> str:
        """Replace a record that is still at `version`. Return its new version or raise Conflict."""

    def delete(self, collection: str, key: str, version: str | None = None) -> None:
        """Delete a record, only if it's still at `version` when one is given. Raise Conflict.

        Without a version, a missing record isn't an error.
        """
