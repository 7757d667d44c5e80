"""Authorized FHIR calls: deadline, one bearer token, and the accepted responses."""

import socket
import time
from dataclasses import replace

import pytest

from shared import held_bytes
from shared.errors import SessionExpired, UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from shared.fhir import fhir_client
from tests.support.app.open_session import access
from tests.support.app.servers import free_port
from tests.support.ehr.raw_server import Answerer, always, plain, raw_server
from tests.support.tables import each

PATIENT = b'{"resourceType":"Patient","id":"p1"}'
JSON = "Content-Type: application/fhir+json"
ACCESS = access()


def _silent(connection: socket.socket, _: int) -> bool:
    connection.recv(1)
    return False


def _trickling(head: bytes) -> Answerer:
    def respond(connection: socket.socket, _: int) -> bool:
        connection.sendall(head)
        while True:
            connection.sendall(b" ")
            time.sleep(0.02)

    return respond


@each(
    "answerer",
    [
        _silent,
        _trickling(b"HTTP/1.1 200 OK\r\nX:"),
        _trickling(f"HTTP/1.1 200 OK\r\n{JSON}\r\nContent-Length: 9999\r\n\r\n".encode()),
    ],
    ids=["no answer", "slow headers", "slow body"],
)
def test_the_deadline_holds_for_the_whole_answer(answerer: Answerer) -> None:
    with raw_server(answerer) as server:
        started = time.monotonic()
        with pytest.raises(UpstreamTimeout):
            fhir_client.call(
                ACCESS,
                "GET",
                f"http://127.0.0.1:{server.port}/Patient/p1",
                seconds=0.2,
            )
        assert 0.15 < time.monotonic() - started < 30
    assert fhir_client.SECONDS == 60


@each(
    ("patient", "scope", "is_over"),
    [
        ("p1", "patient/*.rs", True),
        ("p1", "user/Patient.r", True),
        (None, "user/*.rs", False),
        ("p1", "patient/Observation.rs", False),
        ("p1", "patient/Patient.s", False),
        ("p1", "patient/Patient.rs?active=true", False),
    ],
)
def test_a_refusal_ends_the_session_if_the_patient_that_a_scope_covers_is_refused_too(
    patient: str | None, scope: str, is_over: bool
) -> None:
    refused = plain(b"", status="401 Unauthorized")
    opened = access(patient, requested=(scope,), granted=(scope,))
    with raw_server(always(refused)) as server:
        base = f"http://127.0.0.1:{server.port}"
        by = replace(opened, fhir_base=base, ended=SessionExpired)
        if is_over:
            with pytest.raises(SessionExpired):
                fhir_client.call(by, "GET", f"{base}/Observation?code=1")
        else:
            assert fhir_client.call(by, "GET", f"{base}/Observation?code=1").status == 401
    assert len(server.requests) == 1 + is_over


def test_a_request_without_a_holder_is_nobody_elses() -> None:
    holding = held_bytes.begin()
    try:
        fhir_client.admit(ACCESS)
        fhir_client.admit(replace(ACCESS, holder=None))
        assert holding.session == ACCESS.holder
    finally:
        held_bytes.finish(holding)


def test_nobody_there_is_unreachable() -> None:
    with pytest.raises(UpstreamUnreachable):
        fhir_client.call(ACCESS, "GET", f"http://127.0.0.1:{free_port()}/Patient/p1")


def test_the_sessions_token_is_sent_once_and_as_a_bearer() -> None:
    with raw_server(always(plain(PATIENT, JSON))) as server:
        url = f"http://127.0.0.1:{server.port}/r4/Patient/p1?x=y"
        answer = fhir_client.call(ACCESS, "GET", url)
    assert (answer.status, answer.body, answer.resource["id"]) == (200, PATIENT, "p1")
    (request,) = server.requests
    lines = request.decode().split("\r\n")
    assert lines[0] == "GET /r4/Patient/p1?x=y HTTP/1.1"
    assert [line for line in lines if line.lower().startswith("authorization")] == [
        "Authorization: Bearer sentinel-access"
    ]
    assert request.count(b"sentinel-access") == 1


@each("header", ["If-None-Match", "If-Modified-Since"])
def test_unchanged_is_an_answer_to_a_condition_only(header: str) -> None:
    with raw_server(always(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')) as server:
        url = f"http://127.0.0.1:{server.port}/Patient/p1"
        answer = fhir_client.call(ACCESS, "GET", url, headers={header: "x"})
        assert (answer.status, answer.body, answer.resource) == (304, b"", None)
        with pytest.raises(UpstreamInvalid):
            fhir_client.call(ACCESS, "GET", url, headers={"Prefer": "handling=strict"})


def test_the_ehrs_own_ids_are_kept_for_the_log() -> None:
    ids = {"cerner-correlation-id": "c", "x-request-id": "x" * 200, "opc-request-id": "o"}
    lines = (
        JSON,
        *(
            f"{name.title()}: {value}"
            for name, value in (ids | {"x-request-id": "x" * 999}).items()
        ),
    )
    with raw_server(always(plain(PATIENT, *lines))) as server:
        url = f"http://127.0.0.1:{server.port}/Patient/p1"
        assert fhir_client.call(ACCESS, "GET", url).ehr_ids == ids
    with raw_server(always(plain(b"", *lines[1:], status="500 No"))) as server:
        url = f"http://127.0.0.1:{server.port}/Patient/p1"
        with pytest.raises(UpstreamInvalid) as refused:
            fhir_client.call(ACCESS, "GET", url)
    assert refused.value.evidence == {"status": "500"} | ids
    assert "sentinel" not in str(refused.value)
