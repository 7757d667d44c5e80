"""The requests that this process serves, and what waits in their threads. bulkheads.py decides."""

import itertools
import math
import os
import threading
import time
from collections.abc import Callable
from threading import get_ident
from typing import TypeVar

from shared import log
from shared.errors import Overloaded
from shared.outbound import bulkheads
from shared.outbound.bulkheads import Base, Call, Host, Instance
from shared.outbound.request import Origin, origin_of

REPORT_SECONDS = 60.0
_MOMENT_SECONDS = 1.0
_MOST_KNOWN = 1000  # hosts, and FHIR bases

_Key = TypeVar("_Key")
_Seen = TypeVar("_Seen")
_numbers = itertools.count()


def thread_count() -> int:
    """Return the number of threads in this process, each of which serves one request.
    functions-framework derives it from THREADS, which the deployment and the local gateway set
    (deployment.toml, gateway/servers.py).
    """
    return int(os.environ.get("THREADS", (os.cpu_count() or 1) * 4))


def hanging(host: Origin) -> Overloaded:
    """Return the error for a call that isn't sent, or a read that is given up, because a host
    hangs. Only developers see the host.
    """
    why = "isn't responding, and too many requests are already waiting for it."
    return Overloaded(
        why=f"The EHR {why}",
        full_why=f"The EHR's host {host.authority} {why}",
        evidence={"host": host.authority},
    )


class Serving:
    """A request while a thread serves it. Its concurrent calls count as one.

    Fields:
        thread: the thread that serves it.
        base, session: the FHIR base and session that it makes calls for, once known.
        called: URLs at the hosts that it may call, the newest last.
        given_up_at: when its reads were given up.
    """

    def __init__(self, threads: "Threads") -> None:
        self._threads = threads
        self.number = next(_numbers)
        self.thread = get_ident()
        self.base: str | None = None
        self.session: str | None = None
        self.called: list[str] = []
        self.given_up_at: float | None = None

    def end(self) -> None:
        """Free the thread."""
        self._threads.leave(self)


class HostSeen:
    """The state of a host (bulkheads.Host), and when its hanging was noticed and logged."""

    __slots__ = ("byte_at", "called_at", "hung_at", "moved_at", "noticed_at", "reported_at")

    def __init__(self, now: float) -> None:
        self.called_at = self.byte_at = self.moved_at = now
        self.hung_at = self.noticed_at = self.reported_at = -math.inf


class BaseSeen:
    """The state of a FHIR base (bulkheads.Base)."""

    __slots__ = ("answered_at", "hung_at")

    def __init__(self) -> None:
        self.answered_at = self.hung_at = -math.inf


class Waiting:
    """A call of a request while it waits (bulkheads.Call). `may_end` means that it can be given up
    now.
    """

    __slots__ = ("host", "may_end", "quiet_since", "serving", "since", "slow_since")

    def __init__(self, serving: Serving, host: Origin, now: float, *, may_end: bool) -> None:
        self.serving = serving
        self.host = host
        self.may_end = may_end
        self.since = self.quiet_since = self.slow_since = now

    def as_call(self) -> Call:
        """Return its state."""
        of = self.serving
        times = self.since, self.quiet_since, self.slow_since
        return Call(of.number, self.host, of.base, of.session, self.may_end, *times)


