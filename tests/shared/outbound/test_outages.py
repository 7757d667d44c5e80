"""Outages of EHRs, simulated with the product's own rules: from 4 s on, everything else waits less
than 3 s, also while 20 requests a second for the EHRs that hang keep coming.
"""

import itertools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import replace

import pytest

from shared.outbound import serving, waiting
from shared.outbound.serving import Threads
from tests.support.app.simulated_threads import Asked, SimulatedThreads
from tests.support.app.stores import Clock

HEALTHY = "https://healthy.example/r4"
START = 1000.0


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> SimulatedThreads:
    clock, numbers = Clock(START), itertools.count()
    threads = Threads(16, clock)
    monkeypatch.setattr(waiting, "_threads", lambda: threads)
    # The requests end with the test.
    monkeypatch.setattr(waiting, "_serving", ContextVar("serving", default=None))
    monkeypatch.setattr(serving, "get_ident", lambda: next(numbers))
    return SimulatedThreads(threads, clock)


def others(tick: int) -> Iterator[Asked]:
    """Four times a second, each of what must go on."""
    if tick % 5 == 0:
        yield Asked("health")
        yield Asked("launch", f"{HEALTHY}-launch")
        yield Asked("read", HEALTHY)


def sixteen_hosts(tick: int) -> Asked:
    return Asked("silent", f"https://host-{tick % 16}.example/r4", answers=False)


def one_host_with_four_bases(tick: int) -> Asked:
    return Asked("silent", f"https://vendor.example/{tick % 4}", answers=False)


def one_host_of_500_bases_of_which_50_are_silent(tick: int) -> Asked:
    number = tick * 7 % 500
    base = f"https://vendor.example/{number}"
    return Asked("vendor", base, answers=number % 10 > 0)


def one_host_that_trickles(tick: int) -> Asked:
    return Asked("trickle", f"https://vendor.example/{tick % 4}", answers=False, trickle=2.0)


def reads_and_changes(tick: int) -> Asked:
    """One in ten is a change."""
    silent = f"https://host-{tick % 16}.example/r4"
    return Asked("silent", silent, answers=False, is_read=tick % 10 > 0)


def calls_for_cards(tick: int) -> Asked:
    """Each ends after 2 s (functions/cds_services/reader.py), so none hangs."""
    return Asked("cds", "https://vendor.example/r4", answers=False, seconds=2.0)


def sixteen_hosts_that_do_not_accept_connections(tick: int) -> Asked:
    """A call that connects can't be given up."""
    silent = f"https://host-{tick % 16}.example/r4"
    return Asked("silent", silent, answers=False, is_read=False, seconds=3.0)


@pytest.mark.parametrize(
    "outage",
    [
        sixteen_hosts,
        one_host_with_four_bases,
        one_host_of_500_bases_of_which_50_are_silent,
        one_host_that_trickles,
        reads_and_changes,
        calls_for_cards,
        sixteen_hosts_that_do_not_accept_connections,
    ],
)
def test_whatever_else_is_asked_is_answered_within_3_s(
    process: SimulatedThreads, outage: Callable[[int], Asked]
) -> None:
    process.run(40.0, lambda tick: iter((outage(tick), *others(tick))))
    assert process.longest(after=START + 4.0) < 3.0
    # EHRs that answer are served, whatever their neighbors do.
    assert [one for one in process.refused if one.answers] == []


def test_silent_hosts_are_probed_every_3_s_and_served_as_soon_as_they_answer(
    process: SimulatedThreads,
) -> None:
    process.run(20.0, lambda tick: iter((sixteen_hosts(tick), *others(tick))))
    for host in range(16):
        base = f"https://host-{host}.example/r4"
        times = [at for at, one in process.sent if one.base == base and at >= START + 4.0]
        # An eighth of the threads stays free, so not all sixteen can be probed at the same time.
        assert 3 <= len(times) <= 6
        assert all(later - earlier > 2.9 for earlier, later in itertools.pairwise(times))
    process.run(4.0, lambda tick: iter((replace(sixteen_hosts(tick), answers=True),)))
    process.refused.clear()
    process.run(4.0, lambda tick: iter((replace(sixteen_hosts(tick), answers=True),)))
    assert process.refused == []


def test_changes_that_were_sent_hold_all_threads_until_their_deadline(
    process: SimulatedThreads,
) -> None:
    """As docs/scaling.md says."""
    silent = Asked("write", f"{HEALTHY}-silent", answers=False, is_read=False)
    process.run(1.0, lambda tick: iter((silent,) if tick < 16 else ()))
    process.run(61.0, others)
    assert max(late for _, late in process.delays["health"]) == pytest.approx(59.0, abs=2.0)
