"""The store as the doctor finds it, on SQLite and on the stand-in for Firestore."""

import secrets
import sqlite3
import sys
from collections.abc import Iterator

import grpc  # type: ignore[import-untyped]
import pytest

from tests.support.app.doctor import Doctor, Outcome, ehr
from tests.support.app.servers import free_port
from tests.support.cloud.firestore_emulator import VARIABLE
from tests.support.cloud.firestore_stand_in import Fault, StandIn
from tests.support.ehr.scripted_ehr import Tenant

DENIED = Fault(grpc.StatusCode.PERMISSION_DENIED)
TTL = "ttl_policy_missing"
EXEMPT = "index_exemption_missing"


def checked(doctor: Doctor, tenant: Tenant, store: str | None = None) -> Outcome:
    doctor.write(ehr(tenant.base), store=store)
    return doctor.check()


def firestore() -> str:
    """Return a [store] table with its own project."""
    return f'kind = "firestore"\nproject = "test-{secrets.token_hex(6)}"\ndatabase = "smart"'


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    server = StandIn()
    server.ttl = {"launches": "ACTIVE", "sessions": "CREATING"}
    monkeypatch.setenv(VARIABLE, server.host)
    yield server
    server.close()


def test_sqlite_is_read_and_written_and_left_empty(doctor: Doctor, tenant: Tenant) -> None:
    outcome = checked(doctor, tenant)
    assert (outcome.level("store_unreachable"), outcome.level("store_write_failed")) == ("ok", "ok")
    assert outcome.of(TTL) == []
    with sqlite3.connect(doctor.folder / "smart.db") as database:
        assert database.execute("SELECT count(*) FROM records").fetchone() == (0,)
    database.close()


def test_a_sqlite_file_that_cannot_be_opened_fails(doctor: Doctor, tenant: Tenant) -> None:
    (doctor.folder / "smart.db").mkdir()
    outcome = checked(doctor, tenant)
    assert (outcome.code, outcome.with_level("fail")) == (1, {"store_unreachable"})
    assert outcome.of("store_write_failed") == []


def test_a_store_that_can_only_be_read_fails(doctor: Doctor, tenant: Tenant) -> None:
    """Create a table of that name that rejects every insert."""
    checked(doctor, tenant)
    with sqlite3.connect(doctor.folder / "smart.db") as database:
        database.execute(
            "CREATE TRIGGER closed BEFORE INSERT ON records BEGIN SELECT RAISE(FAIL, 'x'); END"
        )
    database.close()
    outcome = checked(doctor, tenant)
    assert (outcome.code, outcome.with_level("fail")) == (1, {"store_write_failed"})


def test_firestore_is_read_and_written_and_its_policies_and_indexes_are_looked_up(
    doctor: Doctor, tenant: Tenant, server: StandIn
) -> None:
    outcome = checked(doctor, tenant, firestore())
    assert outcome.code == 0
    for id_ in ("store_unreachable", "store_write_failed"):
        assert outcome.level(id_) == "ok"
    assert [one["level"] for one in outcome.of(TTL)] == ["ok", "ok"]
    assert [one["level"] for one in outcome.of(EXEMPT)] == ["ok", "ok"]
    assert server.counts == {
        "read": 1,
        "create": 1,
        "replace": 1,
        "conditional delete": 1,
        "field": 8,
    }


def test_a_collection_without_a_ttl_policy_fails_with_the_command_that_makes_one(
    doctor: Doctor, tenant: Tenant, server: StandIn
) -> None:
    server.ttl = {"launches": "ACTIVE", "sessions": "NEEDS_REPAIR"}
    outcome = checked(doctor, tenant, firestore())
    assert outcome.code == 1
    good, missing = outcome.of(TTL)
    assert (good["level"], missing["level"]) == ("ok", "fail")
    assert "sessions has no TTL policy" in missing["title"]
    assert missing["fix"] == (
        "gcloud firestore fields ttls update expires_at --collection-group=sessions "
        "--enable-ttl --database=smart"
    )
    server.ttl = {}
    assert [one["level"] for one in checked(doctor, tenant, firestore()).of(TTL)] == ["fail"] * 2


