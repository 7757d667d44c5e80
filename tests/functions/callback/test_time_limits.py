"""What time ends: a launch and an exchange. (Sessions: ../sessions.)

Everything that has to wait begins at once and waits side by side, at an app with short limits.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.app import App, ehr_tables
from tests.support.browser import Answer, Browser
from tests.support.deployment import NO_EHR
from tests.support.scripted_ehr import Scripted, ScriptedEhr, Tenant, as_json
from tests.support.servers import serve_app

LAUNCH, EXCHANGE = 5.0, 10.0
HANGING = 60.0
SHORT = f"launch_minutes = {LAUNCH / 60}"


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


def _late_launch(short: Short) -> tuple[Answer, Answer, Tenant]:
    app, tenant, browser = short.app, short.app.scripted.tenant(), Browser()
    late, in_time = app.begin(tenant, browser), app.begin(tenant, browser)
    first = app.answer(in_time, tenant, browser)
    time.sleep(LAUNCH + 0.1)
    return first, app.answer(late, tenant, browser), tenant


SCENARIOS: dict[str, Callable[[Short], Any]] = {
    "hanging": _hanging,
    "late launch": _late_launch,
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


def test_an_exchange_is_given_up_after_ten_seconds_and_not_repeated(waits: Waits) -> None:
    exchange: Exchange = waits["hanging"].result()
    assert (exchange.answer.status, exchange.answer.code) == (502, "token_error")
    # The EHR would have held the request for longer than this, or forever.
    assert EXCHANGE - 0.1 < exchange.seconds < HANGING
    assert "10 seconds" in exchange.answer.json()["detail"]
    assert len(exchange.tenant.hits("/auth/token")) == 1
    assert exchange.browser.cookies() == {}
    assert exchange.again.code == "state_unknown"
