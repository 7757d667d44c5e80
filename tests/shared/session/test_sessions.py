"""Sessions: what opens them, how long they live, what an instance keeps, what the store holds."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared import log
from shared.config import settings_file
from shared.config.settings import Settings
from shared.errors import SessionExpired, SessionMissing, StoreUnavailable
from shared.oidc.keys import Keys
from shared.sealing import Sealer
from shared.session import record
from shared.session.context import describe
from shared.session.sessions import Opened, Sessions, is_handle
from shared.smart.client_auth import Clients
from shared.smart.launches import Pending
from shared.smart.token_response import LaunchContext, TokenResponse
from shared.store import Store
from shared.store.sqlite import SqliteStore
from tests.support.app.stores import Clock
from tests.support.app.watched_store import WatchedStore

KEY = bytes(range(32))
IDLE, LONGEST, CACHE = 1800.0, 8 * 3600.0, 3.0
PENDING = Pending(
    ehr="one",
    flow="ehr",
    iss="https://ehr.example/fhir/",
    fhir_base="https://ehr.example/fhir",
    client_id="c",
    redirect_uri="https://app.example/callback",
    requested=("launch", "patient/Patient.rs", "patient/Observation.rs"),
    scopes_supported=None,
    token_endpoint="https://ehr.example/token",
    revocation_endpoint=None,
    issuer=None,
    jwks_uri=None,
    sends_iss=False,
    assertion_algorithms=None,
    code_verifier="sentinel-verifier",
    nonce=None,
    binding="0" * 64,
)
CONTEXT = LaunchContext("p1", "e1", True, None, "t", None, ({"reference": "Basic/1"},))
ANSWER = TokenResponse("sentinel-access", "sentinel-refresh", None, 4e4, ("launch",), CONTEXT)
# An answer with a refresh token is renewed before it ends: that is test_refresh.py's.
LAST_ANSWER = replace(ANSWER, refresh_token=None)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "smart.db"


@pytest.fixture
def store(database: Path, clock: Clock) -> WatchedStore:
    return WatchedStore(SqliteStore(str(database), clock))


@pytest.fixture
def settings() -> Settings:
    made, problems = settings_file.parse(
        'public_url = "https://app.example"\nsealing_keys = ["env:K"]\n[store]\nkind = "sqlite"\n'
        '[[ehr]]\nkey = "one"\niss = ["https://ehr.example/fhir"]\nclient_id = "c"\n'
        'scopes = "patient/Patient.rs"\n'
    )
    assert made is not None, problems
    return made


@pytest.fixture
def sessions(store: WatchedStore, settings: Settings, clock: Clock) -> Sessions:
    return _instance(store, settings, clock)


def _instance(
    store: Store, settings: Settings, clock: Clock, keys: tuple[bytes, ...] = (KEY,)
) -> Sessions:
    """Return an instance. All instances on one store belong to the same deployment."""
    return Sessions(store, Sealer(keys), settings, Clients({}, {}), Keys(), clock)


def _held(*opened: Opened) -> dict[str, tuple[str, ...]]:
    """The browser's cookies."""
    return {one.cookie_name: (one.cookie_value,) for one in opened}


def test_opening_is_one_write_and_a_use_by_its_cookie_one_read_in_each_instance(
    sessions: Sessions, store: WatchedStore, settings: Settings, clock: Clock
) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    assert store.done == {"create": 1}
    for reads, instance in enumerate((sessions, _instance(store, settings, clock)), 1):
        assert instance.use(opened.session.handle, _held(opened)).session == opened.session
        assert store.done == {"create": 1, "read": reads}


def test_handle_and_secret_are_new_every_time(sessions: Sessions) -> None:
    opened = [sessions.open(PENDING, ANSWER, None) for _ in range(50)]
    handles = {one.session.handle for one in opened}
    assert len(handles) == 50
    assert all(map(is_handle, handles))
    assert len({one.session.secret for one in opened}) == 50


