"""The first click after a quiet time: Firestore and the functions have just been started.

The suite uses the Firestore fake, a separate process. On a busy machine, a cold emulator needs
seconds for its first responses, more than the store waits. `make soak` runs it, ten times.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.processes import Process, becomes_ready
from tests.support.app.app import App, ehr_tables
from tests.support.app.servers import companion, free_port, listens, serve_app
from tests.support.browser.browser import NAVIGATION, Browser
from tests.support.cloud import firestore_emulator
from tests.support.ehr.scripted_ehr import ScriptedEhr

SOAK = bool(os.environ.get("SOAK"))
pytestmark = [
    pytest.mark.skipif(
        SOAK and firestore_emulator.how() != "started with gcloud",
        reason="no emulator of Firestore can be started here",
    ),
    pytest.mark.slow,
]
ROUNDS = 10 if SOAK else 1
NO_EHR = "http://127.0.0.1:9"


def click(app: App) -> list[int]:
    """Return the statuses of launch, callback and page, each with a new store client."""
    browser, tenant = Browser(), app.scripted.tenant()
    begun = app.begin(tenant, browser)
    if begun.status != 302:
        return [begun.status]
    done = app.answer(begun, tenant, browser)
    if done.status != 303:
        return [begun.status, done.status]
    page = browser.send("GET", done.location, NAVIGATION)
    return [begun.status, done.status, page.status]


@contextlib.contextmanager
def cold_store(folder: Path, port: int) -> Iterator[str]:
    """A Firestore that listens and has answered nothing; killed at the end."""
    if not SOAK:
        with companion("tests.support.cloud.firestore_stand_in", str(port)) as host:
            yield host
        return

    def listening(_: str, process: Process) -> bool:
        return becomes_ready(process, lambda: listens(port))

    with firestore_emulator.started(folder, port, listening) as host:
        yield host
    # Its Java process may outlive gcloud by a moment.
    while listens(port):
        time.sleep(0.02)


@pytest.mark.calculators
def test_a_first_click_succeeds_where_firestore_was_away_and_is_back(
    tmp_path: Path, scripted: ScriptedEhr
) -> None:
    answers = []
    port = free_port()
    ehrs = ehr_tables(NO_EHR, scripted)
    with serve_app(tmp_path, ehrs, firestore=f"127.0.0.1:{port}") as server:
        app = App(server.origin, server, NO_EHR, scripted)
        for _ in range(ROUNDS):
            with cold_store(tmp_path, port):
                answers.append(click(app))
    assert answers == [[302, 303, 200]] * ROUNDS
