"""Parse a signed token strictly, and verify its signature (RFC 7515, 7519; RFC 8725 3.1 to 3.12).

A token that two readers could interpret differently is rejected before any of it is used: one with
padding, other characters, repeated fields or extensions, or of another type. Keys in the header
(`jwk`, `x5c`, `x5u`) are never used. The URL in the header (`jku`) may be compared with the
configured one, but is never fetched.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jwt
from jwt.algorithms import AllowedPublicKeys

from shared import base64url, strict_json
from shared.errors import ADMINISTRATOR, IdTokenInvalid
from shared.frozen import dataclass
from shared.patterns import pattern

# The key type (`kty`, `crv`) for each accepted algorithm (RFC 7518 3.1).
ALGORITHMS: Mapping[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "RS384": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
}
MAX_LENGTH = 32_768
# The clocks of this app and of an issuer can differ by this much.
SKEW_SECONDS = 120.0
_LAST_TIME = 253_402_300_799  # the end of the year 9999
_NAME = pattern(r"[A-Za-z0-9+/._-]{1,40}")
_REGISTER_SIGNED = (
    "In the app's registration at the EHR, choose id_tokens that are signed with one of "
    f"{', '.join(ALGORITHMS)} and not encrypted."
)
_SIGNATURES = jwt.PyJWS(algorithms=list(ALGORITHMS))


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A well-formed token. Don't trust anything in it until `signed_by` returns True.

    `jku` is the header's unchanged value, which may have any type, or None if it's missing.
    """

    raw: str
    alg: str
    kid: str | None
    claims: Mapping[str, Any]
    jku: object = None


class Times(NamedTuple):
    """The times in a token's claims, in Unix seconds. `begins` is `issued` without `nbf`."""

    expires: float
    issued: float
    begins: float


def times(claims: Mapping[str, Any]) -> Times:
    """Return the times in a token's claims. Raise ValueError with the name of an invalid claim."""
    expires, issued = _time(claims, "exp"), _time(claims, "iat")
    return Times(expires, issued, issued if claims.get("nbf") is None else _time(claims, "nbf"))


def _time(claims: Mapping[str, Any], claim: str) -> float:
    value = claims.get(claim)
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else -1
    # JSON allows integers of any length. Reject times that no clock can show.
    if not 0 <= number <= _LAST_TIME:
        raise ValueError(claim)
    return number


def parse(raw: str) -> SignedToken:
    """Parse an id_token or a CDS call's token. Raise IdTokenInvalid if it isn't well formed."""
    if len(raw) > MAX_LENGTH:
        raise IdTokenInvalid(why=f"The id_token is longer than {MAX_LENGTH} characters.")
    segments = raw.split(".")
    if len(segments) == 5:
        raise IdTokenInvalid(
            why="The id_token is encrypted (JWE). The app reads only signed id_tokens.",
            steps=(_REGISTER_SIGNED, ADMINISTRATOR),
        )
    if len(segments) != 3:
        raise IdTokenInvalid(why="The id_token isn't a JWT: it doesn't have three parts.")
    header = _object(segments[0], "header")
    alg = _algorithm(header)
    _check_kind(header)
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise IdTokenInvalid(why="The key id (kid) in the id_token's header isn't a string.")
    claims = _object(segments[1], "payload")
    if not segments[2]:
        raise IdTokenInvalid(why="The id_token has no signature.")
    _decoded(segments[2], "signature")
    return SignedToken(raw, alg, kid, claims, header.get("jku"))


def signed_by(token: SignedToken, key: AllowedPublicKeys) -> bool:
    """Return whether this key made the token's signature. It must be a key for the algorithm."""
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
        why="The id_token isn't signed, or its algorithm (alg) isn't accepted.",
        steps=(_REGISTER_SIGNED, ADMINISTRATOR),
        evidence={"header": "alg"},
        shown={"alg": str(alg)} if named else None,
    )


def _check_kind(header: Mapping[str, Any]) -> None:
    typ = header.get("typ")
    if typ is not None and not (isinstance(typ, str) and typ.upper() == "JWT"):
        named = isinstance(typ, str) and _NAME.fullmatch(typ)
        raise IdTokenInvalid(
            why="The token isn't an id_token: it has another type (typ), such as that of an "
            "access token.",
            shown={"typ": str(typ)} if named else None,
        )
    if "crit" in header:
        raise IdTokenInvalid(why="The id_token requires an extension (crit) that isn't supported.")


def _object(segment: str, part: str) -> dict[str, Any]:
    try:
        document = strict_json.parse(_decoded(segment, part))
    except strict_json.RepeatedMember:
        raise IdTokenInvalid(why=f"The id_token's {part} repeats a field.") from None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise IdTokenInvalid(why=f"The id_token's {part} isn't a JSON object.")
    return document


def _decoded(segment: str, part: str) -> bytes:
    """Decode unpadded base64url, and accept only the canonical encoding."""
    try:
        decoded = base64url.decode(segment)
    except ValueError:
        decoded = b""
    if base64url.encode(decoded) != segment:
        raise IdTokenInvalid(why=f"The id_token's {part} isn't base64url without padding.")
    return decoded
