"""The store back ends under test, and a way for other processes to race on one record.

Run as `python -m tests.support.app.stores KIND PLACE` it reads lines WRITE VERSION on standard
input; for each it makes one write to the record COLLECTION/KEY and prints whether it won.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from shared.config.settings import StoreKind
from shared.store import Conflict, Store
from shared.store.sqlite import SqliteStore
from tests.support.app.servers import ROOT

COLLECTION, KEY = "launches", "a" * 64
# The kinds of the setting `store.kind`, each with the places in which the suite runs it.
KINDS: Mapping[StoreKind, tuple[str, ...]] = {"sqlite": ("sqlite",), "firestore": ("stand_in",)}
# Stores in a file or folder, which need nothing else.
IN_FILES = tuple(kind for kind, places in KINDS.items() if places == (kind,))
FAR = 4e9


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Backend:
    """A back end with nothing in it. Every `open` is a new client of the same records.

    `place` is a file for `sqlite`, for `firestore` a project at FIRESTORE_EMULATOR_HOST.
    """

    kind: StoreKind
    place: str

    def open(self, clock: Callable[[], float] = time.time) -> Store:
        match self.kind:
            case "sqlite":
                return SqliteStore(self.place, clock)
            case "firestore":
                # Loading it takes longer than most tests.
                from shared.store.firestore import FirestoreStore

                return FirestoreStore(self.place, "smart", clock)
            case _:
                assert_never(self.kind)


WRITES: dict[str, Callable[[Store, str], object]] = {
    "create": lambda store, _: store.create(COLLECTION, KEY, {"n": 1}, FAR),
    "replace": lambda store, version: store.replace(COLLECTION, KEY, {"n": 2}, FAR, version),
    "delete": lambda store, version: store.delete(COLLECTION, KEY, version),
}


def wins(write: str, store: Store, version: str) -> bool:
    """Whether this write, of many on the same condition, was the one that succeeded."""
    try:
        WRITES[write](store, version)
    except Conflict:
        return False
    return True


@contextlib.contextmanager
def racing_processes(backend: Backend) -> Iterator[Callable[[str, str], list[bool]]]:
    """Several processes with a store each. The function lets all make the same write at once, on
    the same version, and gives the outcome for each.
    """
    # Each loads the client library: with Firestore's that takes a second.
    runners = 4 if backend.kind == "sqlite" else 3
    command = [sys.executable, "-m", __name__, backend.kind, backend.place]
    pipe = subprocess.PIPE
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
            )
            for _ in range(runners)
        ]

        def said() -> list[str]:
            return [process.stdout.readline().strip() for process in processes if process.stdout]

        def race(write: str, version: str) -> list[bool]:
            for process in processes:
                assert process.stdin is not None
                process.stdin.write(f"{write} {version}\n")
                process.stdin.flush()
            outcomes = said()
            assert set(outcomes) <= {"won", "lost"}, outcomes
            return [outcome == "won" for outcome in outcomes]

        assert said() == ["ready"] * runners
        yield race


def _run(kind: StoreKind, place: str) -> None:
    store = Backend(kind, place).open()
    print("ready", flush=True)
    for line in sys.stdin:
        write, _, version = line.rstrip("\n").partition(" ")
        print("won" if wins(write, store, version) else "lost", flush=True)


if __name__ == "__main__":
    _, named, at = sys.argv
    _run(next(kind for kind in KINDS if kind == named), at)
