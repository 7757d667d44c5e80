"""Refreshing a session's access under a lease: at most one refresh in flight, anywhere.

SMART App Launch 2.2, step 7; RFC 9700 4.14.2 (a rotated refresh token used twice ends them all).
The store is the referee: who writes the lease, on condition of the record that was read, asks the
EHR; everyone else waits and takes what was brought. The lease outlives the token endpoint's
deadline, so its holder either writes or is gone. Only `invalid_grant` ends the session.
"""

import contextlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from shared import id_token, log, session_record, tokens
from shared.client_auth import Clients
from shared.errors import (
    RefreshFailed,
    SessionExpired,
    StoreUnavailable,
    TokenError,
    TokenInvalid,
)
from shared.jwks import Keys
from shared.sealing import Sealer
from shared.session_record import NO_LEASE, Held, Lease, Session
from shared.settings import Ehr
from shared.store import Conflict, Record, Store
from shared.token_answer import TokenAnswer

LEASE_SECONDS = 15.0
RETRY_SECONDS = 5.0
EARLY_SECONDS = 60.0
EARLY_SHARE = 0.2
_POLL_SECONDS = 0.1
_LONGEST_POLL_SECONDS = 0.5

Reason = Literal["invalid_grant", "patient_changed", "user_changed"]
_WHY: Mapping[Reason, str] = {
    "invalid_grant": "The EHR ended this launch's access: its own session ended, or the access "
    "was withdrawn.",
    "patient_changed": "The EHR answered with another patient than this launch's.",
    "user_changed": "The EHR answered with another user than this launch's.",
}


def is_due(session: Session, now: float) -> bool:
    """Whether little of the access token's life remains, and it can be renewed."""
    margin = min(EARLY_SECONDS, EARLY_SHARE * session.access_life)
    return session.refresh_token is not None and session.access_expires_at - now < margin


