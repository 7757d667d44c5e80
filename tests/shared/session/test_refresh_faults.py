"""Refresh on every kind of back end: its cost, and the results when the store fails midway."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import pytest

from shared import log
from shared.errors import RefreshFailed, SessionExpired, StoreUnavailable
from shared.fhir import fhir_client
from shared.fhir.access import of_session
from shared.oidc import id_token
from shared.oidc.id_token import Identity
from shared.session.sessions import Active
from shared.smart import token_endpoint
from shared.store import Store
from tests.support.app.renewal import Renewal, renewal
from tests.support.app.stores import Backend, Clock
from tests.support.app.watched_store import Fault
from tests.support.ehr.rotating_ehr import RotatingEhr
from tests.support.ehr.scripted_ehr import Received, Scripted, ScriptedEhr, as_fhir, as_json

LEASE, RETRY = 15.0, 5.0
FHIR = "/Patient/p1"
# What the emulator adds is tests/shared/store/test_contract.py's; its start takes nine seconds.
pytestmark = pytest.mark.parametrize("backend", ["sqlite", "stand_in"], indirect=True)
Others: TypeAlias = Callable[[Callable[[Renewal], bool]], Renewal]
AWAY: Fault = "away"
LOST: Fault = "lost"


@pytest.fixture
def ehr(scripted: ScriptedEhr) -> RotatingEhr:
    return RotatingEhr(scripted.tenant(), life=300)


@pytest.fixture
def store(backend: Backend, clock: Clock) -> Store:
    return backend.open(clock)


@pytest.fixture
def one(ehr: RotatingEhr, store: Store, clock: Clock) -> Renewal:
    return renewal(ehr, store, clock)


def _renewed(one: Renewal) -> Active:
    """It is used with new access, here and elsewhere."""
    active = one.use()
    assert active.session.version == 2
    assert one.use(one.elsewhere()).session == active.session
    assert one.read_patient(active).status == 200
    return active


def _over(one: Renewal) -> None:
    assert one.record is None
    asked = len(one.ehr.tenant.received)
    for instance in (one.here, one.elsewhere()):
        with pytest.raises(SessionExpired):
            one.use(instance)
    assert len(one.ehr.tenant.received) == asked


def test_a_refresh_costs_one_read_and_two_conditional_writes(one: Renewal) -> None:
    one.run_out()
    one.use()
    assert one.store.done == {"read": 1, "replace": 2}
    one.use()
    assert one.store.done == {"read": 1, "replace": 2}
    assert one.ehr.asked == 1


def test_a_refresh_that_fails_costs_the_same_and_a_request_meanwhile_one_read(
    one: Renewal,
) -> None:
    one.ehr.instead.append(lambda _: Scripted(503))
    one.nearly_out()
    one.use()
    assert one.store.done == {"read": 1, "replace": 2}
    one.use()
    assert one.store.done == {"read": 2, "replace": 2}


def test_a_refresh_after_a_refusal_by_the_ehr_costs_the_same(one: Renewal) -> None:
    active = one.use()
    one.store.done.clear()
    one.ehr.outlaw()
    assert one.read_patient(active).status == 200
    assert one.store.done == {"read": 1, "replace": 2}


def test_of_two_instances_that_want_the_lease_the_loser_takes_what_the_winner_brought(
    one: Renewal,
) -> None:
    one.run_out()
    one.store.fail("replace", lambda: one.use(one.elsewhere()))
    assert one.use().session.version == 2
    assert one.store.done == {"read": 2, "replace": 1}
    assert one.ehr.asked == 1


@pytest.mark.parametrize("fault", [AWAY, LOST])
def test_where_the_lease_may_not_be_written_nothing_is_asked_and_living_access_is_used(
    one: Renewal, fault: Fault
) -> None:
    one.nearly_out()
    one.store.fail("replace", fault)
    assert one.use().session == one.session
    assert one.ehr.asked == 0


def test_where_the_lease_may_not_be_written_and_no_access_lives_the_request_fails(
    one: Renewal,
) -> None:
    one.run_out()
    one.store.fail("replace", "away", "lost")
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            one.use()
    # The second was written after all. No instance holds that lease, so it lapses.
    with pytest.raises(RefreshFailed):
        one.use()
    assert one.ehr.asked == 0
    one.clock.now += RETRY
    _renewed(one)
    assert one.ehr.asked == 1


def test_a_final_write_whose_reply_is_lost_is_found_done(one: Renewal) -> None:
    one.run_out()
    one.store.fail("replace", lambda: None, "lost")
    _renewed(one)
    assert one.ehr.asked == 1


def test_a_final_write_is_repeated_while_the_lease_lasts(one: Renewal) -> None:
    one.run_out()
    one.store.fail("replace", lambda: None, *[AWAY] * 20)
    one.store.fail("read", lambda: None, *[AWAY] * 15)
    _renewed(one)
    assert one.ehr.asked == 1
    assert 5 < one.pauses.slept < LEASE


@pytest.mark.parametrize("rotates", [True, False])
def test_a_final_write_that_never_succeeds_costs_a_rotating_session_and_no_other(
    ehr: RotatingEhr, store: Store, clock: Clock, rotates: bool
) -> None:
    ehr.rotates = rotates
    one = renewal(ehr, store, clock)
    one.run_out()
    leased_at = one.clock.now
    one.store.fail("replace", lambda: None, *[AWAY] * 200)
    with pytest.raises(StoreUnavailable):
        one.use()
    assert leased_at + LEASE <= one.clock.now < leased_at + LEASE + 1
    one.store.mend()
    with pytest.raises(RefreshFailed):
        one.use()
    assert ehr.asked == 1
    one.clock.now = leased_at + LEASE + RETRY
    if rotates:
        with pytest.raises(SessionExpired):
            one.use()
        _over(one)
    else:
        _renewed(one)
    assert ehr.asked == 2


def test_what_comes_after_another_instance_has_taken_over_changes_nothing(
    ehr: RotatingEhr, store: Store, clock: Clock
) -> None:
    """This process was stopped for longer than its lease and the rest after it."""
    ehr.rotates = False
    one = renewal(ehr, store, clock)
    others: list[Active] = []

    def late(request: Received) -> Scripted:
        answer = ehr.refresh(request)
        one.clock.now += LEASE + RETRY
        others.append(one.use(one.elsewhere()))
        return answer

    ehr.instead.append(late)
    one.run_out()
    assert one.use().session == others[0].session
    _renewed(one)
    assert ehr.asked == 2


def test_a_failure_that_cannot_be_noted_is_noted_by_the_lapsing_lease(one: Renewal) -> None:
    one.ehr.instead.append(lambda _: Scripted(503))
    one.nearly_out()
    leased_at = one.clock.now
    one.store.fail("replace", lambda: None, "away")
    assert one.use().session == one.session
    assert one.use().session == one.session
    one.clock.now = leased_at + LEASE + RETRY - 1
    with pytest.raises(RefreshFailed):
        one.use()
    assert one.ehr.asked == 1
    one.clock.now += 1
    _renewed(one)


def test_an_end_that_cannot_be_written_is_found_again_at_the_next_attempt(one: Renewal) -> None:
    one.ehr.grant.end()
    one.run_out()
    one.store.fail("delete", "away")
    with pytest.raises(StoreUnavailable):
        one.use()
    one.clock.now += LEASE + RETRY
    with pytest.raises(SessionExpired):
        one.use()
    assert one.ehr.asked == 2
    _over(one)


def test_another_patients_tokens_are_revoked_though_the_session_cannot_be_wiped(
    one: Renewal,
) -> None:
    one.ehr.more["patient"] = "p2"
    one.run_out()
    one.store.fail("delete", *[AWAY] * 200)
    with pytest.raises(StoreUnavailable):
        one.use()
    assert one.ehr.grant.ended
    one.store.mend()
    one.clock.now += LEASE + RETRY
    with pytest.raises(SessionExpired):
        one.use()
    _over(one)


@pytest.mark.parametrize("rotates", [True, False])
def test_a_logout_during_a_refresh_revokes_what_the_refresh_brought(
    ehr: RotatingEhr, store: Store, clock: Clock, rotates: bool
) -> None:
    ehr.rotates = rotates
    one = renewal(ehr, store, clock)

    def log_out(request: Received) -> Scripted:
        answer = ehr.refresh(request)
        one.end(one.elsewhere())
        return answer

    ehr.instead.append(log_out)
    one.run_out()
    with pytest.raises(SessionExpired):
        one.use()
    (mine, kind), (brought, brought_kind) = ehr.revoked
    assert (mine, kind) == (one.session.refresh_token, "refresh_token")
    assert brought_kind == ("refresh_token" if rotates else "access_token")
    assert brought != mine
    assert ehr.grant.ended
    assert ehr.grant.access == {}
    _over(one)


def test_a_refresh_just_before_a_logout_wipes_leaves_no_token_unrevoked(one: Renewal) -> None:
    one.nearly_out()
    one.store.fail("delete", lambda: one.use(one.elsewhere()))
    one.end()
    assert one.ehr.asked == 1
    assert one.ehr.revoked == [(one.ehr.grant.refresh_token, "refresh_token")]
    assert one.ehr.grant.ended
    _over(one)


@pytest.mark.parametrize("operation", ["read", "delete"])
def test_a_logout_that_the_store_does_not_take_fails_and_revokes_nothing(
    one: Renewal, operation: str
) -> None:
    one.store.fail(operation, "away")
    with pytest.raises(StoreUnavailable):
        one.end()
    assert one.ehr.revoked == []
    one.store.done.clear()
    one.end()
    assert one.store.done == {"read": 1, "delete": 1}
    assert one.record is None
    assert one.ehr.grant.ended


def test_a_logout_whose_reply_is_lost_is_done_but_not_revoked(one: Renewal) -> None:
    one.store.fail("delete", "lost")
    with pytest.raises(StoreUnavailable):
        one.end()
    assert one.record is None
    one.end()
    assert one.ehr.revoked == []
    _over(one)


def test_where_another_instance_has_renewed_a_refused_call_is_repeated_without_a_refresh(
    one: Renewal,
) -> None:
    active = one.use()
    one.nearly_out()
    renewed = one.use(one.elsewhere())
    # Many an EHR ends the old access when it gives new.
    one.ehr.grant.access.pop(one.session.access_token)
    assert one.read_patient(active).status == 200
    assert one.ehr.asked == 1
    reads = one.store.done["read"]
    assert one.use().session.version == renewed.session.version
    assert one.store.done["read"] == reads
    used = [request.headers["Authorization"] for request in one.ehr.tenant.hits(FHIR)]
    tokens_used = [one.session.access_token, renewed.session.access_token]
    assert used == [f"Bearer {token}" for token in tokens_used]


def test_without_a_refresh_token_a_refusal_of_the_own_patient_ends_the_session(
    ehr: RotatingEhr, store: Store, clock: Clock
) -> None:
    one = renewal(ehr, store, clock, refresh_token=False)
    ehr.outlaw()
    active = one.use()
    for _ in range(2):
        with pytest.raises(SessionExpired):
            one.read_patient(active)
    assert len(ehr.tenant.hits(FHIR)) == 2
    assert ehr.asked == 0
    assert one.record is None
    with pytest.raises(SessionExpired):
        one.use()


def test_access_renewed_in_vain_is_left_alone_for_five_seconds(one: Renewal) -> None:
    one.ehr.tenant.on(FHIR, as_fhir({"resourceType": "OperationOutcome", "issue": []}, 401))
    for _ in range(3):
        assert one.read_patient(one.use()).status == 401
    assert one.ehr.asked == 1
    one.clock.now += 4.9
    assert one.read_patient(one.use()).status == 401
    assert one.ehr.asked == 1
    one.clock.now += 0.1
    assert one.read_patient(one.use()).status == 401
    assert one.ehr.asked == 2
    assert one.record is not None


def test_new_access_that_was_taken_and_then_refused_is_renewed_at_once(one: Renewal) -> None:
    for asked in (1, 2, 3):
        one.ehr.outlaw()
        assert one.read_patient(one.use()).status == 200
        assert one.ehr.asked == asked


def test_a_refusal_of_what_another_process_brought_is_followed_by_one_renewal(
    one: Renewal,
) -> None:
    active = one.use()
    there = one.elsewhere()
    one.ehr.outlaw()
    assert one.read_patient(one.use(there)).status == 200
    # What the other has brought, and what this one holds, are both worth nothing now.
    one.ehr.outlaw()
    calls = len(one.ehr.tenant.hits(FHIR))
    assert one.read_patient(active).status == 200
    assert len(one.ehr.tenant.hits(FHIR)) == calls + 3
    assert one.ehr.asked == 2


def test_a_call_that_replays_before_the_renewal_is_noted_shares_it(
    one: Renewal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new access is in the store before the thread that brought it can say so."""
    one.ehr.tenant.on(FHIR, Scripted(401))
    active = one.use()
    noted = log.event
    with ThreadPoolExecutor(1) as pool:

        def event(name: Any, *more: Any, **fields: Any) -> None:
            if name == "token_refreshed":
                one.store.done.clear()
                pool.submit(one.read_patient, active)
                until = time.monotonic() + 30
                # It has read the new access, replayed with it, and read once more.
                while one.store.done["read"] < 2 and time.monotonic() < until:
                    time.sleep(0.005)
            noted(name, *more, **fields)

        monkeypatch.setattr(log, "event", event)
        assert one.read_patient(active).status == 401
    assert len(one.ehr.tenant.hits(FHIR)) == 4
    assert one.ehr.asked == 1


