"""What an instance keeps of the sessions that it has read, for how long, and what ends that."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shared.errors import SessionExpired, StoreUnavailable
from shared.footprint import footprint
from shared.session import record
from shared.session.cache import CachedSession, SessionCache
from shared.store import Record
from shared.store.sqlite import SqliteStore
from tests.support.app.renewal import Renewal, renewal
from tests.support.app.stores import Clock
from tests.support.app.watched_store import WatchedStore
from tests.support.ehr.rotating_ehr import RotatingEhr
from tests.support.ehr.scripted_ehr import ScriptedEhr
from tests.support.tables import each

CACHE = 3.0
DIGEST = bytes(32)


class SlowReads(WatchedStore):
    """A store whose answers to reads come late: `meanwhile` is what happens before they do."""

    meanwhile: Callable[[], object] | None = None

    def read(self, collection: str, key: str) -> Record | None:
        record = super().read(collection, key)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        return record


@pytest.fixture
def one(tmp_path: Path, scripted: ScriptedEhr) -> Renewal:
    clock = Clock()
    store = SqliteStore(str(tmp_path / "smart.db"), clock)
    return renewal(RotatingEhr(scripted.tenant(), life=3600), store, clock, idle_minutes=30)


@pytest.fixture
def slow(one: Renewal) -> SlowReads:
    return SlowReads(one.inner)


def test_what_was_read_is_trusted_from_the_question_on_and_not_from_the_answer(
    one: Renewal, slow: SlowReads
) -> None:
    """A logout that happens between the two is still noticed in time."""
    here = one.elsewhere(slow)

    def logged_out_elsewhere() -> None:
        one.end()
        one.clock.now += 2

    slow.meanwhile = logged_out_elsewhere
    one.use(here)
    one.clock.now += CACHE - 2
    with pytest.raises(SessionExpired):
        one.use(here)


def test_a_request_under_way_does_not_bring_back_what_was_logged_out_here(
    one: Renewal, slow: SlowReads
) -> None:
    here = one.elsewhere(slow)
    slow.meanwhile = lambda: one.end(here)
    one.use(here)
    with pytest.raises(SessionExpired):
        one.use(here)


def test_after_a_logout_of_unknown_outcome_the_session_is_read_anew(one: Renewal) -> None:
    one.use()
    one.store.fail("delete", "lost")
    with pytest.raises(StoreUnavailable):
        one.end()
    with pytest.raises(SessionExpired):
        one.use()


def test_a_clock_that_is_set_back_prolongs_no_trust(one: Renewal) -> None:
    one.use()
    one.end(one.elsewhere())
    one.clock.now -= 3600
    with pytest.raises(SessionExpired):
        one.use()


def test_a_request_under_way_does_not_bring_back_the_access_of_before_a_renewal(
    one: Renewal, slow: SlowReads
) -> None:
    here = one.elsewhere(slow)

    def refused_meanwhile() -> None:
        one.ehr.outlaw()
        assert one.read_patient(one.use(here)).status == 200

    slow.meanwhile = refused_meanwhile
    assert one.use(here).session.version == 1
    assert one.use(here).session.version == 2


def test_a_session_that_seems_idle_while_another_request_updates_last_used_goes_on(
    one: Renewal,
) -> None:
    def used_elsewhere() -> None:
        one.clock.now -= 0.01
        one.use(one.elsewhere())

    one.clock.now += one.settings.session_idle_seconds
    one.store.fail("delete", used_elsewhere)
    assert one.use().session == one.session
    assert one.record is not None


def _kept(one: Renewal, handle: str, read_at: float, version: int = 1) -> CachedSession:
    stored = one.here._refresher.reread(one.session)
    session = replace(stored.session, handle=handle, version=version)
    return CachedSession(read_at, DIGEST, replace(stored, session=session))


def test_what_is_no_longer_trusted_is_not_kept_when_others_are(one: Renewal) -> None:
    cache = SessionCache(CACHE)
    for number in range(10):
        cache.keep(_kept(one, f"h{number}", float(number)), float(number))
    assert [number for number in range(10) if cache.newest(f"h{number}")] == [7, 8, 9]


def test_a_thousand_sessions_are_kept_and_the_oldest_give_way(one: Renewal) -> None:
    cache = SessionCache(CACHE)
    kept = _kept(one, "", 0.0)
    for number in range(1001):
        session = replace(kept.stored.session, handle=f"h{number}")
        cache.keep(replace(kept, stored=replace(kept.stored, session=session)), 0.0)
    assert cache.newest("h0") is None
    assert cache.newest("h1") is not None
    assert cache.newest("h1000") is not None
    assert all(cache.end(f"h{number}") for number in range(1001))
    assert not cache.end("h1000")
    # It's forgotten that this one had ended.
    assert cache.end("h0")


@each(
    ("version", "accepted", "replayed", "seconds", "in_vain"),
    [
        (2, False, False, 1, True),
        (1, False, False, 1, False),
        (2, True, False, 1, False),
        (2, True, True, 1, True),
        (3, True, True, 1, False),
        (3, False, False, 1, False),
        (2, False, False, 5, False),
        (2, False, False, -1, False),
    ],
)
def test_access_is_renewed_in_vain_if_the_ehr_refuses_what_was_just_renewed(
    one: Renewal, version: int, accepted: bool, replayed: bool, seconds: float, in_vain: bool
) -> None:
    cache, renewed = SessionCache(CACHE), replace(one.session, version=2)
    cache.renewed(renewed, 10.0)
    if accepted:
        cache.accepted(renewed)
    used = replace(one.session, version=version)
    assert cache.renewed_in_vain(used, 10.0 + seconds, replayed=replayed) is in_vain


def test_what_thousands_of_granted_scopes_allow_is_not_kept(one: Renewal) -> None:
    session = replace(one.session, granted=tuple(f"user/A{n}.r" for n in range(600)))
    before = record._effective.cache_info()
    assert session.grants(one.settings.ehrs[0]) == ()
    assert record._effective.cache_info() == before


def test_sessions_with_large_tokens_take_16_mb_together_and_are_measured_once(
    one: Renewal, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, stored = SessionCache(CACHE), _kept(one, "", 0.0).stored
    for number in range(300):
        handle, token = f"{number:022}", f"{number}" * 30_000
        session = replace(stored.session, handle=handle, access_token=token)
        cache.keep(CachedSession(0, DIGEST, replace(stored, session=session)), 0)
    assert 15_000_000 < sum(map(footprint, cache._sessions.values())) == cache._bytes <= 16_000_000
    newest = cache.newest(f"{299:022}")
    assert newest is not None
    monkeypatch.setattr("shared.session.cache.footprint", None)
    cache.keep(replace(newest, read_at=1), 1)
    for handle in list(cache._sessions):
        cache.drop(handle)
    assert cache._bytes == 0


def test_a_renewal_that_took_longer_than_it_is_trusted_is_there_for_those_who_wait(
    one: Renewal,
) -> None:
    cache = SessionCache(0.0)
    cache.keep(_kept(one, "h", 0.0, 2), 10.0)
    newest = cache.newest("h")
    assert newest is not None
    assert newest.stored.session.version == 2
    assert cache.trusted("h", DIGEST, 10.0) is None
