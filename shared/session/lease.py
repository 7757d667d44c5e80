"""The lease of a refresh: who requests new access for a session from the EHR, and until when.

It's written on condition of the record that was read, so only one process gets it. A lease that
lapsed counts as a failed attempt, because its holder may have sent the request. A failure is
followed by a rest.
"""

from dataclasses import dataclass

LEASE_SECONDS = 15.0
# The time that may pass before the EHR is called. The rest of the lease is the deadline of the call
# (shared/smart/token_endpoint.py).
SPARE_SECONDS = 5.0
RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Lease:
    """Who refreshes, until when, and the earliest time for another attempt (Unix seconds).

    A time further ahead than any lease or rest lasts was set by a clock far from this one. It's
    ignored, and nothing waits for it.
    """

    owner: str | None
    until: float
    retry_at: float

    def is_held(self, now: float) -> bool:
        """Return whether a refresh is in progress."""
        return self.owner is not None and 0 < self.until - now <= LEASE_SECONDS + RETRY_SECONDS

    def is_spent(self, now: float) -> bool:
        """Return whether too little of it remains to call the EHR."""
        return now > self.until - LEASE_SECONDS + SPARE_SECONDS

    def rests(self, now: float) -> bool:
        """Return whether an attempt failed so recently that another must wait."""
        return 0 < self.retry_at - now <= 2 * RETRY_SECONDS


NO_LEASE = Lease(None, 0.0, 0.0)


def taken(owner: str, now: float) -> Lease:
    """Return a new lease. If its holder stops, the attempt has failed when it lapses."""
    return Lease(owner, now + LEASE_SECONDS, now + LEASE_SECONDS + RETRY_SECONDS)


def resting(now: float) -> Lease:
    """Return a lease without an owner, after a failed attempt."""
    return Lease(None, 0.0, now + RETRY_SECONDS)
