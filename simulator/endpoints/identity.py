"""The id_token of a token response, correct or changed by a fault (OpenID Connect Core 1.0 sections
2, 3.1.3.6 and 12.2; SMART App Launch 2.2, Scopes for requesting identity data).
"""

from collections.abc import Mapping

from simulator.charts.users import CLINICIANS, DEFAULT_USER, find_user, other_user
from simulator.endpoints.token_faults import ELSEWHERE
from simulator.oauth.granted import Authorization
from simulator.oauth.id_tokens import Signer, at_hash, unsigned
from simulator.oauth.spoiled_claims import Claims, Spoil, dropping, setting, shifting
from simulator.vendors.installation import Installation

LIFE_SECONDS = 600


def id_token(
    ehr: Installation,
    authorization: Authorization,
    access_token: str,
    triggered: frozenset[str],
    *,
    is_refresh: bool,
) -> str:
    """Return the id_token for an access token; `triggered` lists the effects of faults."""
    if "id-token-new-key" in triggered:
        ehr.signer.rotate()
    algorithm = next((one for effect, one in ALGORITHMS.items() if effect in triggered), "RS256")
    claims = _claims(ehr, authorization, triggered, is_refresh=is_refresh)
    claims["at_hash"] = at_hash(access_token, algorithm)
    for effect in triggered:
        if effect in CHANGES:
            CHANGES[effect](claims)
    if "id-token-unsigned" in triggered:
        return unsigned(claims)
    if "id-token-bad-signature" in triggered:
        stranger = Signer()
        return stranger.sign(claims, algorithm, {"kid": ehr.signer.key_id(algorithm)})
    headers = next((one for effect, one in HEADERS.items() if effect in triggered), {})
    return ehr.signer.sign(claims, algorithm, headers)


def _claims(
    ehr: Installation, authorization: Authorization, triggered: frozenset[str], *, is_refresh: bool
) -> Claims:
    user = find_user(authorization.user, ehr.charts) or CLINICIANS[DEFAULT_USER]
    if "other-subject" in triggered:
        user = other_user(user)
    now = int(ehr.clock())
    claims: Claims = {
        "iss": ehr.addresses.id_token_issuer,
        "sub": user.subject,
        "aud": authorization.client_id,
        "iat": now,
        "exp": now + LIFE_SECONDS,
        "name": user.name,
    }
    if {"fhirUser", "profile"} & set(authorization.scopes):
        claims["fhirUser"] = f"{ehr.addresses.fhir_base}/{user.reference}"
    # OIDC Core 12.2: a refreshed id_token shouldn't have a nonce.
    if authorization.nonce is not None and not is_refresh:
        claims["nonce"] = authorization.nonce
    return claims


def _legacy_profile(claims: Claims) -> None:
    if "fhirUser" in claims:
        claims["profile"] = claims.pop("fhirUser")


ALGORITHMS: Mapping[str, str] = {
    "id-token-rs384": "RS384",
    "id-token-es256": "ES256",
    "id-token-es384": "ES384",
}
HEADERS: Mapping[str, Mapping[str, str | None]] = {
    "id-token-no-kid": {"kid": None},
    "id-token-unknown-kid": {"kid": "simulated-unknown"},
}
CHANGES: Mapping[str, Spoil] = {
    "id-token-wrong-nonce": setting(nonce="simulated-other-nonce"),
    "id-token-no-nonce": dropping("nonce"),
    "id-token-wrong-issuer": setting(iss=ELSEWHERE),
    "id-token-wrong-audience": setting(aud="simulated-other-client"),
    "id-token-no-audience": dropping("aud"),
    "id-token-expired": shifting("iat", "exp", seconds=-LIFE_SECONDS - 3600),
    "id-token-future": shifting("iat", "exp", seconds=3600),
    "id-token-no-subject": dropping("sub"),
    "id-token-wrong-at-hash": setting(at_hash=at_hash("another access token", "RS256")),
    "id-token-legacy-profile": _legacy_profile,
    "id-token-foreign-user": setting(fhirUser=f"{ELSEWHERE}/Practitioner/synthetic-clara"),
}
