"""Open, use and end sessions: one per launch, with a handle in the URL and a secret in a cookie.

The callback opens them, every request uses them, and logout, their limits or the EHR end them
(shared/session/end.py, shared/session/refresh.py). After an instance reads a session, it reuses
that copy for `session_cache_seconds` (shared/session/cache.py), and compares the secret every time.
"""

import contextlib
import hashlib
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from shared import log
from shared.config.settings import Ehr, Settings
from shared.errors import SessionExpired, StoreUnavailable
from shared.frozen import dataclass
from shared.inbound import cookies
from shared.oidc.id_token import Identity
from shared.oidc.keys import Keys
from shared.outbound import waiting
from shared.sealing import Sealer
from shared.session import record, refresh, session_cookies
from shared.session.cache import CachedSession, SessionCache
from shared.session.end import Ending
from shared.session.record import COLLECTION, HANDLE, Session
from shared.session.refresh import Refresher
from shared.smart import token_response
from shared.smart.client_auth import Clients
from shared.smart.token_response import TokenResponse
from shared.store import Conflict, Store

if TYPE_CHECKING:
    from shared.smart.launches import Pending

_TOUCHES_PER_IDLE = 6
# A request that takes longer than this to renew or write re-reads the session, at most so often.
_QUICK_SECONDS = 1.0
_MOST_READS = 3


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session and its cookie."""

    session: Session
    cookie_name: str
    cookie_value: str


@dataclass(frozen=True, slots=True)
class Active:
    """A session in use, and its registration.

    Call `renewed` if the EHR no longer accepts the access token. It returns the session with newer
    access, or None if there's no refresh token or a renewal a moment ago didn't help, and raises
    the errors of `Sessions.use`. Call `accepted` when the EHR accepts renewed access. If the access
    can't be renewed, `ended` ends the session and returns the error to raise.
    """

    session: Session
    ehr: Ehr
    renewed: Callable[[], "Active | None"]
    accepted: Callable[[], None] = lambda: None
    ended: Callable[[], SessionExpired] = SessionExpired


def is_handle(text: str) -> bool:
    """Return whether a text has the form of a session's handle (128 bits, base64url)."""
    return re.fullmatch(HANDLE, text) is not None


