"""Requests of a session in this process, by the proxy and by a function, at an EHR that is a
Python function too: without a server, for what takes thousands of them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest

from functions.fhir_proxy import main
from shared import held_bytes
from shared.errors import CodedError
from shared.fhir import authorised
from shared.fhir.access import Access
from shared.inbound.cookies import Cookies
from shared.inbound.edge import Call, Reply
from shared.outbound import http_client
from shared.own import in_flight
from shared.own.in_flight import InFlight
from shared.sealing import Sealer
from shared.session.sessions import Active
from smart_calc import api
from tests.support.browser.browser import OWN_FETCH
from tests.support.ehr import one_ehr

SETTINGS = one_ehr.settings()
COOKIE = "cookie-secret-that-nobody-may-see"


@dataclass(frozen=True)
class Sent:
    """A request that reached the EHR."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(frozen=True)
class Answered:
    """What the EHR answers."""

    status: int
    body: bytes
    headers: Mapping[str, str]


Ehr = Callable[[Sent], Answered]


class Calls:
    """A session at an EHR; `sent` is what reached it, with which `tokens`."""

    def __init__(self, active: Active, ehr: Ehr) -> None:
        self.active = active
        self.ehr = ehr
        self.sent: list[Sent] = []
        self.tokens: list[str] = []

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
        self.tokens.append(access.token)
        self.sent.append(Sent(method, url, dict(headers), body))
        answer = self.ehr(self.sent[-1])
        given = {"content-type": "application/fhir+json", **answer.headers}
        return http_client.Stream(answer.status, given, iter((answer.body,)))

    def use(self, _handle: str, _cookies: Cookies) -> Active:
        """In place of the store."""
        return self.active

    def proxied(
        self,
        method: str,
        path: str,
        parameters: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Through fhir_proxy. Raises what it refuses."""
        given = {**OWN_FETCH, "content-type": "application/fhir+json", **(headers or {})}
        handle = self.active.session.handle
        return main._serve(SETTINGS, _call(method, f"/{handle}{path}", given, parameters, body))

    @contextmanager
    def function(self, method: str = "POST", path: str = "/", **request: Any) -> Iterator[api.Call]:
        """Call a project's function."""
        headers = {**OWN_FETCH, "content-type": "application/json"}
        whole = f"/{self.active.session.handle}{path}"
        call = _call(method, whole, headers, request.get("query", ()), request.get("body", b""))
        request_in_flight = InFlight("probe", SETTINGS, self, call)  # type: ignore[arg-type]
        with in_flight.started(request_in_flight) as mark:
            yield api.Call(method, path, mark)


def _call(
    method: str,
    path: str,
    headers: Mapping[str, str],
    parameters: tuple[tuple[str, str], ...],
    body: bytes,
) -> Call:
    query = urlencode(parameters)
    return Call(
        method,
        path,
        headers,
        {f"__Host-smart-{path[1:23]}": (COOKIE,)},
        query,
        lambda limit: body[:limit],
    )


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Active, Ehr], Calls]]:
    """Yield a function that makes a session's calls both ways, as a separate request: an
    earlier test may have left a request that has ended in this thread.
    """

    def made(active: Active, ehr: Ehr) -> Calls:
        made_calls = Calls(active, ehr)
        running = SimpleNamespace(sessions=made_calls, sealer=Sealer((b"k" * 32,)))
        monkeypatch.setattr(main, "_running", running, raising=False)
        monkeypatch.setattr(authorised, "stream", made_calls.stream)
        return made_calls

    holding = held_bytes.begin()
    yield made
    held_bytes.finish(holding)


Failed = tuple[str, int]


def failure(error: CodedError | api.SmartError) -> Failed:
    """Return the properties that identify a refusal."""
    return error.code, error.status


def as_bytes(document: object) -> bytes:
    """Return a document as an EHR sends it."""
    return json.dumps(document).encode()
