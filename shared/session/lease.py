"""The lease of a refresh: who asks the EHR for a session's new access, and until when.

It is written on condition of the record that was read, so one of many gets it. A lease that
lapsed counts as an attempt that failed: its holder may have asked. After a failure there is a rest.
"""

from dataclasses import dataclass

LEASE_SECONDS = 15.0
# What may pass before the EHR is asked: what then remains is its deadline
# (shared/smart/token_endpoint.py).
SPARE_SECONDS = 5.0
RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Lease:
    """Who refreshes, until when, and the time before which nobody else may try (unix seconds).

    A time further ahead than any lease or rest lasts was set by a clock far from this one. It
    tells nothing, and nobody waits for it.
    """

    owner: str | None
    until: float
    retry_at: float

    def is_held(self, now: float) -> bool:
        """Whether somebody refreshes."""
        return self.owner is not None and 0 < self.until - now <= LEASE_SECONDS + RETRY_SECONDS

    def is_spent(self, now: float) -> bool:
        """Whether too little remains of it to ask the EHR."""
        return now > self.until - LEASE_SECONDS + SPARE_SECONDS

    def rests(self, now: float) -> bool:
        """Whether an attempt failed so lately that none may follow."""
        return 0 < self.retry_at - now <= 2 * RETRY_SECONDS


NO_LEASE = Lease(None, 0.0, 0.0)


def taken(owner: str, now: float) -> Lease:
    """A new lease. Should its holder end, its attempt has failed when the lease lapses."""
    return Lease(owner, now + LEASE_SECONDS, now + LEASE_SECONDS + RETRY_SECONDS)


def resting(now: float) -> Lease:
    """Nobody's, after an attempt that failed."""
    return Lease(None, 0.0, now + RETRY_SECONDS)
