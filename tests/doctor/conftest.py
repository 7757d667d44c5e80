"""The doctor as a user runs it, a configuration for it, and public addresses that misbehave."""

import contextlib
import io
import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from doctor.__main__ import main
from tests.conftest import App
from tests.support.scripted_ehr import Scripted, Tenant
from tests.support.servers import ROOT

GOOD_SCOPES = "patient/Patient.rs patient/Observation.rs"


@dataclass(frozen=True)
class Outcome:
    """The exit code and the findings of one run with --json."""

    code: int
    findings: list[dict[str, Any]]

    def of(self, id_: str) -> list[dict[str, Any]]:
        return [one for one in self.findings if one["id"] == id_]

    def only(self, id_: str) -> dict[str, Any]:
        (finding,) = self.of(id_)
        return finding

    def level(self, id_: str) -> str:
        return str(self.only(id_)["level"])

    def with_level(self, level: str) -> set[str]:
        return {one["id"] for one in self.findings if one["level"] == level}


@dataclass(frozen=True)
class Doctor:
    """A folder with smart.toml, and the doctor on it."""

    folder: Path
    public_url: str

    @property
    def file(self) -> Path:
        return self.folder / "smart.toml"

    def write(
        self,
        *ehrs: str,
        public_url: str | None = None,
        keys: str = '["env:SEALING_KEY"]',
        top: str = "",
        store: str | None = None,
    ) -> None:
        sqlite = f'kind = "sqlite"\npath = "{self.folder}/smart.db"'
        self.file.write_text(
            f'public_url = "{public_url or self.public_url}"\nsealing_keys = {keys}\n{top}\n'
            f"[store]\n{store or sqlite}\n" + "\n".join(ehrs),
            encoding="utf-8",
        )

    def check(self, *flags: str) -> Outcome:
        """In this process: most of a process's time is its start."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = main(["check", "--config", str(self.file), "--json", *flags])
        return Outcome(code, json.loads(out.getvalue()))

    def offline(self, *ehrs: str, **settings: str) -> Outcome:
        self.write(*ehrs, **settings)
        return self.check("--offline")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "doctor", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def ehr(iss: str = "https://ehr.test/fhir", scopes: str = GOOD_SCOPES, **settings: str) -> str:
    """An [[ehr]] table; `settings` are further lines, values as TOML writes them."""
    lines = {"key": '"one"', "client_id": '"client"', **settings}
    more = "\n".join(f"{name} = {value}" for name, value in lines.items())
    return f'[[ehr]]\niss = ["{iss}"]\nscopes = "{scopes}"\n{more}\n'


@pytest.fixture
def doctor(tmp_path: Path, app: App, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    monkeypatch.setenv("SEALING_KEY", secrets.token_urlsafe(32))
    return Doctor(tmp_path, app.origin)


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Without running functions, for what needs no network."""
    monkeypatch.setenv("SEALING_KEY", secrets.token_urlsafe(32))
    return Doctor(tmp_path, "https://smart.example.org")


Public = Callable[[Mapping[str, Scripted]], str]


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
def tenant(app: App) -> Tenant:
    """A scripted EHR that is as good as the doctor could wish."""
    tenant = app.scripted.tenant()
    tenant.discovery |= {
        "authorization_response_iss_parameter_supported": True,
        "scopes_supported": ["launch", "openid", "fhirUser", *GOOD_SCOPES.split()],
        "token_endpoint_auth_methods_supported": ["none"],
    }
    return tenant
