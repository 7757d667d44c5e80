"""Strict parsing of a signed token, and its signature (RFC 7515, 7519; RFC 8725 3.1 to 3.12).

Anything that two readers could interpret differently is rejected before any of it is used: padding,
other characters, repeated members, extensions, other kinds of token. Keys in a header (`jwk`,
`x5c`, `x5u`) are never used. The URL of its keys (`jku`) may be compared with a configured one, and
is never fetched.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.algorithms import AllowedPublicKeys

from shared import base64url, strict_json
from shared.errors import ADMINISTRATOR, IdTokenInvalid

# The key type (`kty`, `crv`) for each accepted algorithm (RFC 7518 3.1).
ALGORITHMS: Mapping[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
}
MAX_LENGTH = 32_768
_NAME = re.compile(r"[A-Za-z0-9+/._-]{1,40}")
_REGISTER_SIGNED = (
    "Set the app's registration at the EHR to id_tokens that are signed, not encrypted, by one of "
    f"{', '.join(ALGORITHMS)}."
)
_SIGNATURES = jwt.PyJWS(algorithms=list(ALGORITHMS))


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A well-formed token. Nothing in it is trusted until `signed_by` returns True.

    `jku` is the header's value unchanged, of any type, or None if absent.
    """

    raw: str
    alg: str
    kid: str | None
    claims: Mapping[str, Any]
    jku: object = None


def parse(raw: str) -> SignedToken:
    """Parse a signed token: an id_token or a CDS call's. Raise IdTokenInvalid if it can't."""
    if len(raw) > MAX_LENGTH:
        raise IdTokenInvalid(why=f"The id_token is longer than {MAX_LENGTH} characters.")
    segments = raw.split(".")
    if len(segments) == 5:
        raise IdTokenInvalid(
            why="The id_token is encrypted (JWE); only signed ones can be read.",
            steps=(_REGISTER_SIGNED, ADMINISTRATOR),
        )
    if len(segments) != 3:
        raise IdTokenInvalid(why="The id_token is not a JWT: it does not have three parts.")
    header = _object(segments[0], "header")
    alg = _algorithm(header)
    _check_kind(header)
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise IdTokenInvalid(why="The key id (kid) in the id_token's header is not a text.")
    claims = _object(segments[1], "payload")
    if not segments[2]:
        raise IdTokenInvalid(why="The id_token carries no signature.")
    _decoded(segments[2], "signature")
    return SignedToken(raw, alg, kid, claims, header.get("jku"))


def signed_by(token: SignedToken, key: AllowedPublicKeys) -> bool:
    """Return whether this key, which must suit the algorithm, made the token's signature."""
    try:
        _SIGNATURES.decode(token.raw, key, algorithms=[token.alg])
    except jwt.PyJWTError:
        return False
    return True


def _algorithm(header: Mapping[str, Any]) -> str:
    alg = header.get("alg")
    if isinstance(alg, str) and alg in ALGORITHMS:
        return alg
    named = isinstance(alg, str) and _NAME.fullmatch(alg)
    raise IdTokenInvalid(
        why="The id_token is signed in a way (alg) that is not accepted, or not at all.",
        steps=(_REGISTER_SIGNED, ADMINISTRATOR),
        evidence={"header": "alg"},
        shown={"alg": str(alg)} if named else None,
    )


def _check_kind(header: Mapping[str, Any]) -> None:
    typ = header.get("typ")
    if typ is not None and not (isinstance(typ, str) and typ.upper() == "JWT"):
        named = isinstance(typ, str) and _NAME.fullmatch(typ)
        raise IdTokenInvalid(
            why="What came as the id_token is a token of another kind (typ), say an access token.",
            shown={"typ": str(typ)} if named else None,
        )
    if "crit" in header:
        raise IdTokenInvalid(
            why="The id_token's header demands an extension (crit); none is supported."
        )


def _object(segment: str, part: str) -> dict[str, Any]:
    try:
        document = strict_json.parse(_decoded(segment, part))
    except strict_json.RepeatedMember:
        raise IdTokenInvalid(why=f"The id_token's {part} holds a member twice.") from None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise IdTokenInvalid(why=f"The id_token's {part} is not a JSON object.")
    return document


def _decoded(segment: str, part: str) -> bytes:
    """Decode unpadded base64url, and accept only the canonical encoding."""
    try:
        decoded = base64url.decode(segment)
    except ValueError:
        decoded = b""
    if base64url.encode(decoded) != segment:
        raise IdTokenInvalid(why=f"The id_token's {part} is not base64url without padding.")
    return decoded
