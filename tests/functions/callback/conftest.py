"""A deployment of its own for the callback's tests: two instances, a known key, an open store."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import App, ehr_tables
from tests.support.scripted_ehr import ScriptedEhr
from tests.support.servers import Server, free_port, serve_app

NO_EHR = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Deployment:
    """Two instances of one deployment on one store. `first` listens where public_url points."""

    first: App
    second: Server
    database: Path
    sealing_key: str

    def records(self, collection: str) -> dict[str, str]:
        """The fields of a collection's records, as text, by key."""
        with closing(sqlite3.connect(self.database)) as connection:
            query = "SELECT key, fields FROM records WHERE collection = ?"
            return dict(connection.execute(query, (collection,)).fetchall())


@pytest.fixture(scope="session")
def deployment(
    tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr
) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    port, bind = free_port(), free_port()
    store, key = folder / "smart.db", secrets.token_urlsafe(32)
    ehrs = ehr_tables(NO_EHR, scripted)
    with (
        serve_app(folder, ehrs, port=port, store=store, sealing_key=key) as first,
        serve_app(folder, ehrs, port=port, bind=bind, store=store, sealing_key=key) as second,
    ):
        yield Deployment(App(first.origin, first, NO_EHR, scripted), second, store, key)
