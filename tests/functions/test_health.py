"""/FUNCTION/health: that a function runs, told without store, EHR or log."""

from pathlib import Path

import pytest

from shared.release import VERSION
from tests.support.app import App, ehr_tables
from tests.support.browser import NAVIGATION, Browser
from tests.support.scripted_ehr import ScriptedEhr
from tests.support.servers import serve_app

FUNCTIONS = ("launch", "callback", "fhir_proxy", "smart_calc")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_health_is_told_to_anyone_and_leaves_no_trace(app: App, function: str) -> None:
    lines = len(app.log_lines())
    answer = Browser().get(f"{app.origin}/{function}/health")
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    assert answer.header("Cache-Control") == "no-store"
    # On localhost error_details is "full".
    assert answer.json() == {"status": "ok", "version": VERSION, "commit": "unknown"}
    head = Browser().send("HEAD", f"{app.origin}/{function}/health", NAVIGATION)
    assert (head.status, head.body) == (200, b"")
    assert head.header("Content-Length") == answer.header("Content-Length")
    assert len(app.log_lines()) == lines


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("function", FUNCTIONS)
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
