"""Verifies the calling EHR's JWT, which can be used only once (CDS Hooks 2.0, "Trusting CDS
Clients"; RFC 8725).

All claims are checked before a key is fetched, and the store is called last. The log states which
check failed. The response does so only with `error_details = "full"`.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from shared import log
from shared.config.settings import CdsClient, Ehr, Settings
from shared.errors import CdsTokenInvalid, IdTokenInvalid
from shared.frozen import dataclass
from shared.oidc import jws
from shared.oidc.jwk_set import KeySet
from shared.oidc.jws import SKEW_SECONDS, SignedToken
from shared.oidc.keys import Keys
from shared.store import Conflict, Store

COLLECTION = "cds_calls"
# Epic's documentation shows a token that is valid for 15 minutes, but its text says "within 5".
LONGEST_LIFE_SECONDS = 900.0
_LONGEST_KID = 200
_LONGEST_JTI = 256
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9_.=+/-]+)")

Reason = Literal[
    "missing",
    "malformed",
    "algorithm",
    "client",
    "jku",
    "key",
    "signature",
    "audience",
    "time",
    "jti",
    "replayed",
    "unconfigured",
]


class Untrusted(Exception):
    """A token that isn't accepted. `received` is the value of the claim, for the log."""

    def __init__(self, reason: Reason, received: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.received = received


@dataclass(frozen=True, slots=True)
class Verifier:
    """Verifies tokens. `files` has the keys of clients with a key file; `clock` returns Unix
    seconds.
    """

    settings: Settings
    files: Mapping[str, KeySet]
    keys: Keys
    store: Store
    clock: Callable[[], float]

    def verify(self, authorization: str | None, audiences: frozenset[str]) -> Ehr:
        """Return the EHR of the client that calls one of `audiences`.

        Raises CdsTokenInvalid, CdsKeysUnavailable, and StoreUnavailable.
        """
        try:
            return self._verified(authorization, audiences)
        except Untrusted as error:
            evidence = {"reason": error.reason, "came": error.received}
            why = None
            if self.settings.full_error_details:
                why = f"{CdsTokenInvalid.why} The check that failed: {error.reason}."
            raise CdsTokenInvalid(
                why=why, evidence={name: value for name, value in evidence.items() if value}
            ) from None

    def _verified(self, authorization: str | None, audiences: frozenset[str]) -> Ehr:
        if not self.settings.cds_clients:
            raise Untrusted("unconfigured")
        token = _parsed(authorization)
        client = self._client(token.claims)
        log.about(client=client.key)
        ehr = self.settings.ehr_by_key(client.ehr)
        if ehr is None:
            raise Untrusted("client")
        kid = _kid(token)
        _check_jku(token, client)
        _check_audience(token.claims.get("aud"), audiences)
        expires = self._expiry(token.claims)
        jti = _jti(token.claims)
        self._check_signature(token, kid, client, ehr)
        self._consume(client, jti, expires)
        return ehr

    def _client(self, claims: Mapping[str, Any]) -> CdsClient:
        """Return the entry with the token's issuer and tenant, or the issuer's entry without
        tenant.
        """
        iss, tenant = claims.get("iss"), claims.get("tenant")
        of_issuer = [one for one in self.settings.cds_clients if one.iss == iss]
        for expected in (tenant, None):
            for client in of_issuer:
                if client.tenant == expected:
                    return client
        raise Untrusted("client", _shown(iss if not of_issuer else tenant))

    def _expiry(self, claims: Mapping[str, Any]) -> float:
        now = self.clock()
        try:
            expires, issued, begins = jws.times(claims)
        except ValueError:
            raise Untrusted("time") from None
        if (
            now >= expires + SKEW_SECONDS
            or max(issued, begins) > now + SKEW_SECONDS
            or expires > issued + LONGEST_LIFE_SECONDS
            or expires > now + LONGEST_LIFE_SECONDS + SKEW_SECONDS
        ):
            raise Untrusted("time")
        return expires

    def _check_signature(self, token: SignedToken, kid: str, client: CdsClient, ehr: Ehr) -> None:
        if client.jku is None:
            key_set = self.files[client.key]
        else:
            key_set = self.keys.at_jku(ehr, client.jku, kid)
        key = key_set.choose(token.alg, kid)
        if key is None:
            raise Untrusted("key")
        if not jws.signed_by(token, key.public):
            raise Untrusted("signature")

    def _consume(self, client: CdsClient, jti: str, expires: float) -> None:
        """Record the token's use, with a write that succeeds only once, even concurrently."""
        key = hashlib.sha256(f"{client.key} {jti}".encode("utf-8", "surrogatepass")).hexdigest()
        until = expires + SKEW_SECONDS
        try:
            self.store.create(COLLECTION, key, {}, until)
        except Conflict:
            raise Untrusted("replayed") from None
        # If the token expired during the write, the record of an earlier use might already be
        # deleted.
        if self.clock() >= until:
            raise Untrusted("time")


def _parsed(authorization: str | None) -> SignedToken:
    if authorization is None:
        raise Untrusted("missing")
    bearer = _BEARER.fullmatch(authorization)
    if bearer is None:
        raise Untrusted("malformed")
    try:
        return jws.parse(bearer[1])
    except IdTokenInvalid as error:
        of_algorithm = error.evidence.get("header") == "alg"
        raise Untrusted("algorithm" if of_algorithm else "malformed") from None


def _kid(token: SignedToken) -> str:
    if token.kid is None or not 0 < len(token.kid) <= _LONGEST_KID:
        raise Untrusted("key")
    return token.kid


def _check_jku(token: SignedToken, client: CdsClient) -> None:
    """Compare `jku` as text, without fetching it. With a key file, `jku` is ignored."""
    if client.jku is not None and token.jku not in (None, client.jku):
        raise Untrusted("jku")


def _check_audience(aud: object, audiences: frozenset[str]) -> None:
    only = aud[0] if isinstance(aud, list) and len(aud) == 1 else aud
    if not isinstance(only, str) or only not in audiences:
        raise Untrusted("audience", _shown(aud))


def _jti(claims: Mapping[str, Any]) -> str:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI:
        raise Untrusted("jti")
    return jti


def _shown(claim: object) -> str:
    """Return the received value of a claim for the log: only text, shortened."""
    texts = [one for one in (claim if isinstance(claim, list) else [claim]) if isinstance(one, str)]
    return " ".join(texts)[:300]
