"""Wait for an EHR's response: within the call's deadline, and not longer than other requests can
spare its thread.

Each waiting thread checks for itself whether to give up, so no thread interrupts another, and no
connection is closed under the request that uses it next.
"""

import contextlib
import math
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from typing import Self

from shared.outbound import bulkheads, serving
from shared.outbound.request import Origin, origin_of
from shared.outbound.serving import Serving, Threads, Waiting

# A hanging call checks this often whether to give up.
LOOK_SECONDS = 0.1
# A call with a short deadline, or one that can't connect, never hangs. If it has received nothing
# for this time at its deadline, it counts as one that hung.
LATE_SECONDS = 1.5


@cache
def _threads() -> Threads:
    return Threads(serving.thread_count())


_serving: ContextVar[Serving | None] = ContextVar("serving", default=None)


def begin() -> Serving:
    """Count this thread as busy, and the calls in this context as made for one request."""
    request = _threads().enter()
    _serving.set(request)
    return request


def admit(url: str, base: str, session: str | None = None) -> None:
    """Let the current request call a URL's host for a session at a FHIR base, or raise Overloaded.
    Call this before its first call there.
    """
    request = _serving.get()
    if request is not None:
        _threads().admit(request, url, base, session)


class Wait:
    """The waits of one call. A context while it waits. Outside of a request, it ends only by its
    deadline.
    """

    may_end = False

    def __enter__(self) -> Self:
        """Start to wait."""
        return self

    def __exit__(self, *_: object) -> None:
        """End or interrupt the wait."""

    def seconds(self, deadline: float) -> float:
        """Return how long to wait before the next look. Raise TimeoutError after the deadline, and
        Overloaded if the call is given up.
        """
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def received(self, size: int) -> None:
        """Count received bytes."""

    def answered(self) -> None:
        """Record that the response is complete."""


class _Watched(Waiting, Wait):
    """One call's waits for its EHR, each of which is counted while it lasts."""

    def __init__(
        self, request: Serving, host: Origin, base: str | None = None, *, is_read: bool
    ) -> None:
        self._all = _threads()
        self._clock = self._all.clock
        super().__init__(request, host, self._clock(), may_end=is_read)
        self._base = base
        self._seen = self._all.host(host)
        self._paused_at = self.since
        self._bytes = 0

    def __enter__(self) -> Self:
        self.quiet_since = self._clock()
        # The time in which the app itself doesn't read doesn't count.
        self.slow_since += self.quiet_since - self._paused_at
        self._all.waiting[self] = None
        return self

    def __exit__(self, *raised: object) -> None:
        self._paused_at = now = self._clock()
        timed_out = raised[0] is TimeoutError and now - self.quiet_since >= LATE_SECONDS
        if raised[0] is not None and (timed_out or self.as_call().hangs(now)):
            self._seen.hung_at = max(self._seen.hung_at, self.quiet_since)
            if self._base is not None:
                base = self._all.base(self._base)
                base.hung_at = max(base.hung_at, self.since)
            self._all.notice(self.host)
        del self._all.waiting[self]

    def seconds(self, deadline: float) -> float:
        now = self._clock()
        if now >= deadline:
            raise TimeoutError
        due = min(
            self.quiet_since + bulkheads.HANGING_SECONDS, self.slow_since + bulkheads.SLOW_SECONDS
        )
        if due <= now:
            self._all.notice(self.host)
            if self.may_end and self._all.gives_up(self.serving):
                raise serving.hanging(self.host)
            due = now + LOOK_SECONDS
        return min(deadline, due) - now

    def received(self, size: int) -> None:
        if size:
            self.quiet_since = self._seen.byte_at = self._clock()
            self._bytes += size
            if self._bytes >= bulkheads.SLOW_BYTES:
                if self.quiet_since - self.slow_since < bulkheads.SLOW_SECONDS:
                    self._seen.moved_at = self.quiet_since
                self._bytes, self.slow_since = 0, self.quiet_since

    def answered(self) -> None:
        self._seen.moved_at = now = self._clock()
        if self._base is not None:
            self._all.base(self._base).answered_at = now


def call(host: Origin, base: str | None, *, is_read: bool) -> Wait:
    """Return the waits of a call that the current request makes now. `base` is the FHIR base if
    that's what responds. Raise Overloaded if the request's reads were given up.
    """
    request = _serving.get()
    if request is None:
        return Wait()
    if is_read and request.given_up_at is not None:
        raise serving.hanging(host)
    wait = _Watched(request, host, base, is_read=is_read)
    _threads().host(host).called_at = wait.since
    return wait


@contextlib.contextmanager
def turn(lock: threading.Lock) -> Iterator[None]:
    """Hold a lock like `acquire`."""
    acquire(lock)
    try:
        yield
    finally:
        lock.release()


def acquire(lock: threading.Lock) -> None:
    """Acquire a lock whose owner may be calling an EHR. Raise Overloaded if the current request is
    given up before that, as if it waited for the EHR itself.
    """
    if lock.acquire(blocking=False):
        return
    request = _serving.get()
    if request is None or not request.called:
        lock.acquire()
        return
    with _Watched(request, origin_of(request.called[-1]), is_read=True) as wait:
        while not lock.acquire(timeout=wait.seconds(math.inf)):
            pass