class Sessions:
    """The sessions of one deployment. A session that was read is reused for at most
    `session_cache_seconds`.
    """

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
        self._ending = Ending(store, sealer, clients, settings)
        self._cache = SessionCache(settings.session_cache_seconds)
        self._renewing: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._lock = threading.Lock()

    def open(self, pending: "Pending", tokens: TokenResponse, user: Identity | None) -> Opened:
        """Create a session for a completed launch, with nothing that the browser suggested."""
        now = self._clock()
        handle = secrets.token_urlsafe(16)
        cookie = session_cookies.new(user, self._sealer, now)
        session = Session(
            handle=handle,
            version=1,
            ehr=pending.ehr,
            iss=pending.iss,
            fhir_base=pending.fhir_base,
            flow=pending.flow,
            context=token_response.on_base(tokens.context, pending.fhir_base),
            user=user,
            requested=pending.requested,
            scopes_supported=pending.scopes_supported,
            granted=pending.requested if tokens.scope is None else tokens.scope,
            access_life=tokens.expires_in,
            access_expires_at=now + tokens.expires_in,
            expires_at=now + self._settings.session_max_seconds,
            access_token=tokens.access_token,
            refresh_token=tokens.refresh_token,
            token_endpoint=pending.token_endpoint,
            revocation_endpoint=pending.revocation_endpoint,
            issuer=pending.issuer,
            jwks_uri=pending.jwks_uri,
            secret=cookie.secret,
            other_endpoints=pending.other_endpoints,
        )
        fields = record.fields(session, self._sealer, last_used=now)
        self._store.create(COLLECTION, record.key(handle), fields, session.expires_at)
        return Opened(session, cookies.session_name(handle), cookie.value)

    def use(self, handle: str, received: cookies.Cookies) -> Active:
        """Return a handle's session, opened by this browser's cookie. Check its limits, renew its
        access if due and update `last_used`.

        Raise SessionMissing unless exactly one cookie opens it, SessionExpired if it has ended,
        RefreshFailed while its access can't be renewed, Overloaded while its EHR hangs.
        """
        secret = session_cookies.secret_of(handle, received)
        digest = hashlib.sha256(secret).digest()
        now = self._clock()
        with self._forgets_expired(handle):
            cached = self._recall(handle, digest, now) or self._read(handle, secret, digest)
            log.about(ehr=cached.stored.session.ehr, session=cached.stored.session.mark)
            cached = replace(cached, stored=self._ending.within_limits(cached.stored, now))
            ehr = self._ehr(cached.stored.session)
            since = now - cached.stored.last_used
            if refresh.is_due(cached.stored.session, now):
                session = cached.stored.session
                waiting.admit(session.token_endpoint, session.fhir_base, handle)
                cached = self._renew(cached, ehr)
            elif since >= self._settings.session_idle_seconds / _TOUCHES_PER_IDLE:
                cached = self._touch(cached, now)
            cached = self._recent(cached)
        self._cache.keep(cached, now)
        return self._active(cached, ehr)

    def end(self, handle: str, received: cookies.Cookies) -> None:
        """Log out: delete the session, then revoke its tokens if the EHR supports that.

        A session that has already ended isn't an error. Raise SessionMissing and delete nothing,
        unless exactly one cookie opens the session.
        """
        secret = session_cookies.secret_of(handle, received)
        try:
            wiped = self._ending.wipe(handle, secret)
        except StoreUnavailable:
            # It may have been deleted anyway.
            self._cache.drop(handle)
            raise
        self._cache.end(handle)
        if wiped is not None:
            self._ending.logged_out(wiped)

    def _recall(self, handle: str, digest: bytes, now: float) -> CachedSession | None:
        """Return the cached session with this secret, or None if it must be re-read.

        A session that looks idle here may be in use at another instance, and access that looks old
        may have been renewed there.
        """
        cached = self._cache.trusted(handle, digest, now)
        if cached is None or refresh.is_due(cached.stored.session, now):
            return None
        return (
            cached if now - cached.stored.last_used < self._settings.session_idle_seconds else None
        )

    def _read(self, handle: str, secret: bytes, digest: bytes) -> CachedSession:
        # The record may have changed at any time since the start of the read.
        started_at = self._clock()
        stored = record.read(self._store, handle, secret, self._sealer)
        return CachedSession(started_at, digest, stored)

    @contextlib.contextmanager
    def _forgets_expired(self, handle: str) -> Iterator[None]:
        try:
            yield
        except SessionExpired:
            self._cache.end(handle)
            raise

    def _recent(self, cached: CachedSession) -> CachedSession:
        """Return the session, re-read if a slow renewal or write took so long that a logout could
        have been confirmed more than `session_cache_seconds` ago.
        """
        for _ in range(_MOST_READS):
            now = self._clock()
            if (
                0
                <= now - cached.read_at
                < max(self._settings.session_cache_seconds, _QUICK_SECONDS)
            ):
                return replace(cached, stored=self._ending.within_limits(cached.stored, now))
            session = cached.stored.session
            cached = self._read(session.handle, session.secret, cached.digest)
        raise StoreUnavailable

    def _ehr(self, session: Session) -> Ehr:
        ehr = self._settings.ehr_by_key(session.ehr)
        if ehr is None:
            raise SessionExpired(
                why="The app's configuration has changed since this session started."
            )
        return ehr

    def _active(self, cached: CachedSession, ehr: Ehr, *, replayed: bool = False) -> Active:
        session = cached.stored.session
        return Active(
            session,
            ehr,
            renewed=lambda: self._after_refusal(cached, ehr, replayed=replayed),
            accepted=lambda: self._cache.accepted(session),
            ended=lambda: self._ending.refused(session, is_first=self._cache.end(session.handle)),
        )

    def _renew(self, cached: CachedSession, ehr: Ehr) -> CachedSession:
        """Renew the access of a session that is due and was just read. In each process, only one
        thread does that. The others wait only if their access has expired.
        """
        used = cached.stored.session
        renewing = self._renewing_of(used)
        if not renewing.acquire(blocking=False):
            if self._clock() < used.access_expires_at:
                return cached
            waiting.acquire(renewing)
        try:
            return self._newest(used) or self._renewed(cached, ehr, refused=False)
        finally:
            renewing.release()

    def _after_refusal(self, cached: CachedSession, ehr: Ehr, *, replayed: bool) -> Active | None:
        """Renew access that the EHR refused. Re-read the record before calling the EHR, because
        another instance may have renewed it already.
        """
        used = cached.stored.session
        if used.refresh_token is None or self._is_useless(used, replayed=replayed):
            return None
        with self._forgets_expired(used.handle):
            now_read = self._read(used.handle, used.secret, cached.digest)
            if now_read.stored.session.version == used.version:
                with waiting.turn(self._renewing_of(used)):
                    newest = self._newest(used)
                    # Another thread may have written this version and not yet recorded the renewal.
                    if newest is None and self._is_useless(used, replayed=replayed):
                        return None
                    now_read = newest or self._renewed(now_read, ehr, refused=True)
            now_read = self._recent(now_read)
        self._cache.keep(now_read, self._clock())
        return self._active(now_read, ehr, replayed=True)

    def _is_useless(self, used: Session, *, replayed: bool) -> bool:
        return self._cache.renewed_in_vain(used, self._clock(), replayed=replayed)

    def _renewing_of(self, session: Session) -> threading.Lock:
        with self._lock:
            return self._renewing.setdefault(session.handle, threading.Lock())

    def _newest(self, used: Session) -> CachedSession | None:
        """Return the session that another thread has renewed since."""
        newest = self._cache.newest(used.handle)
        return newest if newest and newest.stored.session.version > used.version else None

    def _renewed(self, cached: CachedSession, ehr: Ehr, *, refused: bool) -> CachedSession:
        # A logout may happen between the write of the new tokens and the checks that follow it.
        started_at = self._clock()
        stored = self._refresher.renew(cached.stored, ehr, refused=refused)
        cached = CachedSession(started_at, cached.digest, stored)
        if stored.just_renewed and refused:
            self._cache.renewed(stored.session, self._clock())
        self._cache.keep(cached, self._clock())
        return cached

    def _touch(self, cached: CachedSession, now: float) -> CachedSession:
        """Update `last_used`, except during a refresh. If another request has changed the record,
        re-read it instead. If the store doesn't respond, don't try again until the next read.
        """
        stored = cached.stored
        if cached.touch_failed or stored.lease.is_held(now):
            return cached
        try:
            written = record.rewrite(self._store, stored, {"last_used": now})
        except Conflict:
            return self._read(stored.session.handle, stored.session.secret, cached.digest)
        except StoreUnavailable:
            return replace(cached, touch_failed=True)
        return replace(cached, stored=written)