@dataclass(frozen=True, slots=True)
class Refresher:
    """Renews the access of sessions."""

    store: Store
    sealer: Sealer
    clients: Clients
    keys: Keys
    clock: Callable[[], float]
    pause: Callable[[float], None] = time.sleep

    def renew(self, held: Held, ehr: Ehr, *, refused: bool = False) -> Held:
        """The session with newer access than `held`, a record just read.

        While another holds the lease, or soon after a failure, access that still lives is given
        back as it is; `refused` says that the EHR no longer takes it. Raises RefreshFailed,
        SessionExpired or StoreUnavailable.
        """
        version = held.session.version
        wait = _POLL_SECONDS
        while held.session.version == version:
            now, lease = self.clock(), held.lease
            usable = not refused and now < held.session.access_expires_at
            if lease.owner is not None and now < lease.until:
                if usable:
                    return held
                self.pause(wait)
                wait = min(2 * wait, _LONGEST_POLL_SECONDS)
                held = self.reread(held.session)
            elif now < lease.retry_at:
                if usable:
                    return held
                raise RefreshFailed(lease.retry_at - now)
            else:
                mine = Lease(
                    secrets.token_urlsafe(12),
                    now + LEASE_SECONDS,
                    # Should this process end now, its attempt has failed when the lease lapses.
                    now + LEASE_SECONDS + RETRY_SECONDS,
                )
                try:
                    leased = self._write_lease(held, mine)
                except Conflict:
                    held = self.reread(held.session)
                except StoreUnavailable:
                    if usable:
                        return held
                    raise
                else:
                    return self._under_lease(leased, ehr, refused=refused)
        return held

    def reread(self, session: Session) -> Held:
        """The session as the store has it now. Raises SessionExpired where it is gone."""
        record = self.store.read(session_record.COLLECTION, session_record.key(session.handle))
        if record is None:
            raise SessionExpired
        return session_record.opened(record, session.handle, session.secret, self.sealer)

    def revoke(self, session: Session, ehr: Ehr | None) -> bool:
        """Revoke the refresh token, which ends the access that came of it (RFC 7009 2.1), or the
        access token where there is none; whether the EHR said that it did.
        """
        if ehr is None or session.revocation_endpoint is None:
            return False
        return tokens.revoke(
            session.revocation_endpoint,
            self.clients.authenticate(ehr, session.token_endpoint),
            token=session.refresh_token or session.access_token,
            kind="refresh_token" if session.refresh_token else "access_token",
            ca_file=ehr.ca_file,
        )

    def _write_lease(self, held: Held, lease: Lease) -> Held:
        fields = {**held.record.fields, **session_record.lease_fields(lease)}
        version = self.store.replace(
            session_record.COLLECTION,
            session_record.key(held.session.handle),
            fields,
            held.record.expires_at,
            held.record.version,
        )
        return Held(Record(fields, held.record.expires_at, version), held.session)

    def _under_lease(self, held: Held, ehr: Ehr, *, refused: bool) -> Held:
        session = held.session
        try:
            answer = tokens.refresh(
                session.token_endpoint,
                self.clients.authenticate(ehr, session.token_endpoint),
                refresh_token=session.refresh_token or "",
                ca_file=ehr.ca_file,
            )
        except (TokenError, TokenInvalid) as error:
            if _ends_it(error):
                self._wipe(session)
                _log_end("invalid_grant", error.evidence)
                raise SessionExpired(why=_WHY["invalid_grant"]) from None
            return self._failed(held, error, refused=refused)
        renewed = replace(
            session,
            version=session.version + 1,
            access_token=answer.access_token,
            refresh_token=answer.refresh_token or session.refresh_token,
            granted=session.granted if answer.scope is None else answer.scope,
            access_life=answer.expires_in,
            access_expires_at=self.clock() + answer.expires_in,
        )
        if answer.context.patient not in (None, session.context.patient):
            raise self._ended(renewed, ehr, "patient_changed")
        kept = self._write(held, renewed, ehr, answer)
        # After the write: the keys may have to be fetched, and the lease does not wait for that.
        if self._is_other_user(session, ehr, answer):
            raise self._ended(renewed, ehr, "user_changed")
        rotated = answer.refresh_token is not None
        log.event("token_refreshed", "rotated" if rotated else "refresh token kept")
        return kept

    def _ended(self, renewed: Session, ehr: Ehr, reason: Reason) -> SessionExpired:
        """A launch is about one patient and one user: neither is switched silently."""
        try:
            self._wipe(renewed)
        finally:
            revoked = self.revoke(renewed, ehr)
        _log_end(reason, {"revoked": str(revoked).lower()})
        return SessionExpired(why=_WHY[reason])

    def _is_other_user(self, session: Session, ehr: Ehr, answer: TokenAnswer) -> bool:
        if session.user is None or answer.id_token is None:
            return False
        whose = id_token.same_user(
            answer.id_token,
            session.user,
            ehr=ehr,
            fhir_base=session.fhir_base,
            issuer=session.issuer,
            jwks_uri=session.jwks_uri,
            access_token=answer.access_token,
            keys=self.keys,
            now=self.clock(),
        )
        return whose == "other"

    def _write(self, held: Held, renewed: Session, ehr: Ehr, answer: TokenAnswer) -> Held:
        """Write what was brought. A failed write is not final while the lease is ours."""
        collection, key = session_record.COLLECTION, session_record.key(renewed.handle)
        owner, version = held.lease.owner, held.record.version
        fields = session_record.fields(renewed, self.sealer, last_used=self.clock())
        expires_at = held.record.expires_at
        wait = _POLL_SECONDS
        while True:
            with contextlib.suppress(Conflict, StoreUnavailable):
                version = self.store.replace(collection, key, fields, expires_at, version)
                return Held(Record(fields, expires_at, version), renewed)
            self.pause(wait)
            wait = min(2 * wait, _LONGEST_POLL_SECONDS)
            with contextlib.suppress(StoreUnavailable):
                found = self.store.read(collection, key)
                if found is None:
                    # Logout has revoked what it found: only what came since is left.
                    revoked = self.revoke(replace(renewed, refresh_token=answer.refresh_token), ehr)
                    _log_end("logout", {"revoked": str(revoked).lower()})
                    raise SessionExpired
                if found.fields["lease_owner"] != owner:
                    # Our own write whose reply was lost, or another's after our lease.
                    return session_record.opened(found, renewed.handle, renewed.secret, self.sealer)
                version = found.version
            if self.clock() >= held.lease.until:
                raise StoreUnavailable

    def _failed(self, held: Held, error: TokenError | TokenInvalid, *, refused: bool) -> Held:
        log.event(
            "token_refresh_failed",
            "the session is kept",
            severity="WARNING",
            code=error.code,
            fields=dict(error.evidence),
        )
        version = held.session.version
        try:
            retry_at = self.clock() + RETRY_SECONDS
            held = self._write_lease(held, replace(NO_LEASE, retry_at=retry_at))
        except Conflict:
            held = self.reread(held.session)
        except StoreUnavailable:
            pass  # then the lease lapses by itself
        usable = not refused and self.clock() < held.session.access_expires_at
        if usable or held.session.version != version:
            return held
        raise RefreshFailed(RETRY_SECONDS)

    def _wipe(self, session: Session) -> None:
        self.store.delete(session_record.COLLECTION, session_record.key(session.handle))


def _ends_it(error: TokenError | TokenInvalid) -> bool:
    """RFC 6749 5.2; some EHRs say it with 401 or 403. A failing server's words do not count."""
    if not isinstance(error, TokenError) or error.oauth_error != "invalid_grant":
        return False
    return error.evidence.get("status", "").startswith("4")


def _log_end(reason: str, evidence: Mapping[str, str]) -> None:
    log.event(
        "session_ended",
        "ended during a refresh",
        severity="WARNING",
        fields={"reason": reason, **evidence},
    )
