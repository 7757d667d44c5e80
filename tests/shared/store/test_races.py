"""Exactly one of many conditional writes wins, across threads and across processes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.store import Store
from tests.support.app.stores import COLLECTION, FAR, KEY, WRITES, Backend, racing_processes, wins

RUNNERS = 8


def _prepare(store: Store, write: str) -> str:
    """A record to race for, except where the race is for creating it."""
    store.delete(COLLECTION, KEY)
    return "" if write == "create" else store.create(COLLECTION, KEY, {"n": 0}, FAR)


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("clients", ["one client", "a client each"])
def test_of_eight_threads_one_wins(backend: Backend, write: str, clients: str) -> None:
    stores = [backend.open() for _ in range(RUNNERS)]
    if clients == "one client":
        stores = stores[:1] * RUNNERS
    barrier = threading.Barrier(RUNNERS)
    with ThreadPoolExecutor(RUNNERS) as pool:
        for _ in range(10):
            version = _prepare(backend.open(), write)

            def run(store: Store, version: str = version) -> bool:
                barrier.wait(60)
                return wins(write, store, version)

            assert sorted(pool.map(run, stores)) == [False] * (RUNNERS - 1) + [True]


@pytest.mark.slow
def test_of_several_processes_one_wins(backend: Backend) -> None:
    with racing_processes(backend) as race:
        for write in WRITES:
            outcomes = race(write, _prepare(backend.open(), write))
            assert sorted(outcomes) == [False] * (len(outcomes) - 1) + [True], write
