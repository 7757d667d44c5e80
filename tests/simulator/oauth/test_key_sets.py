import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.simulator.token_client import JWKS, TokenClient, answered, refused, registration
from tests.support.ehr.threaded_server import ThreadedServer
from tests.support.tables import each


class _Keys:
    """Run a server for one key set that counts its requests."""

    def __init__(self) -> None:
        self.body = json.dumps(JWKS).encode()
        self.status = 200
        self.asked = 0
        self.url = ""


@contextmanager
def _serve(keys: _Keys) -> Iterator[None]:
    def serve(handler: BaseHTTPRequestHandler) -> None:
        keys.asked += 1
        handler.send_response(keys.status)
        if keys.status == 302:
            handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", str(len(keys.body)))
        handler.end_headers()
        handler.wfile.write(keys.body)

    server = ThreadedServer(serve, poll=0.01)
    keys.url = f"{server.origin}/launch/jwks.json"
    try:
        yield
    finally:
        server.close()


@pytest.fixture
def keys() -> Iterator[_Keys]:
    served = _Keys()
    with _serve(served):
        yield served


def test_keys_at_an_address_are_fetched_and_kept_for_a_minute(keys: _Keys) -> None:
    client = TokenClient(registration("private_key_jwt", jwks=None, jwks_url=keys.url))
    for seconds, asked in ((0, 1), (59, 1), (1, 2)):
        client.clock.now += seconds
        answered(client.exchange(client.code()))
        assert keys.asked == asked


def test_a_jku_may_repeat_the_registered_address(keys: _Keys) -> None:
    client = TokenClient(registration("private_key_jwt", jwks=None, jwks_url=keys.url))
    assertion = client.assertion(headers={"jku": keys.url})
    answered(client.exchange(client.code(), client_assertion=assertion))


@each(
    ("status", "body"),
    [
        (500, b"{}"),
        (302, b"{}"),
        (200, b"not json"),
        (200, b"[]"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": "x"}'),
        (200, b'{"keys": [1, {"kid": "rsa-1", "kty": "RSA"}]}'),
        (200, json.dumps({"keys": JWKS["keys"] * 2}).encode()),
        (200, json.dumps(JWKS).encode() + b" " * 100_000),
    ],
)
def test_keys_that_cannot_be_used_refuse_the_client_and_are_asked_for_again(
    keys: _Keys, status: int, body: bytes
) -> None:
    client = TokenClient(registration("private_key_jwt", jwks=None, jwks_url=keys.url))
    right = keys.body
    keys.status, keys.body = status, body
    assert refused(client.exchange(client.code())) == (401, "invalid_client")
    keys.status, keys.body = 200, right
    client.clock.now += 60
    answered(client.exchange(client.code()))


def test_a_weak_key_is_not_used(keys: _Keys) -> None:
    weak = rsa.generate_private_key(65537, 1024)
    keys.body = json.dumps(
        {"keys": [{**RSAAlgorithm.to_jwk(weak.public_key(), as_dict=True), "kid": "rsa-1"}]}
    ).encode()
    client = TokenClient(registration("private_key_jwt", jwks=None, jwks_url=keys.url))
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        assertion = client.assertion(key=weak)
    response = client.exchange(client.code(), client_assertion=assertion)
    assert refused(response) == (401, "invalid_client")
