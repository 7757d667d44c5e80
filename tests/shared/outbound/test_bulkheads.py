"""Which calls may start, and which hanging reads are given up, at any moment."""

import math
from typing import Any

from shared.outbound.bulkheads import Base, Call, Host, Instance, may_call, to_give_up
from shared.outbound.request import Origin
from tests.support.tables import each

COUNT = 16
NOW = 100.0
VENDOR, OTHER = Origin("https", "vendor.example", 443), Origin("https", "other.example", 443)
NEVER_CALLED = Base()


def call(
    request: int,
    base: str = "b",
    session: str | None = None,
    *,
    host: Origin = VENDOR,
    is_read: bool = True,
    ago: float = 10.0,
) -> Call:
    """A call that was made this long ago and never got a byte."""
    since = NOW - ago
    return Call(request, host, base, session or str(request), is_read, since, since, since)


def instance(
    *calls: Call, free: int = 0, byte_ago: float = 10.0, called_ago: float = 1.0, **more: Any
) -> Instance:
    """A process whose threads are all busy. Bytes came from the vendor's host this long ago, and
    more than a trickle `moved_ago`, by default at the same time.
    """
    moved, hung_at = NOW - more.pop("moved_ago", byte_ago), more.pop("hung_at", -math.inf)
    hosts = {
        VENDOR: Host(NOW - called_ago, NOW - byte_ago, moved, hung_at),
        OTHER: Host(NOW, NOW, NOW),
    }
    state = {"turned_at": NOW, "is_short": False, "leaving": frozenset(), "hosts": hosts, **more}
    return Instance(count=COUNT, free=free, calls=calls, **state)


def may(
    state: Instance,
    base: str = "new",
    session: str | None = "new",
    *,
    host: Origin = VENDOR,
    known: Base = NEVER_CALLED,
) -> bool:
    return may_call(state, host, base, known, session, NOW)


@each(
    ("quiet", "slow", "hangs"),
    [(2.9, 4.9, False), (3.0, 3.0, True), (0.1, 5.0, True)],
)
def test_a_call_hangs_after_3_s_without_a_byte_or_5_s_with_less_than_64_kb(
    quiet: float, slow: float, hangs: bool
) -> None:
    one = Call(1, VENDOR, "b", "s", True, NOW - 60.0, NOW - quiet, NOW - slow)
    assert one.hangs(NOW) is hangs


def test_nothing_is_refused_while_a_quarter_of_the_threads_is_free() -> None:
    state = instance(*(call(number) for number in range(12)), free=4)
    assert may(state, "b", "0")


def test_a_base_that_holds_half_of_the_threads_is_not_called_and_another_is() -> None:
    state = instance(*(call(number) for number in range(8)), free=3, byte_ago=0.0)
    assert not may(state, "b")
    assert may(state, "another")
    state = instance(*(call(number) for number in range(7)), free=3, byte_ago=0.0)
    assert may(state, "b")


def test_a_session_that_holds_a_quarter_is_refused_and_no_other_of_its_base() -> None:
    state = instance(*(call(number, session="one") for number in range(4)), free=3, byte_ago=0.0)
    assert not may(state, "b", "one")
    assert may(state, "b", "another")
    # A call without a session isn't counted as one.
    none = (Call(n, VENDOR, "b", None, True, 0.0, 0.0, 0.0) for n in range(4))
    assert may(instance(*none, free=3, byte_ago=0.0), "b", None)


def test_calls_side_by_side_of_one_page_count_as_one() -> None:
    page = [call(1, session="one") for _ in range(9)]
    assert may(instance(*page, free=3, byte_ago=0.0), "b", "one")


def test_a_silent_host_is_called_once_in_3_s_whatever_the_base() -> None:
    silent = call(1)
    assert not may(instance(silent, free=3, called_ago=2.9))
    assert may(instance(silent, free=3, called_ago=3.0))
    assert may(instance(silent, free=3), host=OTHER)
    # A byte has come, on whatever connection.
    assert may(instance(silent, free=3, byte_ago=2.9))
    # Nothing hangs.
    assert may(instance(call(1, ago=2.9), free=3))


def test_a_host_that_only_trickles_counts_as_silent() -> None:
    trickles = call(1, "neighbor")
    assert may(instance(trickles, free=3, byte_ago=0.0, moved_ago=4.9))
    assert not may(instance(trickles, free=3, byte_ago=0.0, moved_ago=5.0))
    assert to_give_up(instance(trickles, byte_ago=0.0, moved_ago=5.0), NOW) == (1,)
    # It has only just been called again.
    assert may(instance(call(1, ago=4.0), free=3, byte_ago=0.0, moved_ago=60.0))
    # Its calls were given up.
    elsewhere = call(1, host=OTHER)
    assert not may(instance(elsewhere, free=3, byte_ago=0.0, moved_ago=5.0, hung_at=NOW - 4.0))
    assert may(instance(elsewhere, free=3, byte_ago=0.0, moved_ago=3.0, hung_at=NOW - 4.0))


