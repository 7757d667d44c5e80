"""Read the header and the claims of each JWT in a text, so that they can be compared.

RFC 7519 4.1, RFC 7515 4.1, RFC 9068 2.2. A signature is never read, and of the claims only the ones
that name software: no user, no patient, no session.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping

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
