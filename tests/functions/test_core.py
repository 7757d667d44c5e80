"""Without the calculators the rest serves a page of one's own, and is staged: docs/own-app.md.

`make soak` also lints such a copy and runs its tests.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import core
from tests.support.browser import Browser
from tests.support.servers import free_port

pytestmark = [pytest.mark.calculators, pytest.mark.slow]
REST = ("callback", "fhir_proxy", "launch")


@dataclass(frozen=True)
class Core:
    folder: Path
    origin: str
    ehr: str


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return core.make(tmp_path_factory.mktemp("copy"))


@pytest.fixture(scope="module")
def running(copy: Path) -> Iterator[Core]:
    """`make run PAGE=examples/own-page`, but for the environment that make would install."""
    port, ehr_port = free_port(), free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "run"],
        cwd=copy,
        env=os.environ
        | {"PORT": str(port), "EHR_PORT": str(ehr_port), "PAGE": "examples/own-page"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        ready = process.stdout.readline()
        assert ready == f"Ready: http://localhost:{port}/\n", process.stderr.read()
        yield Core(copy, f"http://localhost:{port}", f"http://127.0.0.1:{ehr_port}")
    finally:
        process.terminate()
        process.communicate(timeout=90)
    assert process.returncode == 0


def test_a_launch_from_a_chart_ends_at_the_page_whose_scripts_read_the_chart(running: Core) -> None:
    browser = Browser()
    chart = f"{running.ehr}/generic/start?client=smart-calc-demo&in=tab&patient=synthetic-alma"
    page = browser.open(chart)
    assert page.url.startswith(f"{running.origin}/app/?session=")
    assert '<script type="module" src="page.js">' in page.text
    proxy = f"{running.origin}/fhir_proxy/{page.url.partition('=')[2]}"
    context = browser.fetch(f"{proxy}/session").json()
    patient = browser.fetch(f"{proxy}/Patient/{context['patient']}").json()
    assert (patient["resourceType"], patient["id"]) == ("Patient", "synthetic-alma")


def test_the_chart_asks_nobody_for_cards(running: Core) -> None:
    chart = Browser().open(f"{running.ehr}/generic/chart?patient=synthetic-dario")
    assert chart.status == 200
    assert "cds_services" not in Browser().get(f"{running.ehr}/_trace").text


def test_what_is_staged_and_deployed_is_the_rest(copy: Path) -> None:
    for module in ("infra.stage", "infra.deployment"):
        command = [sys.executable, "-m", module, *(["check"] if module.endswith("ment") else [])]
        subprocess.run(command, cwd=copy, check=True, capture_output=True)
    assert tuple(sorted(path.name for path in (copy / "build").iterdir())) == REST
    assert not list(copy.glob("build/*/clinical"))


def test_without_a_page_there_is_nothing_to_run_and_it_is_said(copy: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PAGE"}
    ended = subprocess.run(
        [sys.executable, "-m", "simulator", "run"],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "There is no page to launch. Name one: make run PAGE=folder\n"
