"""The simulated EHR alone serves another app than this one: the public JavaScript client launches
against what `make ehr` starts.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.support import npm
from tests.support.another_app import CLIENT_ID, SCOPE, serve_another_app
from tests.support.browser import Browser
from tests.support.servers import ROOT, free_port


@dataclass(frozen=True)
class AnotherApp:
    """The EHR as `make ehr` runs it, and the app that is registered with it."""

    ehr: str
    origin: str

    def start(self, where: str) -> str:
        query = f"patient=synthetic-alma&client={CLIENT_ID}&in={where}"
        return f"{self.ehr}/generic/start?{query}"

    def trace(self) -> list[dict[str, object]]:
        answer = Browser().get(f"{self.ehr}/_trace")
        requests: list[dict[str, object]] = answer.json()["requests"]
        return requests


@pytest.fixture(scope="module")
def another_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnotherApp]:
    port = free_port()
    with serve_another_app(npm.script("fhirclient")) as origin:
        registration = {
            "client_id": CLIENT_ID,
            "name": "Another app",
            "launch_url": f"{origin}/launch",
            "redirect_uris": [f"{origin}/"],
            "scopes": SCOPE.split(),
        }
        environment = {
            **os.environ,
            "EHR_PORT": str(port),
            "EHR_REGISTRATIONS": json.dumps([registration]),
        }
        command = [sys.executable, "-m", "simulator", "ehr"]
        log = Path(tmp_path_factory.mktemp("ehr")) / "log"
        with (
            log.open("w") as errors,
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
            ) as process,
        ):
            assert process.stdout is not None
            assert process.stdout.readline() == f"Ready: http://127.0.0.1:{port}/\n"
            yield AnotherApp(f"http://127.0.0.1:{port}", origin)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0, log.read_text()


def test_the_public_javascript_client_launches_and_reads_a_chart(
    another_app: AnotherApp, window: BrowserContext
) -> None:
    page = window.new_page()
    page.goto(another_app.start("tab"))
    expect(page.get_by_role("heading", name="Alma")).to_be_visible()
    user = f"fhirUser {another_app.ehr}/generic/fhir/Practitioner/synthetic-clara"
    expect(page.get_by_text(f"5 observations, {user}")).to_be_visible()


def test_it_does_so_in_a_frame_of_the_chart(
    another_app: AnotherApp, window: BrowserContext
) -> None:
    page = window.new_page()
    page.goto(another_app.start("frame"))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Alma")).to_be_visible()


def test_the_trace_says_what_its_scripts_may_read_and_that_its_state_is_short(
    another_app: AnotherApp, window: BrowserContext
) -> None:
    page = window.new_page()
    page.goto(another_app.start("tab"))
    expect(page.get_by_role("heading", name="Alma")).to_be_visible()
    lines = [
        (step["step"], check["mark"], check["about"])
        for step in another_app.trace()
        for check in step["checks"]  # type: ignore[attr-defined]
    ]
    assert ("token", "right", "Origin") in lines
    assert ("fhir", "right", "Origin") in lines
    assert ("authorize", "weak", "state") in lines
    assert [line for line in lines if line[1] == "wrong"] == []
    page.goto(f"{another_app.ehr}/trace")
    expect(
        page.get_by_text("The app is in: it has tokens and 2 FHIR answers.").first
    ).to_be_visible()
