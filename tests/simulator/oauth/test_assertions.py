from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from tests.simulator.token_client import (
    EC_KEY,
    RSA_KEY,
    TokenClient,
    answered,
    refused,
    registration,
)
from tests.support.ehr.id_tokens import rsa_key
from tests.support.tables import each


@each(
    ("changes", "status"),
    [
        ({}, 200),
        ({"exp": 300}, 200),
        ({"exp": 301}, 401),
        ({"exp": 0}, 401),
        ({"exp": -1}, 401),
        ({"exp": None}, 401),
        ({"iat": 30}, 200),
        ({"iat": 31}, 401),
        ({"nbf": 31}, 401),
    ],
)
def test_an_assertion_lives_five_minutes_at_most(changes: dict[str, Any], status: int) -> None:
    client = TokenClient(registration("private_key_jwt"))
    code = client.code()
    now = int(client.clock.now)
    times = {name: None if value is None else now + value for name, value in changes.items()}
    response = client.exchange(code, client_assertion=client.assertion(**times))
    assert response.status_code == status


@each(
    "changes",
    [
        {"iss": "other"},
        {"iss": None},
        {"sub": "other"},
        {"sub": None},
        {"sub": ["client one"]},
        {"aud": None},
        {"aud": "http://ehr.test/generic"},
        {"aud": "http://ehr.test/generic/token/"},
        {"aud": ["http://ehr.test/generic/token"]},
        {"aud": "http://ehr.test/generic/revoke"},
        {"exp": "1795000100"},
        {"exp": True},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"jti": "j" * 256},
        {"headers": {"kid": "other"}},
        {"headers": {"kid": "ec-1"}},
        {"headers": {"typ": None}},
        {"headers": {"typ": "at+jwt"}},
        {"headers": {"jku": "https://app.test/jwks"}},
        {"headers": {"crit": ["exp"]}},
        {"headers": {"x5u": "https://app.test/key"}},
        {"key": rsa_key(owner="somebody else")},
    ],
)
def test_an_assertion_with_any_fault_is_refused(changes: dict[str, Any]) -> None:
    client = TokenClient(registration("private_key_jwt"))
    response = client.exchange(client.code(), client_assertion=client.assertion(**changes))
    assert refused(response) == (401, "invalid_client")


def _signed(algorithm: str, key: Any) -> str:
    claims = {
        "iss": "client one",
        "sub": "client one",
        "aud": "http://ehr.test/generic/token",
        "exp": 1_795_000_100,
        "jti": "one",
    }
    return jwt.encode(claims, key, algorithm, headers={"kid": "rsa-1"})


@each(
    "assertion",
    [
        _signed("RS256", RSA_KEY),
        _signed("PS384", RSA_KEY),
        _signed("ES256", ec.generate_private_key(ec.SECP256R1())),
        _signed("ES384", EC_KEY),
        _signed("HS384", "s" * 48),
        _signed("none", None),
        "",
        "a.b.c",
        "x" * 10_000,
    ],
)
def test_an_assertion_in_any_other_algorithm_is_refused(assertion: str) -> None:
    client = TokenClient(registration("private_key_jwt"))
    response = client.exchange(client.code(), client_assertion=assertion)
    assert refused(response) == (401, "invalid_client")


@each("sent", [None, "urn:other"])
def test_the_assertion_type_must_be_the_registered_one(sent: str | None) -> None:
    client = TokenClient(registration("private_key_jwt"))
    response = client.exchange(client.code(), client_assertion_type=sent)
    assert refused(response) == (401, "invalid_client")


def test_an_assertion_serves_once() -> None:
    client = TokenClient(registration("private_key_jwt"))
    assertion = client.assertion()
    assert "access_token" in answered(client.exchange(client.code(), client_assertion=assertion))
    again = client.exchange(client.code(), client_assertion=assertion)
    assert refused(again) == (401, "invalid_client")


def test_two_clients_may_use_the_same_jti() -> None:
    client = TokenClient(
        registration("private_key_jwt"),
        others=(registration("private_key_jwt", client_id="other"),),
    )
    answered(client.exchange(client.code(), client_assertion=client.assertion(jti="same")))
    client.client = registration("private_key_jwt", client_id="other")
    answered(client.exchange(client.code(), client_assertion=client.assertion(jti="same")))
