from simulator.common.addresses import path_of
from simulator.ehr import VENDOR_PROFILES
from simulator.vendors.profile import VendorProfile
from tests.simulator.app_under_test import json_of
from tests.simulator.token_client import TokenClient, answered, refused, registration
from tests.support.tables import each

LAUNCHING = [one for one in VENDOR_PROFILES if one.addresses("").start is not None]


@each("profile", LAUNCHING, ids=lambda one: one.key)
def test_a_refresh_token_falls_with_all_that_came_of_its_code(profile: VendorProfile) -> None:
    client = TokenClient(profile=profile)
    first = client.tokens()
    second = answered(client.refresh(first["refresh_token"]))
    last = second.get("refresh_token", first["refresh_token"])
    response = client.revoke(last, token_type_hint="refresh_token")
    assert (response.status_code, response.text) == (200, "")
    assert refused(client.refresh(last)) == (400, "invalid_grant")
    for answer in (first, second):
        assert client.read(answer["access_token"]).status_code == 401


def test_an_access_token_falls_alone() -> None:
    client = TokenClient()
    answer = client.tokens()
    assert client.revoke(answer["access_token"]).status_code == 200
    assert client.read(answer["access_token"]).status_code == 401
    answered(client.refresh(answer["refresh_token"]))


@each("hint", [None, "access_token", "refresh_token", "something_else"])
def test_the_hint_is_a_hint(hint: str | None) -> None:
    client = TokenClient()
    answer = client.tokens()
    client.revoke(answer["access_token"], token_type_hint=hint)
    assert client.read(answer["access_token"]).status_code == 401


def test_an_unknown_or_revoked_token_is_revoked_already() -> None:
    client = TokenClient()
    token = client.tokens()["refresh_token"]
    assert [client.revoke(one).status_code for one in (token, token, "guess")] == [200, 200, 200]


@each("method", ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_revocation_needs_the_clients_authentication(method: str) -> None:
    client = TokenClient(registration(method))
    answer = client.tokens()
    client.client = registration("client_secret_post" if method == "none" else "none")
    response = client.revoke(answer["refresh_token"])
    assert refused(response) == (401, "invalid_client")
    assert client.read(answer["access_token"]).status_code == 200
    client.client = registration(method)
    assert client.revoke(answer["refresh_token"]).status_code == 200


@each("audience", ["token", "revocation"])
def test_an_assertion_may_be_for_the_token_or_the_revocation_endpoint(audience: str) -> None:
    client = TokenClient(registration("private_key_jwt"))
    token = client.tokens()["refresh_token"]
    assertion = client.assertion(aud=getattr(client.at, audience))
    assert client.revoke(token, client_assertion=assertion).status_code == 200


def test_a_client_cannot_revoke_the_token_of_another() -> None:
    client = TokenClient(others=(registration(client_id="other"),))
    answer = client.tokens()
    response = client.revoke(answer["refresh_token"], client_id="other")
    assert refused(response) == (400, "invalid_grant")
    assert client.read(answer["access_token"]).status_code == 200


def test_a_request_without_token_or_in_another_form_is_refused() -> None:
    client = TokenClient()
    path = path_of(client.at.revocation)
    form = {"client_id": "client one", "token": "x"}
    answers = [
        client.revoke(""),
        client.http.post(path, json=form),
        client.http.post(f"{path}?token=x", data=form),
    ]
    assert [refused(one) for one in answers] == [(400, "invalid_request")] * 3
    got = client.http.get(path)
    assert (got.status_code, json_of(got)["error"]) == (405, "invalid_request")
