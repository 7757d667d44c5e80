"""Refresh: when, by whom, with what, and what its answer does to the session."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from shared.errors import RefreshFailed, SessionExpired, SessionMissing
from shared.oidc.id_token import Identity
from shared.session import lease
from shared.smart import token_endpoint
from shared.smart.token_response import early_seconds
from shared.store.sqlite import SqliteStore
from tests.support.app.renewal import SEALING_KEY, Renewal, renewal
from tests.support.app.stores import Clock
from tests.support.ehr.id_tokens import PrivateKey, compact, ec_key, public_jwk
from tests.support.ehr.rotating_ehr import RotatingEhr
from tests.support.ehr.scripted_ehr import (
    HANG_UP,
    Handler,
    Received,
    Scripted,
    ScriptedEhr,
    as_json,
)

LEASE, RETRY = 15.0, 5.0
USER_KEY = ec_key()
ISSUER = "https://issuer.example"


@pytest.fixture
def ehr(scripted: ScriptedEhr) -> RotatingEhr:
    return RotatingEhr(scripted.tenant(), life=300)


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time())


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> SqliteStore:
    return SqliteStore(str(tmp_path / "smart.db"), clock)


@pytest.fixture
def one(ehr: RotatingEhr, store: SqliteStore, clock: Clock) -> Renewal:
    return renewal(ehr, store, clock)


def _over(one: Renewal) -> None:
    """No data of it is left, and no instance calls the EHR about it again."""
    asked = len(one.ehr.tenant.received)
    assert one.record is None
    for instance in (one.here, one.elsewhere()):
        with pytest.raises(SessionExpired):
            one.use(instance)
    assert len(one.ehr.tenant.received) == asked


def test_the_figures_are_those_of_the_contract() -> None:
    assert (lease.LEASE_SECONDS, lease.RETRY_SECONDS) == (LEASE, RETRY)
    assert [early_seconds(life) for life in (3600.0, 300.0, 50.0)] == [60.0, 60.0, 10.0]
    assert lease.LEASE_SECONDS > token_endpoint.SECONDS + token_endpoint.REVOKE_SECONDS
    assert lease.LEASE_SECONDS - lease.SPARE_SECONDS >= token_endpoint.SECONDS


@pytest.mark.parametrize(
    ("life", "margin"), [(3600, 60), (600, 60), (300, 60), (299, 59.8), (60, 12), (5, 1)]
)
def test_access_is_renewed_when_less_than_a_minute_or_a_fifth_of_its_life_remains(
    ehr: RotatingEhr, store: SqliteStore, clock: Clock, life: float, margin: float
) -> None:
    ehr.life = life
    one = renewal(ehr, store, clock)
    clock.now = one.session.access_expires_at - margin
    # Times of today have steps of a quarter of a microsecond.
    clock.now -= 0.001
    assert one.use().session == one.session
    assert ehr.asked == 0
    clock.now += 0.002
    renewed = one.use().session
    assert ehr.asked == 1
    assert renewed.access_token != one.session.access_token
    assert renewed.access_expires_at == clock.now + life
    assert renewed.version == 2


def test_a_refresh_names_the_client_and_asks_for_no_scope(one: Renewal) -> None:
    one.run_out()
    one.use()
    (request,) = one.ehr.tenant.hits("/auth/token")
    assert request.form == {
        "grant_type": "refresh_token",
        "refresh_token": one.session.refresh_token,
        "client_id": "client-1",
    }
    assert request.query == ""


@pytest.mark.parametrize(("rotates", "different"), [(True, 3), (False, 1), (None, 1)])
def test_each_refresh_uses_the_newest_refresh_token(
    ehr: RotatingEhr, store: SqliteStore, clock: Clock, rotates: bool | None, different: int
) -> None:
    """None: the answer has a refresh token that is null."""
    ehr.rotates = bool(rotates)
    if rotates is None:
        ehr.more["refresh_token"] = None
    one = renewal(ehr, store, clock)
    for _ in range(3):
        clock.now = one.use().session.access_expires_at
        one.use(one.elsewhere())
    assert len(ehr.refreshed) == 3
    assert len(set(ehr.refreshed)) == different
    assert ehr.reused == 0


def test_the_refresh_goes_where_the_launch_went_whatever_discovery_says_later(
    one: Renewal,
) -> None:
    one.ehr.tenant.discovery["token_endpoint"] = f"{one.ehr.tenant.base}/elsewhere"
    one.run_out()
    one.use()
    assert [request.path for request in one.ehr.tenant.received] == ["/auth/token"]


def test_without_a_refresh_token_the_session_ends_with_its_access(
    ehr: RotatingEhr, store: SqliteStore, clock: Clock
) -> None:
    one = renewal(ehr, store, clock, refresh_token=False)
    one.nearly_out()
    assert one.use().session == one.session
    one.run_out()
    with pytest.raises(SessionExpired) as over:
        one.use()
    assert "no refresh token" in over.value.why
    assert "launch the app again" in over.value.steps[0]
    _over(one)
    assert ehr.asked == 0


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("dead", [True, False])
def test_invalid_grant_ends_the_session_even_while_its_access_lives(
    one: Renewal, status: int, dead: bool
) -> None:
    one.ehr.instead.append(lambda _: as_json({"error": "invalid_grant"}, status))
    one.run_out() if dead else one.nearly_out()
    with pytest.raises(SessionExpired) as over:
        one.use()
    assert "The EHR ended" in over.value.why
    _over(one)
    assert one.ehr.asked == 1


def _slow(_: Received) -> Scripted:
    time.sleep(1.5)
    return HANG_UP


FAILURES: dict[str, Handler] = {
    "500": lambda _: Scripted(500),
    "503": lambda _: as_json({"error": "temporarily_unavailable"}, 503),
    "429": lambda _: Scripted(429, {"Retry-After": "1"}),
    "401 invalid_client": lambda _: as_json({"error": "invalid_client"}, 401),
    "400 without a word": lambda _: Scripted(400),
    "a redirect": lambda _: Scripted(307, {"Location": "/elsewhere"}),
    "not JSON": lambda _: Scripted(200, {"Content-Type": "text/html"}, b"<p>Sign in</p>"),
    "no access token": lambda _: as_json({"token_type": "Bearer"}),
    "not a bearer token": lambda _: as_json({"access_token": "a", "token_type": "mac"}),
    "a malformed patient": lambda _: as_json(
        {"access_token": "a", "token_type": "Bearer", "patient": "../p2"}
    ),
    "connection closed": lambda _: HANG_UP,
    "no answer in time": _slow,
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_any_other_failure_keeps_the_session_and_is_not_repeated_within_five_seconds(
    one: Renewal, failure: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    if failure is _slow:
        monkeypatch.setattr(token_endpoint, "SECONDS", 0.5)
    one.ehr.instead.extend([failure] * 2)
    one.nearly_out()
    failed_at = one.clock.now
    for instance in (one.here, one.here, one.elsewhere()):
        assert one.use(instance).session == one.session
    assert one.ehr.asked == 1

    one.run_out()
    with pytest.raises(RefreshFailed) as kept:
        one.use()
    assert kept.value.retry_after == 4
    assert one.ehr.asked == 1

    one.clock.now = failed_at + RETRY
    for instance, retry_after in ((one.here, 5), (one.here, 5), (one.elsewhere(), 5)):
        with pytest.raises(RefreshFailed) as kept:
            one.use(instance)
        assert kept.value.retry_after == retry_after
    assert one.ehr.asked == 2

    one.clock.now += RETRY
    assert one.use().session.version == 2
    assert one.use(one.elsewhere()).session.version == 2
    assert one.ehr.asked == 3


def test_a_refresh_whose_answer_was_lost_ends_a_rotating_session_at_the_next_attempt(
    one: Renewal,
) -> None:
    def rotate_and_hang_up(request: Received) -> Scripted:
        one.ehr.refresh(request)
        return HANG_UP

    one.ehr.instead.append(rotate_and_hang_up)
    one.run_out()
    with pytest.raises(RefreshFailed):
        one.use()
    one.clock.now += RETRY
    with pytest.raises(SessionExpired):
        one.use()
    assert one.ehr.asked == 2
    _over(one)


def test_narrowed_scopes_hold_from_the_refresh_on_and_absent_ones_mean_no_change(
    one: Renewal,
) -> None:
    ehr = one.settings.ehrs[0]
    one.ehr.more["scope"] = "launch patient/Patient.rs"
    one.run_out()
    narrowed = one.use().session
    assert narrowed.granted == ("launch", "patient/Patient.rs")
    assert narrowed.missing == ("patient/*.rs",)
    assert [grant.type for grant in narrowed.grants(ehr)] == ["Patient"]
    one.ehr.more["scope"] = None
    one.clock.now = narrowed.access_expires_at
    assert one.use().session.granted == narrowed.granted
    # Wider ones give no more than was configured.
    one.ehr.more["scope"] = "launch patient/*.cruds system/*.cruds"
    one.clock.now = one.use().session.access_expires_at
    (grant,) = one.use().session.grants(ehr)
    assert (grant.level, grant.type, grant.letters) == ("patient", "*", frozenset("rs"))


@pytest.mark.parametrize("rotates", [True, False])
def test_another_patient_ends_the_session_and_revokes_what_came(
    ehr: RotatingEhr, store: SqliteStore, clock: Clock, rotates: bool
) -> None:
    ehr.rotates = rotates
    one = renewal(ehr, store, clock)
    ehr.more["patient"] = "p2"
    one.nearly_out()
    with pytest.raises(SessionExpired) as over:
        one.use()
    assert "a different patient" in over.value.why
    assert ehr.revoked == [(ehr.grant.refresh_token, "refresh_token")]
    assert ehr.grant.access == {}
    _over(one)


def test_another_patient_ends_the_session_where_nothing_can_be_revoked(
    ehr: RotatingEhr, store: SqliteStore, clock: Clock
) -> None:
    one = renewal(ehr, store, clock, revocation=False)
    ehr.more["patient"] = "p2"
    one.run_out()
    with pytest.raises(SessionExpired):
        one.use()
    assert ehr.revoked == []
    _over(one)


@pytest.mark.parametrize("patient", [None, "", "p1"])
def test_no_patient_in_the_answer_means_the_same_one(one: Renewal, patient: str | None) -> None:
    one.ehr.more["patient"] = patient
    one.run_out()
    assert one.use().session.context == one.session.context


def _signed(one: Renewal, key: PrivateKey = USER_KEY, /, **changes: object) -> str:
    now = int(one.clock.now)
    claims = {"iss": ISSUER, "sub": "u1", "aud": "client-1", "iat": now, "exp": now + 300}
    return compact({"alg": "ES256", "kid": "k"}, claims | changes, key, "ES256")


@pytest.fixture
def known(ehr: RotatingEhr, store: SqliteStore, clock: Clock) -> Renewal:
    """A session of a verified user."""
    ehr.tenant.on("/jwks", as_json({"keys": [public_jwk(USER_KEY, kid="k")]}))
    return renewal(ehr, store, clock, user=Identity(ISSUER, "u1", None, None), issuer=ISSUER)


def test_another_user_ends_the_session_and_revokes_what_came(known: Renewal) -> None:
    known.run_out()
    known.ehr.more["id_token"] = _signed(known, sub="u2")
    with pytest.raises(SessionExpired) as over:
        known.use()
    assert "a different user" in over.value.why
    assert known.ehr.revoked == [(known.ehr.grant.refresh_token, "refresh_token")]
    _over(known)


def test_tokens_that_name_another_user_wait_for_the_ehrs_keys_and_no_request_uses_them(
    known: Renewal,
) -> None:
    known.ehr.more["id_token"] = _signed(known, sub="u2")
    known.ehr.tenant.on("/jwks", Scripted(503))
    known.nearly_out()
    for instance in (known.here, known.here, known.elsewhere()):
        assert known.use(instance).session == known.session
    known.run_out()
    known.clock.now += RETRY
    with pytest.raises(RefreshFailed) as waiting:
        known.use(known.elsewhere())
    assert "another user" in waiting.value.why
    assert known.ehr.revoked == []
    known.ehr.tenant.on("/jwks", as_json({"keys": [public_jwk(USER_KEY, kid="k")]}))
    known.clock.now += RETRY
    with pytest.raises(SessionExpired) as over:
        known.use(known.elsewhere())
    assert "a different user" in over.value.why
    assert known.ehr.revoked == [(known.ehr.grant.refresh_token, "refresh_token")]
    _over(known)
    assert known.ehr.asked == 1


def test_tokens_wait_no_longer_if_the_keys_show_that_nobody_signed_that_they_are_anothers(
    known: Renewal,
) -> None:
    known.ehr.more["id_token"] = _signed(known, ec_key(), sub="u2")
    known.ehr.tenant.on("/jwks", Scripted(503))
    known.run_out()
    with pytest.raises(RefreshFailed):
        known.use()
    known.ehr.tenant.on("/jwks", as_json({"keys": [public_jwk(USER_KEY, kid="k")]}))
    known.clock.now += RETRY
    renewed = known.use(known.elsewhere()).session
    assert (renewed.version, renewed.user) == (2, known.session.user)
    assert known.read_patient(known.use()).status == 200
    assert (known.ehr.asked, known.ehr.revoked) == (1, [])


def test_the_same_user_is_known_without_the_ehrs_keys(known: Renewal) -> None:
    known.ehr.more["id_token"] = _signed(known)
    known.run_out()
    assert known.use().session.version == 2
    assert known.ehr.tenant.hits("/jwks") == []
    assert known.store.done == {"read": 1, "replace": 2}


DISCARDED: dict[str, Callable[[Renewal], str]] = {
    "without aud": lambda one: _signed(one, sub="u2", aud=None),
    "expired": lambda one: _signed(one, sub="u2", exp=1),
    "another issuer": lambda one: _signed(one, sub="u2", iss="https://other.example"),
    "signature cut": lambda one: _signed(one, sub="u2")[:-8],
    "another's signature": lambda one: _signed(one, ec_key(), sub="u2"),
    "nonsense": lambda _: "nonsense",
    "the same user": _signed,
}


@pytest.mark.parametrize("id_token", DISCARDED.values(), ids=DISCARDED)
def test_an_id_token_that_says_nothing_new_or_nothing_at_all_changes_no_user(
    known: Renewal, id_token: Callable[[Renewal], str]
) -> None:
    known.run_out()
    known.ehr.more["id_token"] = id_token(known)
    renewed = known.use().session
    assert (renewed.version, renewed.user) == (2, known.session.user)
    assert known.ehr.revoked == []


def test_an_id_token_makes_no_user_where_the_launch_had_none(one: Renewal) -> None:
    one.run_out()
    one.ehr.more["id_token"] = _signed(one)
    assert one.use().session.user is None
    assert one.ehr.tenant.hits("/jwks") == []


def test_after_another_instances_refresh_the_new_access_is_read_and_not_asked_for(
    one: Renewal,
) -> None:
    one.use()
    one.run_out()
    renewed = one.use(one.elsewhere()).session
    assert one.use().session == renewed
    assert one.ehr.asked == 1


def _waiting(one: Renewal) -> tuple[Event, Event]:
    """Make the EHR's next refresh slow: one event reports the request, the other releases it."""
    asked, go_on = Event(), Event()

    def wait(request: Received) -> Scripted:
        asked.set()
        assert go_on.wait(60)
        return one.ehr.refresh(request)

    one.ehr.instead.append(wait)
    return asked, go_on