def test_a_call_refused_with_access_that_another_call_used_well_is_not_renewed_again(
    one: Renewal,
) -> None:
    one.ehr.tenant.on("/Observation", Scripted(401))
    active = one.use()
    one.ehr.outlaw()
    assert one.read_patient(active).status == 200
    answer = fhir_client.call(of_session(active), "GET", f"{active.session.fhir_base}/Observation")
    assert (answer.status, one.ehr.asked) == (401, 1)


def test_a_refused_call_whose_refresh_fails_says_to_try_again(one: Renewal) -> None:
    one.ehr.outlaw()
    one.ehr.instead.append(lambda _: Scripted(503))
    with pytest.raises(RefreshFailed) as failed:
        one.read_patient(one.use())
    assert failed.value.retry_after == 5
    # Not repeated within five seconds, though the access seems to live.
    with pytest.raises(RefreshFailed):
        one.read_patient(one.use())
    assert one.ehr.asked == 1
    one.clock.now += RETRY
    assert one.read_patient(one.use()).status == 200


def test_a_refused_call_of_a_session_that_was_logged_out_elsewhere_says_so(one: Renewal) -> None:
    active = one.use()
    one.end(one.elsewhere())
    with pytest.raises(SessionExpired):
        one.read_patient(active)
    # And it is known here at once.
    with pytest.raises(SessionExpired):
        one.use()
    assert one.ehr.asked == 0


