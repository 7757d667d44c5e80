"""What every back end of the store must do. A new one joins by the fixture `backend`."""

from collections.abc import Callable

import pytest

from shared.store import Conflict, Fields, Store
from tests.support.app.stores import COLLECTION, FAR, KEY, Backend, Clock
from tests.support.cloud.firestore_emulator import PLACES

# The store of tests/functions/sessions/test_interleavings.py, too.
pytestmark = pytest.mark.parametrize("backend", [*PLACES, "simulated"], indirect=True)

OTHER_KEY = "b" * 64
FIELDS: Fields = {"ehr": "one", "n": 1}


@pytest.fixture
def store(backend: Backend, clock: Clock) -> Store:
    return backend.open(clock)


def test_every_kind_of_value_comes_back_unchanged(store: Store) -> None:
    fields: Fields = {
        "text": "ä\u2028\n\"'\\ 😀",
        "empty": "",
        "number": 1_800_000_000.25,
        "whole": -7,
        "yes": True,
        "none": None,
        "list": ["a", 1, None, []],
        "table": {"inner": {"deep": [1, 2]}, "": False},
        "long": "x" * 100_000,
    }
    version = store.create(COLLECTION, KEY, fields, FAR)
    for _ in range(3):
        record = store.read(COLLECTION, KEY)
        assert record is not None
        assert (record.fields, record.expires_at, record.version) == (fields, FAR, version)
        assert record.fields["yes"] is True


def test_what_was_never_written_is_not_there(store: Store) -> None:
    store.create(COLLECTION, KEY, FIELDS, FAR)
    assert store.read(COLLECTION, OTHER_KEY) is None
    assert store.read("sessions", KEY) is None


def test_one_key_in_two_collections_is_two_records(store: Store) -> None:
    store.create(COLLECTION, KEY, FIELDS, FAR)
    version = store.create("sessions", KEY, {"n": 2}, FAR)
    store.delete("sessions", KEY, version)
    assert store.read(COLLECTION, KEY) is not None


def test_a_key_is_created_once(store: Store) -> None:
    version = store.create(COLLECTION, KEY, FIELDS, FAR)
    with pytest.raises(Conflict):
        store.create(COLLECTION, KEY, {"n": 2}, FAR)
    record = store.read(COLLECTION, KEY)
    assert record is not None
    assert (record.fields, record.version) == (FIELDS, version)


def test_a_replacement_needs_the_version_that_was_read(store: Store) -> None:
    first = store.create(COLLECTION, KEY, FIELDS, FAR)
    second = store.replace(COLLECTION, KEY, {"n": 2}, FAR + 1, first)
    with pytest.raises(Conflict):
        store.replace(COLLECTION, KEY, {"n": 3}, FAR, first)
    record = store.read(COLLECTION, KEY)
    assert record is not None
    assert (record.fields, record.expires_at, record.version) == ({"n": 2}, FAR + 1, second)


def test_nothing_is_replaced_where_nothing_is(store: Store) -> None:
    version = store.create(COLLECTION, KEY, FIELDS, FAR)
    with pytest.raises(Conflict):
        store.replace(COLLECTION, OTHER_KEY, FIELDS, FAR, version)
    assert store.read(COLLECTION, OTHER_KEY) is None


def test_every_write_has_a_version_of_its_own_though_nothing_changed(store: Store) -> None:
    versions = [store.create(COLLECTION, KEY, FIELDS, FAR)]
    for _ in range(20):
        versions.append(store.replace(COLLECTION, KEY, FIELDS, FAR, versions[-1]))
    assert len(set(versions)) == 21


def test_a_deletion_at_a_version_happens_once(store: Store) -> None:
    version = store.create(COLLECTION, KEY, FIELDS, FAR)
    store.delete(COLLECTION, KEY, version)
    assert store.read(COLLECTION, KEY) is None
    with pytest.raises(Conflict):
        store.delete(COLLECTION, KEY, version)


def test_a_deletion_at_an_old_version_leaves_the_record(store: Store) -> None:
    old = store.create(COLLECTION, KEY, FIELDS, FAR)
    store.replace(COLLECTION, KEY, {"n": 2}, FAR, old)
    with pytest.raises(Conflict):
        store.delete(COLLECTION, KEY, old)
    assert store.read(COLLECTION, KEY) is not None


def test_a_deletion_without_a_version_removes_whatever_is_there_or_nothing(store: Store) -> None:
    store.create(COLLECTION, KEY, FIELDS, FAR)
    store.create(COLLECTION, OTHER_KEY, FIELDS, FAR)
    store.delete(COLLECTION, KEY)
    store.delete(COLLECTION, KEY)
    assert store.read(COLLECTION, KEY) is None
    assert store.read(COLLECTION, OTHER_KEY) is not None


@pytest.mark.parametrize(
    "write",
    [
        lambda store, version: store.replace(COLLECTION, KEY, {"n": 3}, FAR, version),
        lambda store, version: store.delete(COLLECTION, KEY, version),
    ],
    ids=["replace", "delete"],
)
def test_a_record_made_anew_does_not_answer_to_an_old_version(
    store: Store, write: Callable[[Store, str], object]
) -> None:
    old = store.create(COLLECTION, KEY, FIELDS, FAR)
    store.delete(COLLECTION, KEY, old)
    store.create(COLLECTION, KEY, FIELDS, FAR)
    with pytest.raises(Conflict):
        write(store, old)
    record = store.read(COLLECTION, KEY)
    assert record is not None
    assert record.fields == FIELDS


def test_a_record_is_gone_at_the_second_it_expires(store: Store, clock: Clock) -> None:
    expires_at = clock.now + 600
    store.create(COLLECTION, KEY, FIELDS, expires_at)
    clock.now = expires_at - 0.001
    assert store.read(COLLECTION, KEY) is not None
    clock.now = expires_at
    assert store.read(COLLECTION, KEY) is None


def test_a_replacement_moves_the_expiry(store: Store, clock: Clock) -> None:
    version = store.create(COLLECTION, KEY, FIELDS, clock.now + 10)
    store.replace(COLLECTION, KEY, FIELDS, clock.now + 20, version)
    clock.now += 15
    assert store.read(COLLECTION, KEY) is not None
    clock.now += 5
    assert store.read(COLLECTION, KEY) is None


def test_the_key_of_an_expired_record_is_free(store: Store, clock: Clock) -> None:
    old = store.create(COLLECTION, KEY, FIELDS, clock.now + 10)
    clock.now += 10
    store.create(COLLECTION, KEY, {"n": 2}, clock.now + 10)
    with pytest.raises(Conflict):
        store.delete(COLLECTION, KEY, old)
    record = store.read(COLLECTION, KEY)
    assert record is not None
    assert record.fields == {"n": 2}


def test_another_instance_sees_each_write_at_once(backend: Backend, clock: Clock) -> None:
    here, there = backend.open(clock), backend.open(clock)
    first = here.create(COLLECTION, KEY, FIELDS, FAR)
    second = there.replace(COLLECTION, KEY, {"n": 2}, FAR, first)
    record = here.read(COLLECTION, KEY)
    assert record is not None
    assert (record.fields, record.version) == ({"n": 2}, second)
    here.delete(COLLECTION, KEY, second)
    assert there.read(COLLECTION, KEY) is None
