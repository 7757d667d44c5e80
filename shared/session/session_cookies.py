"""The cookies of sessions: `TIME.USERTAG.SECRET`, one for each session (RFC 6265bis).

The time shows which cookie is the oldest, the tag distinguishes users, and the secret decrypts the
session together with the server's key. docs/sessions.md describes the fields.
"""

import re
import secrets

from shared.errors import SessionMissing
from shared.frozen import dataclass
from shared.inbound import cookies
from shared.oidc.id_token import Identity
from shared.sealing import Sealer

MOST = 20
# The tag of sessions without a verified user, which can't be distinguished by user.
NO_USER_TAG = "-"
_VALUE = re.compile(r"[0-9a-z]{1,12}\.(?:[A-Za-z0-9_-]{8}|-)\.(?P<secret>[A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class NewCookie:
    """A session's cookie that hasn't been set yet. `secret` has 256 random bits."""

    value: str
    secret: bytes


def new(user: Identity | None, sealer: Sealer, now: float) -> NewCookie:
    """Return the cookie for a new session of a user."""
    secret = secrets.token_urlsafe(32)
    value = f"{cookies.time_stamp(now)}.{_tags(user, sealer)[0]}.{secret}"
    return NewCookie(value, secret.encode())


def secret_of(handle: str, received: cookies.Cookies) -> bytes:
    """Return the secret that a browser sent for a session. Raise SessionMissing unless there's
    exactly one.
    """
    values = received.get(cookies.session_name(handle), ())
    if len(values) > 1:
        raise SessionMissing(why="The browser sent the session cookie twice.")
    match = _VALUE.fullmatch(values[0]) if values else None
    if match is None:
        raise SessionMissing
    return match["secret"].encode()


def evicted(received: cookies.Cookies, user: Identity | None, sealer: Sealer) -> list[str]:
    """Return the cookies to clear at a new callback: those of other users, and the oldest if there
    are more than 20.
    """
    tags = _tags(user, sealer)
    others = [
        name
        for name, values in received.items()
        if name.startswith(cookies.SESSION_PREFIX)
        and not any(value.split(".")[1:2] == [tag] for value in values for tag in tags)
    ]
    ours = {name: values for name, values in received.items() if name not in others}
    return others + cookies.oldest_beyond(ours, cookies.SESSION_PREFIX, MOST - 1)


def _tags(user: Identity | None, sealer: Sealer) -> tuple[str, ...]:
    """Return the tags of a user in cookies, one for each encryption key.

    At some EHRs, each app gets another `sub` for the same user (OpenID Connect Core 8, "pairwise"),
    but the same `fhirUser`.
    """
    if user is None:
        return (NO_USER_TAG,)
    return sealer.tags(f"{user.issuer}|{user.fhir_user or user.sub}")
