"""The lease of a refresh: the process that may request new access for a session, and until when.

A lease is written only if the record hasn't changed since it was read, so only one process gets it.
A lapsed lease counts as a failed attempt, because its owner may have sent the request. After a
failed attempt, all processes wait before they try again.
"""

from shared.frozen import dataclass

LEASE_SECONDS = 15.0
# The time that may pass before the EHR is called. The rest of the lease covers the call's deadline
# (shared/smart/token_endpoint.py).
SPARE_SECONDS = 5.0
RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Lease:
    """The owner of a refresh, its end, and the earliest time for another attempt (Unix seconds).

    If a time is further ahead than any lease or pause lasts, the clock that set it differs from
    this one, and the time is ignored.
    """

    owner: str | None
    until: float
    retry_at: float

    def is_held(self, now: float) -> bool:
        """Return whether a refresh is in progress."""
        return self.owner is not None and 0 < self.until - now <= LEASE_SECONDS + RETRY_SECONDS

    def is_spent(self, now: float) -> bool:
        """Return whether too little time remains to call the EHR."""
        return now > self.until - LEASE_SECONDS + SPARE_SECONDS

    def rests(self, now: float) -> bool:
        """Return whether an attempt failed so recently that the next one must wait."""
        return 0 < self.retry_at - now <= 2 * RETRY_SECONDS


NO_LEASE = Lease(None, 0.0, 0.0)


def taken(owner: str, now: float) -> Lease:
    """Return a new lease. If its owner stops, the attempt has failed when the lease lapses."""
    return Lease(owner, now + LEASE_SECONDS, now + LEASE_SECONDS + RETRY_SECONDS)


def resting(now: float) -> Lease:
    """Return a lease without an owner, after a failed attempt."""
    return Lease(None, 0.0, now + RETRY_SECONDS)
