"""What only a real server shows: a connection that ends without an answer."""

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.simulator.app_under_test import ALMA, CHALLENGE, STATE, VERIFIER
from tests.support.app.servers import Server, free_port, serve
from tests.support.browser.browser import Answer, Browser

CLIENT = {"client_id": "app", "redirect_uri": "https://app.test/callback"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    port = free_port()
    registration = {
        "client_id": "app",
        "name": "App",
        "launch_url": "https://app.test/launch",
        "redirect_uris": [CLIENT["redirect_uri"]],
        "scopes": ["launch", "online_access", "patient/*.rs"],
    }
    environment = {
        "EHR_BASE_URL": f"http://127.0.0.1:{port}",
        "EHR_REGISTRATIONS": json.dumps([registration]),
    }
    folder = tmp_path_factory.mktemp("ehr")
    with serve("simulator.serve_ehr:app", "127.0.0.1", port, environment, folder) as server:
        yield server
    assert server.log.read_text() == ""


def _code(ehr: Server, fault: str) -> str:
    at = f"{ehr.origin}/generic"
    start = {"patient": ALMA, "client": "app", "in": "tab", "fault": fault}
    launched = Browser().get(f"{at}/start?{urlencode(start)}")
    request = {
        **CLIENT,
        "response_type": "code",
        "scope": "launch online_access patient/Patient.rs",
        "state": STATE,
        "aud": f"{at}/fhir",
        "launch": launched.query["launch"],
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return Browser().get(f"{at}/authorize?{urlencode(request)}").query["code"]


def _post(ehr: Server, **form: str) -> Answer:
    url = f"{ehr.origin}/generic/token"
    return Browser().send("POST", url, FORM, urlencode({**CLIENT, **form}).encode())


def _exchange(ehr: Server, code: str) -> Answer:
    return _post(ehr, grant_type="authorization_code", code=code, code_verifier=VERIFIER)


def test_a_lost_reply_is_no_reply_at_all(ehr: Server) -> None:
    code = _code(ehr, "token-reply-lost")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        _exchange(ehr, code)
    assert _exchange(ehr, code).json()["error"] == "invalid_grant"


def test_the_server_goes_on_after_a_lost_refresh(ehr: Server) -> None:
    first = _exchange(ehr, _code(ehr, "refresh-reply-lost")).json()["refresh_token"]
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        _post(ehr, grant_type="refresh_token", refresh_token=first)
    assert _exchange(ehr, _code(ehr, "")).status == 200
