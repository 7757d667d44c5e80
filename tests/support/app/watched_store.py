"""A store that counts what is done with it and fails as a test says."""

import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import Literal, TypeAlias, TypeVar

from shared.errors import StoreUnavailable
from shared.store import Fields, Record, Store

T = TypeVar("T")

# Not done, or done and its reply lost; or something that happens just before it is done.
Fault: TypeAlias = Literal["away", "lost"] | Callable[[], object]


class WatchedStore:
    """`done` counts operations by kind; `fail` sets what befalls the next ones of a kind."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.done: Counter[str] = Counter()
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._lock = threading.Lock()

    def fail(self, operation: str, *faults: Fault) -> None:
        self._faults[operation].extend(faults)

    def mend(self) -> None:
        """Forget the faults that nothing met."""
        self._faults.clear()

    def create(self, collection: str, key: str, fields: Fields, expires_at: float) -> str:
        return self._do("create", lambda: self.inner.create(collection, key, fields, expires_at))

    def read(self, collection: str, key: str) -> Record | None:
        return self._do("read", lambda: self.inner.read(collection, key))

    def replace(
        self, collection: str, key: str, fields: Fields, expires_at: float, version: str
    ) -> str:
        return self._do(
            "replace", lambda: self.inner.replace(collection, key, fields, expires_at, version)
        )

    def delete(self, collection: str, key: str, version: str | None = None) -> None:
        self._do("delete", lambda: self.inner.delete(collection, key, version))

    def _do(self, operation: str, call: Callable[[], T]) -> T:
        with self._lock:
            self.done[operation] += 1
            waiting = self._faults[operation]
            fault = waiting.popleft() if waiting else None
        if callable(fault):
            fault()
        if fault == "away":
            raise StoreUnavailable
        result = call()
        if fault == "lost":
            raise StoreUnavailable
        return result
