"""The Firestore client as the store uses it: its documents, its loading, threads and forks."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import firestore

from shared import log, store
from shared.config.settings import StoreSettings
from shared.errors import StoreUnavailable
from shared.store import Conflict, open_store
from shared.store.firestore import FirestoreStore, _admin_client
from tests.support.app.servers import ROOT
from tests.support.app.stores import COLLECTION, FAR, KEY, Backend, Clock
from tests.support.cloud.firestore_emulator import VARIABLE
from tests.support.cloud.firestore_stand_in import LARGEST_VALUE, StandIn

PROJECT = "client"

FORKING = """
import os
from shared.store.firestore import FirestoreStore
store = FirestoreStore("forking", "smart")
store.create("launches", "parent", {}, 4e9)
child = os.fork()
if child:
    os.waitpid(child, 0)
found = store.read("launches", "parent") is not None
print("parent" if child else "child", found, flush=True)
os._exit(0)
"""


@pytest.fixture
def here(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, stand_in.host)


@pytest.fixture
def clients(here: None, monkeypatch: pytest.MonkeyPatch) -> list[firestore.Client]:
    """The clients that are made from now on."""
    made: list[firestore.Client] = []
    real = firestore.Client

    def make(project: str | None, database: str) -> firestore.Client:
        made.append(real(project, database=database))
        return made[-1]

    monkeypatch.setattr(firestore, "Client", make)
    return made


def _python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_a_document_has_a_time_stamp_for_ttl_and_no_field_of_an_earlier_write(here: None) -> None:
    store = FirestoreStore(PROJECT, "smart")
    version = store.create(COLLECTION, KEY, {"old": 1}, FAR)
    store.replace(COLLECTION, KEY, {"new": 2}, FAR + 1, version)
    client = firestore.Client(PROJECT, database="smart")
    document = client.collection(COLLECTION).document(KEY).get().to_dict()
    assert document is not None
    assert document.keys() == {"expires_at", "fields", "write"}
    assert document["expires_at"] == datetime.fromtimestamp(FAR + 1, UTC)
    assert document["fields"] == '{"new": 2}'


def test_a_write_takes_one_call_and_so_does_a_read(stand_in: StandIn, here: None) -> None:
    store = FirestoreStore(PROJECT, "counted")
    stand_in.reset()
    version = store.create(COLLECTION, KEY, {}, FAR)
    version = store.replace(COLLECTION, KEY, {}, FAR, version)
    store.read(COLLECTION, KEY)
    store.delete(COLLECTION, KEY, version)
    store.delete(COLLECTION, KEY)
    kinds = ("create", "replace", "read", "conditional delete", "delete")
    assert stand_in.counts == dict.fromkeys(kinds, 1)


def test_databases_and_projects_are_apart(here: None) -> None:
    FirestoreStore("one", "smart").create(COLLECTION, KEY, {}, FAR)
    assert FirestoreStore("one", "other").read(COLLECTION, KEY) is None
    assert FirestoreStore("other", "smart").read(COLLECTION, KEY) is None


def test_a_store_makes_its_client_at_the_first_call_and_one_for_all_threads(
    clients: list[firestore.Client],
) -> None:
    store = FirestoreStore(PROJECT, "threads")
    assert clients == []
    barrier = threading.Barrier(8)

    def read(_: int) -> object:
        barrier.wait(60)
        return store.read(COLLECTION, KEY)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read, range(8))) == [None] * 8
    assert len(clients) == 1


def test_a_store_makes_a_client_for_each_process(
    clients: list[firestore.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FirestoreStore(PROJECT, "processes")
    store.read(COLLECTION, KEY)
    another = os.getpid() + 1
    monkeypatch.setattr("shared.store.firestore.os.getpid", lambda: another)
    store.read(COLLECTION, KEY)
    store.read(COLLECTION, KEY)
    assert len(clients) == 2


@pytest.mark.slow
def test_a_store_used_before_a_fork_is_read_on_both_sides_of_it(here: None) -> None:
    done = _python(FORKING)
    assert done.stdout.splitlines() == ["child True", "parent True"], done.stderr


def test_the_key_of_an_expired_record_goes_to_one_of_many(backend: Backend, clock: Clock) -> None:
    old = backend.open(clock)
    old.create(COLLECTION, KEY, {"n": 0}, clock.now + 1)
    clock.now += 1
    barrier = threading.Barrier(4)

    def create(n: int) -> bool:
        store = backend.open(clock)
        barrier.wait(60)
        try:
            store.create(COLLECTION, KEY, {"n": n}, FAR)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        won = list(pool.map(create, range(1, 5)))
    assert sorted(won) == [False, False, False, True]
    record = old.read(COLLECTION, KEY)
    assert record is not None
    assert record.fields == {"n": won.index(True) + 1}


def test_the_settings_choose_project_and_database(here: None) -> None:
    store = open_store(StoreSettings("firestore", "my-project", "my-database", ""))
    store.create(COLLECTION, KEY, {}, FAR)
    client = firestore.Client("my-project", database="my-database")
    assert client.collection(COLLECTION).document(KEY).get().exists


def test_a_missing_client_library_ends_the_process_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "shared.store.firestore", None)
    with pytest.raises(SystemExit) as ended:
        open_store(StoreSettings("firestore", None, "(default)", ""))
    assert ended.value.code == 1
    assert "google-cloud-firestore" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "loaded"), [("sqlite", "False"), ("firestore", "True")])
def test_the_client_library_is_loaded_where_it_is_used_and_makes_no_call(
    tmp_path: Path, kind: str, loaded: str
) -> None:
    config = tmp_path / "smart.toml"
    config.write_text(
        'public_url = "https://smart.example.org"\nsealing_keys = ["env:ABSENT"]\n'
        f'[store]\nkind = "{kind}"\npath = "{tmp_path}/smart.db"\n'
        '[[ehr]]\nkey = "one"\niss = ["https://ehr.example.org"]\nclient_id = "c"\nscopes = "s"\n'
    )
    code = "import sys, functions.launch.main; print('google.cloud.firestore' in sys.modules)"
    nowhere = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "absent.json")}
    done = _python(code, **nowhere, SMART_CONFIG=str(config))
    assert (done.stdout.strip(), done.stderr) == (loaded, "")


def test_without_credentials_the_store_is_unavailable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "absent.json"))
    with pytest.raises(StoreUnavailable) as caught:
        FirestoreStore(PROJECT, "smart").read(COLLECTION, KEY)
    assert caught.value.evidence == {"store": "DefaultCredentialsError"}


def test_the_database_is_asked_about_at_the_emulator_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "absent.json"))
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(DefaultCredentialsError):
        _admin_client()
    monkeypatch.setenv(VARIABLE, "127.0.0.1:1")
    assert _admin_client().transport.kind == "grpc"


def test_a_store_that_does_not_respond_at_the_start_is_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logged: Queue[tuple[str, Any]] = Queue()
    monkeypatch.setattr(log, "event", lambda name, *_, **more: logged.put((name, more["fields"])))

    def warm() -> None:
        raise StoreUnavailable(evidence={"store": "Unknown"})

    store._in_background(warm)
    assert logged.get(timeout=60) == ("store_not_warmed", {"store": "Unknown"})


def test_a_record_too_large_for_a_document_is_not_written(here: None) -> None:
    store = FirestoreStore(PROJECT, "large")
    with pytest.raises(StoreUnavailable) as caught:
        store.create(COLLECTION, KEY, {"x": "x" * LARGEST_VALUE}, FAR)
    assert caught.value.evidence == {"store": "InvalidArgument"}
    assert store.read(COLLECTION, KEY) is None
