"""An EHR whose every response a test can set: for what the simulated EHR would never do.

One server for the entire run. Each test uses separate tenants, so that nothing is shared. A tenant
serves discovery, the token endpoint and FHIR reads and searches properly until the test changes
that, and keeps every request it received.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.ehr.threaded_server import ThreadedServer

FHIR_JSON = "application/fhir+json"


@dataclass(frozen=True)
class Received:
    """A request as received. `path` is raw and below the tenant; `form` is the decoded body."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        parsed = parse_qs(self.body.decode("ascii"), keep_blank_values=True)
        assert all(len(values) == 1 for values in parsed.values())
        return {name: values[0] for name, values in parsed.items()}


@dataclass(frozen=True)
class Scripted:
    """An answer to give. A body that is an iterator is sent piece by piece, without a length."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterator[bytes] = b""


# In place of an answer: the connection is closed.
HANG_UP = Scripted(0)


def as_json(document: object, status: int = 200, media_type: str = "application/json") -> Scripted:
    return Scripted(status, {"Content-Type": media_type}, json.dumps(document).encode())


def as_fhir(document: object, status: int = 200, **headers: str) -> Scripted:
    answer = as_json(document, status, FHIR_JSON)
    return Scripted(answer.status, {**answer.headers, **headers}, answer.body)


Handler = Callable[[Received], Scripted]


class Tenant:
    """One EHR: its FHIR base, what it answers, what it received."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.received: list[Received] = []
        self.handlers: dict[str, Handler] = {}
        self.access_token = f"access-{secrets.token_urlsafe(24)}"
        self.token: dict[str, Any] = {
            "access_token": self.access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "launch patient/*.rs user/Practitioner.rs",
            "patient": "p1",
        }
        self.discovery: dict[str, Any] = {
            "issuer": base,
            "authorization_endpoint": f"{base}/auth/authorize",
            "token_endpoint": f"{base}/auth/token",
            "code_challenge_methods_supported": ["S256"],
            "capabilities": ["launch-ehr", "client-public"],
        }
        self.resources: dict[str, dict[str, Any]] = {
            "Patient/p1": {"resourceType": "Patient", "id": "p1"},
            "Patient/p2": {"resourceType": "Patient", "id": "p2"},
        }

    def on(self, path: str, handler: Handler | Scripted) -> None:
        """Answer requests below the base at `path` (without query) by `handler`."""
        fixed = (lambda _: handler) if isinstance(handler, Scripted) else handler
        self.handlers[path] = fixed

    def hits(self, path: str) -> list[Received]:
        return [request for request in self.received if request.path == path]

    def outside_of_discovery(self) -> list[Received]:
        return [request for request in self.received if ".well-known" not in request.path]

    def answer(self, request: Received) -> Scripted:
        self.received.append(request)
        if request.path in self.handlers:
            return self.handlers[request.path](request)
        if request.path == "/.well-known/smart-configuration":
            return as_json(self.discovery)
        if request.path == "/auth/token":
            return as_json(self.token)
        if request.headers.get("Authorization") != f"Bearer {self.access_token}":
            return as_fhir({"resourceType": "OperationOutcome", "issue": []}, 401)
        key = request.path.removeprefix("/")
        if key in self.resources:
            return as_fhir(self.resources[key])
        matching = [r for name, r in self.resources.items() if name.startswith(f"{key}/")]
        if matching:
            entries = [{"resource": resource} for resource in matching]
            return as_fhir({"resourceType": "Bundle", "type": "searchset", "entry": entries})
        issue = {"severity": "error", "code": "not-found"}
        return as_fhir({"resourceType": "OperationOutcome", "issue": [issue]}, 404)


class ScriptedEhr:
    """The server; `tenant` makes a new EHR below a group (the first path segment)."""

    def __init__(self) -> None:
        self.tenants: dict[str, Tenant] = {}
        self.strangers: list[str] = []
        self._server = ThreadedServer(self._serve)
        self.origin, self.close = self._server.origin, self._server.close

    def tenant(self, group: str = "a") -> Tenant:
        name = f"/{group}/{secrets.token_hex(6)}"
        tenant = Tenant(self.origin + name)
        self.tenants[name] = tenant
        return tenant

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        segments = parts.path.split("/")
        tenant = self.tenants.get("/".join(segments[:3]))
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        if tenant is None:
            self.strangers.append(handler.path)
            answer = Scripted(404)
        else:
            path = parts.path.removeprefix("/".join(segments[:3]))
            headers = dict(handler.headers.items())
            answer = tenant.answer(Received(handler.command, path, parts.query, headers, body))
        try:
            self._send(handler, answer)
        except (BrokenPipeError, ConnectionResetError):
            handler.close_connection = True

    def _send(self, handler: BaseHTTPRequestHandler, answer: Scripted) -> None:
        if answer is HANG_UP:
            handler.close_connection = True
            return
        handler.send_response_only(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        if isinstance(answer.body, bytes):
            if "Content-Length" not in answer.headers:
                handler.send_header("Content-Length", str(len(answer.body)))
            handler.end_headers()
            handler.wfile.write(answer.body)
            return
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.close_connection = True
        for piece in answer.body:
            handler.wfile.write(piece)
            handler.wfile.flush()
