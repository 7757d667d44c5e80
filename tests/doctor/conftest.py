"""The doctor as a user runs it, a configuration for it, and public addresses that misbehave."""

import contextlib
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.app import App
from tests.support.doctor import GOOD_SCOPES, Doctor, Public
from tests.support.scripted_ehr import Scripted, Tenant


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
    """Starts a public address with an answer for each path, 404 for others; gives its URL."""
    with contextlib.ExitStack() as stack:

        def start(answers: Mapping[str, Scripted]) -> str:
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    answer = answers.get(self.path, Scripted(404, {}, b"<html>"))
                    assert isinstance(answer.body, bytes)
                    self.send_response_only(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(answer.body)

                def log_message(self, *_: object) -> None:
                    pass

            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return f"http://localhost:{server.server_address[1]}"

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
