"""Requests to the token and revocation endpoints: what is sent, and what becomes of failures."""

import json
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import pytest

from shared.errors import TokenError
from shared.outbound import http_client
from shared.smart import token_endpoint
from shared.smart.client_auth import ClientAuthentication, Clients
from shared.smart.token_response import TokenResponse
from tests.support.app.open_session import EHR
from tests.support.app.servers import free_port
from tests.support.ehr.raw_server import plain, raw_server
from tests.support.ehr.scripted_ehr import Scripted, ScriptedEhr, as_json
from tests.support.tables import each

AUTHENTICATION = ClientAuthentication({"client_id": "c"}, {})


def _exchange(endpoint: str) -> TokenResponse:
    return token_endpoint.exchange(
        endpoint,
        AUTHENTICATION,
        code="sentinel-code",
        redirect_uri="http://localhost/callback",
        code_verifier="sentinel-verifier",
        ca_file=None,
    )


def test_an_endpoint_that_nobody_serves_is_a_token_error() -> None:
    with pytest.raises(TokenError) as caught:
        _exchange(f"http://127.0.0.1:{free_port()}/token")
    told = f"{caught.value} {caught.value.why} {caught.value.evidence}"
    assert "sentinel" not in told


def test_an_exchange_is_given_up_after_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert token_endpoint.SECONDS == 10
    monkeypatch.setattr(token_endpoint, "SECONDS", 0.1)
    started = time.monotonic()
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(TokenError) as caught,
    ):
        _exchange(f"http://127.0.0.1:{server.getsockname()[1]}/token")
    assert "didn't respond within 0.1 seconds" in caught.value.why
    assert time.monotonic() - started < 9


def test_an_endpoint_that_does_not_speak_http_is_a_token_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        port = server.getsockname()[1]

        def hang_up() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(10_000)
                connection.sendall(b"220 mail ready\r\n")

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(TokenError):
            _exchange(f"http://127.0.0.1:{port}/token")
        thread.join()


def test_an_answer_that_is_left_over_on_a_connection_is_never_taken_for_tokens() -> None:
    answered: set[socket.socket] = set()

    def one_behind(connection: socket.socket, _: int) -> bool:
        """Answer every request on a connection after the first with another patient's tokens."""
        patient = "another" if connection in answered else "own"
        answered.add(connection)
        tokens = {"access_token": "sentinel-access", "token_type": "Bearer", "patient": patient}
        connection.sendall(plain(json.dumps(tokens).encode()))
        return True

    def read() -> bytes:
        return http_client.send("GET", base, seconds=5, max_bytes=10_000, headers={}).body

    with raw_server(one_behind) as server:
        base = f"http://127.0.0.1:{server.port}/"
        read()
        exchanged = _exchange(base)
        refreshed = token_endpoint.refresh(
            base, AUTHENTICATION, refresh_token="sentinel-refresh", ca_file=None
        )
        assert (exchanged.context.patient, refreshed.context.patient) == ("own", "own")
        # Nor is what the token endpoint might leave over taken for another's answer.
        read()
        assert server.connections == 3


@dataclass(frozen=True)
class At:
    """Where a launch's tokens are given back, if anywhere."""

    revocation_endpoint: str | None
    token_endpoint: str = "http://ehr.test/token"


def _revoke(endpoint: str | None, **issued: str) -> Mapping[str, str]:
    return token_endpoint.revoke(At(endpoint), Clients({}, {}), EHR, **issued)


@each(("status", "done"), [(200, "true"), (204, "true"), (400, "false"), (503, "false")])
def test_only_a_success_says_that_a_token_is_revoked(
    scripted: ScriptedEhr, status: int, done: str
) -> None:
    tenant = scripted.tenant()
    tenant.on("/revoke", Scripted(status))
    assert _revoke(f"{tenant.base}/revoke", access_token="sentinel-token") == {"revoked": done}
    (request,) = tenant.received
    assert request.form == {
        "client_id": "c",
        "token": "sentinel-token",
        "token_type_hint": "access_token",
    }