@pytest.mark.parametrize(
    "values",
    [
        (),
        ("",),
        ("x",),
        ("1.-.short",),
        ("1.-." + "s" * 44,),
        ("1." + "s" * 43,),
        ("A.-." + "s" * 43,),
        ("1.bad tag." + "s" * 43,),
        ("1.-." + "s" * 42 + "=",),
    ],
)
def test_a_cookie_that_was_never_ours_costs_no_store_access(
    sessions: Sessions, store: WatchedStore, values: tuple[str, ...]
) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    received = {opened.cookie_name: values} if values else {}
    with pytest.raises(SessionMissing):
        sessions.use(opened.session.handle, received)
    assert store.done["read"] == 0


def test_a_record_moved_to_another_handle_opens_nothing(sessions: Sessions, database: Path) -> None:
    """Who can write to the database cannot make one browser's session another's."""
    one, other = (sessions.open(PENDING, ANSWER, None) for _ in range(2))
    connection = sqlite3.connect(database)
    with connection:
        rows = connection.execute("SELECT key, fields FROM records").fetchall()
        connection.execute("UPDATE records SET fields = ? WHERE key = ?", (rows[1][1], rows[0][0]))
        connection.execute("UPDATE records SET fields = ? WHERE key = ?", (rows[0][1], rows[1][0]))
    connection.close()
    for opened in (one, other):
        for held in (opened, replace(one, cookie_name=opened.cookie_name)):
            with pytest.raises(SessionMissing):
                sessions.use(opened.session.handle, _held(held))


def test_the_session_ends_at_its_longest_duration_however_busy(
    sessions: Sessions, clock: Clock
) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    started = clock.now
    while clock.now + 600 < started + LONGEST:
        clock.now += 600
        sessions.use(opened.session.handle, _held(opened))
    clock.now = started + LONGEST - 0.01
    sessions.use(opened.session.handle, _held(opened))
    clock.now = started + LONGEST
    with pytest.raises(SessionExpired):
        sessions.use(opened.session.handle, _held(opened))


