"""A scripted EHR that identifies users: a tenant with its own keys and id_tokens."""

import functools
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.app.app import App
from tests.support.browser.browser import Answer, Browser
from tests.support.ehr.id_tokens import PrivateKey, compact, ec_key, public_jwk, rsa_key
from tests.support.ehr.scripted_ehr import Received, Scripted, Tenant, as_json

CLIENT_ID = "identity-client"
KEYS = "/auth/jwks"
REVOKE = "/auth/revoke"


@functools.cache
def signing_key(alg: str, owner: str = "the EHR") -> PrivateKey:
    """Return a key for an algorithm, made once in a run for each owner."""
    if alg == "ES384":
        return ec_key(ec.SECP384R1())
    return ec_key() if alg == "ES256" else rsa_key(owner=owner)


class Signer:
    """Makes a tenant grant openid, revoke, publish one key as `kid`, and sign id_tokens with it."""

    def __init__(self, tenant: Tenant, *, client_id: str = CLIENT_ID, alg: str = "RS256") -> None:
        self.tenant = tenant
        self.client_id = client_id
        self.alg = alg
        self.key = signing_key(alg)
        self.kid = "k1"
        tenant.discovery["jwks_uri"] = tenant.base + KEYS
        tenant.discovery["revocation_endpoint"] = tenant.base + REVOKE
        tenant.token["scope"] = "launch openid fhirUser patient/*.rs"
        tenant.on(KEYS, self._keys)
        tenant.on(REVOKE, Scripted(200))

    def header(self, **changes: object) -> dict[str, Any]:
        """Return the header, with changes. None leaves a member out."""
        return _without_none({"alg": self.alg, "kid": self.kid, "typ": "JWT"} | changes)

    def claims(self, nonce: str, /, **changes: object) -> dict[str, Any]:
        """Return a valid token's claims, with changes. None leaves a claim out."""
        now = int(time.time())
        proper = {
            "iss": self.tenant.base,
            "sub": "user-1",
            "aud": self.client_id,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "fhirUser": "Practitioner/pr1",
            "name": "Test Clinician",
        }
        return _without_none(proper | changes)

    def id_token(self, nonce: str, /, **changes: object) -> str:
        return compact(self.header(), self.claims(nonce, **changes), self.key, self.alg)

    def _keys(self, _: Received) -> Scripted:
        return as_json({"keys": [public_jwk(self.key, kid=self.kid)]})


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def sign_in(app: App, signer: Signer, browser: Browser, **claims: object) -> Answer:
    """Return the callback's response to a complete launch by the user in the claims."""
    begun = app.begin(signer.tenant, browser)
    signer.tenant.token["id_token"] = signer.id_token(begun.query["nonce"], **claims)
    return app.answer(begun, signer.tenant, browser)


def handle_of(callback: Answer) -> str:
    """Return the handle of the session that a callback opened."""
    assert callback.status == 303, callback.text
    return callback.location.rstrip("/").rpartition("/")[2]


def context_of(app: App, callback: Answer, browser: Browser) -> dict[str, Any]:
    """Return the launch context of the session that a callback opened."""
    answer = browser.fetch(f"{app.origin}/fhir_proxy/{handle_of(callback)}/session")
    assert answer.status == 200, answer.text
    return dict(answer.json())
