"""The store on SQLite: the embedded default, safe across threads and processes (WAL).

It works only on one machine, because each instance in the cloud has its own file system.
"""

import json
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.errors import StoreUnavailable
from shared.store.contract import Conflict, Fields, Record

BUSY_SECONDS = 2.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    version TEXT NOT NULL,
    expires_at REAL NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (collection, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS expiring ON records (expires_at);
"""


class SqliteStore:
    """shared.store.Store on one SQLite file, with one connection per thread."""

    def __init__(self, path: str, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._local = threading.local()

    def create(self, collection: str, key: str, fields: Fields, expires_at: float) -> str:
        """Insert a record. The primary key lets only one of several concurrent calls succeed."""
        version = secrets.token_hex(8)
        row = (collection, key, version, expires_at, json.dumps(fields))
        with self._connection() as connection:
            # Clean up expired records. They're already invisible to `read`.
            connection.execute("DELETE FROM records WHERE expires_at <= ?", (self._clock(),))
            try:
                connection.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?)", row)
            except sqlite3.IntegrityError:
                raise Conflict from None
        return version

    def read(self, collection: str, key: str) -> Record | None:
        """Select a record. An expired row counts as missing."""
        with self._connection() as connection:
            row = connection.execute(
                "SELECT fields, expires_at, version FROM records WHERE collection = ? AND key = ?",
                (collection, key),
            ).fetchone()
        if row is None or row[1] <= self._clock():
            return None
        return Record(json.loads(row[0]), row[1], row[2])

    def replace(
        self, collection: str, key: str, fields: Fields, expires_at: float, version: str
    ) -> str:
        """Update on condition of the version."""
        new_version = secrets.token_hex(8)
        with self._connection() as connection:
            changed = connection.execute(
                "UPDATE records SET version = ?, expires_at = ?, fields = ?"
                " WHERE collection = ? AND key = ? AND version = ?",
                (new_version, expires_at, json.dumps(fields), collection, key, version),
            ).rowcount
        if not changed:
            raise Conflict
        return new_version

    def delete(self, collection: str, key: str, version: str | None = None) -> None:
        """Delete, on condition of the version if one is given."""
        with self._connection() as connection:
            changed = connection.execute(
                "DELETE FROM records WHERE collection = ? AND key = ?"
                " AND (? IS NULL OR version = ?)",
                (collection, key, version, version),
            ).rowcount
        if version is not None and not changed:
            raise Conflict

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Yield this thread's connection in a transaction. It's never used across a fork."""
        try:
            if getattr(self._local, "pid", None) != os.getpid():
                self._local.connection = _connect(self._path)
                self._local.pid = os.getpid()
            with self._local.connection:
                yield self._local.connection
        except (sqlite3.Error, OSError) as error:
            kind = f"{type(error).__name__}: {getattr(error, 'sqlite_errorname', '')}"
            raise StoreUnavailable(evidence={"store": kind}) from None


class _Connection(sqlite3.Connection):
    """A connection that closes itself when its thread or store is gone. Since Python 3.13, one that
    is left open causes a warning.
    """

    def __del__(self) -> None:
        # If the file couldn't be opened, there's no connection.
        with suppress(sqlite3.ProgrammingError):
            self.close()


def _connect(path: str) -> sqlite3.Connection:
    """Connect to the database, and create it if it doesn't exist.

    If several connections switch a new database to WAL at once, SQLite fails without waiting for
    its busy timeout, so this function retries.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).touch(mode=0o600)
    # Each thread uses its own connection, but another thread may close it.
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, factory=_Connection, check_same_thread=False
    )
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() >= until:
                connection.close()
                raise
            time.sleep(0.01)
        else:
            return connection
