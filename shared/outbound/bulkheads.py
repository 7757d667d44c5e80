"""Limit the server threads that hanging calls can occupy, so that one silent EHR doesn't block the
others.

A call hangs once it has waited HANGING_SECONDS without receiving a byte. While fewer than a quarter
of the threads are free, no call starts to an EHR whose hanging calls occupy half of the threads, or
for a session whose hanging calls occupy a quarter. When no thread is free, hanging reads beyond
these shares are given up, the most recent first, but never changes. Each waiting thread decides for
itself whether to give up, so no thread interrupts another.
"""

import contextlib
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import cache

HANGING_SECONDS = 3.0
# How often a hanging call checks whether to give up.
LOOK_SECONDS = 0.1


def thread_count() -> int:
    """Return the number of threads in this process, each of which serves one request.
    functions-framework derives it from THREADS, which the deployment and the local gateway set
    (deployment.toml, gateway/servers.py).
    """
    return int(os.environ.get("THREADS", (os.cpu_count() or 1) * 4))


class GivenUp(Exception):
    """A hanging read was given up so that its thread can serve other requests."""


class Serving:
    """A request while a thread serves it. Its concurrent calls count as one.

    Fields:
        thread: the thread that serves it.
        ehr, session: the EHR and session it makes calls for, once known.
        reads, changes: the number of its calls that hang now.
    """

    def __init__(self, threads: "Threads") -> None:
        self._threads = threads
        self.thread = threading.get_ident()
        self.ehr: str | None = None
        self.session: str | None = None
        self.reads = self.changes = 0
        self.given_up_at = 0.0

    def end(self) -> None:
        """Free the thread."""
        self._threads.leave(self)


class Threads:
    """The threads of a process that serve requests, and the requests that hang."""

    def __init__(self, count: int) -> None:
        self.count = count
        # By thread: a thread that serves the next request has finished the previous one, even if
        # that request never reported its end.
        self._busy: dict[int, Serving] = {}
        # In the order in which they started to hang.
        self._hanging: dict[Serving, None] = {}
        self._next_given_up = 0.0
        self._lock = threading.Lock()

    @property
    def free(self) -> int:
        """The number of requests that could be served now."""
        return self.count - len(self._busy)

    def enter(self) -> Serving:
        """Record the request that this thread serves from now on."""
        serving = Serving(self)
        self._busy[serving.thread] = serving
        return serving

    def leave(self, serving: Serving) -> None:
        """Record that a thread has finished a request."""
        if self._busy.get(serving.thread) is serving:
            del self._busy[serving.thread]

    def may_call(self, ehr: str, session: str | None) -> bool:
        """Return whether a call to an EHR may start for a session."""
        if 4 * self.free >= self.count:
            return True
        with self._lock:
            hanging = self._held()
        of_ehr = sum(one.ehr == ehr for one in hanging)
        of_session = sum(one.session == session for one in hanging if session is not None)
        return 2 * of_ehr < self.count and 4 * of_session < self.count

    @contextlib.contextmanager
    def hanging(self, serving: Serving, *, is_read: bool) -> Iterator[None]:
        """Count a call as hanging."""
        self._count(serving, 1, is_read=is_read)
        try:
            yield
        finally:
            self._count(serving, -1, is_read=is_read)

    def gives_up(self, serving: Serving, since: float) -> bool:
        """Return whether to give up a read that has hung since a time (monotonic clock)."""
        now = time.monotonic()
        with self._lock:
            if serving.given_up_at > since:
                return True
            # Give up one at a time, because the previous one's thread may be free in a moment.
            if self.free > 0 or now < self._next_given_up or serving is not self._youngest_beyond():
                return False
            self._next_given_up = now + LOOK_SECONDS
            serving.given_up_at = now
        return True

    def _youngest_beyond(self) -> Serving | None:
        """Return the most recent hanging request among those with reads beyond a share."""
        of_ehr, of_session = Counter[str | None](), Counter[str | None]()
        youngest = None
        for one in self._held():
            of_session[one.session] += 1
            beyond = one.session is not None and 4 * of_session[one.session] > self.count
            if not beyond:
                # Requests beyond their session's share don't count toward the EHR's share.
                of_ehr[one.ehr] += 1
                beyond = one.ehr is not None and 2 * of_ehr[one.ehr] > self.count
            if beyond and one.reads:
                youngest = one
        return youngest

    def _held(self) -> list[Serving]:
        """Return the hanging requests that a thread still serves. A read for a page that was
        already sent holds no thread.
        """
        return [one for one in self._hanging if self._busy.get(one.thread) is one]

    def _count(self, serving: Serving, more: int, *, is_read: bool) -> None:
        with self._lock:
            if is_read:
                serving.reads += more
            else:
                serving.changes += more
            if serving.reads or serving.changes:
                self._hanging.setdefault(serving)
            else:
                self._hanging.pop(serving, None)


@cache
def _threads() -> Threads:
    return Threads(thread_count())


_serving: ContextVar[Serving | None] = ContextVar("serving", default=None)


def begin() -> Serving:
    """Count this thread as busy, and the calls in this context as made for one request."""
    serving = _threads().enter()
    _serving.set(serving)
    return serving


def may_call(ehr: str, session: str | None = None) -> bool:
    """Return whether the current request may call an EHR (its FHIR base). Call this before its
    first call.

    A request in progress isn't stopped halfway, because a change may follow its first read.
    """
    serving = _serving.get()
    if serving is None or serving.ehr is not None:
        return True
    if not _threads().may_call(ehr, session):
        return False
    serving.ehr, serving.session = ehr, session
    return True


@contextlib.contextmanager
def hanging(*, is_read: bool) -> Iterator[Callable[[], bool]]:
    """Count a call as hanging while the block waits for it, and yield a function that returns
    whether to give up.
    """
    serving, since = _serving.get(), time.monotonic()
    if serving is None:
        yield lambda: False
        return
    with _threads().hanging(serving, is_read=is_read):
        yield lambda: is_read and _threads().gives_up(serving, since)


def acquire(lock: threading.Lock) -> None:
    """Wait for a lock whose owner is calling an EHR, under the same limits as for the EHR's
    response. Raise GivenUp.
    """
    if lock.acquire(timeout=HANGING_SECONDS):
        return
    with hanging(is_read=True) as gives_up:
        while not lock.acquire(timeout=LOOK_SECONDS):
            if gives_up():
                raise GivenUp
