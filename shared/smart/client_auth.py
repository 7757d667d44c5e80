"""Authenticate clients at the token endpoint, only with the registration's configured method.

SMART App Launch 2.2, step 5; RFC 6749 2.3.1 (Basic, body), RFC 7523 2.2 and 3 (signed assertion). A
public client sends its `client_id` in the body. A confidential client leaves it out, except with
client_secret_post, where it's half of the credentials. There is no fallback from one method to
another.
"""

import base64
import secrets
import time
from collections.abc import Mapping
from dataclasses import field
from urllib.parse import quote_plus

from shared.config.secret_references import read
from shared.config.settings import Ehr, Settings
from shared.config.table import Problem
from shared.frozen import dataclass
from shared.smart import signing_keys
from shared.smart.signing_keys import SigningKey

# SMART App Launch 2.2 allows 5 minutes, by the EHR's clock. This leaves a minute for clock skew.
ASSERTION_SECONDS = 240
# Keycloak refuses an assertion without `iat`, unless it expires within a minute. Servers refuse an
# `iat` in the future, so it's set in the past, in case the EHR's clock is behind.
_ISSUED_SECONDS_AGO = 10
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_JTI_BYTES = 24


@dataclass(frozen=True, slots=True)
class ClientAuthentication:
    """The authentication that is added to one token request. `repr` doesn't show it."""

    fields: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class Clients:
    """Authenticates each registration with its own method and credentials."""

    def __init__(self, secrets_: Mapping[str, str], keys: Mapping[str, SigningKey]) -> None:
        self._secrets = secrets_
        self._keys = keys

    def authenticate(self, ehr: Ehr, token_endpoint: str) -> ClientAuthentication:
        """Return the authentication for one request. Each call creates a new assertion.

        `token_endpoint` is the assertion's audience, even for a request to the revocation endpoint,
        because the audience is the authorization server (RFC 7523 3).
        """
        if ehr.client_auth == "private_key_jwt":
            assertion = self._assertion(ehr, token_endpoint)
            fields = {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}
            return ClientAuthentication(fields, {})
        if ehr.client_auth == "client_secret_basic":
            return ClientAuthentication({}, {"Authorization": self._basic(ehr)})
        if ehr.client_auth == "client_secret_post":
            secret = self._secrets[ehr.key]
            return ClientAuthentication({"client_id": ehr.client_id, "client_secret": secret}, {})
        return ClientAuthentication({"client_id": ehr.client_id}, {})

    def ambiguous_basic_form(self, ehr: Ehr) -> str | None:
        """Return the form of the Basic credentials, or None if both forms are the same."""
        if ehr.client_auth != "client_secret_basic":
            return None
        pair = (ehr.client_id, self._secrets.get(ehr.key, ""))
        return ehr.basic_form if any(quote_plus(part) != part for part in pair) else None

    def algorithm(self, ehr: Ehr) -> str | None:
        """Return RS384 or ES384, depending on the registration's key, or None if it has no key."""
        key = self._keys.get(ehr.key)
        return key.algorithm if key else None

    def public_jwk(self, ehr: Ehr) -> Mapping[str, str] | None:
        """Return the public half of the registration's key, or None if it has no key."""
        key = self._keys.get(ehr.key)
        return key.public_jwk() if key else None

    def _basic(self, ehr: Ehr) -> str:
        pair = [ehr.client_id, self._secrets[ehr.key]]
        if ehr.basic_form == "form":
            pair = [quote_plus(part) for part in pair]
        return "Basic " + base64.b64encode(":".join(pair).encode()).decode("ascii")

    def _assertion(self, ehr: Ehr, token_endpoint: str) -> str:
        now = int(time.time())
        return self._keys[ehr.key].sign(
            {
                "iss": ehr.client_id,
                "sub": ehr.client_id,
                "aud": token_endpoint,
                "iat": now - _ISSUED_SECONDS_AGO,
                "exp": now + ASSERTION_SECONDS,
                "jti": secrets.token_urlsafe(_JTI_BYTES),
            }
        )


def resolve(settings: Settings) -> tuple[Clients, list[Problem]]:
    """Return the clients of all registrations, and the problems of unusable credentials."""
    secrets_: dict[str, str] = {}
    keys: dict[str, SigningKey] = {}
    problems: list[Problem] = []
    for ehr in settings.ehrs:
        secret = read(ehr.client_secret, _place(ehr, "client_secret"), problems)
        if secret is not None and secret.isprintable():
            secrets_[ehr.key] = secret
        elif secret is not None:
            what = f"{ehr.client_secret} contains a control or invisible character"
            step = "Store the secret as the EHR shows it, on one line."
            place = _place(ehr, "client_secret")
            problems.append(Problem.at("setting_invalid", place, what, step))
        own = ehr.is_backend and ehr.private_key == ehr.backend_private_key
        setting = "backend_private_key" if own else "private_key"
        pem = read(ehr.private_key, _place(ehr, setting), problems)
        if pem is None:
            continue
        try:
            keys[ehr.key] = signing_keys.read(pem, ehr.key_id or "")
        except ValueError as error:
            what = f"{ehr.private_key} contains {error}"
            step = (
                "Store an unencrypted PKCS#8 PEM key: either RSA with 2048 bits or more, or EC "
                "on P-384. To create a key, see docs/configuration.md, Keys."
            )
            problems.append(Problem.at("setting_invalid", _place(ehr, setting), what, step))
    return Clients(secrets_, keys), problems


def _place(ehr: Ehr, setting: str) -> str:
    return f"ehr {ehr.key}: {setting}"
