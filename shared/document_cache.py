"""What an instance keeps of documents that it fetches: it saves time, nothing depends on it.

While one thread reads a document, others that want the same one wait for it. Why one could not be
read is kept for 5 seconds, so that an EHR that is down is not asked by every request.
"""

import math
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from shared.errors import SmartError

FAILURE_SECONDS = 5.0
RENEW_SECONDS = 30.0
_MOST = 1000

T = TypeVar("T")
Key = tuple[str, ...]


class _Entry(Generic[T]):
    outcome: T | SmartError

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.until = self.renewable_from = -math.inf


class DocumentCache(Generic[T]):
    """What was read under each key. Times are seconds of `clock`, `seconds` how long it is kept."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._entries: dict[Key, _Entry[T]] = {}
        self._lock = threading.Lock()

    def get(self, key: Key, read: Callable[[], T]) -> T:
        """What is kept, else what `read` gives. Raises what `read` raises, and raised just now."""
        entry = self._entry(key)
        with entry.lock:
            if entry.until <= self._clock():
                try:
                    return self._keep(entry, read())
                except SmartError as error:
                    # A copy: the error itself holds on to what was read.
                    entry.outcome = error.again()
                    entry.until = self._clock() + FAILURE_SECONDS
            if isinstance(entry.outcome, SmartError):
                raise entry.outcome.again()
            return entry.outcome

    def may_renew(self, key: Key) -> bool:
        """Whether `renew` would read: 30 seconds have passed since it last did."""
        entry = self._entry(key)
        with entry.lock:
            return entry.renewable_from <= self._clock()

    def renew(self, key: Key, read: Callable[[], T]) -> T:
        """As `get`, but read anew, unless that was done less than 30 seconds ago."""
        entry = self._entry(key)
        with entry.lock:
            if entry.renewable_from <= self._clock():
                entry.renewable_from = self._clock() + RENEW_SECONDS
                return self._keep(entry, read())
        return self.get(key, read)

    def _entry(self, key: Key) -> _Entry[T]:
        with self._lock:
            if key not in self._entries and len(self._entries) >= _MOST:
                self._entries.clear()
            return self._entries.setdefault(key, _Entry())

    def _keep(self, entry: _Entry[T], outcome: T) -> T:
        entry.outcome = outcome
        entry.until = self._clock() + self._seconds
        return outcome
