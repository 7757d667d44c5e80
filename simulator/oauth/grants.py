"""Issues, refreshes and revokes codes, access tokens and refresh tokens (RFC 6749 sections 1.5, 6
and 10.5; RFC 7636 section 4.6; RFC 9700 sections 2.1.1 and 4.14).
"""

import base64
import hashlib
import re
import secrets
import threading
from collections import deque
from collections.abc import Callable, Sequence

from simulator import trace
from simulator.charts.users import DEFAULT_USER
from simulator.common.expiring_map import ExpiringMap
from simulator.oauth.granted import (
    AccessToken,
    Authorization,
    Family,
    GrantRefusedError,
    Issued,
    Terms,
)
from simulator.oauth.scopes import grant

CODE_SECONDS = 60
SESSION_SECONDS = 8 * 3600
OFFLINE_SECONDS = 90 * 86400

_MOST_FAMILIES = 10_000
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class _Code:
    """A code's authorization and, after it's redeemed, its tokens."""

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
    """The state of the authorization server; thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._issuing = threading.Lock()
        # Keep used codes and refresh tokens for the longest session, so that a second use can still
        # revoke the tokens of the first. Keep ended access tokens to tell them from unknown ones.
        self._codes = ExpiringMap[_Code](SESSION_SECONDS, clock)
        self._refresh_tokens = ExpiringMap[_RefreshToken](SESSION_SECONDS, clock)
        self._tokens = ExpiringMap[AccessToken](SESSION_SECONDS, clock)
        self._families: deque[Family] = deque(maxlen=_MOST_FAMILIES)

    def issue_code(self, authorization: Authorization) -> str:
        """Return a new authorization code."""
        return self._codes.put(_Code(authorization, self._clock() + CODE_SECONDS))

    def behind_code(self, code: str) -> Authorization | None:
        """Return the authorization behind a code, used or not."""
        entry = self._codes.get(code)
        return entry.authorization if entry else None

    def redeem(
        self, code: str, *, client_id: str, redirect_uri: str, verifier: str, terms: Terms
    ) -> Issued:
        """Exchange a code for new tokens.

        The first attempt uses the code, whether it succeeds or not. An attempt with a used code
        also revokes all its tokens. Raises GrantRefusedError if the code is unknown, used or
        expired, or doesn't belong to the client, redirect URI and verifier.
        """
        with self._issuing:
            entry = self._codes.get(code)
            if entry is None:
                trace.note("wrong", "code", f"{trace.short(code)} wasn't issued by this EHR")
                raise GrantRefusedError("code-invalid-or-expired")
            if entry.is_used:
                ending = ". All its tokens are now revoked" if entry.family else ""
                trace.note("wrong", "code", f"was already used; a code works only once{ending}")
                if entry.family is not None:
                    entry.family.is_revoked = True
                raise GrantRefusedError("code-invalid-or-expired")
            entry.is_used = True
            authorization = entry.authorization
            left = entry.expires - self._clock()
            is_in_time = trace.check(
                left > 0,
                "code",
                f"{trace.short(code)}, as the EHR sent it, unused",
                f"expired {-left:.0f} s ago; it's valid for {CODE_SECONDS} s",
            )
            is_same_client = trace.check(
                authorization.client_id == client_id,
                "client_id",
                "is the one that the code was issued to",
                f"differs: the code was issued to {authorization.client_id}",
            )
            is_same_uri = trace.check(
                authorization.redirect_uri == redirect_uri,
                "redirect_uri",
                "equals the one in the authorization request",
                f"differs: got {redirect_uri}, expected {authorization.redirect_uri}",
            )
            is_verified = trace.check(
                _matches(verifier, authorization.challenge),
                "code_verifier",
                f"{trace.short(verifier)} matches the code_challenge",
                f"{trace.short(verifier)} doesn't match the code_challenge",
            )
            if not is_same_client:
                raise GrantRefusedError("code:client:mismatch")
            if not is_same_uri:
                raise GrantRefusedError("invalid-redirect-uri")
            if not (is_in_time and is_verified):
                raise GrantRefusedError("code-invalid-or-expired")
            family = Family(authorization, terms.scopes(authorization.scopes))
            entry.family = family
            self._families.append(family)
            return self._issue(family, family.scopes, self._refresh_token(family), terms)

    def issue(self, authorization: Authorization, terms: Terms) -> Issued:
        """Return a new access token without a code, as the EHR issues it to a CDS service."""
        with self._issuing:
            family = Family(authorization, terms.scopes(authorization.scopes))
            self._families.append(family)
            return self._issue(family, family.scopes, None, terms)

    def behind_refresh_token(self, token: str) -> Authorization | None:
        """Return the authorization behind a refresh token, used or not."""
        entry = self._refresh_tokens.get(token)
        return entry.family.authorization if entry else None

    def refresh(
        self, token: str, *, client_id: str, requested: Sequence[str] | None, terms: Terms
    ) -> Issued:
        """Exchange a refresh token for a new access token; earlier access tokens stay valid.

        `requested` is a subset of the granted scopes, or None for all. With rotation, the
        second use of a refresh token revokes all tokens from the same code. Raises
        GrantRefusedError if the token is unknown, used, revoked or belongs to another client, its
        user's session has ended, or more scopes are requested than were granted.
        """
        with self._issuing:
            entry = self._refresh_tokens.get(token)
            if entry is None:
                wrong = f"{trace.short(token)} is unknown or expired"
                trace.note("wrong", "refresh_token", wrong)
                raise GrantRefusedError("refresh-token:token-invalid")
            family = entry.family
            if family.authorization.client_id != client_id:
                trace.note("wrong", "refresh_token", "belongs to another client")
                raise GrantRefusedError("refresh-token:token-invalid")
            if entry.is_used:
                wrong = "was already used, so all tokens from its code are now revoked"
                trace.note("wrong", "refresh_token", wrong)
                family.is_revoked = True
                raise GrantRefusedError("refresh-token:token-invalid")
            if family.is_revoked:
                trace.note("wrong", "refresh_token", "was revoked")
                raise GrantRefusedError("refresh-token:token-invalid")
            if family.has_session_ended:
                wrong = "the user signed out of the EHR, and offline_access was not granted"
                trace.note("wrong", "refresh_token", wrong)
                raise GrantRefusedError("refresh-token:session-invalid")
            trace.note("right", "refresh_token", f"{trace.short(token)} is the current one")
            scopes = family.scopes if requested is None else tuple(requested)
            if grant(scopes, family.scopes) != scopes:
                trace.note("wrong", "scope", f"more than was granted: {' '.join(scopes)}")
                raise GrantRefusedError("empty-scopes")
            entry.is_used = terms.rotates
            renewed = self._refresh_token(family) if terms.rotates else None
            return self._issue(family, terms.scopes(scopes), renewed, terms)

    def access(self, token: str) -> AccessToken | None:
        """Return a bearer token's permissions; None if it's unknown, expired or revoked."""
        access = self._tokens.get(token)
        if access is None:
            trace.note("wrong", "access token", f"{trace.short(token)} wasn't issued by this EHR")
            return None
        trace.belong(access.family.authorization.launch_trace)
        now = self._clock()
        ended = access.end(now)
        left = f"{trace.short(token)}, valid for {access.expires - now:.0f} s more"
        is_alive = trace.check(not ended, "access token", left, f"{trace.short(token)} {ended}")
        return access if is_alive else None

    def behind_token(self, token: str) -> Authorization | None:
        """Return the authorization behind an access or refresh token."""
        access = self._tokens.get(token)
        return access.family.authorization if access else self.behind_refresh_token(token)

    def revoke(self, token: str) -> None:
        """Revoke only this access token, or a refresh token with all tokens from its code."""
        with self._issuing:
            entry = self._refresh_tokens.get(token)
            if entry is not None:
                entry.family.is_revoked = True
            access = self._tokens.get(token)
            if access is not None:
                access.ended = "was revoked"

    def expire_access_tokens(self) -> None:
        """Expire every access token now."""
        for access in self._tokens.values():
            access.ended = "was expired by a test"

    def end_sessions(self, user: str) -> None:
        """Sign a user out of the EHR, which expires refresh tokens without offline_access."""
        with self._issuing:
            for family in self._families:
                if (family.authorization.user or DEFAULT_USER) == user and not _is_offline(family):
                    family.has_session_ended = True

    def _refresh_token(self, family: Family) -> str | None:
        if _is_offline(family):
            return self._refresh_tokens.put(_RefreshToken(family), OFFLINE_SECONDS)
        if "online_access" in family.scopes:
            return self._refresh_tokens.put(_RefreshToken(family))
        return None

    def _issue(
        self, family: Family, scopes: tuple[str, ...], refresh_token: str | None, terms: Terms
    ) -> Issued:
        expires = self._clock() + terms.seconds
        access = AccessToken(scopes, family.authorization.context, family, expires)
        if not terms.is_alive:
            access.ended = "was never valid"
        return Issued(self._tokens.put(access), access, refresh_token, terms.seconds)


def _is_offline(family: Family) -> bool:
    return "offline_access" in family.scopes


def _matches(verifier: str, challenge: str) -> bool:
    if _VERIFIER.fullmatch(verifier) is None:
        return False
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    return secrets.compare_digest(expected, challenge)
