"""Deployments whose sessions are put to the test: several processes on one store."""

import contextlib
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.conftest import App, Launched, ehr_tables
from tests.support import firestore_emulator
from tests.support.browser import Answer, Browser
from tests.support.scripted_ehr import ScriptedEhr, Tenant
from tests.support.servers import Server, free_port, serve_app

NO_EHR = "http://127.0.0.1:9"
INSTANCES, WORKERS = 2, 2
STORES = ["sqlite", "emulator" if firestore_emulator.how() else "stand_in"]


@dataclass(frozen=True)
class Cluster:
    """Several instances of one deployment. `first` listens where public_url points."""

    first: App
    origins: tuple[str, ...]

    def launch(self, tenant: Tenant, browser: Browser, code: str = "c1") -> Launched:
        callback = self.first.answer(self.first.begin(tenant, browser), tenant, browser, code)
        return launched(self.first, browser, callback)


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
