"""The realm that the app is registered in: plain Keycloak settings, no extension.

Keycloak doesn't know SMART App Launch. Client scopes have the names of SMART's, and a hard-coded
claim stands in for what an EHR would put into the token response.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tests.interop.keycloak.server import REALM, Keycloak

Kind = Literal["public", "secret", "signed"]
PATIENT, FHIR_USER = "p1", "Practitioner/pr1"
USER, PASSWORD = "clara", "not-a-secret"
SCOPES = "openid fhirUser online_access patient/Patient.rs patient/Observation.rs"
LAUNCH_SCOPES = ("launch", "launch/patient")
# Short, so that a run sees refreshes; the app refreshes in the last fifth.
ACCESS_SECONDS = 6


@dataclass(frozen=True)
class Client:
    """One client of the realm."""

    client_id: str
    kind: Kind
    redirect_uri: str
    secret: str = ""
    algorithm: str = ""
    jwks_url: str = ""
    patient: str = PATIENT


def make(
    keycloak: Keycloak,
    clients: Sequence[Client],
    scopes: str = SCOPES,
    access_seconds: int = ACCESS_SECONDS,
) -> None:
    """Create the realm with its scopes, clients and one user."""
    realm = {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "none",
        "accessTokenLifespan": access_seconds,
        "revokeRefreshToken": True,
        "refreshTokenMaxReuse": 0,
    }
    keycloak.admin("/realms", realm)
    names = [*LAUNCH_SCOPES, *scopes.split()[1:]]
    for name in names:
        keycloak.admin(f"/realms/{REALM}/client-scopes", _scope(name))
    for client in clients:
        keycloak.admin(f"/realms/{REALM}/clients", _client(client, names))
    user = {
        "username": USER,
        "enabled": True,
        "firstName": "Clara",
        "lastName": "Clinician",
        "email": "clara@example.org",
        "emailVerified": True,
        "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
    }
    keycloak.admin(f"/realms/{REALM}/users", user)


def _scope(name: str) -> dict[str, object]:
    mappers = [_claim("fhirUser", FHIR_USER, "id.token.claim")] if name == "fhirUser" else []
    return {
        "name": name,
        "protocol": "openid-connect",
        "attributes": {"include.in.token.scope": "true", "display.on.consent.screen": "false"},
        "protocolMappers": mappers,
    }


def _claim(name: str, value: str, where: str) -> dict[str, object]:
    return {
        "name": name,
        "protocol": "openid-connect",
        "protocolMapper": "oidc-hardcoded-claim-mapper",
        "config": {
            "claim.name": name,
            "claim.value": value,
            "jsonType.label": "String",
            where: "true",
        },
    }


def _client(client: Client, scopes: Sequence[str]) -> dict[str, object]:
    attributes = {"pkce.code.challenge.method": "S256"}
    if client.kind == "signed":
        attributes |= {
            "use.jwks.url": "true",
            "jwks.url": client.jwks_url,
            "token.endpoint.auth.signing.alg": client.algorithm,
        }
    return {
        "clientId": client.client_id,
        "protocol": "openid-connect",
        "publicClient": client.kind == "public",
        "clientAuthenticatorType": "client-jwt" if client.kind == "signed" else "client-secret",
        "secret": client.secret or None,
        "redirectUris": [client.redirect_uri],
        "standardFlowEnabled": True,
        "directAccessGrantsEnabled": False,
        "attributes": attributes,
        "optionalClientScopes": list(scopes),
        "protocolMappers": [
            _claim("patient", client.patient, "access.tokenResponse.claim"),
            # Google's fhir-gateway reads the patient in the access token.
            _claim("patient_id", client.patient, "access.token.claim"),
        ],
    }
