"""What a release waits for before the doctor: do the deployed functions answer?"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra import smoke
from infra.stage import FUNCTIONS
from tests.support.app.app import App
from tests.support.app.servers import ROOT, free_port
from tests.support.ehr.scripted_ehr import Scripted, ScriptedEhr, Tenant

WELL = Scripted(200, {"Content-Type": "application/json"}, b'{"status":"ok"}')


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "PAUSE_SECONDS", 0.0)


def test_functions_that_answer_are_well(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    smoke.public(app.origin)
    assert capsys.readouterr().out == f"{app.origin}: {', '.join(FUNCTIONS)} respond.\n"


@pytest.fixture
def deployed(scripted: ScriptedEhr) -> Tenant:
    """An address at which every function is healthy."""
    tenant = scripted.tenant()
    for name in FUNCTIONS:
        tenant.on(f"/{name}/health", WELL)
    return tenant


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, b"<html>Forbidden</html>", "doesn't allow public calls"),
        (404, b"<html>Not found</html>", "returned 404 with a body that isn't this app's JSON"),
        (500, json.dumps({"code": "misconfigured"}).encode(), "returned 500 with misconfigured"),
        (503, b"[]", "returned 503 with a body that isn't this app's JSON"),
        (
            200,
            b"hello",
            "returned 200 with a body that isn't this app's JSON, but 400 with iss_missing",
        ),
    ],
)
def test_any_other_answer_of_launch_fails_the_release_and_is_named(
    deployed: Tenant, status: int, body: bytes, said: str
) -> None:
    deployed.on("/launch", Scripted(status, {"Content-Type": "text/html"}, body))
    with pytest.raises(SystemExit, match=said):
        smoke.public(deployed.base)
    assert len(deployed.hits("/launch")) == smoke.ATTEMPTS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_is_not_well_fails_the_release_and_is_named(
    deployed: Tenant, name: str
) -> None:
    problem = json.dumps({"code": "misconfigured"}).encode()
    deployed.on(f"/{name}/health", Scripted(500, {}, problem))
    with pytest.raises(SystemExit, match=f"/{name}/health returned 500 with misconfigured"):
        smoke.public(deployed.base)


def test_new_revisions_are_asked_at_the_addresses_that_they_were_lent(
    deployed: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed.on("/health", WELL)
    smoke.candidates([deployed.base])
    assert capsys.readouterr().out == f"{deployed.base} is healthy.\n"
    deployed.on("/health", Scripted(503, {}, b""))
    with pytest.raises(SystemExit, match="/health returned 503"):
        smoke.candidates([deployed.base])


def test_an_address_that_is_not_there_fails_the_release_and_is_named() -> None:
    with pytest.raises(SystemExit, match="can't be reached"):
        smoke.public(f"http://localhost:{free_port()}")


def test_a_wait_is_announced_and_a_file_without_an_address_is_named(
    deployed: Tenant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed.on("/launch/health", Scripted(500, {}, b"{}"))
    with pytest.raises(SystemExit):
        smoke.public(deployed.base)
    assert "/launch/health returned 500" in (said := capsys.readouterr().err)
    assert "Trying again for 75 s." in said
    (tmp_path / "smart.toml").write_text("public_url =")
    ended = subprocess.run(
        [sys.executable, "-m", "infra.smoke", str(tmp_path / "smart.toml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "has no readable public_url" in ended.stderr
    assert "Traceback" not in ended.stderr
