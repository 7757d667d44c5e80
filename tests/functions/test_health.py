"""/FUNCTION/health: that a function runs, told without store, EHR or log."""

from pathlib import Path

from infra.stage import FUNCTIONS
from shared.release import version
from tests.support.app.app import App, ehr_tables
from tests.support.app.servers import serve_app
from tests.support.browser.browser import NAVIGATION, Browser
from tests.support.ehr.scripted_ehr import ScriptedEhr
from tests.support.tables import each


@each("function", FUNCTIONS)
def test_health_is_told_to_anyone_and_leaves_no_trace(app: App, function: str) -> None:
    lines = len(app.log_lines())
    answer = Browser().get(f"{app.origin}/{function}/health")
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    assert answer.header("Cache-Control") == "no-store"
    # On localhost error_details is "full".
    assert answer.json() == {"status": "ok", "version": version(), "commit": "unknown"}
    head = Browser().send("HEAD", f"{app.origin}/{function}/health", NAVIGATION)
    assert (head.status, head.body) == (200, b"")
    assert head.header("Content-Length") == answer.header("Content-Length")
    assert len(app.log_lines()) == lines


@each("function", FUNCTIONS)
def test_health_says_the_same_whatever_comes_with_the_request(app: App, function: str) -> None:
    """It reads no session, sets or clears no cookie, and repeats no part of the request."""
    launched = app.launch(app.scripted.tenant())
    url = f"{app.origin}/{function}/health"
    plain = Browser().get(url)
    strange = {**NAVIGATION, "Origin": "https://sentinel.test", "X-Forwarded-Host": "sentinel.test"}
    lines = len(app.log_lines())
    answer = launched.browser.send("GET", f"{url}?state=sentinel&iss=sentinel&iss=x", strange)
    assert (answer.status, answer.body) == (200, plain.body)
    assert answer.all("Set-Cookie") == []
    assert "sentinel" not in str(answer.headers)
    assert len(app.log_lines()) == lines


def test_the_gateway_has_one_of_its_own(app: App) -> None:
    answer = Browser().get(f"{app.origin}/health")
    assert (answer.status, answer.json()["status"]) == (200, "ok")


@each("path", ["health/", "health/x", "Health", "%68ealth", "health%00"])
def test_only_its_very_address_is_it(app: App, path: str) -> None:
    for function in FUNCTIONS:
        assert Browser().get(f"{app.origin}/{function}/{path}").status in {400, 403, 404}


@each("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@each("function", FUNCTIONS)
def test_other_methods_are_refused(app: App, function: str, method: str) -> None:
    answer = Browser().send(method, f"{app.origin}/{function}/health")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.header("Allow") == "GET, HEAD"


def test_a_brief_function_does_not_say_which_release_it_is(
    tmp_path: Path, scripted: ScriptedEhr
) -> None:
    tables = ehr_tables("http://127.0.0.1:9", scripted)
    with serve_app(tmp_path, tables, top='error_details = "brief"') as server:
        for function in FUNCTIONS:
            answer = Browser().get(f"{server.origin}/{function}/health")
            assert answer.json() == {"status": "ok"}
