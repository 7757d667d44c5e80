"""Firestore away, slow or ambiguous: what the store makes of every fault of a call."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from grpc import StatusCode  # type: ignore[import-untyped]

from shared.errors import StoreUnavailable
from shared.store import Conflict, Fields, Store
from shared.store.firestore import CALL_SECONDS, FirestoreStore
from tests.support.app.servers import companion, free_port
from tests.support.app.stores import COLLECTION, FAR, KEY
from tests.support.cloud.firestore_emulator import VARIABLE
from tests.support.cloud.firestore_stand_in import Fault, StandIn

# Far over the limit of 2 s, for a machine that is busy; without one it would be minutes.
LONGEST_SECONDS = 20.0
VERSION = "2026-01-02T03:04:05.000000001Z"
FIELDS: Fields = {"code_verifier": "sentinel-verifier"}
NEW_KEY = "c" * 64
PROJECT = "faulty"

READ = {"read": lambda store, _: store.read(COLLECTION, KEY)}
WRITES: dict[str, Callable[[Store, str], object]] = {
    "create": lambda store, _: store.create(COLLECTION, NEW_KEY, FIELDS, FAR),
    "replace": lambda store, version: store.replace(COLLECTION, KEY, FIELDS, FAR, version),
    "conditional delete": lambda store, version: store.delete(COLLECTION, KEY, version),
    "delete": lambda store, _: store.delete(COLLECTION, KEY),
}
OPERATIONS = {**READ, **WRITES}
# What each write answers when its condition fails; anything else leaves its outcome unknown.
CONFLICTS = {
    "create": [StatusCode.ALREADY_EXISTS],
    "replace": [StatusCode.NOT_FOUND, StatusCode.FAILED_PRECONDITION],
    "conditional delete": [StatusCode.NOT_FOUND, StatusCode.FAILED_PRECONDITION],
    "delete": list[StatusCode](),
}
CODES = [code for code in StatusCode if code is not StatusCode.OK]
PASSING = [StatusCode.UNAVAILABLE, StatusCode.ABORTED, StatusCode.INTERNAL, StatusCode.UNKNOWN]


@pytest.fixture(scope="module")
def faulty() -> Iterator[StandIn]:
    server = StandIn()
    yield server
    server.close()


@pytest.fixture
def store(faulty: StandIn, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with one record, KEY."""
    monkeypatch.setenv(VARIABLE, faulty.host)
    store = FirestoreStore(PROJECT, "smart")
    _begin(faulty, store)
    return store


def _begin(faulty: StandIn, store: Store) -> str:
    """One record, KEY, no faults, no counts; the record's version."""
    faulty.reset()
    store.delete(COLLECTION, KEY)
    store.delete(COLLECTION, NEW_KEY)
    version = store.create(COLLECTION, KEY, {"n": 1}, FAR)
    faulty.reset()
    return version


def _version(store: Store) -> str:
    record = store.read(COLLECTION, KEY)
    assert record is not None
    return record.version


def _unavailable(operation: Callable[[Store, str], object], store: Store, version: str) -> str:
    """The kind of failure with which an operation gives up, which it must do in time."""
    started = time.monotonic()
    with pytest.raises(StoreUnavailable) as caught:
        operation(store, version)
    assert time.monotonic() - started < LONGEST_SECONDS
    return _says_no_more_than_its_kind(caught.value)


def _says_no_more_than_its_kind(error: StoreUnavailable) -> str:
    assert error.__suppress_context__
    assert list(error.evidence) == ["store"]
    kind = error.evidence["store"]
    assert kind.isalpha()
    return kind


def _all_unavailable(store: Store, version: str, *names: str) -> set[str]:
    """The kinds of failure with which operations made at once give up."""
    with ThreadPoolExecutor() as pool:
        operations = [OPERATIONS[name] for name in names]
        return set(pool.map(lambda operation: _unavailable(operation, store, version), operations))


@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_sent_once_and_a_fault_is_a_conflict_or_leaves_its_outcome_unknown(
    faulty: StandIn, store: Store, write: str
) -> None:
    outcomes: dict[StatusCode, str] = {}
    for code in CODES:
        version = _begin(faulty, store)
        faulty.fail(write, Fault(code))
        with pytest.raises((Conflict, StoreUnavailable)) as caught:
            WRITES[write](store, version)
        if isinstance(caught.value, StoreUnavailable):
            _says_no_more_than_its_kind(caught.value)
            outcomes[code] = "unavailable"
            assert faulty.counts == {write: 1}, code
        else:
            assert (str(caught.value), caught.value.__suppress_context__) == ("", True)
            outcomes[code] = "conflict"
    assert outcomes == {
        code: "conflict" if code in CONFLICTS[write] else "unavailable" for code in CODES
    }


@pytest.mark.parametrize("code", [StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED])
def test_a_creation_whose_reply_is_lost_is_neither_success_nor_conflict(
    faulty: StandIn, store: Store, code: StatusCode
) -> None:
    faulty.fail("create", Fault(code, applied=True))
    _unavailable(WRITES["create"], store, VERSION)
    assert faulty.counts == {"create": 1}
    record = store.read(COLLECTION, NEW_KEY)
    assert record is not None
    assert record.fields == FIELDS