def test_a_revocation_endpoint_that_does_not_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert token_endpoint.REVOKE_SECONDS == 3
    monkeypatch.setattr(token_endpoint, "REVOKE_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = time.monotonic()
        assert _revoke(f"http://127.0.0.1:{server.getsockname()[1]}/revoke", access_token="t") == {
            "revoked": "false"
        }
        assert time.monotonic() - started < 2.9
    nobody = f"http://127.0.0.1:{free_port()}/revoke"
    assert _revoke(nobody, access_token="t") == {"revoked": "false"}


def test_of_two_tokens_the_refresh_token_is_revoked(scripted: ScriptedEhr) -> None:
    tenant = scripted.tenant()
    tenant.on("/revoke", Scripted(200))
    _revoke(f"{tenant.base}/revoke", access_token="a", refresh_token="sentinel-token")
    (request,) = tenant.received
    assert request.form["token"] == "sentinel-token"
    assert request.form["token_type_hint"] == "refresh_token"


def test_where_nothing_can_be_revoked_that_is_said_and_without_a_token_nothing_is() -> None:
    assert _revoke(None, access_token="t") == {"revoked": "false"}
    assert token_endpoint.revoke(
        At("http://ehr.test/r"), Clients({}, {}), None, access_token="t"
    ) == {"revoked": "false"}
    assert _revoke("http://ehr.test/revoke") == {}


def test_a_refresh_asks_for_no_scopes_and_takes_what_comes(scripted: ScriptedEhr) -> None:
    tenant = scripted.tenant()
    answer = token_endpoint.refresh(
        f"{tenant.base}/auth/token", AUTHENTICATION, refresh_token="r1", ca_file=None
    )
    assert answer.access_token == tenant.access_token
    (request,) = tenant.received
    assert request.form == {
        "client_id": "c",
        "grant_type": "refresh_token",
        "refresh_token": "r1",
    }


@each("status", [400, 401, 500])
def test_a_refusal_keeps_its_oauth_error_and_what_was_said_apart(
    scripted: ScriptedEhr, status: int
) -> None:
    tenant = scripted.tenant()
    said = {"error": "invalid_grant", "error_description": "sentinel words"}
    tenant.on("/auth/token", as_json(said, status))
    with pytest.raises(TokenError) as caught:
        _exchange(f"{tenant.base}/auth/token")
    error = caught.value
    assert error.oauth_error == "invalid_grant"
    assert "sentinel words" in error.response_text
    assert "sentinel" not in f"{error} {error.why} {error.evidence} {error.shown}"


@each("member", ["error_description", "message"])
def test_known_words_of_a_refusal_are_told(scripted: ScriptedEhr, member: str) -> None:
    tenant = scripted.tenant()
    tenant.on("/auth/token", as_json({member: "The authorization code expired, sentinel."}, 400))
    with pytest.raises(TokenError) as caught:
        _exchange(f"{tenant.base}/auth/token")
    said = caught.value.evidence["said"]
    assert "expired" in said
    assert "sentinel" not in said


CODE = "code+/" + "c" * 30
VERIFIER = "v" * 43


@each("secret", [CODE, VERIFIER])
@each("member", ["error", "error_description", "error_uri"])
@each("encoded", [False, True])
def test_what_was_sent_in_confidence_is_in_nothing_that_is_told_of_a_refusal(
    scripted: ScriptedEhr, secret: str, member: str, encoded: bool
) -> None:
    tenant = scripted.tenant()
    repeated = quote(secret, safe="") if encoded else secret
    answer = as_json({"error": "invalid_grant", member: f"{repeated}"}, 400)
    headers = {**answer.headers, "X-Request-Id": repeated, "opc-request-id": f"id-{repeated}"}
    tenant.on("/auth/token", Scripted(400, headers, answer.body))
    with pytest.raises(TokenError) as caught:
        token_endpoint.exchange(
            f"{tenant.base}/auth/token",
            AUTHENTICATION,
            code=CODE,
            redirect_uri="http://localhost/callback",
            code_verifier=VERIFIER,
            ca_file=None,
        )
    error = caught.value
    told = f"{error} {error.why} {error.evidence} {error.oauth_error} {error.response_text}"
    assert secret not in told
    assert quote(secret, safe="") not in told
    assert error.oauth_error == (None if member == "error" else "invalid_grant")


def test_only_what_looks_like_an_id_of_the_ehr_is_told_as_one() -> None:
    told = token_endpoint.ehr_ids(
        {
            "cerner-correlation-id": "0b6c1a2e-1d0f-4a53-9d3c-5a1e0c5f7a11",
            "x-request-id": "Bearer sentinel-token",
            "opc-request-id": "/A1B2/C3D4, Doe \x1b[31mJohn",
        }
    )
    assert told == {
        "cerner-correlation-id": "0b6c1a2e-1d0f-4a53-9d3c-5a1e0c5f7a11",
        "opc-request-id": "/A1B2/C3D4",
    }


def test_a_refusal_of_a_megabyte_of_tags_holds_a_thread_no_longer_than_another(
    scripted: ScriptedEhr,
) -> None:
    """Measure only this thread's time."""
    tenant = scripted.tenant()
    for body in (b"<" * 1_000_000, b"<title" * 160_000):
        tenant.on("/token", Scripted(502, {"Content-Type": "text/html"}, body))
        begun = time.thread_time()
        with pytest.raises(TokenError) as caught:
            _exchange(f"{tenant.base}/token")
        assert time.thread_time() - begun < 0.2
        assert len(caught.value.response_text) == 10_000