def test_the_records_of_cds_calls_are_looked_at_where_an_ehr_calls(
    doctor: Doctor, tenant: Tenant, server: StandIn
) -> None:
    client = '[[cds_client]]\nkey = "c"\nehr = "one"\niss = "i"\njku = "http://localhost:1/k"\n'
    doctor.write(ehr(tenant.base), client, store=firestore())
    *_, last = doctor.check().of(TTL)
    assert (last["level"], "cds_calls" in last["title"]) == ("fail", True)
    server.ttl = {**server.ttl, "cds_calls": "ACTIVE"}
    assert [one["level"] for one in doctor.check().of(TTL)] == ["ok"] * 3


def test_indexed_fields_fail_with_the_command_for_each(
    doctor: Doctor, tenant: Tenant, server: StandIn
) -> None:
    server.indexed = {"sessions/write", "sessions/expires_at"}
    outcome = checked(doctor, tenant, firestore())
    assert (outcome.code, outcome.with_level("fail")) == (1, {EXEMPT})
    good, missing = outcome.of(EXEMPT)
    assert good["level"] == "ok"
    assert "Firestore indexes expires_at, write in sessions" in missing["title"]
    for field in ("expires_at", "write"):
        assert (
            f"gcloud firestore indexes fields update {field} --collection-group=sessions "
            "--disable-indexes --database=smart"
        ) in missing["fix"]


@pytest.mark.parametrize(
    ("code", "level"),
    [(grpc.StatusCode.PERMISSION_DENIED, "fail"), (grpc.StatusCode.UNIMPLEMENTED, "warn")],
)
def test_what_cannot_be_looked_up_is_not_claimed_and_fails_where_a_role_is_missing(
    doctor: Doctor, tenant: Tenant, server: StandIn, code: grpc.StatusCode, level: str
) -> None:
    server.fail("field", *[Fault(code)] * 8)
    outcome = checked(doctor, tenant, firestore())
    assert outcome.code == (level == "fail")
    for id_ in (TTL, EXEMPT):
        assert [one["level"] for one in outcome.of(id_)] == [level, level]
        assert "It's unknown whether" in outcome.of(id_)[0]["title"]
        assert ("datastore.viewer" in outcome.of(id_)[0]["fix"]) == (level == "fail")


def test_a_firestore_that_may_not_be_read_fails_and_names_the_reason(
    doctor: Doctor, tenant: Tenant, server: StandIn
) -> None:
    server.fail("read", DENIED)
    outcome = checked(doctor, tenant, firestore())
    assert (outcome.code, outcome.with_level("fail")) == (1, {"store_unreachable"})
    assert "PermissionDenied" in outcome.only("store_unreachable")["title"]
    assert outcome.of("store_write_failed") == outcome.of(TTL) == []


@pytest.mark.parametrize("kind", ["create", "replace", "conditional delete"])
def test_each_write_that_fails_is_named_and_cleared_away(
    doctor: Doctor, tenant: Tenant, server: StandIn, kind: str
) -> None:
    server.fail(kind, DENIED)
    outcome = checked(doctor, tenant, firestore())
    assert (outcome.code, outcome.with_level("fail")) == (1, {"store_write_failed"})
    step = kind.removeprefix("conditional ")
    assert f"{step} failed (PermissionDenied)" in outcome.only("store_write_failed")["title"]
    assert server.counts["delete"] == 1


def test_a_store_whose_conditions_do_not_hold_fails(
    doctor: Doctor, tenant: Tenant, server: StandIn
) -> None:
    server.fail("replace", Fault(grpc.StatusCode.FAILED_PRECONDITION))
    outcome = checked(doctor, tenant, firestore())
    title = outcome.only("store_write_failed")["title"]
    assert title == "A record can't be written: replace failed (its precondition failed)."


def test_a_firestore_that_is_away_fails(
    doctor: Doctor, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"127.0.0.1:{free_port()}")
    outcome = checked(doctor, tenant, firestore())
    assert (outcome.code, outcome.with_level("fail")) == (1, {"store_unreachable"})


def test_without_the_client_library_the_doctor_says_how_to_get_it(
    doctor: Doctor, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shared.store.firestore", None)
    outcome = checked(doctor, tenant, firestore())
    assert (outcome.code, outcome.with_level("fail")) == (1, {"store_unreachable"})
    assert "make doctor" in outcome.only("store_unreachable")["fix"]
