"""`make doctor` as a user runs it, a configuration for it, and public URLs that misbehave."""

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.support.app.app import App
from tests.support.app.doctor import GOOD_SCOPES, Doctor, Public
from tests.support.ehr.scripted_ehr import Scripted, Tenant
from tests.support.ehr.threaded_server import ThreadedServer


@pytest.fixture
def doctor(tmp_path: Path, app: App, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    monkeypatch.setenv("SEALING_KEY", secrets.token_urlsafe(32))
    return Doctor(tmp_path, app.origin)


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Without running functions, for what needs no network."""
    monkeypatch.setenv("SEALING_KEY", secrets.token_urlsafe(32))
    return Doctor(tmp_path, "https://smart.example.org")


@pytest.fixture
def public() -> Iterator[Public]:
    """Start a server for the public URL, with a response for each path, and return its URL."""
    with contextlib.ExitStack() as stack:

        def start(answers: Mapping[str, Scripted]) -> str:
            def serve(handler: BaseHTTPRequestHandler) -> None:
                answer = answers.get(handler.path, Scripted(404, {}, b"<html>"))
                assert isinstance(answer.body, bytes)
                handler.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    handler.send_header(name, value)
                handler.send_header("Content-Length", str(len(answer.body)))
                handler.end_headers()
                handler.wfile.write(answer.body)

            server = ThreadedServer(serve, poll=0.01)
            stack.callback(server.close)
            return f"http://localhost:{server.port}"

        yield start


@pytest.fixture
def tenants(app: App) -> Callable[[], Tenant]:
    """Makes scripted EHRs that are as good as the doctor could wish."""

    def made() -> Tenant:
        tenant = app.scripted.tenant()
        tenant.discovery |= {
            "authorization_response_iss_parameter_supported": True,
            "scopes_supported": ["launch", "openid", "fhirUser", *GOOD_SCOPES.split()],
            "token_endpoint_auth_methods_supported": ["none"],
        }
        return tenant

    return made


@pytest.fixture
def tenant(tenants: Callable[[], Tenant]) -> Tenant:
    return tenants()
