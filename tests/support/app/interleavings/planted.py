"""Faults to plant in the product's code, each of which the simulation must find."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from unittest import mock

from shared.errors import StateUnknown, StoreUnavailable
from shared.session import end, record
from shared.session.end import Ending
from shared.session.lease import Lease
from shared.session.refresh import Refresher
from shared.session.sessions import Sessions
from shared.smart import launches, token_endpoint
from shared.store import Conflict, Record


@dataclass(frozen=True)
class Fault:
    """`replaced` attributes of `place`, the invariant that this breaks, and the first seed that
    shows it, or None if an order of "logout and slow refresh" does.
    """

    name: str
    place: Any
    replaced: Mapping[str, Any]
    breaks: str
    seed: int | None

    @contextlib.contextmanager
    def planted(self) -> Iterator[None]:
        with mock.patch.multiple(self.place, **self.replaced):
            yield


def _consume(store: Any, stored: launches.StoredLaunch) -> None:
    store.delete(launches.COLLECTION, stored.key)


def _retry(store: Any, stored: launches.StoredLaunch) -> None:
    try:
        store.delete(launches.COLLECTION, stored.key, stored.version)
    except StoreUnavailable:
        _delete_again(store, stored)
    except Conflict:
        raise StateUnknown from None


def _delete_again(store: Any, stored: launches.StoredLaunch) -> None:
    try:
        store.delete(launches.COLLECTION, stored.key, stored.version)
    except Conflict:
        raise StateUnknown from None


def _lease_without_condition(
    self: Refresher, stored: record.StoredSession, lease: Lease, last_used: float
) -> record.StoredSession:
    key = record.key(stored.session.handle)
    current = self.store.read(record.COLLECTION, key)
    version = current.version if current else ""
    fields = {**stored.record.fields, **record.lease_fields(lease), "last_used": last_used}
    version = self.store.replace(record.COLLECTION, key, fields, stored.record.expires_at, version)
    return replace(stored, record=Record(fields, stored.record.expires_at, version))


def _wipe_without_condition(self: Ending, handle: str, secret: bytes) -> Any:
    stored = self.store.read(record.COLLECTION, record.key(handle))
    if stored is None:
        return None
    self.store.delete(record.COLLECTION, record.key(handle))
    return record.unsealed(stored, handle, secret, self.sealer)


def _no_limit(self: Ending, stored: record.StoredSession, now: float) -> record.StoredSession:
    del self, now
    return stored


def _no_revocation(*_: object, **__: object) -> Mapping[str, str]:
    return {"revoked": "true"}


def _constant(value: object) -> Callable[..., object]:
    return lambda *_, **__: value


PLANTED = (
    Fault("a state is consumed without a condition", launches, {"consume": _consume}, "twice", 55),
    Fault("a conditional delete is retried", launches, {"consume": _retry}, "already used", 80),
    Fault(
        "another user's tokens are written before the check",
        Refresher,
        {"_may_be_of_another_user": _constant(False)},
        "tokens of bob",
        1,
    ),
    Fault(
        "a lease is written without a condition",
        Refresher,
        {"_write_lease": _lease_without_condition},
        "sent twice",
        128,
    ),
    Fault("a lease has no owner", Lease, {"is_held": _constant(False)}, "sent twice", 35),
    Fault(
        "a lease that is almost spent is used", Lease, {"is_spent": _constant(False)}, "twice", 26
    ),
    Fault(
        "logout wipes whatever version is there",
        Ending,
        {"wipe": _wipe_without_condition},
        "nobody has or revoked",
        251,
    ),
    Fault("logout revokes nothing", Ending, {"logged_out": _constant(None)}, "nobody has", 8),
    Fault(
        "tokens that come after a logout stay", end, {"revoke_new": _no_revocation}, "nobody", 96
    ),
    Fault(
        "a failed launch revokes nothing", token_endpoint, {"revoke": _no_revocation}, "nobody", 1
    ),
    Fault("a limit isn't checked", Ending, {"within_limits": _no_limit}, "after its end", 1261),
    Fault(
        "a slow renewal isn't followed by a read",
        Sessions,
        {"_recent": lambda self, cached: cached},
        "after a logout",
        None,
    ),
    Fault(
        "a failed refresh isn't followed by a pause",
        Lease,
        {"rests": _constant(False)},
        "at once",
        747,
    ),
)
