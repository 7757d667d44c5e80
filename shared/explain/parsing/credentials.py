"""Read what the credentials in a text show, before they're masked: the header and the claims of
each JWT, and whether a code verifier fits its challenge.

RFC 7519 4.1, RFC 7515 4.1, RFC 9068 2.2, RFC 7636 4.1 to 4.6. A signature is never read, and of the
claims only the ones that name software: no user, no patient, no session. A verifier isn't kept.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from urllib.parse import unquote

from shared.patterns import any_case

_JWT = re.compile(r"(?<![\w-])(eyJ[\w-]{8,2000})\.(eyJ[\w-]{8,6000})")
_MOST = 3
_CLAIMS = ("iss", "aud", "scope", "scp", "client_id", "azp", "appid", "tid")
# A JWT with nothing else, whose issuer isn't a URL, is a client's assertion (RFC 7523 3): its
# subject is the client. Any other subject is a user.
_OF_AN_ASSERTION = ("iss", "sub", "aud", "exp", "iat", "nbf", "jti")


def with_claims(text: str) -> str:
    """Return the text, followed by a line of JSON for each JWT in it."""
    found = dict.fromkeys(match.groups() for match in _JWT.finditer(text))
    return "\n".join((text, *(line for pair in [*found][:_MOST] for line in _lines(*pair))))


def _lines(header: str, claims: str) -> Iterator[str]:
    of_header, of_claims = _object(header), _object(claims)
    is_assertion = ":" not in str(of_claims.get("iss", ":"))
    is_assertion = is_assertion and of_claims.keys() <= set(_OF_AN_ASSERTION)
    yield _line(of_header, ("kid", "jku", *(("alg",) if is_assertion else ())))
    yield _line(of_claims, _OF_AN_ASSERTION[:-1] if is_assertion else _CLAIMS)


def _line(read: Mapping[str, object], names: Iterable[str]) -> str:
    shown = {name: read[name] for name in names if name in read}
    return json.dumps(shown, ensure_ascii=False)[:2000] if shown else ""


def _object(part: str) -> dict[str, object]:
    try:
        read = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


_NAMED = any_case(r"code[_ -]?(verifier|challenge)\b[^\w+/]{1,12}([\w.~+/%=-]{40,200})")
_VERIFIER, _CHALLENGE = r"[\w.~-]{43,128}", r"[\w-]{43}"
# Plain base64, which the verifier and the challenge aren't.
_BASE64 = r"(?=.*\d)(?=.*[A-Z])(?=.*[+/=])[\w+/-]{42,128}={0,2}"


def with_comparison(text: str) -> str:
    """Return the text, followed by a line of JSON if its verifier or its challenge is wrong."""
    shown: dict[str, set[str]] = {"verifier": set(), "challenge": set()}
    for name, value in _NAMED.findall(text):
        shown[name.lower()].add(unquote(value))
    fault = _fault(**shown)
    return f"{text}\n{json.dumps({'pkce': fault})}" if fault else text


def _fault(verifier: set[str], challenge: set[str]) -> str | None:
    if any(re.fullmatch(_BASE64, one) for one in verifier | challenge):
        return "base64"
    if not all(re.fullmatch(_VERIFIER, one, re.ASCII) for one in verifier) or not all(
        re.fullmatch(_CHALLENGE, one, re.ASCII) for one in challenge
    ):
        return None
    if verifier & challenge:
        return "plain"
    hashes = {urlsafe_b64encode(sha256(one.encode()).digest()).decode()[:-1] for one in verifier}
    return "mismatch" if hashes and challenge and not hashes & challenge else None
