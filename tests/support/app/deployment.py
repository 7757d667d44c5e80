"""A deployment of two instances with a known key and an open store."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.support.app.app import App
from tests.support.app.servers import Server

NO_EHR = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Deployment:
    """Two instances of one deployment on one store. `first` listens where public_url points."""

    first: App
    second: Server
    database: Path
    sealing_key: str

    def records(self, collection: str) -> dict[str, str]:
        """Return the fields of a collection's records by key, as text."""
        with closing(sqlite3.connect(self.database)) as connection:
            # The instances make their tables when they first use the store.
            if not connection.execute("SELECT name FROM sqlite_master").fetchall():
                return {}
            query = "SELECT key, fields FROM records WHERE collection = ?"
            return dict(connection.execute(query, (collection,)).fetchall())
