"""What an instance keeps of the sessions that it has read: it saves time, nothing depends on it.

A session is trusted for `session_cache_seconds` after it was surely in the store, is not kept for
much longer, and never again once it was seen to have ended, whoever is still at work with it.
"""

import hmac
import threading
from dataclasses import dataclass

from shared.session.record import Held

_MOST = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """A session as kept. `read_at`: a time by which it had not ended. `digest` is the secret's."""

    read_at: float
    digest: bytes
    held: Held
    touch_failed: bool = False


class SessionCache:
    """Sessions by handle. Times are unix seconds, `seconds` is how long one is trusted."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: dict[str, Kept] = {}
        self._ended: dict[str, None] = {}
        self._lock = threading.Lock()

    def trusted(self, handle: str, digest: bytes, now: float) -> Kept | None:
        """What was kept a moment ago of a session with this very secret."""
        kept = self.newest(handle)
        if kept is None or not hmac.compare_digest(kept.digest, digest):
            return None
        return kept if self._is_fresh(kept, now) else None

    def newest(self, handle: str) -> Kept | None:
        """What is kept of a session, however old."""
        with self._lock:
            return self._kept.get(handle)

    def keep(self, kept: Kept, now: float) -> None:
        """Keep a session, unless it has ended meanwhile or was renewed by another thread."""
        session = kept.held.session
        with self._lock:
            present = self._kept.pop(session.handle, None)
            if session.handle not in self._ended:
                older = present is not None and present.held.session.version > session.version
                self._kept[session.handle] = present if present and older else kept
            while self._kept:
                oldest = next(iter(self._kept))
                if len(self._kept) <= _MOST and self._is_fresh(self._kept[oldest], now):
                    break
                if oldest == session.handle:
                    # Threads that wait for a renewal find it here, however long it took.
                    break
                del self._kept[oldest]

    def drop(self, handle: str) -> None:
        """Read it anew at its next use."""
        with self._lock:
            self._kept.pop(handle, None)

    def end(self, handle: str) -> None:
        """Drop it for good: a handle is never given again."""
        with self._lock:
            self._kept.pop(handle, None)
            self._ended[handle] = None
            if len(self._ended) > _MOST:
                del self._ended[next(iter(self._ended))]

    def _is_fresh(self, kept: Kept, now: float) -> bool:
        return 0 <= now - kept.read_at < self._seconds
