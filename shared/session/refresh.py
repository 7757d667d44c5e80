"""Refresh a session's access under a lease: at most one refresh in flight across all instances.

SMART App Launch 2.2, step 7; RFC 9700 4.14.2 (reusing a rotated refresh token revokes all of them).
The store decides which process calls the EHR: the one whose conditional write of the lease
succeeds. All others wait and use its result. The lease outlasts the token endpoint's deadline, so
when it ends, its owner has either written the result or stopped. If two responses arrive anyway,
the first one that is written counts. Only `invalid_grant`, another patient or another user ends the
session. If the response seems to come with another user, no request uses its tokens until the EHR's
keys have shown whether that's true.
"""

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from shared import log
from shared.config.settings import Ehr
from shared.errors import (
    KeysUnreadable,
    RefreshFailed,
    SessionExpired,
    StoreUnavailable,
    TokenError,
    TokenInvalid,
)
from shared.frozen import dataclass
from shared.oidc import id_token
from shared.oidc.keys import Keys
from shared.sealing import Sealer
from shared.session import end, record
from shared.session.end import Reason
from shared.session.lease import RETRY_SECONDS, Lease, resting, taken
from shared.session.record import Session, StoredSession, Unconfirmed
from shared.smart import token_endpoint
from shared.smart.client_auth import Clients
from shared.smart.token_response import TokenResponse, early_seconds
from shared.store import Conflict, Record, Store

_POLL_SECONDS = 0.1
_LONGEST_POLL_SECONDS = 0.5
_USER_UNCONFIRMED = (
    "The EHR's response seems to name another user, and the keys that show whether it does "
    "couldn't be read. The session is kept."
)


def is_due(session: Session, now: float) -> bool:
    """Return whether the access token expires soon and can be renewed."""
    early = session.access_expires_at - now < early_seconds(session.access_life)
    return early and session.refresh_token is not None


