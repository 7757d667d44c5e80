"""What time ends: a launch, an exchange, an access token. (Sessions: ../sessions.)

Everything that has to wait begins at once and waits side by side, at an app with short limits.
"""

import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.app import App, ehr_tables
from tests.support.browser import Answer, Browser
from tests.support.deployment import NO_EHR
from tests.support.scripted_ehr import Scripted, ScriptedEhr, Tenant, as_json
from tests.support.servers import serve_app
from tests.support.tables import each

LAUNCH, CACHE, EXCHANGE, ACCESS = 5.0, 0.5, 10.0, 2.0
HANGING = 60.0
# For a machine that is busy with other things.
SLACK = 0.4
SHORT = f"""
launch_minutes = {LAUNCH / 60}
session_cache_seconds = {CACHE}
"""


@dataclass(frozen=True)
class Short:
    """The app with short limits, its database, and an event that ends the EHR's hanging."""

    app: App
    database: Path
    over: threading.Event


@dataclass(frozen=True)
class Exchange:
    """How an exchange went that the EHR did not answer in time."""

    answer: Answer
    seconds: float
    tenant: Tenant
    browser: Browser
    again: Answer


@dataclass(frozen=True)
class Use:
    """One use of a session, which started during its launch.

    `oldest` is its maximum age when the response arrived, and `youngest` its minimum age when the
    request was sent.
    """

    oldest: float
    youngest: float
    status: int
    code: str | None


def _exchange(short: Short, token: Callable[[Tenant], Scripted]) -> Exchange:
    app, tenant, browser = short.app, short.app.scripted.tenant(), Browser()
    tenant.on("/auth/token", lambda _: token(tenant))
    begun = app.begin(tenant, browser)
    started = time.monotonic()
    answer = app.answer(begun, tenant, browser)
    seconds = time.monotonic() - started
    return Exchange(answer, seconds, tenant, browser, app.answer(begun, tenant, browser))


def _hanging(short: Short) -> Exchange:
    def token(tenant: Tenant) -> Scripted:
        short.over.wait(HANGING)
        return as_json(tenant.token)

    return _exchange(short, token)


def _trickling(short: Short) -> Exchange:
    def pieces() -> Iterator[bytes]:
        while not short.over.wait(0.2):
            yield b" "

    return _exchange(short, lambda _: Scripted(200, {"Content-Type": "application/json"}, pieces()))


def _late_launch(short: Short) -> tuple[Answer, Answer, Tenant]:
    app, tenant, browser = short.app, short.app.scripted.tenant(), Browser()
    late, in_time = app.begin(tenant, browser), app.begin(tenant, browser)
    first = app.answer(in_time, tenant, browser)
    time.sleep(LAUNCH + 0.1)
    return first, app.answer(late, tenant, browser), tenant


def _short_token(short: Short) -> list[Use]:
    """A session used again and again until its access has ended."""
    tenant = short.app.scripted.tenant()
    tenant.token["expires_in"] = ACCESS
    started = time.monotonic()
    launched = short.app.launch(tenant)
    ended = time.monotonic()
    uses: list[Use] = []
    while not uses or uses[-1].youngest < ACCESS + SLACK + 1:
        youngest = time.monotonic() - ended
        answer = launched.browser.fetch(f"{launched.fhir_base}/session")
        oldest = time.monotonic() - started
        code = None if answer.status == 200 else answer.code
        uses.append(Use(oldest, youngest, answer.status, code))
        time.sleep(0.3)
    return uses


def _removed(short: Short) -> list[int]:
    """Open a session and remove its record."""
    launched = short.app.launch(short.app.scripted.tenant())
    statuses = [launched.browser.fetch(f"{launched.fhir_base}/session").status]
    key = hashlib.sha256(launched.handle.encode()).hexdigest()
    with closing(sqlite3.connect(short.database, timeout=5)) as connection, connection:
        connection.execute("DELETE FROM records WHERE key = ?", (key,))
    time.sleep(CACHE + 0.1)
    return [*statuses, launched.browser.fetch(f"{launched.fhir_base}/session").status]


SCENARIOS: dict[str, Callable[[Short], Any]] = {
    "hanging": _hanging,
    "trickling": _trickling,
    "late launch": _late_launch,
    "short token": _short_token,
    "removed": _removed,
}


@pytest.fixture(scope="module")
def waits(
    tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr
) -> Iterator[dict[str, Future[Any]]]:
    folder = tmp_path_factory.mktemp("short")
    store, over = folder / "smart.db", threading.Event()
    with (
        serve_app(folder, ehr_tables(NO_EHR, scripted), top=SHORT, store=store) as server,
        ThreadPoolExecutor(len(SCENARIOS)) as pool,
    ):
        short = Short(App(server.origin, server, NO_EHR, scripted), store, over)
        yield {name: pool.submit(scenario, short) for name, scenario in SCENARIOS.items()}
        over.set()


Waits = dict[str, Future[Any]]


def test_a_launch_that_took_too_long_is_over(waits: Waits) -> None:
    in_time, late, tenant = waits["late launch"].result()
    assert in_time.status == 303
    assert (late.status, late.code) == (400, "state_unknown")
    assert len(tenant.hits("/auth/token")) == 1


def test_a_removed_session_is_over_once_the_cache_has_run_out(waits: Waits) -> None:
    assert waits["removed"].result() == [200, 401]


def test_a_session_ends_when_the_access_token_runs_out(waits: Waits) -> None:
    uses = waits["short token"].result()
    assert {use.status for use in uses if use.oldest < ACCESS - SLACK} <= {200}
    assert {(use.status, use.code) for use in uses if use.youngest > ACCESS + SLACK} == {
        (401, "session_expired")
    }


@each("how", ["hanging", "trickling"])
def test_an_exchange_is_given_up_after_ten_seconds_and_not_repeated(waits: Waits, how: str) -> None:
    exchange: Exchange = waits[how].result()
    assert (exchange.answer.status, exchange.answer.code) == (502, "token_error")
    # The EHR would have held the request for longer than this, or forever.
    assert EXCHANGE - 0.1 < exchange.seconds < HANGING
    assert "10 seconds" in exchange.answer.json()["detail"]
    assert len(exchange.tenant.hits("/auth/token")) == 1
    assert exchange.browser.cookies() == {}
    assert exchange.again.code == "state_unknown"
