"""Records of other releases: what they wrote, byte for byte, is in tests/support/charts/records.

`first` is from before `other_endpoints`, `before-schema` from before the schema number, `next` has
a member more in every place.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.errors import SessionExpired, SessionMissing, StateUnknown
from shared.sealing import Sealer
from shared.session import record
from shared.session.lease import NO_LEASE
from shared.session.record import StoredSession
from shared.smart import launches
from shared.store import records
from shared.store.sqlite import SqliteStore

FOLDER = Path(__file__).parents[2] / "support" / "charts" / "records"
RELEASES = ("first", "before-schema", "next")
STATE, HANDLE, SECRET = "s" * 43, "h" * 22, b"k" * 32
SEALER = Sealer((b"\x01" * 32,))
FAR = 4e9


def sample(release: str) -> dict[str, dict[str, Any]]:
    return dict(json.loads((FOLDER / f"{release}.json").read_text(encoding="utf-8")))


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(str(tmp_path / "smart.db"))


def launch(store: SqliteStore, fields: dict[str, Any]) -> launches.StoredLaunch:
    store.create(launches.COLLECTION, launches._hash(STATE), fields, FAR)
    return launches.find(store, STATE)


def session(store: SqliteStore, fields: dict[str, Any]) -> StoredSession:
    store.create(record.COLLECTION, record.key(HANDLE), fields, FAR)
    return record.read(store, HANDLE, SECRET, SEALER)


def sealed(fields: dict[str, Any]) -> dict[str, Any]:
    context = f"session {HANDLE} {fields['version']}"
    return dict(json.loads(SEALER.open(fields["sealed"], SECRET, context)))


def shape(value: object) -> object:
    """The members of a record with the types of their values."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    return "number" if type(value) in {int, float} else type(value).__name__


@pytest.mark.parametrize("release", RELEASES)
def test_a_launch_begun_under_another_release_comes_back(release: str, store: SqliteStore) -> None:
    stored = launch(store, sample(release)["launch"])
    pending = stored.pending
    assert pending.requested == ("launch", "openid", "patient/*.rs")
    assert (pending.code_verifier, pending.nonce) == ("v" * 43, "n" * 43)
    known = () if release == "first" else ("https://ehr.example.org/authorize",)
    assert pending.other_endpoints == known
    launches.consume(store, stored)
    with pytest.raises(StateUnknown):
        launches.find(store, STATE)


@pytest.mark.parametrize("release", RELEASES)
def test_a_session_opened_under_another_release_lives_on(release: str, store: SqliteStore) -> None:
    stored = session(store, sample(release)["session"])
    assert (stored.lease, stored.just_renewed) == (NO_LEASE, False)
    assert stored.last_used == 1_700_000_000
    opened = stored.session
    assert (opened.access_token, opened.refresh_token) == ("access-1", "refresh-1")
    assert opened.context.patient == "p1"
    assert opened.context.fhir_context == ({"reference": "ImagingStudy/1"},)
    assert opened.user is not None
    assert opened.user.name == "A Name"


def test_what_this_release_writes_the_one_before_reads(store: SqliteStore) -> None:
    """The earlier release reads sessions with exactly these encrypted fields. A launch that is in
    progress during a rollback fails, once, because of the schema number.
    """
    before = sample("before-schema")
    opened = session(store, before["session"]).session
    written = record.fields(opened, SEALER, last_used=1_700_000_000.0)
    assert shape(sealed(dict(written))) == shape(sealed(before["session"]))
    assert written["schema"] == 1
    assert shape(dict(written)) == {**dict(shape(before["session"])), "schema": "number"}  # type: ignore[call-overload]
    pending = launches._fields(launch(store, before["launch"]).pending)
    assert pending == {**before["launch"], "schema": records.SCHEMA}


def test_a_seal_written_anew_keeps_what_another_release_knew_of_the_session(
    store: SqliteStore,
) -> None:
    opened = session(store, sample("next")["session"]).session
    again = record.fields(opened, SEALER, last_used=1.0)
    store.delete(record.COLLECTION, record.key(HANDLE))
    assert session(store, dict(again)).session == opened


def test_tokens_that_wait_to_be_confirmed_change_nothing_that_an_earlier_release_reads(
    store: SqliteStore,
) -> None:
    before = sample("before-schema")["session"]
    opened = session(store, before).session
    renewed = replace(
        opened,
        version=2,
        access_token="access-2",
        refresh_token="refresh-2",
        granted=("openid",),
        access_life=7.0,
        access_expires_at=8.0,
    )
    added = record.unconfirmed_field(record.Unconfirmed(renewed, "an id_token"), SEALER)
    assert added.keys().isdisjoint(before)
    store.delete(record.COLLECTION, record.key(HANDLE))
    stored = session(store, before | added)
    assert stored.session == opened
    assert record.unconfirmed(stored, SEALER) == record.Unconfirmed(renewed, "an id_token")
    # As the session's own, they can't be decrypted.
    with pytest.raises(SessionMissing):
        record.unsealed(
            replace(stored.record, fields={**before, "sealed": added["unconfirmed"], "version": 2}),
            HANDLE,
            SECRET,
            SEALER,
        )
    foreign = replace(stored.record, fields={**before, "unconfirmed": before["sealed"]})
    with pytest.raises(SessionExpired):
        record.unconfirmed(replace(stored, record=foreign), SEALER)


def test_records_of_a_schema_to_come_are_over_here(store: SqliteStore) -> None:
    later = sample("next")
    for fields in later.values():
        fields["schema"] = records.SCHEMA + 1
    with pytest.raises(StateUnknown, match="state_unknown"):
        launch(store, later["launch"])
    with pytest.raises(SessionExpired, match="session_expired"):
        session(store, later["session"])


def test_a_session_without_its_token_is_over_here(store: SqliteStore) -> None:
    fields = sample("next")["session"]
    held = sealed(fields)
    del held["access_token"]
    context = f"session {HANDLE} {fields['version']}"
    fields["sealed"] = SEALER.seal(json.dumps(held).encode(), SECRET, context)
    with pytest.raises(SessionExpired):
        session(store, fields)


@pytest.mark.parametrize("schema", ["1", None, [1], 1.5])
def test_a_schema_that_is_no_number_is_one_to_come(schema: object, store: SqliteStore) -> None:
    with pytest.raises(SessionExpired):
        session(store, sample("next")["session"] | {"schema": schema})


@pytest.mark.parametrize("name", ["code_verifier", "nonce", "binding", "token_endpoint"])
def test_what_protects_a_launch_has_no_default(name: str, store: SqliteStore) -> None:
    fields = sample("next")["launch"]
    del fields[name]
    with pytest.raises(StateUnknown):
        launch(store, fields)


def test_a_session_without_a_lease_in_its_record_has_none(store: SqliteStore) -> None:
    fields = sample("next")["session"]
    for name in ("lease_owner", "lease_until", "retry_at"):
        del fields[name]
    assert session(store, fields).lease == NO_LEASE