class Threads:
    """The threads of a process. `waiting` has the calls that wait now."""

    def __init__(self, count: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.count = count
        self.clock = clock
        self.waiting: dict[Waiting, None] = {}
        # By thread: a thread that serves the next request has finished the previous one, even if
        # that request never reported its end.
        self._busy: dict[int, Serving] = {}
        self._turned_at = clock()
        self._is_short = False
        self._hosts: dict[Origin, HostSeen] = {}
        self._bases: dict[str, BaseSeen] = {}
        self._lock = threading.RLock()

    @property
    def free(self) -> int:
        """The number of requests that could be served now."""
        return self.count - len(self._busy)

    def enter(self) -> Serving:
        """Record the request that this thread serves from now on."""
        serving = Serving(self)
        self._busy[serving.thread] = serving
        self._turned_at = self.clock()
        return serving

    def leave(self, serving: Serving) -> None:
        """Record that a thread has finished a request."""
        if self._busy.get(serving.thread) is serving:
            del self._busy[serving.thread]
            self._turned_at = self.clock()

    def host(self, host: Origin) -> HostSeen:
        """Return what is known of a host."""
        return self._known(self._hosts, host, lambda: HostSeen(self.clock()))

    def base(self, base: str) -> BaseSeen:
        """Return what is known of a FHIR base."""
        return self._known(self._bases, base, BaseSeen)

    def _known(self, known: dict[_Key, _Seen], key: _Key, first: Callable[[], _Seen]) -> _Seen:
        """Return what is known under a key. The oldest is forgotten first."""
        seen = known.get(key)
        if seen is None:
            with self._lock:
                if len(known) >= _MOST_KNOWN:
                    del known[next(iter(known))]
                seen = known.setdefault(key, first())
        return seen

    def admit(self, serving: Serving, url: str, base: str, session: str | None) -> None:
        """Let a request call a URL's host, or raise Overloaded.

        A request that may call a host isn't stopped halfway, because a change may follow its first
        read.
        """
        if url not in serving.called:
            if 4 * self.free < self.count:
                self._decide(serving, origin_of(url), base, session)
            serving.called.append(url)
        serving.base, serving.session = base, session

    def _decide(self, serving: Serving, host: Origin, base: str, session: str | None) -> None:
        with self._lock:
            if host in map(origin_of, serving.called):
                return
            now, seen = self.clock(), self.base(base)
            instance, known = self._instance(now, host), Base(seen.answered_at, seen.hung_at)
            if not bulkheads.may_call(instance, host, base, known, session, now):
                raise hanging(host)
            # If this is a probe, the next call isn't.
            self.host(host).called_at = now

    def gives_up(self, serving: Serving) -> bool:
        """Return whether a request that hangs gives up its reads."""
        if serving.given_up_at is None and (self.free == 0 or self._is_short):
            with self._lock:
                now = self.clock()
                instance = self._instance(now)
                chosen = bulkheads.to_give_up(instance, now)
                self._is_short = instance.free < (instance.enough if self._is_short else 1)
                for one in list(self._busy.values()):
                    if one.number in chosen:
                        one.given_up_at = now
        return serving.given_up_at is not None

    def notice(self, host: Origin) -> None:
        """Take note that a call to a host hangs. Log it at most once in REPORT_SECONDS, and only
        after a moment, when the calls that were made with it hang too.
        """
        now, seen = self.clock(), self.host(host)
        if now - seen.reported_at < REPORT_SECONDS:
            return
        with self._lock:
            if now - seen.noticed_at >= REPORT_SECONDS:
                seen.noticed_at = now
            if now - max(seen.noticed_at, seen.reported_at) < _MOMENT_SECONDS:
                return
            seen.reported_at = now
        calls = [one.as_call() for one in list(self.waiting) if one.host == host]
        waited = [one.waited(now) for one in calls if one.hangs(now)]
        count, longest = len(waited), max(waited, default=0.0)
        log.event(
            "ehr_hanging",
            f"calls to {host.authority} that hang: {count}, the longest for {longest:.0f} s",
            severity="WARNING",
            fields={
                "host": host.authority,
                "calls": count,
                "longest_wait_ms": round(longest * 1000),
            },
        )

    def _instance(self, now: float, *asked: Origin) -> Instance:
        """Return the state for a decision, with the hosts that it asks about."""
        busy = list(self._busy.values())
        # A read for a page that was already sent holds no thread.
        holding = [one for one in list(self.waiting) if one.serving in busy]
        hosts = {one: self.host(one) for one in {*asked, *(wait.host for wait in holding)}}
        return Instance(
            count=self.count,
            free=self.count - len(busy),
            turned_at=self._turned_at,
            is_short=self._is_short,
            calls=tuple(one.as_call() for one in holding),
            leaving=frozenset(
                one.number
                for one in busy
                if one.given_up_at is not None and now - one.given_up_at < bulkheads.STUCK_SECONDS
            ),
            hosts={
                host: Host(seen.called_at, seen.byte_at, seen.moved_at, seen.hung_at)
                for host, seen in hosts.items()
            },
        )