@pytest.mark.parametrize("write", ["conditional delete", "delete"])
def test_a_deletion_whose_reply_is_lost_is_neither_success_nor_conflict(
    faulty: StandIn, store: Store, write: str
) -> None:
    version = _version(store)
    faulty.fail(write, Fault(StatusCode.UNAVAILABLE, applied=True))
    assert _unavailable(WRITES[write], store, version) == "ServiceUnavailable"
    assert faulty.counts == {"read": 1, write: 1}
    assert store.read(COLLECTION, KEY) is None


def test_a_replacement_whose_reply_is_lost_is_neither_success_nor_conflict(
    faulty: StandIn, store: Store
) -> None:
    version = _version(store)
    faulty.fail("replace", Fault(StatusCode.UNAVAILABLE, applied=True))
    assert _unavailable(WRITES["replace"], store, version) == "ServiceUnavailable"
    record = store.read(COLLECTION, KEY)
    assert record is not None
    assert record.fields == FIELDS
    assert record.version != version


def test_a_read_is_repeated_after_a_passing_fault_and_no_other(
    faulty: StandIn, store: Store
) -> None:
    for code in CODES:
        faulty.reset()
        faulty.fail("read", Fault(code), *[Fault(code)] * (code in PASSING))
        if code in PASSING:
            record = store.read(COLLECTION, KEY)
            assert record is not None
            assert record.fields == {"n": 1}
        else:
            _unavailable(READ["read"], store, VERSION)
        assert faulty.counts == {"read": 3 if code in PASSING else 1}, code


def test_a_fault_that_does_not_pass_ends_the_repetition_of_a_read(
    faulty: StandIn, store: Store
) -> None:
    faulty.fail("read", *[Fault(StatusCode.UNAVAILABLE)] * 100)
    assert _unavailable(READ["read"], store, VERSION) == "ServiceUnavailable"
    assert 2 < faulty.counts["read"] < 20


def test_a_read_that_is_repeated_and_then_slow_ends_in_time(faulty: StandIn, store: Store) -> None:
    passing = Fault(StatusCode.UNAVAILABLE, delay=0.6)
    faulty.fail("read", passing, Fault(delay=5))
    assert _unavailable(READ["read"], store, VERSION) in {"DeadlineExceeded", "ServiceUnavailable"}


def test_calls_that_take_too_long_are_given_up_and_writes_not_sent_again(
    faulty: StandIn, store: Store
) -> None:
    version = _version(store)
    faulty.reset()
    faulty.fail("create", Fault(delay=5))
    faulty.fail("conditional delete", Fault(delay=5, applied=True))
    faulty.fail("read", Fault(delay=5))
    assert _all_unavailable(store, version, "create", "conditional delete", "read") == {
        "DeadlineExceeded"
    }
    assert faulty.counts == {"create": 1, "conditional delete": 1, "read": 1}
    assert store.read(COLLECTION, NEW_KEY) is None
    assert store.read(COLLECTION, KEY) is None


def test_the_first_call_of_a_process_may_take_longer(faulty: StandIn, store: Store) -> None:
    """It waits for the connection and for credentials too."""

    def first_and_second(operation: str) -> str:
        fresh = FirestoreStore(PROJECT, "smart")
        OPERATIONS[operation](fresh, VERSION)
        return _unavailable(OPERATIONS[operation], fresh, VERSION)

    slow = Fault(delay=CALL_SECONDS + 0.5)
    for operation in ("read", "create"):
        faulty.fail(operation, slow, slow)
    with ThreadPoolExecutor() as pool:
        assert set(pool.map(first_and_second, ("read", "create"))) == {"DeadlineExceeded"}


def test_slowness_within_bounds_does_no_harm(faulty: StandIn, store: Store) -> None:
    for kind in OPERATIONS:
        faulty.fail(kind, Fault(delay=0.1))
    store.create(COLLECTION, NEW_KEY, FIELDS, FAR)
    version = store.replace(COLLECTION, KEY, FIELDS, FAR, _version(store))
    store.delete(COLLECTION, KEY, version)
    store.delete(COLLECTION, NEW_KEY)


def test_first_calls_to_a_store_that_is_down_or_silent_end_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = StandIn()
    gone.close()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        accepts = f"127.0.0.1:{silent.getsockname()[1]}"
        for host, kind in ((gone.host, "ServiceUnavailable"), (accepts, "DeadlineExceeded")):
            monkeypatch.setenv(VARIABLE, host)
            store = FirestoreStore(PROJECT, "smart")
            assert _all_unavailable(store, VERSION, *OPERATIONS) == {kind}


def test_a_store_that_comes_back_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    # Stopped in this process, it might leave this process's client waiting forever.
    with companion("tests.support.cloud.firestore_stand_in", str(port)) as host:
        monkeypatch.setenv(VARIABLE, host)
        store = FirestoreStore(PROJECT, "smart")
        store.create(COLLECTION, KEY, FIELDS, FAR)
    _unavailable(READ["read"], store, VERSION)
    with companion("tests.support.cloud.firestore_stand_in", str(port)):
        until = time.monotonic() + 60
        while True:
            try:
                assert store.read(COLLECTION, KEY) is None
                break
            except StoreUnavailable:
                assert time.monotonic() < until