def test_while_another_instance_refreshes_living_access_is_used(one: Renewal) -> None:
    asked, go_on = _waiting(one)
    one.nearly_out()
    with ThreadPoolExecutor(1) as pool:
        winner = pool.submit(one.use)
        assert asked.wait(60)
        assert one.use(one.elsewhere()).session == one.session
        go_on.set()
        assert winner.result().session.version == 2
    assert one.pauses.slept == 0
    assert one.ehr.asked == 1


def test_while_another_instance_refreshes_a_request_without_access_waits_and_reads_again(
    one: Renewal,
) -> None:
    asked, go_on = _waiting(one)
    one.run_out()
    elsewhere = one.elsewhere()
    with ThreadPoolExecutor(1) as pool:
        winner = pool.submit(one.use)
        assert asked.wait(60)

        waits: list[float] = []

        def pause(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 5:
                go_on.set()
                winner.result(60)

        elsewhere._refresher = replace(elsewhere._refresher, pause=pause)
        assert one.use(elsewhere).session == winner.result().session
    assert waits == [0.1, 0.2, 0.4, 0.5, 0.5]
    assert one.ehr.asked == 1


@pytest.mark.parametrize("dead", [True, False])
def test_in_one_process_one_thread_asks_and_the_others_wait_only_without_access(
    one: Renewal, dead: bool
) -> None:
    others = 7
    asked, go_on = _waiting(one)
    one.run_out() if dead else one.nearly_out()
    with ThreadPoolExecutor(others + 1) as pool:
        winner = pool.submit(one.use)
        assert asked.wait(60)
        losers = [pool.submit(one.use) for _ in range(others)]
        until = time.monotonic() + 10
        while one.store.done["read"] <= others and time.monotonic() < until:
            time.sleep(0.005)
        if not dead:
            assert {loser.result(60).session.version for loser in losers} == {1}
        go_on.set()
        assert winner.result().session.version == 2
        if dead:
            assert all(loser.result().session == winner.result().session for loser in losers)
    assert one.ehr.asked == 1
    assert one.store.done == {"read": others + 1, "replace": 2}
    assert one.pauses.slept == 0


def test_a_lease_that_lapsed_counts_as_a_failed_attempt(
    one: Renewal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its holder may have called the EHR, so the refresh token may already be used."""

    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    one.nearly_out()
    leased_at = one.clock.now
    with monkeypatch.context() as patch:
        patch.setattr(token_endpoint, "refresh", die)
        with pytest.raises(Killed):
            one.use()
    assert one.use(one.elsewhere()).session == one.session
    one.run_out()
    with pytest.raises(RefreshFailed) as kept:
        one.use(one.elsewhere())
    # It waited for the lease to lapse.
    assert leased_at + LEASE <= one.clock.now < leased_at + LEASE + 1
    assert kept.value.retry_after == 5
    assert one.ehr.asked == 0
    one.clock.now = leased_at + LEASE + RETRY
    assert one.use().session.version == 2
    assert one.ehr.asked == 1


def test_last_used_is_not_written_while_a_lease_is_held(
    ehr: RotatingEhr, store: SqliteStore, clock: Clock
) -> None:
    """The holder's write is conditional on what it wrote itself."""
    one = renewal(ehr, store, clock, idle_minutes=6)
    touched = []
    # The idle time must be reset, and the EHR no longer accepts the token.
    one.clock.now += 60

    def use_elsewhere(request: Received) -> Scripted:
        one.store.done.clear()
        one.use(one.elsewhere(one.store))
        touched.append(one.store.done["replace"])
        return one.ehr.refresh(request)

    active = one.use()
    one.ehr.instead.append(use_elsewhere)
    one.ehr.outlaw()
    one.clock.now += 60
    assert one.read_patient(active).status == 200
    assert touched == [0]


def test_a_refresh_seals_with_the_newest_key_so_that_the_old_one_can_go(
    one: Renewal, ehr: RotatingEhr, store: SqliteStore, clock: Clock
) -> None:
    idle = renewal(ehr, store, clock)
    new = b"n" * 32
    both = one.elsewhere(keys=(new, SEALING_KEY))
    for renewing in (one, idle):
        assert renewing.use(both).session == renewing.session
    one.run_out()
    renewed = one.use(both).session

    only_new = one.elsewhere(keys=(new,))
    assert one.use(only_new).session == renewed
    for refused in (idle.use, idle.end):
        with pytest.raises(SessionMissing):
            refused(only_new)
    assert idle.record is not None
