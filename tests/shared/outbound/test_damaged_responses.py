"""Damaged responses: the client reads them as Python's http.client does, or refuses them."""

import http.client
import io
import os
import random
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.outbound import http_client
from tests.support.ehr.raw_server import plain, raw_server

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_WHOLE = (
    (200, b"a resource", plain(b"a resource", "ETag: 1", "X-Empty:")),
    (404, b"", plain(b"", status="404 Not Found")),
    (200, b"abcdef", _CHUNKED + b"3\r\nabc\r\n3;x=y\r\ndef\r\n0\r\nX-Trailer: 1\r\n\r\n"),
    (200, b"to the end", b"HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nto the end"),
    (204, b"", b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n"),
)
_PARTS = (
    *(b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b";", b"\0", b"\xff", b"0", b"1", b"a"),
    *(b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip\r\n"),
    *(b"HTTP/1.1 200 OK\r\n", b"0\r\n\r\n", b" folded\r\n", b"chunked, ", b"+", b"0x", b"_"),
)


def _damaged(response: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 3)):
        at = chance.randint(0, len(response))
        kept = at + chance.choice((0, 0, 1, 2, chance.randint(0, 40)))
        part = chance.choice((b"", *_PARTS, response[at : at + chance.randint(1, 40)]))
        response = response[:at] + part + response[kept:]
    return response


def _read_by_python(response: bytes) -> tuple[int, bytes] | None:
    # It refuses blank lines before a response, and blanks after a coding are part of it.
    plainer = re.sub(rb"^[\r\n]+|(?<=chunked)[ \t]+(?=\r\n)", b"", response)
    source = SimpleNamespace(makefile=lambda _mode: io.BytesIO(plainer))
    with suppress(http.client.HTTPException, ValueError):
        reader = http.client.HTTPResponse(cast("socket.socket", source))
        reader.begin()
        # RFC 9112 6.3: these end with their head, whatever it says.
        return reader.status, b"" if reader.status in (204, 304) else reader.read()
    return None


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[list[bytes], str]]:
    """What the server sends to the next request before it hangs up, and its address."""
    now = [b""]

    def respond(connection: socket.socket, _: int) -> bool:
        connection.sendall(now[0])
        return False

    with raw_server(respond) as server:
        yield now, f"http://127.0.0.1:{server.port}/"


@settings(max_examples=26_000 if os.environ.get("SOAK") else 40)
@given(st.sampled_from(_WHOLE), st.integers(0, 2**32))
def test_a_damaged_response_is_read_as_by_another_client_or_refused(
    served: tuple[list[bytes], str], whole: tuple[int, bytes, bytes], seed: int
) -> None:
    def read(response: bytes) -> tuple[int, bytes] | None:
        served[0][0] = response
        with suppress(http_client.OutboundError):
            answer = http_client.send(
                "GET", served[1], seconds=30, max_bytes=9_999, headers={}, own_connection=True
            )
            return answer.status, answer.body
        return None

    status, body, response = whole
    assert read(response) == (status, body)
    damaged = _damaged(response, seed)
    assert read(damaged) in (None, _read_by_python(damaged))
