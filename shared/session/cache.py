"""The sessions that an instance keeps in memory. The cache saves time, and nothing depends on it.

A session is trusted for `session_cache_seconds` after it was known to be in the store, is kept only
a little longer, and is never trusted again once it was seen to have ended, even if a request still
uses it.
"""

import hmac
import threading
from dataclasses import dataclass

from shared.footprint import footprint
from shared.session.record import Session, StoredSession

_MOST = 1000
# A token can have a hundred kilobytes, and each launch at a faulty EHR adds another one.
_MOST_BYTES = 16_000_000
# If an EHR refuses access that was just renewed, it has another reason. Don't renew again for this
# many seconds.
_LEFT_ALONE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class CachedSession:
    """A cached session. `read_at` is a time at which it had not ended. `digest` is the hash of its
    secret.
    """

    read_at: float
    digest: bytes
    stored: StoredSession
    touch_failed: bool = False


@dataclass(slots=True)
class _Renewal:
    """A renewal. `version` is the session version it made. `accepted`: the EHR accepted it once.
    `in_vain`: the EHR never did.
    """

    version: int
    at: float
    accepted: bool = False
    in_vain: bool = False


class SessionCache:
    """Sessions by handle. Times are Unix seconds. A session is trusted for `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: dict[str, CachedSession] = {}
        self._sizes: dict[str, int] = {}
        self._ended: dict[str, None] = {}
        self._renewals: dict[str, _Renewal] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def trusted(self, handle: str, digest: bytes, now: float) -> CachedSession | None:
        """Return the cached session if it's fresh and has this secret."""
        kept = self.newest(handle)
        if kept is None or not hmac.compare_digest(kept.digest, digest):
            return None
        return kept if self._is_fresh(kept, now) else None

    def newest(self, handle: str) -> CachedSession | None:
        """Return the cached session, regardless of its age."""
        with self._lock:
            return self._kept.get(handle)

    def keep(self, kept: CachedSession, now: float) -> None:
        """Cache a session, unless it has ended in the meantime or another thread renewed it."""
        session = kept.stored.session
        with self._lock:
            size = self._sizes.get(session.handle, 0)
            present = self._remove(session.handle)
            if session.handle not in self._ended:
                older = present is not None and present.stored.session.version > session.version
                self._kept[session.handle] = newest = present if present and older else kept
                # Measuring takes a tenth of a request's time, and most requests change nothing.
                if present is None or newest.stored is not present.stored:
                    size = footprint(newest)
                self._sizes[session.handle] = size
                self._bytes += size
            while self._kept:
                oldest = next(iter(self._kept))
                fits = len(self._kept) <= _MOST and self._bytes <= _MOST_BYTES
                if fits and self._is_fresh(self._kept[oldest], now):
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
        """Return whether another renewal would be useless: less than 5 seconds ago this process
        renewed the access that the EHR refuses now, and it refuses everything or this one request.

        `replayed`: the refused request had been refused before, with older access.
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
        """Re-read it from the store at its next use."""
        with self._lock:
            self._remove(handle)

    def end(self, handle: str) -> bool:
        """Drop it permanently (handles are never reused). Return False if that was done before."""
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
        kept = self._kept.pop(handle, None)
        if kept is not None:
            self._bytes -= self._sizes.pop(handle)
        return kept

    def _is_fresh(self, kept: CachedSession, now: float) -> bool:
        return 0 <= now - kept.read_at < self._seconds