def test_the_session_ends_and_is_wiped_when_idle_for_the_limit(
    sessions: Sessions, store: WatchedStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[Any] = []
    monkeypatch.setattr(log, "event", lambda name, *_, **more: ends.append((name, more["fields"])))
    idle_one, busy_one = (sessions.open(PENDING, ANSWER, None) for _ in range(2))
    clock.now += IDLE - 1
    sessions.use(busy_one.session.handle, _held(busy_one))
    clock.now += 1
    with pytest.raises(SessionExpired) as ended:
        sessions.use(idle_one.session.handle, _held(idle_one))
    assert "session_idle_minutes" in ended.value.why
    assert ends == [("session_ended", {"reason": "idle"})]
    assert store.read(record.COLLECTION, record.key(idle_one.session.handle)) is None
    clock.now += IDLE - 2
    sessions.use(busy_one.session.handle, _held(busy_one))


def test_last_used_is_written_at_most_once_per_sixth_of_the_idle_limit(
    sessions: Sessions, store: WatchedStore, settings: Settings, clock: Clock
) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    instances = [sessions, _instance(store, settings, clock), _instance(store, settings, clock)]
    for second in range(1, 1201):
        clock.now += 1
        instances[second % 3].use(opened.session.handle, _held(opened))
        assert store.done["replace"] <= second / (IDLE / 6)
    # An instance learns of another's write when its own copy is too old, within CACHE seconds.
    assert store.done["replace"] >= 1200 / (IDLE / 6 + CACHE) - 1


def test_winding_the_clock_prolongs_no_session(
    sessions: Sessions, store: WatchedStore, clock: Clock, database: Path
) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    clock.now += IDLE / 2
    sessions.use(opened.session.handle, _held(opened))
    assert store.done["replace"] == 1
    connection = sqlite3.connect(database)
    (expires_at,) = connection.execute("SELECT expires_at FROM records").fetchone()
    connection.close()
    assert expires_at == opened.session.expires_at


def test_a_clock_that_cannot_be_written_is_no_failure_and_is_tried_at_the_next_reading(
    sessions: Sessions, store: WatchedStore, clock: Clock
) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    clock.now += IDLE / 6 - 1
    sessions.use(opened.session.handle, _held(opened))
    clock.now += 1
    store.fail("replace", "away")
    sessions.use(opened.session.handle, _held(opened))
    for _ in range(3):
        sessions.use(opened.session.handle, _held(opened))
    assert store.done == {"create": 1, "read": 1, "replace": 1}
    clock.now += CACHE
    for _ in range(3):
        sessions.use(opened.session.handle, _held(opened))
    assert store.done == {"create": 1, "read": 2, "replace": 2}


def test_a_session_in_use_elsewhere_is_not_idle_here(
    store: WatchedStore, settings: Settings, clock: Clock
) -> None:
    short = replace(settings, session_idle_seconds=4, session_cache_seconds=60)
    here, elsewhere = (_instance(store, short, clock) for _ in range(2))
    opened = here.open(PENDING, ANSWER, None)
    here.use(opened.session.handle, _held(opened))
    clock.now += 3
    elsewhere.use(opened.session.handle, _held(opened))
    clock.now += 2
    store.fail("delete", "away")
    here.use(opened.session.handle, _held(opened))
    clock.now += 4
    with pytest.raises(SessionExpired):
        here.use(opened.session.handle, _held(opened))


def test_a_session_of_an_ehr_that_is_no_longer_configured_is_over(
    sessions: Sessions, store: WatchedStore, settings: Settings, clock: Clock
) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    other = replace(settings, ehrs=tuple(replace(one, key="other") for one in settings.ehrs))
    with pytest.raises(SessionExpired) as ended:
        _instance(store, other, clock).use(opened.session.handle, _held(opened))
    assert "configuration has changed" in ended.value.why


def test_of_many_requests_at_once_one_updates_last_used(
    store: WatchedStore, settings: Settings, clock: Clock
) -> None:
    """Losers take over what the winner wrote and do not try again on what they had read."""
    trusting = replace(settings, session_cache_seconds=IDLE / 2)
    instances = [_instance(store, trusting, clock) for _ in range(5)]
    opened = instances[0].open(PENDING, ANSWER, None)
    for instance in instances:
        instance.use(opened.session.handle, _held(opened))
    clock.now += IDLE / 6
    for _ in range(10):
        for instance in instances:
            instance.use(opened.session.handle, _held(opened))
    assert store.done["replace"] == len(instances)


def test_what_was_read_is_trusted_for_the_configured_seconds(
    sessions: Sessions, store: WatchedStore, clock: Clock
) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    handle = opened.session.handle
    for _ in range(5):
        sessions.use(handle, _held(opened))
    assert store.done["read"] == 1
    clock.now += CACHE - 0.01
    sessions.use(handle, _held(opened))
    assert store.done["read"] == 1
    clock.now += 0.01
    sessions.use(handle, _held(opened))
    assert store.done["read"] == 2


def test_without_a_cache_every_use_reads(
    store: WatchedStore, settings: Settings, clock: Clock
) -> None:
    sessions = _instance(store, replace(settings, session_cache_seconds=0), clock)
    opened = sessions.open(PENDING, ANSWER, None)
    for _ in range(5):
        sessions.use(opened.session.handle, _held(opened))
    assert store.done["read"] == 5


def test_the_secret_is_checked_anew_on_a_kept_session(
    sessions: Sessions, store: WatchedStore
) -> None:
    opened, other = (sessions.open(PENDING, ANSWER, None) for _ in range(2))
    handle = opened.session.handle
    sessions.use(handle, _held(opened))
    for wrong in (
        {},
        {opened.cookie_name: (other.cookie_value,)},
        {opened.cookie_name: (opened.cookie_value[:-1] + "!",)},
        {opened.cookie_name: (opened.cookie_value, opened.cookie_value)},
    ):
        with pytest.raises(SessionMissing):
            sessions.use(handle, wrong)
    reads = store.done["read"]
    sessions.use(handle, _held(opened))
    assert store.done["read"] == reads


def test_a_kept_session_ends_on_time_too(sessions: Sessions, clock: Clock) -> None:
    opened = sessions.open(PENDING, replace(LAST_ANSWER, expires_in=1.0), None)
    sessions.use(opened.session.handle, _held(opened))
    clock.now += 1
    with pytest.raises(SessionExpired):
        sessions.use(opened.session.handle, _held(opened))


def test_a_removed_session_is_over_when_what_was_read_is_too_old(
    sessions: Sessions, clock: Clock, database: Path
) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    sessions.use(opened.session.handle, _held(opened))
    connection = sqlite3.connect(database)
    with connection:
        connection.execute("DELETE FROM records")
    connection.close()
    sessions.use(opened.session.handle, _held(opened))
    clock.now += CACHE
    with pytest.raises(SessionExpired):
        sessions.use(opened.session.handle, _held(opened))


def test_a_store_that_is_away_opens_no_session(sessions: Sessions, store: WatchedStore) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    store.fail("read", "away")
    store.fail("create", "away")
    with pytest.raises(StoreUnavailable):
        sessions.use(opened.session.handle, _held(opened))
    with pytest.raises(StoreUnavailable):
        sessions.open(PENDING, ANSWER, None)


def test_sessions_outlive_the_rotation_of_the_server_key(
    sessions: Sessions, store: WatchedStore, settings: Settings, clock: Clock
) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    rotated = _instance(store, settings, clock, (bytes(32), KEY))
    assert rotated.use(opened.session.handle, _held(opened)).session == opened.session


def test_a_session_shows_no_secret_in_its_repr(sessions: Sessions) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    shown = repr(opened.session)
    assert "sentinel" not in shown
    assert opened.session.secret.decode() not in shown


def test_the_context_for_the_app_names_every_field_and_no_token(sessions: Sessions) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    shown = describe(opened.session, "generic", "https://app.example")
    text = json.dumps(shown)
    assert "sentinel" not in text
    assert opened.session.secret.decode() not in text
    assert json.loads(text) == {
        "ehr": "one",
        "iss": "https://ehr.example/fhir/",
        "patient": "p1",
        "encounter": "e1",
        "user": None,
        "need_patient_banner": True,
        "smart_style_url": None,
        "tenant": "t",
        "intent": None,
        "fhirContext": [{"reference": "Basic/1"}],
        "app_context": None,
        "scope": {
            "requested": ["launch", "patient/Patient.rs", "patient/Observation.rs"],
            "granted": ["launch"],
            "missing": ["patient/Patient.rs", "patient/Observation.rs"],
            "causes": {
                "patient/Patient.rs": "scope_not_registered",
                "patient/Observation.rs": "scope_not_registered",
            },
        },
        "access_expires_at": "2027-01-15T19:06:40Z",
        "session_expires_at": "2027-01-15T16:00:00Z",
        "fhir_base": f"https://app.example/fhir_proxy/{opened.session.handle}",
    }


def test_an_expiry_moved_in_the_database_does_not_prolong_the_session(
    sessions: Sessions, store: WatchedStore, settings: Settings, clock: Clock, database: Path
) -> None:
    opened = sessions.open(PENDING, ANSWER, None)
    received = {opened.cookie_name: (opened.cookie_value,)}
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE records SET expires_at = expires_at * 2")
    clock.now += LONGEST
    with pytest.raises(SessionExpired):
        _instance(store, settings, clock).use(opened.session.handle, received)
