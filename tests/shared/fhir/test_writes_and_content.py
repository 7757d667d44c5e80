"""Authorized writes and Binary content: retries, and the data held in memory."""

import socket
import time
import tracemalloc

import pytest

from shared.errors import UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from shared.fhir import fhir_client
from shared.fhir.access import Access, of_session
from shared.fhir.fhir_client import FhirAnswer, FhirBytes
from shared.session.sessions import Active
from tests.support.app.open_session import EHR, in_use, open_session
from tests.support.ehr.raw_server import RawServer, always, plain, raw_server
from tests.support.tables import each

JSON = "Content-Type: application/fhir+json"
PDF = "Content-Type: application/pdf"
REFUSED = plain(b"", status="401 Unauthorized")
METHODS = ["POST", "PUT", "PATCH", "DELETE"]


def _access() -> Access:
    """A session whose access can be renewed once."""
    renewed = in_use(open_session(access_token="sentinel-renewed"))
    return of_session(Active(open_session(), EHR, lambda: renewed))


def _write(server: RawServer, method: str, access: Access) -> FhirAnswer:
    url = f"http://127.0.0.1:{server.port}/Observation/o1"
    headers = {"Content-Type": "application/fhir+json"}
    return fhir_client.write(access, method, url, headers=headers, body=b"{}", seconds=2)


@each("method", METHODS)
def test_a_write_that_was_refused_for_its_token_is_made_once_more(method: str) -> None:
    answers = iter((REFUSED, plain(b"", status="201 Created")))

    def respond(connection: socket.socket, _: int) -> bool:
        connection.sendall(next(answers))
        return True

    with raw_server(respond) as server:
        answer = _write(server, method, _access())
    assert (answer.status, answer.resource) == (201, None)
    first, second = server.requests
    assert b"Bearer sentinel-access" in first
    assert b"Bearer sentinel-renewed" in second
    assert first.split(b" ")[0] == second.split(b" ")[0] == method.encode()


def test_a_second_refusal_is_the_answer() -> None:
    with raw_server(always(REFUSED)) as server:
        assert _write(server, "PUT", _access()).status == 401
    assert len(server.requests) == 2


@each("method", METHODS)
def test_a_write_is_not_repeated_when_the_connection_breaks(method: str) -> None:
    def respond(_: socket.socket, __: int) -> bool:
        return False

    with raw_server(respond) as server:
        with pytest.raises(UpstreamUnreachable):
            _write(server, method, _access())
        assert len(server.requests) == 1


def test_a_write_has_a_deadline() -> None:
    def respond(connection: socket.socket, _: int) -> bool:
        connection.recv(1)
        return False

    with raw_server(respond) as server:
        began = time.monotonic()
        url = f"http://127.0.0.1:{server.port}/Observation"
        with pytest.raises(UpstreamTimeout):
            fhir_client.write(_access(), "POST", url, headers={}, body=b"{}", seconds=0.2)
        assert time.monotonic() - began < 30


def _content(server: RawServer, access: Access) -> FhirBytes | FhirAnswer:
    url = f"http://127.0.0.1:{server.port}/Binary/b"
    types = ("application/pdf",)
    return fhir_client.read_binary(access, url, accept="*/*", media_types=types, headers={})


def test_content_is_read_with_renewed_access() -> None:
    answers = iter((REFUSED, plain(b"%PDF", PDF)))

    def respond(connection: socket.socket, _: int) -> bool:
        connection.sendall(next(answers))
        return True

    with raw_server(respond) as server:
        content = _content(server, _access())
        assert isinstance(content, FhirBytes)
        assert b"".join(content.chunks) == b"%PDF"
        assert (content.media_type, content.length) == ("application/pdf", 4)


def test_9_megabytes_of_content_are_never_held_at_once() -> None:
    body = bytes(9_000_000)
    with raw_server(always(plain(body, PDF))) as server:
        access = of_session(in_use(open_session()))
        tracemalloc.start()
        try:
            content = _content(server, access)
            assert isinstance(content, FhirBytes)
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            received = sum(map(len, content.chunks))
            most = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
    assert received == 9_000_000
    assert most < 1_000_000


def test_content_that_breaks_off_raises_where_it_breaks() -> None:
    head = f"HTTP/1.1 200 OK\r\n{PDF}\r\nContent-Length: 100000\r\n\r\n".encode()

    def respond(connection: socket.socket, _: int) -> bool:
        connection.sendall(head + bytes(70_000))
        return False

    with raw_server(respond) as server:
        content = _content(server, _access())
        assert isinstance(content, FhirBytes)
        with pytest.raises(UpstreamUnreachable):
            list(content.chunks)


@each(
    "answer",
    [
        plain(b"x", "Content-Type: text/html"),
        plain(b"x"),
        plain(b"x", PDF, "Content-Encoding: br"),
        plain(b"x", PDF, status="206 Partial Content"),
        plain(b'{"resourceType":', JSON),
    ],
)
def test_what_is_neither_json_nor_content_is_invalid(answer: bytes) -> None:
    with raw_server(always(answer)) as server, pytest.raises(UpstreamInvalid):
        _content(server, _access())
