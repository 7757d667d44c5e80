"""kill -9 in the middle: nothing stays half-open, no code goes out twice, one can launch again."""

import contextlib
import http.client
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.store.sqlite import SqliteStore
from tests.support.app.app import App, Launched, ehr_tables
from tests.support.app.clusters import NO_EHR, launch
from tests.support.app.servers import free_port, serve
from tests.support.browser.browser import OWN_FETCH, Answer, Browser
from tests.support.ehr.rotating_ehr import RotatingEhr
from tests.support.ehr.scripted_ehr import ScriptedEhr

LEASE_SECONDS, RETRY_SECONDS = 0.7, 0.3


@dataclass(frozen=True)
class Mortal:
    """The functions, whose process can be killed at a place, and their store."""

    app: App
    database: Path
    crash_file: Path

    def crashes(self, place: str, request: Callable[[], Answer]) -> None:
        """The process is killed at this place of a request, and another takes over."""
        self.crash_file.write_text(place, encoding="utf-8")
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            request()
        assert not self.crash_file.exists()

    def records(self, collection: str) -> dict[str, dict[str, object]]:
        with contextlib.closing(sqlite3.connect(self.database)) as connection:
            query = "SELECT key, fields FROM records WHERE collection = ?"
            rows = connection.execute(query, (collection,)).fetchall()
        return {key: json.loads(fields) for key, fields in rows}


@pytest.fixture(scope="module")
def shared_mortal(
    tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr
) -> Iterator[Mortal]:
    folder, port = tmp_path_factory.mktemp("mortal"), free_port()
    database, crash_file, config = (folder / name for name in ("smart.db", "crash", "smart.toml"))
    config.write_text(
        f'public_url = "http://localhost:{port}"\nsealing_keys = ["env:SEALING_KEY"]\n'
        f'[store]\nkind = "sqlite"\npath = "{database}"\n{ehr_tables(NO_EHR, scripted)}',
        encoding="utf-8",
    )
    environment = {
        "SMART_CONFIG": str(config),
        "SEALING_KEY": secrets.token_urlsafe(32),
        "CRASH_FILE": str(crash_file),
        "LEASE_SECONDS": str(LEASE_SECONDS),
        "RETRY_SECONDS": str(RETRY_SECONDS),
    }
    target = "tests.support.app.crashing:application"
    # Its tables are there before anybody looks.
    SqliteStore(str(database)).read("launches", "0" * 64)
    with serve(target, "localhost", port, environment, folder) as server:
        yield Mortal(App(server.origin, server, NO_EHR, scripted), database, crash_file)


@pytest.fixture
def mortal(shared_mortal: Mortal) -> Mortal:
    """With an empty store."""
    for collection in ("launches", "sessions"):
        for key in shared_mortal.records(collection):
            SqliteStore(str(shared_mortal.database)).delete(collection, key)
    return shared_mortal


@pytest.fixture
def ehr(mortal: Mortal) -> RotatingEhr:
    return RotatingEhr(mortal.app.scripted.tenant())


def _launches_again(mortal: Mortal, ehr: RotatingEhr, browser: Browser) -> None:
    """In the same browser, and the chart can be read."""
    launched = launch(mortal.app, ehr.tenant, browser)
    assert _read(launched).status == 200
    assert len(ehr.exchanged) == len(set(ehr.exchanged))


def _read(launched: Launched) -> Answer:
    return launched.browser.fetch(f"{launched.fhir_base}/Patient/p1")


@pytest.mark.parametrize(("place", "kept"), [("before", 0), ("after", 1)])
def test_killed_around_the_write_of_a_launch_nobody_was_redirected(
    mortal: Mortal, ehr: RotatingEhr, browser: Browser, place: str, kept: int
) -> None:
    mortal.crashes(f"{place} create in launches", lambda: mortal.app.begin(ehr.tenant, browser))
    # A pending launch whose state and cookie no browser received: it expires.
    assert len(mortal.records("launches")) == kept
    assert browser.cookies() == {}
    _launches_again(mortal, ehr, browser)
    assert len(mortal.records("launches")) == kept


