"""What the authorization server has handed out: launch values, codes, access tokens and refresh
tokens (RFC 6749 sections 1.5, 6 and 10.5; RFC 7636 section 4.6; RFC 9700 sections 2.1.1 and 4.14).
"""

import base64
import hashlib
import re
import secrets
import threading
from collections import deque
from collections.abc import Callable, Sequence

from simulator.granted import (
    AccessToken,
    Authorization,
    Family,
    GrantRefusedError,
    Issued,
    Launch,
    Terms,
)
from simulator.scopes import grant
from simulator.shelf import Shelf
from simulator.users import DEFAULT_USER

LAUNCH_SECONDS = 300
CODE_SECONDS = 60
SESSION_SECONDS = 8 * 3600
OFFLINE_SECONDS = 90 * 86400

_MOST_FAMILIES = 10_000
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class _Code:
    """A code's authorization and, once it was redeemed, the tokens that came of it."""

    def __init__(self, authorization: Authorization, expires: float) -> None:
        self.authorization = authorization
        self.expires = expires
        self.is_used = False
        self.family: Family | None = None


class _RefreshToken:
    def __init__(self, family: Family) -> None:
        self.family = family
        self.is_used = False


class Grants:
    """The memory of the authorization server; safe to share between threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._issuing = threading.Lock()
        self._launches = Shelf[Launch](LAUNCH_SECONDS, clock)
        # A spent code and a used refresh token are remembered as long as a session may last: only
        # then can a second use still revoke what the first one gave.
        self._codes = Shelf[_Code](SESSION_SECONDS, clock)
        self._refresh_tokens = Shelf[_RefreshToken](SESSION_SECONDS, clock)
        self._tokens = Shelf[AccessToken](SESSION_SECONDS, clock)
        self._families: deque[Family] = deque(maxlen=_MOST_FAMILIES)

    def mint_launch(self, launch: Launch) -> str:
        """Return a new launch value."""
        return self._launches.put(launch)

    def behind_launch(self, value: str) -> Launch | None:
        """Return what a launch value stands for, and leave it unused."""
        return self._launches.get(value)

    def take_launch(self, value: str, client_id: str) -> Launch | None:
        """Use up a launch value; None if it is unknown, expired, used or another client's."""
        launch = self._launches.get(value)
        if launch is None or launch.client_id != client_id:
            return None
        return self._launches.take(value)

    def issue_code(self, authorization: Authorization) -> str:
        """Return a new authorization code."""
        return self._codes.put(_Code(authorization, self._clock() + CODE_SECONDS))

    def behind_code(self, code: str) -> Authorization | None:
        """Return what a code stands for, spent or not."""
        entry = self._codes.get(code)
        return entry.authorization if entry else None

    def redeem(
        self, code: str, *, client_id: str, redirect_uri: str, verifier: str, terms: Terms
    ) -> Issued:
        """Exchange a code for new tokens.

        The first attempt spends the code, whether it succeeds or not. An attempt with a spent
        code also revokes all tokens that came of it.

        Raises GrantRefusedError: the code is unknown, spent or expired, or does not belong to the
        client, redirect URI and verifier.
        """
        with self._issuing:
            entry = self._codes.get(code)
            if entry is None:
                raise GrantRefusedError("code-invalid-or-expired")
            if entry.is_used:
                if entry.family is not None:
                    entry.family.is_revoked = True
                raise GrantRefusedError("code-invalid-or-expired")
            entry.is_used = True
            authorization = entry.authorization
            if authorization.client_id != client_id:
                raise GrantRefusedError("code:client:mismatch")
            if authorization.redirect_uri != redirect_uri:
                raise GrantRefusedError("invalid-redirect-uri")
            if self._clock() >= entry.expires or not _answers(verifier, authorization.challenge):
                raise GrantRefusedError("code-invalid-or-expired")
            family = Family(authorization, terms.scopes(authorization.scopes))
            entry.family = family
            self._families.append(family)
            return self._issue(family, family.scopes, self._refresh_token(family), terms)

    def behind_refresh_token(self, token: str) -> Authorization | None:
        """Return what a refresh token stands for, used or not."""
        entry = self._refresh_tokens.get(token)
        return entry.family.authorization if entry else None

    def refresh(
        self, token: str, *, client_id: str, asked: Sequence[str] | None, terms: Terms
    ) -> Issued:
        """Exchange a refresh token for a new access token; earlier ones live to their end.

        `asked` are fewer scopes than were granted, or None for all. With rotation, the second use
        of a refresh token revokes all tokens that came of the same code.

        Raises GrantRefusedError: the token is unknown, used, revoked or another client's, the
        session of its user is over, or more scopes are asked than were granted.
        """
        with self._issuing:
            entry = self._refresh_tokens.get(token)
            if entry is None or entry.family.authorization.client_id != client_id:
                raise GrantRefusedError("refresh-token:token-invalid")
            family = entry.family
            if entry.is_used:
                family.is_revoked = True
            if family.is_revoked:
                raise GrantRefusedError("refresh-token:token-invalid")
            if family.is_session_over:
                raise GrantRefusedError("refresh-token:session-invalid")
            scopes = family.scopes if asked is None else tuple(asked)
            if grant(scopes, family.scopes) != scopes:
                raise GrantRefusedError("empty-scopes")
            entry.is_used = terms.rotates
            renewed = self._refresh_token(family) if terms.rotates else None
            return self._issue(family, terms.scopes(scopes), renewed, terms)

    def access(self, token: str) -> AccessToken | None:
        """Return what a bearer token allows; None if it is unknown, expired or revoked."""
        access = self._tokens.get(token)
        return None if access is None or access.family.is_revoked else access

    def behind_token(self, token: str) -> Authorization | None:
        """Return what an access or refresh token stands for."""
        access = self._tokens.get(token)
        return access.family.authorization if access else self.behind_refresh_token(token)

    def revoke(self, token: str) -> None:
        """Revoke an access token alone, or a refresh token with all that came of its code."""
        with self._issuing:
            entry = self._refresh_tokens.get(token)
            if entry is not None:
                entry.family.is_revoked = True
            self._tokens.take(token)

    def expire_access_tokens(self) -> None:
        """End the life of every access token now."""
        self._tokens.clear()

    def end_sessions(self, user: str) -> None:
        """Sign a user out of the EHR: refresh tokens without offline_access are over."""
        with self._issuing:
            for family in self._families:
                if (family.authorization.user or DEFAULT_USER) == user and not _is_offline(family):
                    family.is_session_over = True

    def _refresh_token(self, family: Family) -> str | None:
        if _is_offline(family):
            return self._refresh_tokens.put(_RefreshToken(family), OFFLINE_SECONDS)
        if "online_access" in family.scopes:
            return self._refresh_tokens.put(_RefreshToken(family))
        return None

    def _issue(
        self, family: Family, scopes: tuple[str, ...], refresh_token: str | None, terms: Terms
    ) -> Issued:
        access = AccessToken(scopes, family.authorization.context, family)
        token = self._tokens.put(access, terms.seconds if terms.is_alive else 0)
        return Issued(token, access, refresh_token, terms.seconds)


def _is_offline(family: Family) -> bool:
    return "offline_access" in family.scopes


def _answers(verifier: str, challenge: str) -> bool:
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    answer = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    return secrets.compare_digest(answer, challenge)
