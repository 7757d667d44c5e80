"""The JWT that authenticates the EHR to a CDS service, correct or changed by an injected fault (CDS
Hooks 2.0, Trusting CDS Clients).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import jwt

from simulator.cds.habits import CdsHabits
from simulator.oauth.id_tokens import Signer, unsigned
from simulator.oauth.spoiled_claims import Claims, Spoil, dropping, setting, shifting

ELSEWHERE = "https://elsewhere.simulated.example"
_SKEW_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Caller:
    """The EHR's identity when it calls CDS services.

    `client_id`: the app's client ID, which some vendors send.
    """

    issuer: str
    jku: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Audience:
    """The endpoint to call, and the base URL of its service."""

    endpoint: str
    base: str


def signed(
    signer: Signer,
    habits: CdsHabits,
    caller: Caller,
    audience: Audience,
    now: float,
    triggered: frozenset[str],
) -> str | None:
    """Return a new JWT, or None if a fault leaves it out."""
    if "cds-no-token" in triggered:
        return None
    if triggered & {"cds-token-new-key", "cds-keys-unavailable"}:
        signer.rotate()
    claims = _claims(habits, caller, audience, int(now))
    headers: dict[str, str | None] = {"jku": caller.jku}
    for fault in sorted(triggered):
        if fault in CLAIMS:
            CLAIMS[fault](claims)
        headers |= HEADERS.get(fault, {})
    if "cds-token-audience-base" in triggered:
        claims["aud"] = audience.base
    if "cds-token-unsigned" in triggered:
        return unsigned(claims)
    key_id = signer.key_id(habits.algorithm)
    if "cds-token-hmac" in triggered:
        named = {"kid": key_id, "jku": caller.jku}
        return jwt.encode(claims, _public_text(signer), "HS256", headers=named)
    if "cds-token-bad-signature" in triggered:
        return Signer().sign(claims, habits.algorithm, {**headers, "kid": key_id})
    return signer.sign(claims, habits.algorithm, headers)


def _claims(habits: CdsHabits, caller: Caller, audience: Audience, now: int) -> Claims:
    claims: Claims = {
        "iss": caller.issuer,
        "aud": audience.endpoint,
        "iat": now,
        "exp": now + habits.seconds,
        "jti": str(uuid.uuid4()),
    }
    if habits.not_before is not None:
        claims["nbf"] = now - habits.not_before
    if habits.tenant is not None:
        claims["tenant"] = habits.tenant
    if habits.names_client:
        claims["sub"] = caller.client_id
    return claims


def _public_text(signer: Signer) -> bytes:
    """Return the public key as bytes, which a forger can use as an HMAC secret."""
    return str(signer.key_set()["keys"][0]).encode()


_TIMES = ("iat", "exp", "nbf")

CLAIMS: Mapping[str, Spoil] = {
    "cds-token-other-issuer": setting(iss=ELSEWHERE),
    "cds-token-other-tenant": setting(tenant="simulated-other-tenant"),
    "cds-token-audience-fixed": setting(aud="simulated-cds-client"),
    "cds-token-expired": shifting(*_TIMES, seconds=-3600),
    "cds-clock-behind": shifting(*_TIMES, seconds=-_SKEW_SECONDS),
    "cds-clock-ahead": shifting(*_TIMES, seconds=_SKEW_SECONDS),
    "cds-token-long": shifting("exp", seconds=3600),
    "cds-token-no-jti": dropping("jti"),
}
HEADERS: Mapping[str, Mapping[str, str | None]] = {
    "cds-token-no-kid": {"kid": None},
    "cds-token-unknown-kid": {"kid": "simulated-unknown"},
    "cds-token-jku-elsewhere": {"jku": f"{ELSEWHERE}/jwks.json"},
}
