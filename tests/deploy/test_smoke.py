"""What a build waits for before the doctor: does the deployed launch function answer?"""

import json

import pytest

from infra import smoke
from tests.support.app import App
from tests.support.scripted_ehr import Scripted, ScriptedEhr
from tests.support.servers import free_port


def test_a_launch_that_asks_for_iss_is_well(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    smoke.main(app.origin)
    assert capsys.readouterr().out == f"{app.origin}/launch answers.\n"


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, b"<html>Forbidden</html>", "may not be called by everyone"),
        (404, b"<html>Not found</html>", "answers 404 with something other than our JSON"),
        (500, json.dumps({"code": "misconfigured"}).encode(), "answers 500 with misconfigured"),
        (503, b"[]", "answers 503 with something other than our JSON"),
        (200, b"hello", "answers 200; 400 was expected"),
    ],
)
def test_any_other_answer_ends_the_build_and_is_named(
    scripted: ScriptedEhr,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: bytes,
    said: str,
) -> None:
    monkeypatch.setattr(smoke, "PAUSE_SECONDS", 0.0)
    tenant = scripted.tenant()
    tenant.on("/launch", Scripted(status, {"Content-Type": "text/html"}, body))
    with pytest.raises(SystemExit, match=said):
        smoke.main(tenant.base)
    assert len(tenant.hits("/launch")) == smoke.ATTEMPTS


def test_an_address_that_is_not_there_ends_the_build_and_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smoke, "PAUSE_SECONDS", 0.0)
    with pytest.raises(SystemExit, match="cannot be reached"):
        smoke.main(f"http://localhost:{free_port()}")
