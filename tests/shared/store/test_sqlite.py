"""What is particular to SQLite: locks, files that cannot be used, forks, TTL cleanup."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from shared.errors import StoreUnavailable
from shared.store import Conflict, Store
from shared.store.sqlite import SqliteStore
from tests.support.app.stores import COLLECTION, FAR, KEY, Backend, Clock, racing_processes

WRITES: dict[str, Callable[[Store], object]] = {
    "create": lambda store: store.create(COLLECTION, "c" * 64, {}, FAR),
    "replace": lambda store: store.replace(COLLECTION, KEY, {}, FAR, "0"),
    "delete": lambda store: store.delete(COLLECTION, KEY),
}
OPERATIONS = {**WRITES, "read": lambda store: store.read(COLLECTION, KEY)}
# Far over the limit of 2 s, for a machine that is busy; without one it would be minutes.
LONGEST_SECONDS = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "smart.db"


@pytest.fixture
def store(path: Path) -> Store:
    store = SqliteStore(str(path))
    store.create(COLLECTION, KEY, {"n": 1}, FAR)
    return store


@pytest.fixture
def lock(path: Path, store: Store) -> Iterator[sqlite3.Connection]:
    """Another process's write that does not end."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN EXCLUSIVE")
    yield connection
    connection.close()


def _fails(write: Callable[[Store], object], store: Store) -> float:
    """The seconds until a write gives up."""
    started = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        write(store)
    assert dict(caught.value.evidence) == {"store": "OperationalError: SQLITE_BUSY"}
    return time.monotonic() - started


@pytest.mark.slow
def test_processes_that_find_no_database_agree_on_one(path: Path) -> None:
    with racing_processes(Backend("sqlite", str(path))) as race:
        outcomes = race("create", "")
    assert sorted(outcomes) == [False] * (len(outcomes) - 1) + [True]


def test_a_locked_database_is_given_up(store: Store, path: Path, lock: sqlite3.Connection) -> None:
    fresh = SqliteStore(str(path))
    with ThreadPoolExecutor() as pool:
        waits = [
            pool.submit(_fails, write, client)
            for write in WRITES.values()
            for client in (store, fresh)
        ]
        seconds = [wait.result() for wait in waits]
    assert max(seconds) < LONGEST_SECONDS
    lock.execute("ROLLBACK")
    record = store.read(COLLECTION, KEY)
    assert record is not None
    store.delete(COLLECTION, KEY, record.version)


def test_a_lock_that_ends_in_time_does_no_harm(store: Store, lock: sqlite3.Connection) -> None:
    release = threading.Timer(0.3, lock.execute, ["ROLLBACK"])
    release.start()
    WRITES["delete"](store)
    release.join()
    assert store.read(COLLECTION, KEY) is None


def test_a_switch_to_wal_that_collides_with_another_is_made_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite doesn't wait for this lock."""
    asked: list[str] = []

    class Colliding(sqlite3.Connection):
        def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
            asked.append(sql)
            if len(asked) == 1:
                error = sqlite3.OperationalError("database is locked")
                error.sqlite_errorcode = sqlite3.SQLITE_BUSY
                raise error
            return super().execute(sql, *more)

    monkeypatch.setattr("shared.store.sqlite._Connection", Colliding)
    SqliteStore(str(path)).create(COLLECTION, KEY, {}, FAR)
    assert asked[:2] == ["PRAGMA journal_mode = WAL"] * 2


def test_a_writer_does_not_keep_readers_waiting(store: Store, lock: sqlite3.Connection) -> None:
    assert store.read(COLLECTION, KEY) is not None


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("obstacle", ["a folder", "below a file", "another file"])
def test_a_place_that_cannot_hold_a_database_is_unavailable(
    tmp_path: Path, obstacle: str, operation: Callable[[Store], object]
) -> None:
    place = tmp_path / "place"
    if obstacle == "a folder":
        place.mkdir()
    else:
        place.write_text("This is a text and no database. " * 100)
    store = SqliteStore(str(place / "smart.db" if obstacle == "below a file" else place))
    started = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        operation(store)
    assert time.monotonic() - started < LONGEST_SECONDS
    assert str(tmp_path) not in str(caught.value.evidence)


def test_a_store_that_becomes_usable_is_used(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.write_text("in the way")
    store = SqliteStore(str(place / "smart.db"))
    with pytest.raises(StoreUnavailable):
        store.read(COLLECTION, KEY)
    place.unlink()
    store.create(COLLECTION, KEY, {"n": 1}, FAR)
    assert store.read(COLLECTION, KEY) is not None


def test_a_lost_race_holds_no_lock(store: Store, path: Path) -> None:
    for lost in (
        lambda: store.create(COLLECTION, KEY, {}, FAR),
        lambda: store.replace(COLLECTION, KEY, {}, FAR, "0"),
        lambda: store.delete(COLLECTION, KEY, "0"),
    ):
        with pytest.raises(Conflict):
            lost()
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        connection.close()


def test_expired_records_are_swept_when_one_is_created(path: Path) -> None:
    clock = Clock()
    store = SqliteStore(str(path), clock)
    store.create(COLLECTION, KEY, {"n": 1}, clock.now + 10)
    store.create("sessions", KEY, {"n": 2}, clock.now + 20)
    clock.now += 10
    store.create(COLLECTION, "c" * 64, {"n": 3}, FAR)
    assert {(collection, key) for collection, key, _ in _rows(path)} == {
        ("sessions", KEY),
        (COLLECTION, "c" * 64),
    }


def test_a_forked_process_opens_a_connection_of_its_own(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    parents = store._local.connection
    childs_pid = os.getpid() + 1
    monkeypatch.setattr("shared.store.sqlite.os.getpid", lambda: childs_pid)
    assert store.read(COLLECTION, KEY) is not None
    assert store._local.connection is not parents


def _rows(path: Path) -> list[tuple[str, str, str]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT collection, key, version FROM records").fetchall()
    finally:
        connection.close()
