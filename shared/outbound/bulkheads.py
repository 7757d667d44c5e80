"""The threads of a server, shared: no EHR and no session holds more than its part by calls that
hang, so that one EHR that is silent does not silence the others.

A call hangs once it has waited HANGING_SECONDS without a byte. While fewer than a quarter of the
threads are free, no call is begun to an EHR that holds half of them by calls that hang, or for a
session that holds a quarter so. Where none is free, reads that hang beyond these parts are given
up, the youngest first; changes never are. Each thread that waits looks for itself whether it is to
give up: nothing is taken away from it by another one.
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
# How often a call that hangs looks whether it is to give up.
LOOK_SECONDS = 0.1


def thread_count() -> int:
    """The threads of this process, of which each serves one request: what functions-framework
    makes of THREADS, which deployment and local gateway set (deployment.toml, gateway/servers.py).
    """
    return int(os.environ.get("THREADS", (os.cpu_count() or 1) * 4))


class GivenUp(Exception):
    """A read that hung was given up, so that its thread can serve others."""


class Serving:
    """A request while a thread serves it. Calls made side by side for it count as one.

    Fields:
        thread: which one.
        ehr, session: for whom it calls, once that is known.
        reads, changes: how many calls of it hang now.
    """

    def __init__(self, threads: "Threads") -> None:
        self._threads = threads
        self.thread = threading.get_ident()
        self.ehr: str | None = None
        self.session: str | None = None
        self.reads = self.changes = 0
        self.given_up_at = 0.0

    def end(self) -> None:
        """Its thread is free again."""
        self._threads.leave(self)


class Threads:
    """The threads of a process: which serve a request, and which of those hang."""

    def __init__(self, count: int) -> None:
        self.count = count
        # By thread: one that serves the next request has done with the one before, whatever became
        # of it.
        self._busy: dict[int, Serving] = {}
        # In the order in which they began to hang.
        self._hanging: dict[Serving, None] = {}
        self._next_given_up = 0.0
        self._lock = threading.Lock()

    @property
    def free(self) -> int:
        """How many could serve a request at once."""
        return self.count - len(self._busy)

    def enter(self) -> Serving:
        """The request that this thread serves from here on."""
        serving = Serving(self)
        self._busy[serving.thread] = serving
        return serving

    def leave(self, serving: Serving) -> None:
        """A thread has served a request."""
        if self._busy.get(serving.thread) is serving:
            del self._busy[serving.thread]

    def may_call(self, ehr: str, session: str | None) -> bool:
        """Whether a call may begin to an EHR, for a session."""
        if 4 * self.free >= self.count:
            return True
        with self._lock:
            hanging = self._held()
        of_ehr = sum(one.ehr == ehr for one in hanging)
        of_session = sum(one.session == session for one in hanging if session is not None)
        return 2 * of_ehr < self.count and 4 * of_session < self.count

    @contextlib.contextmanager
    def hanging(self, serving: Serving, *, is_read: bool) -> Iterator[None]:
        """Count a call as one that hangs."""
        self._count(serving, 1, is_read=is_read)
        try:
            yield
        finally:
            self._count(serving, -1, is_read=is_read)

    def gives_up(self, serving: Serving, since: float) -> bool:
        """Whether a read that hangs since a time (on the monotonic clock) is to give up."""
        now = time.monotonic()
        with self._lock:
            if serving.given_up_at > since:
                return True
            # One at a time: the thread of the last one may be about to be free.
            if self.free > 0 or now < self._next_given_up or serving is not self._youngest_beyond():
                return False
            self._next_given_up = now + LOOK_SECONDS
            serving.given_up_at = now
        return True

    def _youngest_beyond(self) -> Serving | None:
        """The last that began to hang of those with reads that lie beyond a part."""
        of_ehr, of_session = Counter[str | None](), Counter[str | None]()
        youngest = None
        for one in self._held():
            of_session[one.session] += 1
            beyond = one.session is not None and 4 * of_session[one.session] > self.count
            if not beyond:
                # What its session is to give up is not counted against others of the EHR.
                of_ehr[one.ehr] += 1
                beyond = one.ehr is not None and 2 * of_ehr[one.ehr] > self.count
            if beyond and one.reads:
                youngest = one
        return youngest

    def _held(self) -> list[Serving]:
        """The requests that hang while a thread serves them: a read of a page that is sent already
        holds none.
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
    """Count this thread as busy, and what is called in this context as called for one request."""
    serving = _threads().enter()
    _serving.set(serving)
    return serving


def may_call(ehr: str, session: str | None = None) -> bool:
    """Whether the request under way may call an EHR (its FHIR base), asked before its first call.

    What goes on is not stopped half way: a change is read before it is made.
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
    """Count a call as one that hangs while the block waits for it; asked, what it is given says
    whether to give up.
    """
    serving, since = _serving.get(), time.monotonic()
    if serving is None:
        yield lambda: False
        return
    with _threads().hanging(serving, is_read=is_read):
        yield lambda: is_read and _threads().gives_up(serving, since)


def acquire(lock: threading.Lock) -> None:
    """Wait for what another thread gets from an EHR, as for an answer of it. Raises GivenUp."""
    if lock.acquire(timeout=HANGING_SECONDS):
        return
    with hanging(is_read=True) as gives_up:
        while not lock.acquire(timeout=LOOK_SECONDS):
            if gives_up():
                raise GivenUp
