"""Decide which calls may start and which hanging reads are given up, so that no outage of an EHR
stops an instance. Pure: all times are on one monotonic clock, in seconds.

A thread serves a request until its response is sent, so a call that hangs holds a thread. Shares of
the threads are counted by FHIR base and by session. A host (scheme, host and port) counts as a
whole, whatever is called there. Decisions are made only while few threads are free.

Calls that were just sent can't be given up, because it isn't clear yet that they hang. So a call
that is likely to hang starts only if one thread in eight stays free, or can be freed at once.
"""

import math
from collections import Counter
from collections.abc import Mapping

from shared.frozen import dataclass
from shared.outbound.request import Origin

# A call hangs after this time without a byte ...
HANGING_SECONDS = 3.0
# ... or if its response isn't complete and has brought less than SLOW_BYTES in SLOW_SECONDS.
SLOW_SECONDS = 5.0
SLOW_BYTES = 64_000
# A silent host gets one call in this time, to find out whether it responds again.
PROBE_SECONDS = 3.0
# After this time without a call, a host no longer counts as silent because of earlier calls.
MEMORY_SECONDS = 10.0
# If no thread has become free for this time, reads within all shares are given up too. It's also
# the time in which a thread becomes free whose read was given up.
STUCK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Call:
    """A call that waits for its EHR.

    Fields:
        request: the number of the request that makes it. Its concurrent calls count as one.
        host: the called server. The base and session are the request's.
        is_read: it may be given up.
        since: when it was made.
        quiet_since: when its last byte arrived, or the wait for the first one started.
        slow_since: since when less than SLOW_BYTES have arrived, without the time in which the app
            itself didn't read.
    """

    request: int
    host: Origin
    base: str | None
    session: str | None
    is_read: bool
    since: float
    quiet_since: float
    slow_since: float

    def hangs(self, now: float) -> bool:
        """Return whether it hangs."""
        return now - self.quiet_since >= HANGING_SECONDS or now - self.slow_since >= SLOW_SECONDS

    def waited(self, now: float) -> float:
        """Return how long it has waited."""
        return now - min(self.quiet_since, self.slow_since)


@dataclass(frozen=True, slots=True)
class Host:
    """The state of a host, from its calls.

    Fields:
        called_at: when the last call was made there.
        byte_at: when the last byte arrived from it, or else when it was first called.
        moved_at: when a response from it was last complete, or brought SLOW_BYTES in SLOW_SECONDS.
        hung_at: since when the last call that hung there and then ended had received nothing.
    """

    called_at: float
    byte_at: float
    moved_at: float = -math.inf
    hung_at: float = -math.inf


@dataclass(frozen=True, slots=True)
class Base:
    """The state of a FHIR base, from its calls.

    Fields:
        answered_at: when its last response was complete.
        hung_at: when the last call that hung there and then ended had been made.
    """

    answered_at: float = -math.inf
    hung_at: float = -math.inf


