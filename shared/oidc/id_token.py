"""Verify the id_token, which identifies the user (OpenID Connect Core 3.1.3.7; SMART App Launch
2.2).

The configuration, or discovery at launch, determines the only accepted issuer. Keys come only from
its `jwks_uri`, and no URL in the token itself is ever fetched.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Protocol

from shared import base64url, fhir_id, urls
from shared.config.settings import Ehr
from shared.errors import ADMINISTRATOR, IdTokenInvalid, KeysUnreadable, Overloaded
from shared.findings import ForUser
from shared.frozen import dataclass
from shared.oidc import jws
from shared.oidc.jws import SKEW_SECONDS, SignedToken
from shared.oidc.keys import Keys

_LONGEST_SUB = 255
_LONGEST_NAME = 255
_FHIR_USER = re.compile(
    r"(?:Patient|Practitioner|PractitionerRole|RelatedPerson|Person)/" + fhir_id.PATTERN
)
_PLAIN_ISSUER = re.compile(r"https?://[\x21-\x7e]{1,500}")
_NO_ISSUER = "In the [[ehr]] entry, set `id_token_issuer` to the issuer of the EHR's ID tokens."
_OTHER_ISSUER = (
    "If the EHR's operator confirms the issuer that was received, set it as `id_token_issuer` "
    "in the [[ehr]] entry exactly as received, with or without a trailing slash."
)
_CLOCK = (
    "Run `make doctor CONFIG=smart.toml` and check `clock_skew`. The clocks of this app and of "
    "the EHR can differ by at most 120 seconds."
)
_KEYS = (
    "Send the EHR's operator the message above, the time and the URL of the EHR's keys. No "
    "setting of this app can fix it."
)
_KEYS_CHANGED = ForUser(
    "The app read the EHR's keys a moment ago. Launch the app again in half a minute, when it "
    "reads them again."
)
_CLIENT = "Compare `client_id` in the [[ehr]] entry with the app's registration at the EHR."


@dataclass(frozen=True, slots=True)
class Identity:
    """The authenticated user. To one app, only the pair of `issuer` and `sub` identifies a user.

    `fhir_user` is an absolute URL on the EHR's FHIR base. It and `name` are None if the EHR sent no
    usable value.
    """

    issuer: str
    sub: str
    fhir_user: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Verified:
    """A verified user. `nonce_missing` means that a nonce was sent, but the token has none."""

    identity: Identity
    nonce_missing: bool


class Launch(Protocol):
    """A pending launch or the session that it opened."""

    @property
    def fhir_base(self) -> str:
        """The normalized FHIR base."""

    @property
    def issuer(self) -> str | None:
        """The issuer in the SMART configuration at launch."""

    @property
    def jwks_uri(self) -> str | None:
        """The URL of the keys in the SMART configuration at launch."""


def verify(
    raw: str,
    launch: Launch,
    ehr: Ehr,
    *,
    nonce: str | None,
    access_token: str,
    keys: Keys,
    now: float,
) -> Verified:
    """Return the user of an id_token. Raise IdTokenInvalid with the check that failed, or
    KeysUnreadable.

    `nonce` is the one that was sent, or None. `access_token` was received with the id_token. `now`
    is in Unix seconds.
    """
    token = jws.parse(raw)
    claims = token.claims
    stated = _issuer(claims.get("iss"), ehr, launch.issuer)
    _check_signature(token, launch, ehr, keys)
    _check_client(claims, ehr.client_id)
    _check_times(claims, now)
    _check_access_token(token, access_token)
    received_nonce = claims.get("nonce")
    if nonce is not None and received_nonce not in (None, nonce):
        why = "The id_token belongs to another launch: its nonce isn't the one that was sent."
        raise IdTokenInvalid(why=why, evidence={"claim": "nonce"})
    sub = _sub(claims)
    fhir_user = _fhir_user(claims, launch.fhir_base)
    identity = Identity(stated, sub, fhir_user, _name(claims.get("name")))
    return Verified(identity, nonce is not None and received_nonce is None)


def names_another(
    raw: str, identity: Identity, launch: Launch, ehr: Ehr, *, access_token: str, now: float
) -> bool:
    """Return whether a refreshed id_token (OpenID Connect Core 12.2) names another user than
    `identity`, if its signature is valid. That needs no keys, and no nonce.

    A refreshed id_token that fails a check, as those of some EHRs do, says nothing about the user.
    The other arguments are as in `verify`.
    """
    try:
        token = jws.parse(raw)
        stated = _issuer(token.claims.get("iss"), ehr, launch.issuer)
        _check_client(token.claims, ehr.client_id)
        _check_times(token.claims, now)
        _check_access_token(token, access_token)
        return (stated, _sub(token.claims)) != (identity.issuer, identity.sub)
    except IdTokenInvalid:
        return False


def is_signed(raw: str, launch: Launch, ehr: Ehr, keys: Keys) -> bool:
    """Return whether the EHR signed a well-formed id_token. Raise KeysUnreadable if its keys can't
    be read, don't include the token's key, or can't be read again yet and none of those known
    signed it.
    """
    token = jws.parse(raw)
    try:
        _check_signature(token, launch, ehr, keys)
    except KeysUnreadable:
        raise
    except Overloaded as error:
        raise KeysUnreadable(evidence=error.evidence) from None
    except IdTokenInvalid:
        return False
    return True


def _issuer(stated: object, ehr: Ehr, discovered: str | None) -> str:
    """Return the token's issuer if it's the accepted one, compared as text, including any final
    slash.
    """
    pattern = ehr.profile.issuer_pattern
    if ehr.id_token_issuer is not None:
        expected, pattern = ehr.id_token_issuer, None
    elif discovered is not None:
        expected = discovered
    else:
        raise IdTokenInvalid(
            why="The EHR's SMART configuration doesn't name an issuer, so the app can't accept "
            "any id_token.",
            steps=(_NO_ISSUER, ADMINISTRATOR),
            cause="tenant_mismatch",
        )
    allowed = (pattern or "{issuer}").replace("{issuer}", re.escape(expected))
    if isinstance(stated, str) and re.fullmatch(allowed, stated):
        return stated
    raise IdTokenInvalid(
        why="The id_token's issuer (iss) isn't this EHR's issuer.",
        steps=(_OTHER_ISSUER, ADMINISTRATOR),
        cause="tenant_mismatch",
        evidence={"expected_issuer": expected} if _PLAIN_ISSUER.fullmatch(expected) else None,
        shown={"iss": stated[:500]} if isinstance(stated, str) else None,
    )


def _check_signature(token: SignedToken, launch: Launch, ehr: Ehr, keys: Keys) -> None:
    issuer = ehr.id_token_issuer or launch.issuer
    known = keys.find(ehr, launch.fhir_base, jwks_uri=launch.jwks_uri, issuer=issuer)
    key = known.choose(token.alg, token.kid)
    fetched_now = True
    # A new key may have no id or the old key's id. Then only the signature shows that it's new.
    if key is None or not jws.signed_by(token, key.public):
        fetched_now = keys.may_renew(ehr, known)
        known = keys.renew(ehr, known)
        key = known.choose(token.alg, token.kid)
    if key is None:
        why = known.why_not(token.alg, token.kid)
    elif not jws.signed_by(token, key.public):
        why = "The id_token's signature wasn't made with the EHR's key."
    else:
        return
    evidence = {"document": known.url.partition("?")[0]}
    steps = (_KEYS if fetched_now else _KEYS_CHANGED, ADMINISTRATOR)
    # A set without the key may be incomplete or out of date. Keys that were fetched a few seconds
    # ago may have changed since, under the same id.
    error = IdTokenInvalid if fetched_now and key is not None else KeysUnreadable
    raise error(why=why, steps=steps, evidence=evidence)


def _check_client(claims: Mapping[str, Any], client_id: str) -> None:
    aud = claims.get("aud")
    audiences = aud if isinstance(aud, list) else [aud]
    if client_id not in audiences:
        why = "The id_token wasn't issued to this app: aud doesn't contain the app's client_id."
        raise _for_another_app(why, "aud")
    if any(audience != client_id for audience in audiences):
        why = "The id_token was issued to other apps (aud) as well as this one."
        raise IdTokenInvalid(why=why, evidence={"claim": "aud"})
    if claims.get("azp") not in (None, client_id):
        why = "The id_token was issued to another app: azp isn't this app's client_id."
        raise _for_another_app(why, "azp")


def _for_another_app(why: str, claim: str) -> IdTokenInvalid:
    steps = (_CLIENT, ADMINISTRATOR)
    evidence = {"claim": claim}
    return IdTokenInvalid(why=why, steps=steps, cause="client_id_mismatch", evidence=evidence)


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    try:
        expires, issued, begins = jws.times(claims)
    except ValueError as error:
        why = f"The id_token has no valid time: {error} isn't a time in seconds."
        raise IdTokenInvalid(why=why, evidence={"claim": str(error)}) from None
    for claim, seconds, what in (
        ("exp", now - expires, "expired (exp) {} seconds ago"),
        ("iat", issued - now, "is dated (iat) {} seconds in the future"),
        ("nbf", begins - now, "is not valid (nbf) for another {} seconds"),
    ):
        if seconds > SKEW_SECONDS:
            why = f"The id_token {what.format(f'{seconds:.0f}')}, according to this app's clock."
            evidence = {"claim": claim, "seconds": f"{seconds:.0f}"}
            steps = (_CLOCK, ADMINISTRATOR)
            raise IdTokenInvalid(why=why, steps=steps, cause="clock_skew", evidence=evidence)


def _sub(claims: Mapping[str, Any]) -> str:
    sub = claims.get("sub")
    if not isinstance(sub, str) or not 0 < len(sub) <= _LONGEST_SUB or not _is_clean(sub):
        why = f"The id_token doesn't name a user: sub isn't text of 1 to {_LONGEST_SUB} characters."
        raise IdTokenInvalid(why=why, evidence={"claim": "sub"})
    return sub


def _check_access_token(token: SignedToken, access_token: str) -> None:
    """Check at_hash (OpenID Connect Core 3.1.3.8)."""
    digest = hashlib.new(f"sha{token.alg[2:]}", access_token.encode("utf-8")).digest()
    half = base64url.encode(digest[: len(digest) // 2])
    if token.claims.get("at_hash") not in (None, half):
        why = "The id_token's at_hash doesn't match the access token that came with it."
        raise IdTokenInvalid(why=why, evidence={"claim": "at_hash"})


def _fhir_user(claims: Mapping[str, Any], base: str) -> str | None:
    value = claims.get("fhirUser")
    if value is None:
        value = claims.get("profile")
    if not isinstance(value, str):
        return None
    if "://" in value:
        value = urls.base_of(value).removeprefix(f"{base}/")
    return f"{base}/{value}" if _FHIR_USER.fullmatch(value) else None


def _name(value: object) -> str | None:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_NAME:
        return None
    return value if _is_clean(value) else None


def _is_clean(text: str) -> bool:
    """Return whether a text has no control characters and no surrogates, which can't be encoded."""
    return not any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)
