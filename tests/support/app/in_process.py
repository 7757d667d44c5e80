"""fhir_proxy in this process, at an EHR that's a Python value: for tables of decisions, whose rows
need no server. Tests that ask for `app` or `writing` get it if their module imports these fixtures.

What a session is allowed comes from a token response, as after a launch. Tests of a launch, of the
store, of the network and of headers on the wire need the running functions (app.py).
"""

import io
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from urllib.parse import urlsplit

import flask
import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from functions.fhir_proxy import main
from shared.config.settings import Ehr
from shared.fhir import authorised
from shared.fhir.access import Access
from shared.inbound import edge
from shared.inbound.cookies import Cookies
from shared.outbound import http_client
from shared.sealing import Sealer
from shared.session.sessions import Active
from shared.smart import token_response
from tests.support.app.app import Launched
from tests.support.app.open_session import EHR, in_use, open_session
from tests.support.browser.browser import Answer, Browser
from tests.support.ehr import one_ehr
from tests.support.ehr.scripted_ehr import FHIR_JSON, Received, Scripted, Tenant

_SCOPES = {
    "a": "patient/*.rs user/Practitioner.rs",
    "u": "user/*.rs",
    "n": "patient/Patient.r patient/Observation.rs patient/Condition.s",
    "w": "patient/*.cruds patient/Observation.cu?category=laboratory",
    "v": "user/*.cruds user/Observation.cu?category=laboratory",
    "o": "patient/*.cruds",
}
_ORIGIN = "https://ehr.example"
_APP = "https://smart.example.org"
_SETTINGS = one_ehr.settings(public_url=_APP)


@dataclass
class _Tenants:
    """In place of the server of tests/support/ehr/scripted_ehr.py."""

    tenants: dict[str, Tenant] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)

    def tenant(self, group: str = "a") -> Tenant:
        name = f"/{group}/{secrets.token_hex(6)}"
        self.tenants[name] = Tenant(_ORIGIN + name)
        return self.tenants[name]

    def answer(self, received: Received) -> Scripted:
        segments = received.path.split("/")
        path = received.path.removeprefix("/".join(segments[:3]))
        return self.tenants["/".join(segments[:3])].answer(replace(received, path=path))


class _Page(Browser):
    """Sends what a page of the app sends."""

    def send(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
        *,
        timeout: float = 30,
    ) -> Answer:
        target = url.removeprefix(_APP)
        given = {**(headers or {})}
        media_type = given.pop("Content-Type", None)
        environ = EnvironBuilder(
            "/", base_url=_APP, method=method, headers=[*given.items()]
        ).get_environ()
        environ |= {"RAW_URI": target, "QUERY_STRING": target.partition("?")[2]}
        if media_type is not None:
            environ["CONTENT_TYPE"] = media_type
        if body is not None:
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        reply = edge.answer(flask.Request(environ), main._edge, _SETTINGS, main._serve)
        chunks, status, answered = run_wsgi_app(reply, environ, buffered=True)
        return Answer(url, int(status.split()[0]), list(answered), b"".join(chunks))


@dataclass
class InProcess:
    """Tenants of a group are registered for its scopes, as in app.py and writes.py."""

    scripted: _Tenants = field(default_factory=_Tenants)
    sessions: dict[str, Active] = field(default_factory=dict)
    origin: str = field(default_factory=secrets.token_hex)

    def launch(self, tenant: Tenant) -> Launched:
        """Open the session that a launch at this tenant would open."""
        group = urlsplit(tenant.base).path.split("/")[1]
        vendor = "oracle" if group == "o" else "generic"
        scopes = tuple(_SCOPES[group].split())
        ehr: Ehr = replace(EHR, vendor=vendor, iss=(tenant.base,), scopes=scopes)
        token = token_response.parse(json.dumps(tenant.token).encode(), {})
        session = open_session(
            handle=secrets.token_urlsafe(16),
            iss=tenant.base,
            fhir_base=tenant.base,
            requested=scopes,
            granted=scopes if token.scope is None else token.scope,
            access_token=token.access_token,
            token_endpoint=f"{tenant.base}/auth/token",
        )
        session = replace(session, context=token.context)
        self.sessions[session.handle] = in_use(session, ehr)
        base = f"{_APP}/fhir_proxy/{session.handle}"
        return Launched(_Page(), session.handle, base, Answer(base, 303, [], b""))

    def use(self, handle: str, _cookies: Cookies) -> Active:
        """In place of the store."""
        return self.sessions[handle]

    def stream(
        self,
        access: Access,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *_: object,
        **__: object,
    ) -> http_client.Stream:
        """In place of the network."""
        parts = urlsplit(url)
        sent = {"Accept": FHIR_JSON, "Authorization": f"Bearer {access.token}", **headers}
        received = Received(method, parts.path, parts.query, sent, body or b"")
        answer = self.scripted.answer(received)
        pieces = iter((answer.body,)) if isinstance(answer.body, bytes) else answer.body
        given = {name.lower(): value for name, value in answer.headers.items()}
        return http_client.Stream(answer.status, given, pieces)


@pytest.fixture(scope="module")
def here() -> Iterator[InProcess]:
    made = InProcess()
    with pytest.MonkeyPatch.context() as patch:
        running = SimpleNamespace(sessions=made, sealer=Sealer((b"k" * 32,)))
        patch.setattr(main, "_running", running, raising=False)
        patch.setattr(authorised, "stream", made.stream)
        yield made