@dataclass(frozen=True, slots=True)
class Instance:
    """The threads of a process at one moment, and what waits in them.

    Fields:
        count, free: the number of threads, and how many of them serve no request.
        turned_at: when a thread last started or finished a request.
        is_short: no thread was free, and since then fewer than one in eight.
        calls: the waiting calls of requests that hold a thread.
        leaving: requests that were given up less than STUCK_SECONDS ago and still hold a thread.
        hosts: at least the hosts of `calls`.
    """

    count: int
    free: int
    turned_at: float
    is_short: bool
    calls: tuple[Call, ...]
    leaving: frozenset[int]
    hosts: Mapping[Origin, Host]

    @property
    def enough(self) -> int:
        """One thread in eight, and at least one."""
        return -(-self.count // 8)

    def is_silent(self, host: Origin, now: float) -> bool:
        """Return whether calls hang at a host and nothing else arrives from it, or so little that
        no response gets anywhere.
        """
        known = self.hosts.get(host)
        if known is None:
            return False
        calls = [one for one in self.calls if one.host == host]
        moved_at = max(known.moved_at, min((one.since for one in calls), default=-math.inf))
        is_quiet = now - known.byte_at >= HANGING_SECONDS
        is_slow = now - moved_at >= SLOW_SECONDS
        if any(one.hangs(now) for one in calls):
            return is_quiet or is_slow
        hung = (is_quiet and known.hung_at >= known.byte_at) or (
            is_slow and known.hung_at >= moved_at
        )
        return hung and now - known.called_at < MEMORY_SECONDS


@dataclass(frozen=True, slots=True)
class _Held:
    """A request that holds a thread because of calls that hang, `since` the first one was made.

    `may_end`: it waits for nothing but reads that hang, so giving them up frees the thread.
    """

    request: int
    base: str | None
    session: str | None
    since: float
    hosts: frozenset[Origin]
    may_end: bool


def may_call(
    instance: Instance, host: Origin, base: str, known: Base, session: str | None, now: float
) -> bool:
    """Return whether a request may start to call a host for a session at a base."""
    if 4 * instance.free >= instance.count:
        return True
    held = _held(instance, now)
    of_base = [one.since for one in held if one.base == base]
    is_silent = instance.is_silent(host, now)
    if not is_silent and known.answered_at >= max((known.hung_at, *of_base)):
        return True
    if instance.free + _freed_at_once(instance, held, now) < instance.count // 8:
        return False
    if known.answered_at > min(of_base, default=known.hung_at):
        return True
    of_session = sum(one.session == session for one in held if session is not None)
    if 2 * len(of_base) >= instance.count or 4 * of_session >= instance.count:
        return False
    return not is_silent or now - instance.hosts[host].called_at >= PROBE_SECONDS


def to_give_up(instance: Instance, now: float) -> tuple[int, ...]:
    """Return the requests whose reads are given up now."""
    if instance.free > 0 and not instance.is_short:
        return ()
    missing = instance.enough - instance.free - len(instance.leaving)
    if missing <= 0:
        return ()
    held = _held(instance, now)
    is_stuck = instance.free == 0 and now - instance.turned_at >= STUCK_SECONDS
    ranked = [
        (rank, one.request)
        for one, rank in zip(held, _ranks(instance, held, now), strict=True)
        if one.may_end and one.request not in instance.leaving and (rank < _OTHER or is_stuck)
    ]
    # Sorting keeps the order within a rank: the most recent first.
    ranked.reverse()
    ranked.sort(key=lambda one: one[0])
    return tuple(request for _, request in ranked[:missing])


def _held(instance: Instance, now: float) -> list[_Held]:
    """Return the requests that hang, the longest first."""
    of_request: dict[int, list[Call]] = {}
    for call in instance.calls:
        of_request.setdefault(call.request, []).append(call)
    held = []
    for request, calls in of_request.items():
        if hanging := [one for one in calls if one.hangs(now)]:
            may_end = len(hanging) == len(calls) and all(one.is_read for one in calls)
            since = min(one.since for one in hanging)
            hosts = frozenset(one.host for one in hanging)
            held.append(_Held(request, calls[0].base, calls[0].session, since, hosts, may_end))
    return sorted(held, key=lambda one: one.since)


def _freed_at_once(instance: Instance, held: list[_Held], now: float) -> int:
    """Return how many threads could be free in a moment."""
    ranked = zip(held, _ranks(instance, held, now), strict=True)
    ending = (one.request for one, rank in ranked if one.may_end and rank < _OTHER)
    return len(instance.leaving.union(ending))


# The order in which hanging reads are given up.
_BEYOND_SHARES, _SILENT, _OTHER = range(3)


def _ranks(instance: Instance, held: list[_Held], now: float) -> list[int]:
    """Return the rank of each request. The share of a session is a quarter of the threads, and that
    of a base is half. Requests beyond their session's share don't count toward the base's.
    """
    of_session, of_base = Counter[str | None](), Counter[str | None]()
    silent = {one for one in instance.hosts if instance.is_silent(one, now)}
    ranks = []
    for one in held:
        of_session[one.session] += 1
        beyond = one.session is not None and 4 * of_session[one.session] > instance.count
        if not beyond:
            of_base[one.base] += 1
            beyond = one.base is not None and 2 * of_base[one.base] > instance.count
        rank = _OTHER if one.hosts.isdisjoint(silent) else _SILENT
        ranks.append(_BEYOND_SHARES if beyond else rank)
    return ranks
