"""Cache sessions in memory. The cache only saves time, and nothing depends on it.

A session is trusted for `session_cache_seconds` after it was last seen in the store, and kept only
a little longer. Once the instance has seen that it ended, it's never trusted again, even if a
request is still using it.
"""

import dataclasses
import hmac
import threading

from shared.footprint import footprint
from shared.frozen import dataclass
from shared.session.record import Session, StoredSession

_MOST = 1000
# A token can have 100 kB, and each launch at a faulty EHR adds another one.
_MOST_BYTES = 16_000_000
# If an EHR refuses access that was just renewed, renewing it again won't help. Don't try again for
# this many seconds.
_LEFT_ALONE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class CachedSession:
    """A cached session. `read_at` is a time when it hadn't ended yet. `digest` is the hash of its
    secret.
    """

    read_at: float
    digest: bytes
    stored: StoredSession
    touch_failed: bool = False


@dataclasses.dataclass(slots=True, eq=False, repr=False)
class _Renewal:
    """A renewal that created `version` of a session. `accepted`: the EHR has accepted the new
    access at least once. `in_vain`: the EHR refused it before it ever accepted it.
    """

    version: int
    at: float
    accepted: bool = False
    in_vain: bool = False


class SessionCache:
    """Sessions by handle. Times are Unix seconds. A session is trusted for `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._sessions: dict[str, CachedSession] = {}
        self._sizes: dict[str, int] = {}
        self._ended: dict[str, None] = {}
        self._renewals: dict[str, _Renewal] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def trusted(self, handle: str, digest: bytes, now: float) -> CachedSession | None:
        """Return the cached session if it's fresh and has this secret."""
        cached = self.newest(handle)
        if cached is None or not hmac.compare_digest(cached.digest, digest):
            return None
        return cached if self._is_fresh(cached, now) else None

    def newest(self, handle: str) -> CachedSession | None:
        """Return the cached session, regardless of its age."""
        with self._lock:
            return self._sessions.get(handle)

    def keep(self, cached: CachedSession, now: float) -> None:
        """Cache a session, unless it has ended in the meantime or another thread renewed it."""
        session = cached.stored.session
        with self._lock:
            size = self._sizes.get(session.handle, 0)
            present = self._remove(session.handle)
            if session.handle not in self._ended:
                older = present is not None and present.stored.session.version > session.version
                self._sessions[session.handle] = newest = present if present and older else cached
                # Measuring takes a tenth of a request's time, and most requests change nothing.
                if present is None or newest.stored is not present.stored:
                    size = footprint(newest)
                self._sizes[session.handle] = size
                self._bytes += size
            while self._sessions:
                oldest = next(iter(self._sessions))
                fits = len(self._sessions) <= _MOST and self._bytes <= _MOST_BYTES
                if fits and self._is_fresh(self._sessions[oldest], now):
                    break
                if oldest == session.handle:
                    # Threads that wait for a renewal find it here, no matter how long it took.
                    break
                self._remove(oldest)

    def renewed(self, session: Session, now: float) -> None:
        """Record that this process has just renewed access that the EHR had refused."""
        with self._lock:
            self._renewals.pop(session.handle, None)
            self._renewals[session.handle] = _Renewal(session.version, now)
            if len(self._renewals) > _MOST:
                del self._renewals[next(iter(self._renewals))]

    def accepted(self, session: Session) -> None:
        """Record that the EHR accepts a session's access."""
        with self._lock:
            renewal = self._renewals.get(session.handle)
            if renewal is not None and renewal.version == session.version:
                renewal.accepted = not renewal.in_vain

    def renewed_in_vain(self, session: Session, now: float, *, replayed: bool) -> bool:
        """Return whether another renewal would be useless, because this process renewed the refused
        access less than 5 seconds ago, and the EHR refuses every request or just this one.

        `replayed`: the EHR had already refused this request with older access.
        """
        with self._lock:
            renewal = self._renewals.get(session.handle)
            if renewal is None or not 0 <= now - renewal.at < _LEFT_ALONE_SECONDS:
                return False
            if renewal.version == session.version and not renewal.accepted:
                renewal.in_vain = True
            useless = renewal.in_vain or (replayed and renewal.version == session.version)
            return useless and session.version >= renewal.version

    def drop(self, handle: str) -> None:
        """Remove a session, so that its next use reads it from the store."""
        with self._lock:
            self._remove(handle)

    def end(self, handle: str) -> bool:
        """Remove a session for good: handles are never reused. Return False if it already was."""
        with self._lock:
            if handle in self._ended:
                return False
            self._remove(handle)
            self._renewals.pop(handle, None)
            self._ended[handle] = None
            if len(self._ended) > _MOST:
                del self._ended[next(iter(self._ended))]
        return True

    def _remove(self, handle: str) -> CachedSession | None:
        cached = self._sessions.pop(handle, None)
        if cached is not None:
            self._bytes -= self._sizes.pop(handle)
        return cached

    def _is_fresh(self, cached: CachedSession, now: float) -> bool:
        return 0 <= now - cached.read_at < self._seconds
