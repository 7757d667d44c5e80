"""An app of any client type that the tests steer through the token and revocation endpoints."""

import base64
import itertools
import json
from typing import Any
from urllib.parse import quote_plus

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from werkzeug.test import TestResponse

from simulator.common.addresses import path_of
from simulator.ehr import create_app
from simulator.oauth.registrations import Registration
from simulator.vendors.generic import GENERIC
from simulator.vendors.profile import VendorProfile
from tests.simulator.app_under_test import (
    ALMA,
    CHALLENGE,
    ORIGIN,
    STATE,
    VERIFIER,
    Clock,
    json_of,
    query_of,
)
from tests.support.ehr.id_tokens import rsa_key

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPE = "launch openid fhirUser online_access patient/Patient.rs patient/Observation.rs"
# Not one character of it is the same after form-encoding.
SECRET = "+/:% é"

RSA_KEY = rsa_key()
EC_KEY = ec.generate_private_key(ec.SECP384R1())
KEYS: dict[str, tuple[str, Any]] = {"RS384": ("rsa-1", RSA_KEY), "ES384": ("ec-1", EC_KEY)}
JWKS = {
    "keys": [
        {**RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True), "kid": "rsa-1"},
        {**ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True), "kid": "ec-1"},
    ]
}

_numbers = itertools.count()


def registration(client_auth: str = "none", **changes: Any) -> Registration:
    """A client of one type, registered for everything."""
    members: dict[str, Any] = {
        "client_id": "client one",
        "name": "Client",
        "launch_url": "https://app.test/launch",
        "redirect_uris": ("https://app.test/callback",),
        "scopes": (*SCOPE.split(), "offline_access", "profile", "patient/Condition.rs"),
        "client_auth": client_auth,
        "client_secret": SECRET if client_auth.startswith("client_secret") else None,
        "jwks": JWKS if client_auth == "private_key_jwt" else None,
    }
    return Registration(**{**members, **changes})


class TokenClient:
    """Speaks to one EHR for one client; `others` are registered and EHRs served `beside` it."""

    def __init__(
        self,
        client: Registration | None = None,
        profile: VendorProfile = GENERIC,
        others: tuple[Registration, ...] = (),
        beside: tuple[VendorProfile, ...] = (),
    ) -> None:
        self.clock = Clock()
        self.client = client or registration()
        self.profile = profile
        self.at = profile.addresses(ORIGIN)
        self.application = create_app(
            [self.client, *others], base_url=ORIGIN, clock=self.clock, profiles=[profile, *beside]
        )
        self.algorithm = "RS384"

    @property
    def http(self) -> FlaskClient:
        """Open a new connection for each request, so that threads can share the client."""
        return self.application.test_client()

    def code(self, scope: str = SCOPE, *, nonce: str | None = "nonce-1", **start: str) -> str:
        """Launch from a chart and return the code; `start` goes with the launch, as fault=…"""
        query = {"patient": ALMA, "client": self.client.client_id, "in": "tab", **start}
        assert self.at.start is not None
        launched = self.http.get(path_of(self.at.start), query_string=query)
        asked = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_uris[0],
            "scope": scope,
            "state": STATE,
            "aud": self.at.fhir_base,
            "launch": query_of(launched.headers["Location"])["launch"],
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "nonce": nonce,
        }
        answer = self.http.get(
            path_of(self.at.authorize),
            query_string={name: value for name, value in asked.items() if value is not None},
        )
        return query_of(answer.headers["Location"])["code"]

    def exchange(self, code: str, **changes: Any) -> TestResponse:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uris[0],
            "code_verifier": VERIFIER,
        }
        return self.post(self.at.token, form, **changes)

    def refresh(self, token: str, **changes: Any) -> TestResponse:
        return self.post(
            self.at.token, {"grant_type": "refresh_token", "refresh_token": token}, **changes
        )

    def revoke(self, token: str, **changes: Any) -> TestResponse:
        return self.post(self.at.revocation, {"token": token}, **changes)

    def tokens(self, scope: str = SCOPE, **start: str) -> dict[str, Any]:
        """Launch and return the token response."""
        return answered(self.exchange(self.code(scope, **start)))

    def post(
        self,
        url: str,
        form: dict[str, Any],
        *,
        headers: dict[str, str] | None = None,
        **changes: Any,
    ) -> TestResponse:
        """Send a form with the client's credentials. `headers` replace the client's headers."""
        own_headers, credentials = self.credentials()
        sent = {**form, **credentials, **changes}
        return self.http.post(
            path_of(url),
            data={name: value for name, value in sent.items() if value is not None},
            headers=own_headers if headers is None else headers,
        )

    def credentials(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the headers and form fields that authenticate the client."""
        match self.client.client_auth:
            case "client_secret_basic":
                encode = str if self.profile.raw_basic else quote_plus
                pair = ":".join(map(encode, (self.client.client_id, SECRET)))
                return basic(pair), {}
            case "client_secret_post":
                return {}, {"client_id": self.client.client_id, "client_secret": SECRET}
            case "private_key_jwt":
                return {}, {
                    "client_assertion_type": ASSERTION_TYPE,
                    "client_assertion": self.assertion(),
                }
        return {}, {"client_id": self.client.client_id}

    def assertion(
        self, *, key: Any = None, headers: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """Return a correct assertion, except for the changes. None removes a claim."""
        claims = {
            "iss": self.client.client_id,
            "sub": self.client.client_id,
            "aud": self.at.token,
            "exp": int(self.clock.now) + 240,
            "jti": f"jti-{next(_numbers)}",
            **changes,
        }
        kid, own_key = KEYS[self.algorithm]
        return jwt.encode(
            {name: value for name, value in claims.items() if value is not None},
            key or own_key,
            self.algorithm,
            headers={"kid": kid, **(headers or {})},
        )

    def read(self, access_token: str, fhir_type: str = "Patient") -> TestResponse:
        """Search the patient's resources of a type."""
        parameter = "_id" if fhir_type == "Patient" else "patient"
        return self.http.get(
            f"{path_of(self.at.fhir_base)}/{fhir_type}?{parameter}={ALMA}",
            headers={"Authorization": f"Bearer {access_token}", "Accept": "application/fhir+json"},
        )

    def control(self, **members: Any) -> TestResponse:
        return self.http.post(f"/{self.profile.key}/_control", data=json.dumps(members))


def basic(pair: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def answered(response: TestResponse) -> dict[str, Any]:
    """The members of an answer that holds tokens."""
    assert response.status_code == 200, response.text
    return json_of(response)


def refused(response: TestResponse) -> tuple[int, str]:
    """The status and the OAuth error of a refusal."""
    return response.status_code, str(json_of(response)["error"])
