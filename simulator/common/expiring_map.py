"""A bounded, thread-safe map from unguessable keys to values that expire."""

import base64
import secrets
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")

_MOST_VALUES = 10_000


def opaque_key() -> str:
    """Return a 256-bit value that contains `+`, `/` and `=`.

    A client that decodes it twice, or doesn't encode it, corrupts it and is refused.
    """
    while True:
        key = base64.b64encode(secrets.token_bytes(32)).decode("ascii")
        if "+" in key and "/" in key:
            return key


class ExpiringMap(Generic[Value]):
    """Values under opaque keys, each kept for `seconds`; a full map removes the oldest ones."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._values: dict[str, tuple[float, Value]] = {}

    def put(self, value: Value, seconds: float | None = None) -> str:
        """Store a value and return its new key; `seconds` overrides the map's lifetime."""
        key = opaque_key()
        lives = self._seconds if seconds is None else seconds
        with self._lock:
            self._sweep()
            self._values[key] = (self._clock() + lives, value)
        return key

    def get(self, key: str) -> Value | None:
        """Return the value, or None if the key is unknown or expired."""
        with self._lock:
            expires, value = self._values.get(key, (0.0, None))
            return value if self._clock() < expires else None

    def take(self, key: str) -> Value | None:
        """Remove the value and return it like `get`; only one of several callers gets it."""
        with self._lock:
            expires, value = self._values.pop(key, (0.0, None))
            return value if self._clock() < expires else None

    def values(self) -> list[Value]:
        """Return all values, which may include expired ones."""
        with self._lock:
            return [value for _, value in self._values.values()]

    def _sweep(self) -> None:
        """Remove expired values, and the oldest ones if the map is full.

        It stops at the first value that hasn't expired. A later value that expires sooner stays
        until that one is removed, but `get` and `take` don't return it.
        """
        now = self._clock()
        while self._values:
            oldest = next(iter(self._values))
            if now < self._values[oldest][0] and len(self._values) < _MOST_VALUES:
                return
            del self._values[oldest]
