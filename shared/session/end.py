"""End sessions: at logout, at their limits, or when the EHR denies them access.

At logout, a session is first deleted here, and then its tokens are revoked at the EHR (RFC 7009).
Limits are checked at every use. The store's own removal of old records is only cleanup.
shared/session/refresh.py detects that the EHR has ended a session.
"""

import contextlib
from collections.abc import Mapping
from typing import Literal

from shared import log
from shared.config.settings import Ehr, Settings
from shared.errors import SessionExpired, StoreUnavailable
from shared.frozen import dataclass
from shared.sealing import Sealer
from shared.session import record
from shared.session.record import COLLECTION, Session, StoredSession
from shared.smart import token_endpoint
from shared.smart.client_auth import Clients
from shared.store import Conflict, Store

_MOST_WIPES = 5

Limit = Literal["idle", "longest", "access"]
_WHY = {
    "idle": "The session was idle for longer than `session_idle_minutes`.",
    "longest": "The session reached its maximum duration, `session_max_hours`.",
    "access": "The session's access to the EHR has expired, and the EHR issued no refresh token.",
}

_WHY_REFUSED = (
    "The EHR no longer accepts this launch's access token: the EHR's own session ended, or the "
    "access was revoked."
)

Reason = Literal["invalid_grant", "patient_changed", "user_changed", "gone"]
_WHY_DURING_REFRESH: Mapping[Reason, str] = {
    "invalid_grant": "The EHR ended this launch's access: the EHR's own session ended, or the "
    "access was revoked.",
    "patient_changed": "The EHR's response names a different patient than this launch's.",
    "user_changed": "The EHR's response names a different user than this launch's.",
    "gone": "The session was ended while its access was being renewed.",
}


def during_refresh(
    reason: Reason, evidence: Mapping[str, str], *, is_logged: bool = True
) -> SessionExpired:
    """Log the end of a session that a refresh caused, and return the error to raise.

    If another request has ended the session and logged that (not `is_logged`), only the refresh
    has failed.
    """
    log.event(
        "session_ended" if is_logged else "token_refresh_failed",
        "ended during a refresh",
        severity="WARNING",
        fields={"reason": reason, **evidence},
    )
    return SessionExpired(why=_WHY_DURING_REFRESH[reason])


def revoke_new(
    renewed: Session, before: Session, clients: Clients, ehr: Ehr | None
) -> Mapping[str, str]:
    """Revoke the tokens that a refresh brought. Logout revokes those from before on its own.

    Return the log field with the result.
    """
    rotated = renewed.refresh_token != before.refresh_token
    issued = renewed.issued if rotated else {"access_token": renewed.access_token}
    return token_endpoint.revoke(renewed, clients, ehr, **issued)


@dataclass(frozen=True, slots=True)
class Ending:
    """Ends the sessions of one deployment."""

    store: Store
    sealer: Sealer
    clients: Clients
    settings: Settings

    def wipe(self, handle: str, secret: bytes) -> StoredSession | None:
        """Delete a session and return it, or None if it doesn't exist or can't be read.

        The delete is conditional on the version that was read, because a refresh may just have
        written new tokens, which would otherwise never be revoked. Raise SessionMissing and delete
        nothing if the secret belongs to another session.
        """
        for _ in range(_MOST_WIPES):
            stored = self.store.read(COLLECTION, record.key(handle))
            if stored is None:
                return None
            try:
                wiped = record.unsealed(stored, handle, secret, self.sealer)
            except SessionExpired:
                wiped = None
            with contextlib.suppress(Conflict):
                self.store.delete(COLLECTION, record.key(handle), stored.version)
                return wiped
        raise StoreUnavailable

    def logged_out(self, wiped: StoredSession) -> None:
        """Revoke the tokens of a session that logout has deleted, and log the logout."""
        session, waiting = wiped.session, None
        log.about(ehr=session.ehr, session=session.mark)
        with contextlib.suppress(SessionExpired):
            waiting = record.unconfirmed(wiped, self.sealer)
        ehr = self.settings.ehr_by_key(session.ehr)
        results = [token_endpoint.revoke(session, self.clients, ehr, **session.issued)]
        if waiting is not None:
            results.append(revoke_new(waiting.session, session, self.clients, ehr))
        failed = [result for result in results if result["revoked"] == "false"]
        revoked = (failed or results)[0]
        log.event("session_ended", "logged out", fields={"reason": "logout", **revoked})

    def refused(self, session: Session, *, is_first: bool) -> SessionExpired:
        """Delete a session whose access the EHR no longer accepts and that can't be renewed.

        Return the error to raise. Only the first thread of this process to end it (`is_first`)
        deletes it, and logs that unless another process did.
        """
        wiped = None
        if is_first:
            # If this fails, the session still counts as ended, and the store removes it later.
            with contextlib.suppress(StoreUnavailable):
                wiped = self.wipe(session.handle, session.secret)
        if wiped is not None:
            log.event(
                "session_ended",
                "the EHR no longer accepts its access token",
                severity="WARNING",
                fields={"reason": "access_refused"},
            )
        return SessionExpired(why=_WHY_REFUSED)

    def within_limits(self, stored: StoredSession, now: float) -> StoredSession:
        """Return the session, re-read if another request has just updated `last_used`.

        Delete and log the session and raise SessionExpired if it has reached one of its limits.
        """
        session = stored.session
        reached = self._reached(stored, now)
        if reached is None:
            return stored
        try:
            self.store.delete(COLLECTION, record.key(session.handle), stored.record.version)
        except Conflict:
            newer = record.read(self.store, session.handle, session.secret, self.sealer)
            return self.within_limits(newer, now)
        except StoreUnavailable:
            # It still counts as ended. Another request ends it, or the store removes it.
            raise SessionExpired(why=_WHY[reached]) from None
        log.event("session_ended", _WHY[reached], fields={"reason": reached})
        raise SessionExpired(why=_WHY[reached])

    def _reached(self, stored: StoredSession, now: float) -> Limit | None:
        session = stored.session
        if now >= session.expires_at:
            return "longest"
        if now - stored.last_used >= self.settings.session_idle_seconds:
            return "idle"
        if now >= session.access_expires_at and session.refresh_token is None:
            return "access"
        return None
