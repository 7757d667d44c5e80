"""Cache documents from EHRs in memory. The cache only saves time, and nothing depends on it.

While one thread reads a document, other threads that need the same document wait for it. A failure
is cached for 5 seconds, so that not every request calls an EHR that is down. All caches of a
process share MOST_BYTES and remove the oldest documents first, because anyone can make up tenants
of an EHR whose `iss` has a wildcard, and each of them may return a large document.
"""

import itertools
import math
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from shared.errors import CodedError, Overloaded
from shared.footprint import footprint
from shared.outbound import waiting

FAILURE_SECONDS = 5.0
RENEW_SECONDS = 30.0
MOST_BYTES = 16_000_000
# A larger document is used, but not cached.
MOST_DOCUMENT_BYTES = 64_000
# The size of an entry's lock and its slots in dictionaries.
_ENTRY_BYTES = 1_000

T = TypeVar("T")
Key = tuple[str, ...]
_Place = tuple[int, Key]


class _Entry(Generic[T]):
    outcome: T | CodedError

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.until = self.renewable_from = -math.inf
        self.size = 0


class _Shelf:
    """The entries of all caches in this process, the oldest first."""

    def __init__(self) -> None:
        self.size = 0
        self._entries: dict[_Place, _Entry[Any]] = {}
        self._lock = threading.Lock()

    def entry(self, place: _Place) -> _Entry[Any]:
        """Return the entry at a place, or a new one."""
        with self._lock:
            entry = self._entries.get(place)
            if entry is None:
                entry = _Entry()
                self._put(place, entry, 0)
            return entry

    def settle(self, place: _Place, entry: _Entry[Any], size: int) -> None:
        """Count an entry's new size, unless the entry was removed during the read."""
        with self._lock:
            if self._entries.get(place) is entry:
                self.size -= self._entries.pop(place).size
                self._put(place, entry, size)

    def _put(self, place: _Place, entry: _Entry[Any], size: int) -> None:
        entry.size = _ENTRY_BYTES + footprint(place) + size
        self._entries[place] = entry
        self.size += entry.size
        while self.size > MOST_BYTES:
            self.size -= self._entries.pop(next(iter(self._entries))).size


shelf = _Shelf()
_numbers = itertools.count()


class DocumentCache(Generic[T]):
    """Documents by key. `seconds` is how long one is cached, or returns that for a document. `size`
    returns the bytes of one document.
    """

    def __init__(
        self,
        seconds: float | Callable[[T], float],
        clock: Callable[[], float],
        size: Callable[[T], int] = footprint,
    ) -> None:
        self._seconds = seconds if callable(seconds) else lambda _: seconds
        self._clock = clock
        self._size = size
        self._number = next(_numbers)

    def get(self, key: Key, read: Callable[[], T]) -> T:
        """Return the cached document, or otherwise the result of `read`. Raise an error of `read`,
        even one from less than 5 seconds ago.
        """
        entry = self._entry(key)
        with waiting.turn(entry.lock):
            if entry.until <= self._clock():
                try:
                    return self._keep(key, entry, read())
                except Overloaded:
                    # This says nothing about the document.
                    raise
                except CodedError as error:
                    # A copy, because the error itself references the document.
                    entry.outcome = error.again()
                    entry.until = self._clock() + FAILURE_SECONDS
                    shelf.settle((self._number, key), entry, footprint(entry.outcome))
            if isinstance(entry.outcome, CodedError):
                raise entry.outcome.again()
            return entry.outcome

    def has(self, key: Key) -> bool:
        """Return whether `get` would use the cache, without a request."""
        return self._entry(key).until > self._clock()

    def drop(self, key: Key, document: T) -> None:
        """Let the next `get` read again, unless it already did."""
        entry = self._entry(key)
        with waiting.turn(entry.lock):
            if entry.until > self._clock() and entry.outcome is document:
                entry.until = -math.inf

    def may_renew(self, key: Key) -> bool:
        """Return whether `renew` would read, because it hasn't done so for 30 seconds."""
        entry = self._entry(key)
        with waiting.turn(entry.lock):
            return entry.renewable_from <= self._clock()

    def renew(self, key: Key, read: Callable[[], T]) -> T:
        """Read the document again. If that was done less than 30 seconds ago, act like `get`."""
        entry = self._entry(key)
        with waiting.turn(entry.lock):
            if entry.renewable_from <= self._clock():
                entry.renewable_from = self._clock() + RENEW_SECONDS
                return self._keep(key, entry, read())
        return self.get(key, read)

    def _entry(self, key: Key) -> _Entry[T]:
        return shelf.entry((self._number, key))

    def _keep(self, key: Key, entry: _Entry[T], outcome: T) -> T:
        size = self._size(outcome)
        if size > MOST_DOCUMENT_BYTES:
            entry.until = -math.inf
            return outcome
        entry.outcome = outcome
        entry.until = self._clock() + self._seconds(outcome)
        shelf.settle((self._number, key), entry, size)
        return outcome