@pytest.mark.parametrize(
    ("place", "sent"),
    [("before exchange", 0), ("after exchange", 1), ("before create in sessions", 1)],
)
def test_killed_in_a_callback_no_session_is_open_and_the_code_is_not_sent_again(
    mortal: Mortal, ehr: RotatingEhr, browser: Browser, place: str, sent: int
) -> None:
    begun = mortal.app.begin(ehr.tenant, browser)
    mortal.crashes(place, lambda: mortal.app.answer(begun, ehr.tenant, browser, "p1-code"))
    assert (mortal.records("launches"), mortal.records("sessions")) == ({}, {})
    assert ehr.exchanged == ["p1-code"] * sent
    # The browser, or the user, loads the callback once more.
    again = mortal.app.answer(begun, ehr.tenant, browser, "p1-code")
    assert (again.status, again.code) == (400, "state_unknown")
    assert ehr.exchanged == ["p1-code"] * sent
    assert not [name for name in browser.cookies() if name.startswith("__Host-smart-")]
    _launches_again(mortal, ehr, browser)


def test_killed_after_the_session_was_written_nobody_holds_its_secret(
    mortal: Mortal, ehr: RotatingEhr, browser: Browser
) -> None:
    begun = mortal.app.begin(ehr.tenant, browser)
    mortal.crashes(
        "after create in sessions", lambda: mortal.app.answer(begun, ehr.tenant, browser, "p1-code")
    )
    assert len(mortal.records("sessions")) == 1
    again = mortal.app.answer(begun, ehr.tenant, browser, "p1-code")
    assert (again.status, again.code) == (400, "state_unknown")
    _launches_again(mortal, ehr, browser)


def _refreshed_in_the_end(launched: Launched) -> Answer:
    """The first answer that is no 503. Each of those says when to ask again."""
    until = time.monotonic() + LEASE_SECONDS + 3 * RETRY_SECONDS + 5
    answer = _read(launched)
    while answer.status == 503 and time.monotonic() < until:
        assert answer.code == "refresh_failed"
        assert answer.header("Retry-After") == "1"
        time.sleep(0.1)
        answer = _read(launched)
    return answer


@pytest.mark.parametrize("rotates", [True, False])
def test_killed_between_lease_and_refresh_the_session_goes_on_when_the_lease_has_lapsed(
    mortal: Mortal, ehr: RotatingEhr, browser: Browser, rotates: bool
) -> None:
    ehr.rotates = rotates
    launched = launch(mortal.app, ehr.tenant, browser)
    ehr.outlaw()
    mortal.crashes("before refresh", lambda: _read(launched))
    (record,) = mortal.records("sessions").values()
    assert (record["version"], record["lease_owner"] is None) == (1, False)
    assert _refreshed_in_the_end(launched).status == 200
    assert (ehr.asked, ehr.reused) == (1, 0)


def test_killed_between_lease_and_refresh_access_that_lives_is_used_meanwhile(
    mortal: Mortal, ehr: RotatingEhr, browser: Browser
) -> None:
    ehr.life = 30.0
    launched = launch(mortal.app, ehr.tenant, browser)
    # A refresh that a refusal asks for; the access itself would live on.
    allowed = dict(ehr.grant.access)
    ehr.outlaw()
    mortal.crashes("before refresh", lambda: _read(launched))
    ehr.grant.access.update(allowed)
    assert _read(launched).status == 200
    assert ehr.asked == 0


@pytest.mark.parametrize("rotates", [True, False])
def test_killed_between_refresh_and_write_a_rotating_session_ends_and_another_goes_on(
    mortal: Mortal, ehr: RotatingEhr, browser: Browser, rotates: bool
) -> None:
    ehr.rotates = rotates
    launched = launch(mortal.app, ehr.tenant, browser)
    ehr.outlaw()
    mortal.crashes("after refresh", lambda: _read(launched))
    assert ehr.asked == 1
    if not rotates:
        assert _refreshed_in_the_end(launched).status == 200
        assert ehr.asked == 2
        return
    # The EHR may still accept the new token, which no one has. It doesn't accept the app's token.
    answer = _refreshed_in_the_end(launched)
    assert (answer.status, answer.code) == (401, "session_expired")
    assert (ehr.asked, ehr.reused) == (2, 1)
    assert mortal.records("sessions") == {}
    _launches_again(mortal, ehr, browser)


def test_killed_between_wipe_and_revoke_the_session_is_over(
    mortal: Mortal, ehr: RotatingEhr, browser: Browser
) -> None:
    launched = launch(mortal.app, ehr.tenant, browser)
    url = f"{launched.fhir_base}/session"
    mortal.crashes("before revoke", lambda: browser.send("DELETE", url, OWN_FETCH))
    assert mortal.records("sessions") == {}
    assert _read(launched).code == "session_expired"
    # The user clicks once more; there is no token left to revoke.
    assert browser.send("DELETE", url, OWN_FETCH).status == 204
    assert ehr.revoked == []
    _launches_again(mortal, ehr, browser)
