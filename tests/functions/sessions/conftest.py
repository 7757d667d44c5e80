"""Deployments whose sessions are put to the test: several processes on one store."""

import contextlib
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.app.app import App, ehr_tables
from tests.support.app.clusters import (
    CACHE_SECONDS,
    INSTANCES,
    NO_EHR,
    STORES,
    WORKERS,
    Cluster,
    Pair,
)
from tests.support.app.servers import Server, free_port, serve_app
from tests.support.ehr.rotating_ehr import RotatingEhr
from tests.support.ehr.scripted_ehr import ScriptedEhr


@pytest.fixture(scope="module", params=STORES)
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr
) -> Iterator[Cluster]:
    """Run four processes on every store. For Firestore, use Google's emulator or the fake."""
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
                kind=request.param,
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


@pytest.fixture
def ehr(pair: Pair) -> RotatingEhr:
    """A new EHR of one process of the pair."""
    return RotatingEhr(pair.first.scripted.tenant())
