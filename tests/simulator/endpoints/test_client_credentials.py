"""Tokens for backend services (SMART App Launch 2.2, "Backend Services")."""

from typing import Any

import pytest

from tests.simulator.app_under_test import ALMA
from tests.simulator.token_client import (
    RSA_KEY,
    SCOPE,
    TokenClient,
    answered,
    refused,
    registration,
)
from tests.support.tables import each

SERVICE = "system/Patient.rs system/Observation.cruds"
OTHER = "synthetic-bruno"


def service(**changes: Any) -> TokenClient:
    members = {"scopes": SERVICE.split(), "launch_url": "", "redirect_uris": (), **changes}
    return TokenClient(registration("private_key_jwt", **members))


def ask(client: TokenClient, scope: str | None = SERVICE, **changes: Any) -> Any:
    form = {"grant_type": "client_credentials", "scope": scope}
    return client.post(client.at.token, form, **changes)


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
def test_a_service_reads_every_chart_with_a_signed_assertion(algorithm: str) -> None:
    client = service()
    client.algorithm = algorithm
    issued = answered(ask(client))
    assert issued["scope"] == SERVICE
    assert not {"patient", "refresh_token", "id_token"} & issued.keys()
    sent = {"Authorization": f"Bearer {issued['access_token']}"}
    for patient in (ALMA, OTHER):
        path = f"/{client.profile.key}/fhir/Patient/{patient}"
        assert client.http.get(path, headers=sent).status_code == 200
    refusal = client.http.get(f"/{client.profile.key}/fhir/Condition", headers=sent)
    assert refusal.status_code == 403


def test_a_service_gets_only_registered_system_scopes() -> None:
    client = service()
    trimmed = answered(ask(client, "system/Observation.rs system/Condition.rs"))
    assert trimmed["scope"] == "system/Observation.rs"
    for scope, error in (
        (None, "invalid_request"),
        ("", "invalid_request"),
        ("system/Condition.rs", "invalid_scope"),
        ("patient/Patient.rs", "invalid_scope"),
        (f"{SERVICE} openid", "invalid_scope"),
    ):
        assert refused(ask(client, scope)) == (400, error), scope


def test_an_assertion_counts_once_and_names_its_key() -> None:
    client = service()
    once = client.assertion()
    assert answered(ask(client, client_assertion=once))
    for assertion in (
        once,
        client.assertion(headers={"kid": "rsa-2"}),
        client.assertion(key=RSA_KEY, headers={"kid": "ec-1"}),
        client.assertion(aud=client.at.fhir_base),
        client.assertion(jti=None),
        client.assertion(exp=int(client.clock.now) - 1),
    ):
        assert refused(ask(client, client_assertion=assertion))[1] == "invalid_client"


@each("client_auth", ["none", "client_secret_basic", "client_secret_post"])
def test_an_app_without_a_key_is_no_service(client_auth: str) -> None:
    client = TokenClient(registration(client_auth))
    assert refused(ask(client)) == (400, "unauthorized_client")


def test_a_launch_never_gets_system_scopes() -> None:
    client = TokenClient(registration("private_key_jwt", scopes=(*SCOPE.split(), *SERVICE.split())))
    issued = client.tokens(f"{SCOPE} {SERVICE}")
    assert issued["scope"] == SCOPE
    assert answered(ask(client))["scope"] == SERVICE
