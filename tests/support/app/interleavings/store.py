"""A store whose calls are scheduling points, and may fail as Firestore's or SQLite's do."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.config.settings import StoreKind
from shared.errors import StoreUnavailable
from shared.store import Conflict, Fields, Record
from tests.support.app.interleavings.scheduler import Listed, Scheduler

T = TypeVar("T")

# What a call that fails leads to: nothing, its effect without a reply, or its effect later.
# SQLite's calls fail only without an effect.
OUTCOMES: dict[StoreKind, tuple[str, ...]] = {
    "firestore": ("done", "not made", "reply lost", "delayed"),
    "sqlite": ("done", "not made"),
}
SECONDS = 2.0  # until the client gives up


@dataclass(frozen=True)
class Operation:
    """A call that had its effect, and the effect: its result, or Conflict."""

    name: str
    time: float
    arguments: tuple[Any, ...]
    result: object


class SimulatedStore:
    """shared.store.Store in memory. Any call can be followed by other actors' calls.

    `away` lets all calls fail. `lost_deletes`: a delete has had no reply,
    so its outcome is unknown. `leases` has the time at
    which each actor took the lease of a refresh.
    """

    def __init__(self, scheduler: Scheduler, kind: StoreKind = "firestore") -> None:
        self._scheduler = scheduler
        self.clock: Callable[[], float] = lambda: scheduler.time
        self._outcomes = OUTCOMES[kind]
        self._records: dict[tuple[str, str], Record] = {}
        self.operations: list[Operation] = []
        self.away = self.lost_deletes = False
        self.leases: dict[str, float] = {}

    def create(self, collection: str, key: str, fields: Fields, expires_at: float) -> str:
        """Write a record that doesn't exist."""

        def effect() -> str:
            if self._alive(collection, key):
                raise Conflict
            return self._put(collection, key, fields, expires_at)

        return self._call("create", (collection, key, fields, expires_at), effect)

    def read(self, collection: str, key: str) -> Record | None:
        """Read a record. One that has expired isn't there."""
        return self._call("read", (collection, key), lambda: self._alive(collection, key))

    def replace(
        self, collection: str, key: str, fields: Fields, expires_at: float, version: str
    ) -> str:
        """Write a record that is still at a version."""

        def effect() -> str:
            self._check(collection, key, version)
            if fields.get("lease_owner") and self._scheduler.is_running:
                self.leases[self._scheduler.current.name] = self._scheduler.monotonic
            return self._put(collection, key, fields, expires_at)

        return self._call("replace", (collection, key, fields, expires_at, version), effect)

    def delete(self, collection: str, key: str, version: str | None = None) -> None:
        """Delete a record, if it's still at the version."""

        def effect() -> None:
            if version is not None:
                self._check(collection, key, version)
            self._records.pop((collection, key), None)

        self._call("delete", (collection, key, version), effect)

    def now(self, collection: str) -> list[Record]:
        """Return the records of a collection, without a call."""
        return [one for (of, _), one in self._records.items() if of == collection]

    def _alive(self, collection: str, key: str) -> Record | None:
        record = self._records.get((collection, key))
        return None if record is None or record.expires_at <= self.clock() else record

    def _check(self, collection: str, key: str, version: str) -> None:
        record = self._records.get((collection, key))
        if record is None or record.version != version:
            raise Conflict

    def _put(self, collection: str, key: str, fields: Fields, expires_at: float) -> str:
        version = f"version {len(self.operations)}"
        self._records[collection, key] = Record(dict(fields), expires_at, version)
        return version

    def _call(self, name: str, arguments: tuple[Any, ...], effect: Callable[[], T]) -> T:
        scheduler = self._scheduler
        scheduler.point()
        outcomes = self._outcomes[: 2 if name == "read" else None]
        outcome = "not made" if self.away else outcomes[scheduler.outcome(len(outcomes))]
        what = f"{name} in {arguments[0]}"
        scheduler.tell(what if outcome == "done" else f"{what}: {outcome}")

        def happen() -> T:
            result: object = Conflict
            try:
                result = made = effect()
            except Conflict:
                scheduler.tell(f"  {what}: Conflict")
                raise
            finally:
                done = Operation(name, self.clock(), arguments, result)
                self.operations.append(done)
            return made

        if outcome == "done":
            return happen()

        def unheard() -> None:
            with contextlib.suppress(Conflict):
                happen()

        self.lost_deletes |= name == "delete"
        if outcome == "reply lost":
            unheard()
        elif outcome == "delayed":
            scheduler.start("the network", None, unheard)
        scheduler.sleep(SECONDS)
        raise StoreUnavailable


class SimulatedBackend:
    """The simulated store for the tests that every back end must pass."""

    def __init__(self) -> None:
        self._store = SimulatedStore(Scheduler(Listed([])))

    def open(self, clock: Callable[[], float] = time.time) -> SimulatedStore:
        """Return the one store, by this clock."""
        self._store.clock = clock
        return self._store