def test_a_probe_is_within_the_shares_of_its_base_and_session() -> None:
    state = instance(*(call(number) for number in range(8)), free=3, called_ago=3.0)
    assert not may(state, "b")
    state = instance(*(call(number, session="one") for number in range(4)), free=3, called_ago=3.0)
    assert not may(state, "b", "one")


def test_a_host_stays_silent_after_its_calls_were_given_up_until_a_byte_comes() -> None:
    elsewhere = call(1, host=OTHER)
    assert not may(instance(elsewhere, free=3, hung_at=NOW - 9.0))
    assert may(instance(elsewhere, free=3, hung_at=NOW - 11.0, byte_ago=10.0))
    # It was not called for a while, so it may have recovered.
    assert may(instance(elsewhere, free=3, hung_at=NOW - 9.0, called_ago=10.0))


def test_a_base_that_has_answered_since_its_oldest_hanging_call_is_served() -> None:
    answers = Base(answered_at=NOW - 5.0)
    half = [call(number, ago=10.0) for number in range(8)]
    for byte_ago in (0.0, 10.0):
        assert may(instance(*half, free=3, byte_ago=byte_ago), "b", "0", known=answers)
    assert not may(instance(*half, free=3), "b", known=Base(answered_at=NOW - 11.0))


def test_a_base_whose_neighbors_hang_is_served_if_its_last_call_was_answered() -> None:
    silent = call(1, "neighbor")
    state = instance(silent, free=3)
    assert may(state, known=Base(answered_at=NOW - 60.0))
    assert may(state, known=Base(answered_at=NOW - 20.0, hung_at=NOW - 30.0))
    assert not may(state, known=Base(answered_at=NOW - 30.0, hung_at=NOW - 20.0))


def test_what_may_hang_does_not_take_the_last_eighth_of_the_threads() -> None:
    """Calls that were just sent can't be given up."""
    silent, due = call(1), {"called_ago": 3.0}
    assert not may(instance(silent, free=0, **due))
    assert may(instance(silent, call(2), free=0, **due))
    assert may(instance(silent, free=1, **due))
    # A change holds its thread.
    assert not may(instance(silent, call(2, is_read=False), free=0, **due))
    # A base that answers isn't among that.
    half = [call(number) for number in range(1, 9)]
    answers = Base(answered_at=NOW)
    assert may(instance(call(1), free=0, byte_ago=0.0), "b", known=answers)
    assert may(instance(*half, free=0, byte_ago=0.0), "b", known=answers)


def test_no_read_is_given_up_while_a_thread_is_free() -> None:
    calls = [call(number) for number in range(15)]
    assert to_give_up(instance(*calls, free=1), NOW) == ()
    # None was free, and one in eight isn't yet.
    assert len(to_give_up(instance(*calls, free=1, is_short=True), NOW)) == 1
    assert to_give_up(instance(*calls, free=2, is_short=True), NOW) == ()
    # A thread that is about to be free counts.
    assert len(to_give_up(instance(*calls, leaving=frozenset({0})), NOW)) == 1
    assert to_give_up(instance(*calls, leaving=frozenset({0, 1})), NOW) == ()


def test_the_youngest_reads_beyond_a_share_are_given_up_first_then_those_at_silent_hosts() -> None:
    of_session = [call(number, "a", "one", host=OTHER, ago=30 - number) for number in range(5)]
    of_base = [call(number, "b", host=OTHER, ago=30 - number) for number in range(5, 14)]
    silent = [call(number, f"s{number}", ago=30 - number) for number in range(14, 16)]
    state = instance(*of_session, *of_base, *silent)
    assert to_give_up(state, NOW) == (13, 4)
    state = instance(*of_session[:4], *of_base, *silent)
    assert to_give_up(state, NOW) == (13, 15)
    state = instance(*of_session[:4], *of_base[:8], *silent)
    assert to_give_up(state, NOW) == (15, 14)


def test_reads_within_all_shares_are_given_up_only_if_no_thread_becomes_free_for_a_second() -> None:
    calls = [call(number, f"b{number}", ago=30 - number) for number in range(16)]
    assert to_give_up(instance(*calls, byte_ago=0.0), NOW) == ()
    assert to_give_up(instance(*calls, byte_ago=0.0, turned_at=NOW - 0.9), NOW) == ()
    assert to_give_up(instance(*calls, byte_ago=0.0, turned_at=NOW - 1.0), NOW) == (15, 14)


def test_changes_are_never_given_up_and_take_their_part() -> None:
    changes = [call(number, is_read=False, ago=30) for number in range(8)]
    reads = [call(number, ago=20) for number in range(8, 16)]
    assert set(to_give_up(instance(*changes, *reads), NOW)) <= set(range(8, 16))
    changes = [call(number, is_read=False, ago=30) for number in range(16)]
    assert to_give_up(instance(*changes, turned_at=0.0), NOW) == ()


def test_a_request_is_given_up_only_if_that_frees_its_thread() -> None:
    waits_for_a_change = call(1), call(1, is_read=False)
    waits_for_what_was_just_sent = call(2), call(2, ago=1.0)
    state = instance(*waits_for_a_change, *waits_for_what_was_just_sent, call(3), turned_at=0.0)
    assert to_give_up(state, NOW) == (3,)
