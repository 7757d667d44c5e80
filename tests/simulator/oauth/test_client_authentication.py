from urllib.parse import quote_plus

from simulator.ehr import VENDOR_PROFILES
from simulator.vendors.epic import EPIC
from simulator.vendors.oracle import ORACLE
from tests.simulator.app_under_test import json_of
from tests.simulator.token_client import (
    ASSERTION_TYPE,
    SECRET,
    TokenClient,
    answered,
    basic,
    refused,
    registration,
)
from tests.support.tables import each

METHODS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")
LAUNCHING = [one for one in VENDOR_PROFILES if one.addresses("").start is not None]


@each("registered", METHODS)
@each("used", METHODS)
def test_only_the_registered_way_is_taken(registered: str, used: str) -> None:
    client = TokenClient(registration(registered))
    code = client.code()
    client.client = registration(used)
    response = client.exchange(code)
    if used == registered:
        assert "access_token" in answered(response)
    else:
        assert refused(response) == (401, "invalid_client")
        assert ("WWW-Authenticate" in response.headers) is (used == "client_secret_basic")


def test_a_refused_client_does_not_spend_the_code() -> None:
    client = TokenClient(registration("client_secret_post"))
    code = client.code()
    assert refused(client.exchange(code, client_secret="wrong")) == (401, "invalid_client")
    assert "access_token" in answered(client.exchange(code))


@each(
    "further",
    [{"client_secret": SECRET}, {"client_assertion": "x", "client_assertion_type": ASSERTION_TYPE}],
)
def test_two_ways_at_once_are_an_invalid_request(further: dict[str, str]) -> None:
    client = TokenClient(registration("client_secret_basic"))
    response = client.exchange(client.code(), **further)
    assert refused(response) == (400, "invalid_request")


@each("method", METHODS[1:])
@each(("sent", "status"), [("client one", 200), ("other", 401)])
def test_a_confidential_client_may_name_itself_and_nobody_else(
    method: str, sent: str, status: int
) -> None:
    client = TokenClient(registration(method), others=(registration(method, client_id="other"),))
    response = client.exchange(client.code(), client_id=sent)
    # With client_secret_post the form's client_id is the claim itself: other has the same secret.
    expected = 400 if (method, sent) == ("client_secret_post", "other") else status
    assert response.status_code == expected


@each(
    "header",
    [
        basic(f"client one:{SECRET}"),
        basic(f"client+one:{quote_plus(SECRET)}x"),
        basic(f"client+one:{quote_plus(SECRET).replace('%2F', '/')}"),
        basic("client+one"),
        basic("client+one:"),
        basic(f"client+two:{quote_plus(SECRET)}"),
        basic("client+one:%FF"),
        {"Authorization": "Basic not-base64!"},
        {"Authorization": "Basic"},
        {"Authorization": "Bearer abc"},
    ],
)
def test_basic_credentials_that_are_wrong_or_not_form_encoded_are_refused(
    header: dict[str, str],
) -> None:
    client = TokenClient(registration("client_secret_basic"))
    response = client.exchange(client.code(), headers=header)
    assert refused(response) == (401, "invalid_client")
    assert response.headers["WWW-Authenticate"].startswith("Basic")


def test_epic_takes_the_secret_as_it_is_and_not_form_encoded() -> None:
    client = TokenClient(registration("client_secret_basic"), EPIC)
    encoded = basic(f"{quote_plus('client one')}:{quote_plus(SECRET)}")
    response = client.exchange(client.code(), headers=encoded)
    assert json_of(response) == {"error": "invalid_client", "error_description": None}
    raw = basic(f"client one:{SECRET}")
    assert "access_token" in answered(client.exchange(client.code(), headers=raw))


def test_oracle_health_names_no_client_that_did_not_authenticate() -> None:
    client = TokenClient(registration("client_secret_basic"), ORACLE)
    response = client.exchange(client.code(), headers=basic("client+one:wrong"))
    body = json_of(response)
    assert body.keys() == {"error", "error_uri"}
    urn = "urn%3Acerner%3Aerror%3Aauthorization-server%3Aoauth2%3Atoken%3A"
    assert f"/errors/{urn}invalid-client-credentials/instances/" in body["error_uri"]
    assert "?client=unknown&tenant=" in body["error_uri"]
    assert response.headers["Cerner-Correlation-ID"] in body["error_uri"]
