"""Open sessions: one a launch, its handle in the path, its secret in its own cookie.

Opened by the callback, used by every request, ended by logout, by its limits or by the EHR. An
instance trusts what it has read for `session_cache_seconds`, and compares the secret on every use.
Limits are checked here; the store's own removal of old records is only the broom.
"""

import contextlib
import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from weakref import WeakValueDictionary

from shared import cookies, log, refresh, session_cookies, session_record
from shared.client_auth import Clients
from shared.errors import SessionExpired, StoreUnavailable
from shared.id_token import Identity
from shared.jwks import Keys
from shared.launches import Pending
from shared.refresh import Refresher
from shared.sealing import Sealer
from shared.session_record import COLLECTION, Held, Session
from shared.settings import Ehr, Settings
from shared.store import Conflict, Record, Store
from shared.token_answer import TokenAnswer

_HANDLE = re.compile(r"[A-Za-z0-9_-]{22}")
_TOUCHES_PER_IDLE = 6
_MOST_WIPES = 5
_MOST_KEPT = 1000

Limit = Literal["idle", "longest", "access"]
_WHY = {
    "idle": "Nothing was asked of it for longer than `session_idle_minutes`.",
    "longest": "It reached its longest duration, `session_max_hours`.",
    "access": "The EHR's access to it has run out, and the EHR gave no refresh token.",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session and its cookie."""

    session: Session
    cookie_name: str
    cookie_value: str


@dataclass(frozen=True, slots=True)
class Active:
    """A session in use, with its registration.

    `renewed` is for when the EHR no longer takes the access token: it gives the session with newer
    access, or None where there is none to be had. It raises what `Sessions.use` raises.
    """

    session: Session
    ehr: Ehr
    renewed: Callable[[], "Active | None"]


@dataclass(frozen=True, slots=True)
class _Kept:
    read_at: float
    digest: bytes
    held: Held
    touch_failed: bool = False


def is_handle(text: str) -> bool:
    """Whether a text has the form of a session's handle (128 bits, base64url)."""
    return _HANDLE.fullmatch(text) is not None


class Sessions:
    """Opens, uses and ends sessions. Keeps what it read for `session_cache_seconds` at most."""

    def __init__(
        self,
        store: Store,
        sealer: Sealer,
        settings: Settings,
        clients: Clients,
        keys: Keys,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._sealer = sealer
        self._settings = settings
        self._clock = clock
        self._refresher = Refresher(store, sealer, clients, keys, clock)
        self._kept: dict[str, _Kept] = {}
        self._renewing: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._lock = threading.Lock()

    def open(self, pending: Pending, answer: TokenAnswer, user: Identity | None) -> Opened:
        """A new session for a completed launch; nothing the browser offered is adopted."""
        now = self._clock()
        handle = secrets.token_urlsafe(16)
        cookie = session_cookies.new(user, self._sealer, now)
        session = Session(
            handle=handle,
            version=1,
            ehr=pending.ehr,
            iss=pending.iss,
            fhir_base=pending.fhir_base,
            flow=pending.kind,
            context=answer.context,
            user=user,
            requested=pending.requested,
            offered=pending.offered,
            granted=pending.requested if answer.scope is None else answer.scope,
            access_life=answer.expires_in,
            access_expires_at=now + answer.expires_in,
            expires_at=now + self._settings.session_max_seconds,
            access_token=answer.access_token,
            refresh_token=answer.refresh_token,
            token_endpoint=pending.token_endpoint,
            revocation_endpoint=pending.revocation_endpoint,
            issuer=pending.issuer,
            jwks_uri=pending.jwks_uri,
            secret=cookie.secret,
        )
        fields = session_record.fields(session, self._sealer, last_used=now)
        self._store.create(COLLECTION, session_record.key(handle), fields, session.expires_at)
        return Opened(session, cookies.session_name(handle), cookie.value)

    def use(self, handle: str, received: cookies.Cookies) -> Active:
        """The session of a handle, opened by this browser's cookie: its limits checked, its access
        renewed where that is due, its idle clock wound.

        Raises SessionMissing without exactly one cookie that opens it, SessionExpired when it is
        over, RefreshFailed while its access cannot be renewed.
        """
        secret = session_cookies.secret_of(handle, received)
        digest = hashlib.sha256(secret).digest()
        now = self._clock()
        kept = self._recall(handle, digest, now) or self._read(handle, secret, digest)
        log.about(ehr=kept.held.session.ehr, session=kept.held.session.mark)
        self._check_limits(kept.held, now)
        ehr = self._ehr(kept.held.session)
        if refresh.is_due(kept.held.session, now):
            kept = self._renew(kept, ehr)
        elif now - kept.held.last_used >= self._settings.session_idle_seconds / _TOUCHES_PER_IDLE:
            kept = self._touch(kept, now)
        self._keep(kept)
        return self._active(kept, ehr)

    def end(self, handle: str, received: cookies.Cookies) -> None:
        """Log out: wipe the session, then revoke its tokens where the EHR offers it.

        One that is over already is no error. Raises SessionMissing, and wipes nothing, without
        exactly one cookie that opens it.
        """
        secret = session_cookies.secret_of(handle, received)
        session = self._wiped(handle, secret)
        self._forget(handle)
        if session is None:
            return
        log.about(ehr=session.ehr, session=session.mark)
        revoked = self._refresher.revoke(session, self._settings.ehr_by_key(session.ehr))
        fields: dict[str, str | int | float | list[str]] = {
            "reason": "logout",
            "revoked": str(revoked).lower(),
        }
        log.event("session_ended", "logged out", fields=fields)

    def _wiped(self, handle: str, secret: bytes) -> Session | None:
        """What was wiped, None where there was nothing that could be read.

        On condition of what was read: a refresh may just have written tokens that would otherwise
        never be revoked.
        """
        for _ in range(_MOST_WIPES):
            record = self._store.read(COLLECTION, session_record.key(handle))
            if record is None:
                return None
            try:
                session = session_record.opened(record, handle, secret, self._sealer).session
            except SessionExpired:
                session = None
            with contextlib.suppress(Conflict):
                self._store.delete(COLLECTION, session_record.key(handle), record.version)
                return session
        raise StoreUnavailable

    def _recall(self, handle: str, digest: bytes, now: float) -> _Kept | None:
        """What was read a moment ago with this very secret, None where it cannot be trusted.

        A session that looks idle from here may be in use at another instance, one whose access
        looks old may have been renewed there: both are read anew.
        """
        with self._lock:
            kept = self._kept.get(handle)
        if kept is None or not hmac.compare_digest(kept.digest, digest):
            return None
        fresh = 0 <= now - kept.read_at < self._settings.session_cache_seconds
        busy = now - kept.held.last_used < self._settings.session_idle_seconds
        return kept if fresh and busy and not refresh.is_due(kept.held.session, now) else None

    def _read(self, handle: str, secret: bytes, digest: bytes) -> _Kept:
        record = self._store.read(COLLECTION, session_record.key(handle))
        if record is None:
            self._forget(handle)
            raise SessionExpired
        held = session_record.opened(record, handle, secret, self._sealer)
        return _Kept(self._clock(), digest, held)

    def _keep(self, kept: _Kept) -> None:
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[kept.held.session.handle] = kept

    def _forget(self, handle: str) -> None:
        with self._lock:
            self._kept.pop(handle, None)

    def _ehr(self, session: Session) -> Ehr:
        ehr = self._settings.ehr_by_key(session.ehr)
        if ehr is None:
            raise SessionExpired(why="The app was configured anew since this session began.")
        return ehr

    def _active(self, kept: _Kept, ehr: Ehr) -> Active:
        return Active(kept.held.session, ehr, lambda: self._after_refusal(kept, ehr))

    def _check_limits(self, held: Held, now: float) -> None:
        """Raises SessionExpired, and wipes the session, where one of its limits is reached."""
        session = held.session
        reached: Limit | None = None
        if now >= session.expires_at:
            reached = "longest"
        elif now - held.last_used >= self._settings.session_idle_seconds:
            reached = "idle"
        elif now >= session.access_expires_at and session.refresh_token is None:
            reached = "access"
        if reached is None:
            return
        self._forget(session.handle)
        # Where it cannot be wiped it stays over, and the broom takes it.
        with contextlib.suppress(Conflict, StoreUnavailable):
            self._store.delete(COLLECTION, session_record.key(session.handle), held.record.version)
        log.event("session_ended", _WHY[reached], fields={"reason": reached})
        raise SessionExpired(why=_WHY[reached])

    def _renew(self, kept: _Kept, ehr: Ehr, *, refused: bool = False) -> _Kept:
        """Newer access for a session just read. In one process one thread asks for it; the others
        wait only where the access that they have is of no use.
        """
        used = kept.held.session
        with self._lock:
            renewing = self._renewing.setdefault(used.handle, threading.Lock())
        usable = not refused and self._clock() < used.access_expires_at
        if not renewing.acquire(blocking=not usable):
            return kept
        try:
            with self._lock:
                newest = self._kept.get(used.handle)
            if newest is not None and newest.held.session.version > used.version:
                return newest
            held = self._refresher.renew(kept.held, ehr, refused=refused)
            kept = _Kept(self._clock(), kept.digest, held)
            self._keep(kept)
        except SessionExpired:
            self._forget(used.handle)
            raise
        finally:
            renewing.release()
        return kept

    def _after_refusal(self, kept: _Kept, ehr: Ehr) -> Active | None:
        """Another instance may have renewed it: the record is read before the EHR is asked."""
        used = kept.held.session
        now_read = self._read(used.handle, used.secret, kept.digest)
        if now_read.held.session.version == used.version:
            if used.refresh_token is None:
                return None
            now_read = self._renew(now_read, ehr, refused=True)
        self._keep(now_read)
        return self._active(now_read, ehr)

    def _touch(self, kept: _Kept, now: float) -> _Kept:
        """Wind the idle clock, but not while a refresh holds the record. Where another request
        has written it, it is read instead; a store that does not answer is ignored until the
        record is read again.
        """
        held = kept.held
        if kept.touch_failed or now < held.lease.until:
            return kept
        fields = {**held.record.fields, "last_used": now}
        key = session_record.key(held.session.handle)
        try:
            version = self._store.replace(
                COLLECTION, key, fields, held.record.expires_at, held.record.version
            )
        except Conflict:
            return self._read(held.session.handle, held.session.secret, kept.digest)
        except StoreUnavailable:
            return _Kept(kept.read_at, kept.digest, held, touch_failed=True)
        record = Record(fields, held.record.expires_at, version)
        return _Kept(kept.read_at, kept.digest, Held(record, held.session))
