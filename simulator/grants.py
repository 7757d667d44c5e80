"""What the authorization server has handed out: launch values, codes and access
tokens (RFC 6749 sections 1.3.1 and 10.5, RFC 7636 section 4.6, RFC 9700 section 2.1.1).
"""

import base64
import hashlib
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from simulator.shelf import Shelf

LAUNCH_SECONDS = 300
CODE_SECONDS = 60
TOKEN_SECONDS = 3600

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """What is open in the EHR: a patient and perhaps an encounter, by FHIR id."""

    patient: str | None = None
    encounter: str | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """An app launched from a chart."""

    client_id: str
    context: LaunchContext


@dataclass(frozen=True, slots=True)
class Authorization:
    """What a code stands for, and what its redeemer must show."""

    client_id: str
    redirect_uri: str
    challenge: str
    scopes: tuple[str, ...]
    context: LaunchContext


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a bearer may do."""

    scopes: tuple[str, ...]
    context: LaunchContext


class _Code:
    """A code's authorization and, once it was redeemed, the token that came of it."""

    def __init__(self, authorization: Authorization, expires: float) -> None:
        self.authorization = authorization
        self.expires = expires
        self.used = False
        self.token: str | None = None


class Grants:
    """The memory of the authorization server; safe to share between threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._redeeming = threading.Lock()
        self._launches = Shelf[Launch](LAUNCH_SECONDS, clock)
        # A spent code is remembered as long as its token may live: only then can a second use
        # still revoke it.
        self._codes = Shelf[_Code](CODE_SECONDS + TOKEN_SECONDS, clock)
        self._tokens = Shelf[AccessToken](TOKEN_SECONDS, clock)

    def mint_launch(self, launch: Launch) -> str:
        """Return a new launch value."""
        return self._launches.put(launch)

    def take_launch(self, value: str, client_id: str) -> LaunchContext | None:
        """Use up a launch value; None if it is unknown, expired, used or another client's."""
        launch = self._launches.get(value)
        if launch is None or launch.client_id != client_id:
            return None
        taken = self._launches.take(value)
        return taken.context if taken else None

    def issue_code(self, authorization: Authorization) -> str:
        """Return a new authorization code."""
        return self._codes.put(_Code(authorization, self._clock() + CODE_SECONDS))

    def redeem(
        self, code: str, *, client_id: str, redirect_uri: str, verifier: str
    ) -> tuple[str, AccessToken] | None:
        """Exchange a code for a new access token and what it allows.

        The first attempt spends the code, whether it succeeds or not. None if the code is
        unknown, spent, expired, or does not belong to the client, redirect URI and verifier; an
        attempt with a spent code also revokes the token that the code gave.
        """
        with self._redeeming:
            entry = self._codes.get(code)
            if entry is None:
                return None
            if entry.used:
                if entry.token is not None:
                    self._tokens.take(entry.token)
                return None
            entry.used = True
            authorization = entry.authorization
            if not (
                self._clock() < entry.expires
                and authorization.client_id == client_id
                and authorization.redirect_uri == redirect_uri
                and _answers(verifier, authorization.challenge)
            ):
                return None
            access = AccessToken(authorization.scopes, authorization.context)
            entry.token = self._tokens.put(access)
            return entry.token, access

    def access(self, token: str) -> AccessToken | None:
        """Return what a bearer token allows; None if it is unknown, expired or revoked."""
        return self._tokens.get(token)


def _answers(verifier: str, challenge: str) -> bool:
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    answer = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    return secrets.compare_digest(answer, challenge)
