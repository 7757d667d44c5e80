"""When a refresh may begin: the lease of another one, and the pause after a failure."""

from shared.session.lease import LEASE_SECONDS, RETRY_SECONDS, SPARE_SECONDS, Lease
from tests.support.tables import each

NOW = 1000.0
LONGEST = LEASE_SECONDS + RETRY_SECONDS


@each(
    ("owner", "until", "is_held"),
    [
        ("a", NOW + 1, True),
        (None, NOW + 1, False),
        ("a", NOW, False),
        ("a", NOW - 1, False),
        ("a", NOW + LONGEST, True),
        # The clock that set it differs from this one.
        ("a", NOW + LONGEST + 1, False),
    ],
)
def test_a_lease_is_held_by_its_owner_until_its_end(
    owner: str | None, until: float, is_held: bool
) -> None:
    assert Lease(owner, until, 0).is_held(NOW) is is_held


@each(("left", "is_spent"), [(1, False), (0, False), (-1, True)])
def test_a_lease_is_spent_when_too_little_time_remains_for_a_call(
    left: float, is_spent: bool
) -> None:
    assert Lease("a", NOW + LEASE_SECONDS - SPARE_SECONDS + left, 0).is_spent(NOW) is is_spent


@each(
    ("retry_at", "rests"),
    [
        (NOW + 1, True),
        (NOW, False),
        (NOW - 1, False),
        (NOW + 2 * RETRY_SECONDS, True),
        (NOW + 2 * RETRY_SECONDS + 1, False),
    ],
)
def test_the_next_attempt_waits_after_a_failure(retry_at: float, rests: bool) -> None:
    assert Lease(None, 0, retry_at).rests(NOW) is rests
