"""An EHR that signs any id_token, and a check of how a token is refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from shared.config.settings import Ehr
from shared.errors import IdTokenInvalid
from shared.oidc import id_token
from shared.oidc.id_token import Identity, Verified
from shared.oidc.keys import Keys
from shared.session.record import Session
from tests.support.app.open_session import open_session
from tests.support.app.stores import Clock
from tests.support.ehr import one_ehr
from tests.support.ehr.id_tokens import PrivateKey, compact, ec_key, part, public_jwk, rsa_key
from tests.support.ehr.scripted_ehr import Tenant, as_json

NOW = 1_800_000_000.0
RSA = rsa_key()
RSA2 = rsa_key(owner="somebody else")
WEAK = rsa_key(1024)
P256 = ec_key()
P384 = ec_key(ec.SECP384R1())
CLIENT = "our-client"
NONCE = "the-nonce-of-this-launch"
ACCESS = "the-access-token"
SUB = "sentinel-user"
NAME = "Sentinel Synthetic"
ABSENT = Ellipsis


@dataclass
class Issuer:
    """An EHR that signs any token. `stranger` is a host that isn't configured."""

    tenant: Tenant
    ehr: Ehr
    stranger: Tenant
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.keys = Keys(self.clock)
        self.publish(public_jwk(RSA, kid="rsa"), public_jwk(P256, kid="p256"))

    @property
    def fetched(self) -> list[str]:
        return [request.path for request in self.tenant.received]

    def publish(self, *members: object) -> None:
        self.tenant.on("/jwks", as_json({"keys": members}))

    def claims(self, **changes: object) -> dict[str, object]:
        made = {
            "iss": self.tenant.base,
            "sub": SUB,
            "aud": CLIENT,
            "exp": NOW + 300,
            "iat": NOW,
            "nonce": NONCE,
            "name": NAME,
            "fhirUser": f"{self.tenant.base}/Practitioner/p1",
        } | changes
        return {name: value for name, value in made.items() if value is not ABSENT}

    def token(
        self,
        key: PrivateKey | bytes = RSA,
        alg: str = "RS256",
        header: dict[str, object] | None = None,
        **changes: object,
    ) -> str:
        """Return a token signed with RS256 and the first key, except for the given changes."""
        made = {"alg": alg, "typ": "JWT", "kid": "rsa"} | (header or {})
        made = {name: value for name, value in made.items() if value is not ABSENT}
        return compact(made, self.claims(**changes), key, alg)

    def verify(self, raw: str, **changes: Any) -> Verified:
        launched = {name: changes.pop(name) for name in ("issuer", "jwks_uri") if name in changes}
        given: dict[str, Any] = {"nonce": NONCE, "access_token": ACCESS, "now": NOW}
        given |= {"keys": self.keys, **changes}
        ehr = given.pop("ehr", self.ehr)
        return id_token.verify(raw, self.launch(**launched), ehr, **given)

    def launch(self, **changes: Any) -> Session:
        base = self.tenant.base
        known = {"fhir_base": base, "issuer": base, "jwks_uri": f"{base}/jwks"}
        return open_session(**known | changes)

    def refreshed(self, raw: str, known: Identity) -> Literal["no other", "other", "forged"]:
        at = self.launch()
        if not id_token.names_another(raw, known, at, self.ehr, access_token=ACCESS, now=NOW):
            return "no other"
        return "other" if id_token.is_signed(raw, at, self.ehr, self.keys) else "forged"


Forgery = Callable[[Issuer], str]


def made_issuer(tenant: Tenant, stranger: Tenant) -> Issuer:
    """Return a configured issuer, and a stranger that publishes another key under the same id."""
    settings = one_ehr.settings(
        "http://127.0.0.1/*",
        "openid fhirUser patient/*.rs",
        client_id=CLIENT,
        public_url="http://localhost",
    )
    made = Issuer(tenant, settings.ehrs[0], stranger)
    made.stranger.on("/jwks", as_json({"keys": [public_jwk(RSA2, kid="rsa")]}))
    return made


def refused(issuer: Issuer, raw: str, why: str, /, **changes: Any) -> IdTokenInvalid:
    """Return the refusal, and check that it states `why`, reveals nothing about the token and calls
    no stranger.
    """
    with pytest.raises(IdTokenInvalid) as caught:
        issuer.verify(raw, **changes)
    error = caught.value
    assert why in error.why
    told = f"{error!r} {error} {error.why} {error.steps} {error.evidence}"
    for sentinel in (SUB, NAME, NONCE, ACCESS, *([raw[-20:]] if len(raw) > 100 else [])):
        assert sentinel not in told
    assert error.__cause__ is None
    assert issuer.stranger.received == []
    return error


def unsigned(issuer: Issuer, alg: object, signature: str = "") -> str:
    return f"{part({'alg': alg, 'typ': 'JWT'})}.{part(issuer.claims())}.{signature}"