def test_the_lease_outlives_a_token_endpoint_that_uses_up_its_deadline(
    one: Renewal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(request: Received) -> Scripted:
        one.clock.now += token_endpoint.SECONDS
        with pytest.raises(RefreshFailed):
            one.use(one.elsewhere())
        return one.ehr.refresh(request)

    one.ehr.instead.append(slow)
    one.run_out()
    one.use()
    assert one.ehr.asked == 1


def test_a_lease_that_was_held_up_until_it_is_too_short_asks_nothing(one: Renewal) -> None:
    """A process may be stopped between the two: what it sends then might come after another's."""

    def stopped() -> None:
        one.clock.now += LEASE - token_endpoint.SECONDS + 0.1

    one.run_out()
    one.store.fail("replace", stopped)
    with pytest.raises(RefreshFailed):
        one.use()
    assert one.ehr.asked == 0
    one.clock.now += RETRY
    _renewed(one)


def test_an_answer_after_anothers_failed_attempt_is_still_written(
    ehr: RotatingEhr, store: Store, clock: Clock
) -> None:
    """The lease has lapsed, and who took it over was refused: the tokens here are the newest."""
    one = renewal(ehr, store, clock)

    def late(request: Received) -> Scripted:
        answer = ehr.refresh(request)
        one.clock.now += LEASE + RETRY
        with pytest.raises(RefreshFailed):
            one.use(one.elsewhere())
        return answer

    ehr.instead.extend([late, lambda _: Scripted(503)])
    one.run_out()
    assert one.use().session.version == 2
    _renewed(one)
    assert (ehr.asked, ehr.reused) == (2, 0)


def test_an_invalid_grant_that_comes_after_another_has_renewed_ends_nothing(
    ehr: RotatingEhr, store: Store, clock: Clock
) -> None:
    """It is about the refresh token of before."""
    ehr.rotates = False
    one = renewal(ehr, store, clock)

    def late(_: Received) -> Scripted:
        one.clock.now += LEASE + RETRY
        one.use(one.elsewhere())
        return as_json({"error": "invalid_grant"}, 400)

    ehr.instead.append(late)
    one.run_out()
    assert one.use().session.version == 2
    _renewed(one)


def test_an_invalid_grant_ends_a_session_whose_lease_was_taken_over(
    ehr: RotatingEhr, store: Store, clock: Clock
) -> None:
    one = renewal(ehr, store, clock)

    def late(_: Received) -> Scripted:
        one.clock.now += LEASE + RETRY
        with pytest.raises(RefreshFailed):
            one.use(one.elsewhere())
        return as_json({"error": "invalid_grant"}, 400)

    ehr.instead.extend([late, lambda _: Scripted(503)])
    one.run_out()
    with pytest.raises(SessionExpired) as ended:
        one.use()
    assert ended.value.why != SessionExpired().why
    _over(one)


def test_a_lease_of_a_clock_far_ahead_keeps_nobody_waiting(one: Renewal) -> None:
    """It was set back, or it is another machine's."""
    one.run_out()
    one.clock.now += 3600
    one.store.fail("replace", "lost")
    with pytest.raises(StoreUnavailable):
        one.use()
    one.run_out()
    _renewed(one)
    assert (one.pauses.slept, one.ehr.asked) == (0, 1)


def test_a_rest_of_a_clock_far_ahead_is_none(one: Renewal) -> None:
    one.ehr.instead.append(lambda _: Scripted(503))
    one.run_out()
    one.clock.now += 3600
    with pytest.raises(RefreshFailed):
        one.use()
    one.run_out()
    _renewed(one)


def test_a_session_in_use_is_not_idle_while_it_is_being_refreshed(
    ehr: RotatingEhr, store: Store, clock: Clock
) -> None:
    ehr.life = 610
    one = renewal(ehr, store, clock, idle_minutes=10)

    def ask_elsewhere(request: Received) -> Scripted:
        one.clock.now += 2
        assert one.use(one.elsewhere()).session == one.session
        return ehr.refresh(request)

    ehr.instead.append(ask_elsewhere)
    one.clock.now += 599
    assert one.use().session.version == 2


def test_a_session_whose_ehr_is_away_for_long_is_not_idle_while_it_is_asked_for(
    ehr: RotatingEhr, store: Store, clock: Clock
) -> None:
    one = renewal(ehr, store, clock, idle_minutes=10)
    one.run_out()
    for _ in range(11):
        ehr.instead.append(lambda _: Scripted(503))
        one.clock.now += 60
        with pytest.raises(RefreshFailed):
            one.use()
    one.clock.now += 60
    _renewed(one)


@pytest.fixture
def others(ehr: RotatingEhr, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Others:
    """Open a session whose refresh comes with an id_token that names another user. A test's
    function is called while the EHR's keys are fetched, and returns whether they signed that token.
    """

    def opened(signed: Callable[[Renewal], bool]) -> Renewal:
        ehr.more["id_token"] = "an id_token"
        user = Identity("https://issuer.example", "u1", None, None)
        one = renewal(ehr, store, clock, user=user)
        monkeypatch.setattr(id_token, "names_another", lambda *_, **__: True)
        monkeypatch.setattr(id_token, "is_signed", lambda *_, **__: signed(one))
        return one

    return opened


def test_a_logout_while_the_ehrs_keys_are_fetched_revokes_what_waits_for_them(
    others: Others,
) -> None:
    def log_out(one: Renewal) -> bool:
        one.end(one.elsewhere())
        return False

    one = others(log_out)
    one.run_out()
    with pytest.raises(SessionExpired):
        one.use()
    tokens = {token for token, _ in one.ehr.revoked}
    assert tokens == {one.session.refresh_token, one.ehr.grant.refresh_token}
    _over(one)


def test_an_instance_that_takes_the_lease_over_decides_about_the_tokens_that_wait(
    others: Others,
) -> None:
    """It fetches the keys itself, and uses no refresh token again."""
    versions: list[int] = []

    def slow(one: Renewal) -> bool:
        if not versions:
            versions.append(one.use().session.version)
            versions.append(one.use(one.elsewhere()).session.version)
            one.clock.now += LEASE + RETRY
            versions.append(one.use(one.elsewhere()).session.version)
        return False

    one = others(slow)
    one.clock.now = one.session.access_expires_at - 50
    assert one.use().session.version == 2
    assert versions == [1, 1, 2]
    assert (one.ehr.asked, one.ehr.reused) == (1, 0)
    _renewed(one)


def test_another_users_access_is_not_kept_where_the_store_is_away_for_a_moment(
    others: Others,
) -> None:
    one = others(lambda _: True)
    one.run_out()
    one.store.fail("delete", "away", "lost", "away")
    with pytest.raises(SessionExpired):
        one.use()
    _over(one)


def test_another_users_access_is_not_usable_where_the_store_takes_no_end(others: Others) -> None:
    one = others(lambda _: True)
    one.clock.now = one.session.access_expires_at - 50
    one.store.fail("delete", *[AWAY] * 200)
    with pytest.raises(StoreUnavailable):
        one.use()
    one.store.mend()
    assert one.use(one.elsewhere()).session == one.session
    one.clock.now += RETRY
    with pytest.raises(SessionExpired):
        one.use()
    _over(one)


@pytest.mark.parametrize("fault", [AWAY, LOST])
def test_tokens_that_wait_for_the_keys_are_written_though_the_store_is_away_for_a_moment(
    others: Others, fault: Fault
) -> None:
    found: list[object] = []

    def signed(one: Renewal) -> bool:
        assert one.record is not None
        found.append(one.record.fields.get("unconfirmed"))
        return True

    one = others(signed)
    one.run_out()
    one.store.fail("replace", lambda: None, fault)
    with pytest.raises(SessionExpired):
        one.use()
    assert len(found) == 1
    assert found[0]
    _over(one)
