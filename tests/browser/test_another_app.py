"""The simulated EHR alone serves another app than this one: the public JavaScript client launches
against what `make ehr` starts.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from gateway.processes import becomes_ready
from tests.support.app.another_app import CLIENTS, SCOPE, serve_another_app
from tests.support.app.servers import ROOT, free_port, started
from tests.support.browser import npm
from tests.support.browser.browser import Browser


@dataclass(frozen=True)
class AnotherApp:
    """The EHR as `python -m simulator ehr` runs it, which is what `make ehr` does, and the port of
    the app that is registered with it.
    """

    ehr: str
    port: int

    def start(self, where: str, host: str = "localhost") -> str:
        query = f"patient=synthetic-alma&client={CLIENTS[host]}&in={where}"
        return f"{self.ehr}/generic/start?{query}"

    def newest_launch(self) -> list[dict[str, Any]]:
        """The requests of the launch that began last, as the trace has them."""
        requests = Browser().get(f"{self.ehr}/_trace").json()["requests"]
        last = next(one for one in reversed(requests) if one["step"] == "launch")
        return [one for one in requests if one["launch"] == last["launch"]]


def registrations(port: int) -> str:
    """What a developer gives the EHR of an app: here one for each of its names."""
    return json.dumps(
        [
            {
                "client_id": client_id,
                "name": "Another app",
                "launch_url": f"http://{host}:{port}/launch",
                "redirect_uris": [f"http://{host}:{port}/"],
                "scopes": SCOPE.split(),
            }
            for host, client_id in CLIENTS.items()
        ]
    )


@pytest.fixture(scope="module")
def another_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnotherApp]:
    ehr_port = free_port()
    with serve_another_app(npm.script("fhirclient")) as port:
        given = {"EHR_PORT": str(ehr_port), "EHR_REGISTRATIONS": registrations(port)}
        log = tmp_path_factory.mktemp("ehr") / "log"
        command = [sys.executable, "-m", "smart_calc", "ehr"]
        ready = f"Ready: http://127.0.0.1:{ehr_port}/\n"
        with started(command, log, environment={**os.environ, **given}) as process:
            assert becomes_ready(process, lambda: ready in log.read_text()), log.read_text()
            yield AnotherApp(f"http://127.0.0.1:{ehr_port}", port)
        assert process.returncode == 0, log.read_text()


def test_make_ehr_runs_what_these_tests_run() -> None:
    recipe = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "ehr"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert recipe.stdout.splitlines()[-1] == "exec .venv/bin/python -m smart_calc ehr"


@pytest.mark.parametrize("host", CLIENTS)
def test_the_public_javascript_client_launches_and_reads_a_chart(
    another_app: AnotherApp, desktop: BrowserContext, host: str
) -> None:
    page = desktop.new_page()
    page.goto(another_app.start("tab", host))
    expect(page.get_by_role("heading", name="Alma")).to_be_visible()
    expect(
        page.get_by_text("5 observations, fhirUser Practitioner/synthetic-clara")
    ).to_be_visible()


def test_it_does_so_in_a_frame_where_its_storage_is_of_the_same_site(
    another_app: AnotherApp, blocking: BrowserContext
) -> None:
    page = blocking.new_page()
    page.goto(another_app.start("frame", "127.0.0.1"))
    expect(page.frame_locator("iframe").get_by_role("heading", name="Alma")).to_be_visible()


def test_where_the_browser_takes_its_storage_away_the_trace_says_that_it_never_came_back(
    another_app: AnotherApp, blocking: BrowserContext
) -> None:
    page = blocking.new_page()
    page.goto(another_app.start("frame", "localhost"))
    # The client keeps its state in sessionStorage, which goes the way of third-party cookies.
    error = page.frame_locator("iframe").get_by_role("heading", name="sessionStorage")
    expect(error).to_be_visible()
    page.goto(f"{another_app.ehr}/trace")
    newest = page.locator("article.card").first
    expect(newest).to_contain_text("The app hasn't come back")
    expect(newest).to_contain_text("a frame of the chart")


def test_the_trace_says_what_its_scripts_may_read_and_what_a_strict_ehr_would_refuse(
    another_app: AnotherApp, desktop: BrowserContext
) -> None:
    page = desktop.new_page()
    page.goto(another_app.start("tab"))
    expect(page.get_by_text("5 observations")).to_be_visible()
    lines = [
        (step["step"], check["mark"], check["about"])
        for step in another_app.newest_launch()
        for check in step["checks"]
    ]
    assert ("token", "right", "Origin") in lines
    assert ("fhir", "right", "Origin") in lines
    # What this client does otherwise than the guide asks.
    assert {line for line in lines if line[1] == "weak"} == {
        ("authorize", "weak", "state"),
        ("token", "weak", "code"),
    }
    assert [line for line in lines if line[1] == "wrong"] == []
    page.goto(f"{another_app.ehr}/trace")
    verdict = "The launch succeeded: the app has tokens and 2 FHIR responses."
    expect(page.get_by_text(verdict).first).to_be_visible()
