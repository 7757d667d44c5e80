"""A store that does not answer: the callback fails closed and spends nothing."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.app.app import App, ehr_tables
from tests.support.app.deployment import NO_EHR, Deployment
from tests.support.app.servers import serve_app
from tests.support.browser.browser import NAVIGATION, Answer, Browser
from tests.support.ehr.scripted_ehr import Scripted, ScriptedEhr, as_json

LONGEST_SECONDS = 15.0


@contextmanager
def _locked(database: Path) -> Iterator[None]:
    """Another process writes and does not end."""
    connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


def _unavailable(answer: Answer) -> None:
    assert (answer.status, answer.code) == (503, "store_unavailable")
    assert not [line for line in answer.all("Set-Cookie") if line.startswith("__Host-smart-")]


def test_a_locked_store_sends_no_code_and_the_launch_can_go_on_later(
    deployment: Deployment, browser: Browser
) -> None:
    app = deployment.first
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    with _locked(deployment.database):
        started = time.monotonic()
        answer = app.answer(begun, tenant, browser)
        assert time.monotonic() - started < LONGEST_SECONDS
    _unavailable(answer)
    assert tenant.hits("/auth/token") == []
    assert app.answer(begun, tenant, browser).status == 303


def test_a_session_that_cannot_be_stored_is_not_opened_and_its_access_is_given_back(
    deployment: Deployment, browser: Browser
) -> None:
    app = deployment.first
    tenant = app.scripted.tenant()
    tenant.discovery["revocation_endpoint"] = f"{tenant.base}/auth/revoke"
    tenant.on("/auth/revoke", Scripted(200))
    lock = _locked(deployment.database)

    def exchange(_: object) -> object:
        lock.__enter__()
        return as_json(tenant.token)

    tenant.handlers["/auth/token"] = exchange  # type: ignore[assignment]
    begun = app.begin(tenant, browser)
    try:
        answer = app.answer(begun, tenant, browser)
    finally:
        lock.__exit__(None, None, None)
    _unavailable(answer)
    assert browser.cookies() == {}
    assert len(tenant.hits("/auth/token")) == 1
    (revocation,) = tenant.hits("/auth/revoke")
    assert revocation.form["token"] == tenant.access_token


@pytest.fixture(scope="module")
def storeless(tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("storeless")
    (folder / "file").write_text("no folder")
    store = folder / "file" / "smart.db"
    with serve_app(folder, ehr_tables(NO_EHR, scripted), store=store) as server:
        yield App(server.origin, server, NO_EHR, scripted)


def test_without_any_store_nothing_begins_and_nothing_is_completed(
    storeless: App, browser: Browser
) -> None:
    tenant = storeless.scripted.tenant()
    _unavailable(storeless.begin(tenant, browser))
    url = f"{storeless.origin}/callback?code=c1&state={'A' * 43}"
    answer = browser.get(url, {"Cookie": "__Host-launch-AAAAAAAAAAAAAAAA=1.x"})
    _unavailable(answer)
    assert answer.header("Cache-Control") == "no-store"
    assert tenant.outside_of_discovery() == []
    page = browser.send("GET", url, NAVIGATION)
    assert page.status == 503
    assert "reach its own database." in page.text
    lines = [line for line in storeless.log_lines() if line.get("code") == "store_unavailable"]
    assert {line["event"] for line in lines} == {"launch_refused", "callback_failed"}
    assert str(storeless.server.log.parent) not in str(lines)
