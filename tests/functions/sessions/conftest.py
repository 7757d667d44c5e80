"""Deployments whose sessions are put to the test: several processes on one store."""

import contextlib
import json
import secrets
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.session import record as session_record
from tests.conftest import App, Launched, ehr_tables
from tests.support import firestore_emulator
from tests.support.browser import Answer, Browser
from tests.support.scripted_ehr import ScriptedEhr, Tenant
from tests.support.servers import Server, free_port, serve_app

NO_EHR = "http://127.0.0.1:9"
INSTANCES, WORKERS = 2, 2
CACHE_SECONDS = 0.5
STORES = ["sqlite", "emulator" if firestore_emulator.how() else "stand_in"]


@dataclass(frozen=True)
class Cluster:
    """Several instances of one deployment. `first` listens where public_url points."""

    first: App
    origins: tuple[str, ...]


def launch(
    app: App, tenant: Tenant, browser: Browser | None = None, patient: str = "p1"
) -> Launched:
    """A whole launch with a code of its own."""
    browser = browser or Browser()
    code = f"{patient}-{secrets.token_hex(4)}"
    callback = app.answer(app.begin(tenant, browser), tenant, browser, code)
    return launched(app, browser, callback)


def launched(app: App, browser: Browser, callback: Answer) -> Launched:
    """The session that a callback opened."""
    assert callback.status == 303, callback.text
    handle = callback.location.rstrip("/").rpartition("/")[2]
    return Launched(browser, handle, f"{app.origin}/fhir_proxy/{handle}", callback)


@pytest.fixture(scope="module", params=STORES)
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr
) -> Iterator[Cluster]:
    """Four processes on SQLite, and on Firestore: Google's emulator, else the stand-in."""
    host = None
    if request.param == "stand_in":
        host = request.getfixturevalue("stand_in").host
    elif request.param == "emulator":
        host = request.getfixturevalue("firestore_emulator")
    folder = tmp_path_factory.mktemp("cluster")
    ehrs = ehr_tables(NO_EHR, scripted)
    ports = [free_port() for _ in range(INSTANCES)]
    key, store = secrets.token_urlsafe(32), folder / "smart.db"

    def start(port: int) -> Server:
        return running.enter_context(
            serve_app(
                folder,
                ehrs,
                port=ports[0],
                bind=port,
                store=store,
                firestore=host,
                sealing_key=key,
            )
        )

    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as running:
        # What gunicorn takes for its number of workers.
        patch.setenv("WEB_CONCURRENCY", str(WORKERS))
        with ThreadPoolExecutor(INSTANCES) as pool:
            servers = list(pool.map(start, ports))
        first = App(servers[0].origin, servers[0], NO_EHR, scripted)
        yield Cluster(first, tuple(server.origin for server in servers))


@dataclass(frozen=True)
class Pair:
    """Two instances of one deployment on one SQLite file; `second` is an origin."""

    first: App
    second: str
    database: Path
    sealing_key: str

    def records(self) -> dict[str, dict[str, object]]:
        """The fields of the sessions that the store holds, by key."""
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            query = "SELECT key, fields FROM records WHERE collection = 'sessions'"
            return {key: json.loads(fields) for key, fields in connection.execute(query)}

    def holds(self, launched: Launched) -> bool:
        return session_record.key(launched.handle) in self.records()


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    port, bind = free_port(), free_port()
    store, key = folder / "smart.db", secrets.token_urlsafe(32)
    top, ehrs = f"session_cache_seconds = {CACHE_SECONDS}", ehr_tables(NO_EHR, scripted)
    with (
        serve_app(folder, ehrs, top=top, port=port, store=store, sealing_key=key) as first,
        serve_app(folder, ehrs, top=top, port=port, bind=bind, store=store, sealing_key=key) as two,
    ):
        yield Pair(App(first.origin, first, NO_EHR, scripted), two.origin, store, key)