@dataclass(frozen=True, slots=True)
class Refresher:
    """Renews the access of sessions."""

    store: Store
    sealer: Sealer
    clients: Clients
    keys: Keys
    clock: Callable[[], float]
    pause: Callable[[float], None] = time.sleep

    def renew(self, stored: StoredSession, ehr: Ehr, *, refused: bool = False) -> StoredSession:
        """Return the session with newer access than `stored`, which was just read.

        While another process has the lease, or soon after a failure, return a session whose access
        is still valid unchanged. `refused` means that the EHR no longer accepts that access. Raise
        RefreshFailed, SessionExpired or StoreUnavailable.
        """
        version = stored.session.version
        wait = _POLL_SECONDS
        while stored.session.version == version:
            now, lease = self.clock(), stored.lease
            usable = not refused and now < stored.session.access_expires_at
            if lease.is_held(now):
                if usable:
                    return stored
                self.pause(wait)
                wait = min(2 * wait, _LONGEST_POLL_SECONDS)
                stored = self.reread(stored.session)
            elif lease.rests(now):
                if usable:
                    return stored
                raise RefreshFailed(lease.retry_at - now)
            else:
                mine = taken(secrets.token_urlsafe(12), now)
                try:
                    # A request needs the session, so it isn't idle, even if the refresh is slow or
                    # fails.
                    leased = self._write_lease(stored, mine, last_used=now)
                except Conflict:
                    stored = self.reread(stored.session)
                except StoreUnavailable:
                    if usable:
                        return stored
                    raise
                else:
                    return self._under_lease(leased, ehr, refused=refused)
        return stored

    def reread(self, session: Session) -> StoredSession:
        """Re-read the session from the store. Raise SessionExpired if it's gone."""
        return record.read(self.store, session.handle, session.secret, self.sealer)

    def _write_lease(self, stored: StoredSession, lease: Lease, last_used: float) -> StoredSession:
        changed = {**record.lease_fields(lease), "last_used": last_used}
        return record.rewrite(self.store, stored, changed)

    def _under_lease(self, stored: StoredSession, ehr: Ehr, *, refused: bool) -> StoredSession:
        waiting = record.unconfirmed(stored, self.sealer)
        if waiting is not None:
            return self._confirmed(stored, waiting, ehr, refused=refused)
        session = stored.session
        authentication = self.clients.authenticate(ehr, session.token_endpoint)
        if stored.lease.is_spent(self.clock()):
            # This process was paused. A response might arrive after another process took the lease.
            late = TokenError(evidence={"reason": "the lease is about to expire"})
            return self._failed(stored, late, refused=refused)
        try:
            response = token_endpoint.refresh(
                session.token_endpoint,
                authentication,
                refresh_token=session.refresh_token or "",
                ca_file=ehr.ca_file,
            )
        except (TokenError, TokenInvalid) as error:
            if _ends_it(error):
                return self._refused_for_good(stored, error)
            return self._failed(stored, error, refused=refused)
        renewed = replace(
            session,
            version=session.version + 1,
            access_token=response.access_token,
            refresh_token=response.refresh_token or session.refresh_token,
            granted=session.granted if response.scope is None else response.scope,
            access_life=response.expires_in,
            access_expires_at=self.clock() + response.expires_in,
        )
        if response.context.patient not in (None, session.context.patient):
            raise self._ended(stored, renewed, ehr, "patient_changed")
        if not self._may_be_of_another_user(session, ehr, response):
            return self._kept(stored, renewed, ehr)
        # The tokens must be in the store while the EHR's keys are fetched, because that may outlast
        # the lease, or this process may die.
        waiting = Unconfirmed(renewed, response.id_token or "")
        written = self._write(stored, waiting, ehr)
        if written.session.version != session.version:
            return written
        return self._confirmed(written, waiting, ehr, refused=refused)

    def _confirmed(
        self, stored: StoredSession, waiting: Unconfirmed, ehr: Ehr, *, refused: bool
    ) -> StoredSession:
        """Write the new tokens as the session's if the EHR didn't sign that they belong to another
        user. If it did, end the session. If its keys can't be read, leave the tokens unconfirmed.
        """
        try:
            is_other = id_token.is_signed(waiting.id_token, stored.session, ehr, self.keys)
        except KeysUnreadable as error:
            return self._failed(stored, error, refused=refused, why=_USER_UNCONFIRMED)
        if is_other:
            raise self._ended(stored, waiting.session, ehr, "user_changed")
        return self._kept(stored, waiting.session, ehr)

    def _kept(self, stored: StoredSession, renewed: Session, ehr: Ehr) -> StoredSession:
        written = self._write(stored, renewed, ehr)
        rotated = renewed.refresh_token != stored.session.refresh_token
        log.event("token_refreshed", "rotated" if rotated else "refresh token kept")
        return written

    def _refused_for_good(
        self, stored: StoredSession, error: TokenError | TokenInvalid
    ) -> StoredSession:
        """End the session because its grant has ended, unless it has a newer token than the refused
        one.
        """
        key = record.key(stored.session.handle)
        _log_failure("the grant has ended", error)
        try:
            self.store.delete(record.COLLECTION, key, stored.record.version)
        except Conflict:
            newest = self.reread(stored.session)
            if newest.session.version != stored.session.version:
                return newest
            if not self._wipe(stored):
                raise SessionExpired from None
        raise end.during_refresh("invalid_grant", error.evidence)

    def _ended(
        self, stored: StoredSession, renewed: Session, ehr: Ehr, reason: Reason
    ) -> SessionExpired:
        """End the session, because its patient or user must not change without a new launch."""
        try:
            is_mine = self._wipe(stored)
        finally:
            revoked = token_endpoint.revoke(renewed, self.clients, ehr, **renewed.issued)
        return end.during_refresh(reason, revoked, is_logged=is_mine)

    def _may_be_of_another_user(self, session: Session, ehr: Ehr, response: TokenResponse) -> bool:
        if session.user is None or response.id_token is None:
            return False
        return id_token.names_another(
            response.id_token,
            session.user,
            session,
            ehr,
            access_token=response.access_token,
            now=self.clock(),
        )

    def _write(self, stored: StoredSession, new: Session | Unconfirmed, ehr: Ehr) -> StoredSession:
        """Write new tokens, as the session's or next to the session's. Retry a failed write unless
        a newer version was written.
        """
        collection, key = record.COLLECTION, record.key(stored.session.handle)
        version, expires_at = stored.record.version, stored.record.expires_at
        if isinstance(new, Unconfirmed):
            renewed, session = new.session, stored.session
            added = record.unconfirmed_field(new, self.sealer)
            fields = {**stored.record.fields, **added}
        else:
            renewed = session = new
            fields = record.fields(new, self.sealer, last_used=self.clock())
        for _ in self._tries(stored.lease):
            with contextlib.suppress(Conflict, StoreUnavailable):
                version = self.store.replace(collection, key, fields, expires_at, version)
                written = Record(fields, expires_at, version)
                return StoredSession(written, session, just_renewed=session is renewed)
            with contextlib.suppress(StoreUnavailable):
                current = self.store.read(collection, key)
                if current is None:
                    revoked = end.revoke_new(renewed, stored.session, self.clients, ehr)
                    raise end.during_refresh("gone", revoked, is_logged=False)
                if current.fields.get("version") != stored.session.version:
                    # This process's own write, if its response was lost, or the write of another
                    # process that took the lease later.
                    return record.unsealed(current, renewed.handle, renewed.secret, self.sealer)
                version = current.version
        raise StoreUnavailable

    def _failed(
        self,
        stored: StoredSession,
        error: TokenError | TokenInvalid | KeysUnreadable,
        *,
        refused: bool,
        why: str | None = None,
    ) -> StoredSession:
        _log_failure("the session is kept", error)
        version = stored.session.version
        try:
            rest = resting(self.clock())
            stored = self._write_lease(stored, rest, last_used=stored.last_used)
        except Conflict:
            stored = self.reread(stored.session)
        except StoreUnavailable:
            pass  # the lease lapses by itself
        usable = not refused and self.clock() < stored.session.access_expires_at
        if usable or stored.session.version != version:
            return stored
        raise RefreshFailed(RETRY_SECONDS, why=why)

    def _wipe(self, stored: StoredSession) -> bool:
        """Delete the session, even if it has changed since it was read. Return whether it was this
        process that deleted it, or may have been.
        """
        collection, key = record.COLLECTION, record.key(stored.session.handle)
        version, is_tried = stored.record.version, False
        for _ in self._tries(stored.lease):
            try:
                self.store.delete(collection, key, version)
            except Conflict:
                pass
            except StoreUnavailable:
                is_tried = True
            else:
                return True
            with contextlib.suppress(StoreUnavailable):
                current = self.store.read(collection, key)
                if current is None:
                    return is_tried
                version = current.version
        raise StoreUnavailable

    def _tries(self, lease: Lease) -> Iterator[None]:
        """Yield at once, and then after pauses until the lease ends, or briefly if it has ended."""
        until = max(lease.until, self.clock() + RETRY_SECONDS)
        wait = _POLL_SECONDS
        yield
        while self.clock() < until:
            self.pause(wait)
            wait = min(2 * wait, _LONGEST_POLL_SECONDS)
            yield


def _log_failure(message: str, error: TokenError | TokenInvalid | KeysUnreadable) -> None:
    log.event(
        "token_refresh_failed",
        message,
        severity="WARNING",
        code=error.code,
        fields=dict(error.evidence),
    )


def _ends_it(error: TokenError | TokenInvalid) -> bool:
    """Return whether the grant has ended (RFC 6749 5.2). Some EHRs report that with status 401 or
    403. A failing server's response (5xx) doesn't count.
    """
    if not isinstance(error, TokenError) or error.oauth_error != "invalid_grant":
        return False
    return error.evidence.get("status", "").startswith("4")
