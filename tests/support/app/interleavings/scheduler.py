"""A deterministic scheduler: actors take turns at scheduling points, as a chooser says.

Every actor is a greenlet of one thread, and time is simulated, so a run depends only on the choices
and can be replayed. The same idea as in the simulations of FoundationDB and TigerBeetle.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import greenlet  # type: ignore[import-untyped]  # it isn't typed

MOST_STEPS = 2_000


class Endless(AssertionError):
    """A run took more steps than any actor should need, or no actor can continue."""


class Chooser(Protocol):
    """Makes the choices of one run."""

    def actor(self, number: int, last: int | None) -> int:
        """Return which of `number` actors continues. `last` is the one that just did, if it can."""

    def outcome(self, number: int) -> int:
        """Return which of `number` outcomes a call has. 0 is success."""


@dataclass
class Random:
    """The choices of a seed. A run has at most `faults` outcomes other than success."""

    seed: int
    faults: int = 2
    _random: random.Random = field(init=False)
    _stays: float = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        # Some runs change actors at each step, others rarely.
        self._stays = self._random.choice((0.0, 0.5, 0.8))

    def actor(self, number: int, last: int | None) -> int:
        if last is not None and self._random.random() < self._stays:
            return last
        return self._random.randrange(number)

    def outcome(self, number: int) -> int:
        if not self.faults or self._random.random() > 0.12:
            return 0
        self.faults -= 1
        return self._random.randrange(1, number)


@dataclass
class Listed:
    """The choices of a list, and then always the first. `taken` are those that were made."""

    choices: Sequence[int]
    faults: int = 0
    taken: list[tuple[int, int]] = field(default_factory=list)

    def actor(self, number: int, last: int | None) -> int:
        return self._next(number)

    def outcome(self, number: int) -> int:
        chosen = self._next(number if self.faults else 1)
        self.faults -= chosen > 0
        return chosen

    def _next(self, number: int) -> int:
        if number == 1:
            return 0
        place = len(self.taken)
        chosen = self.choices[place] if place < len(self.choices) else 0
        self.taken.append((chosen, number))
        return chosen


def every(faults: int = 0) -> Iterator[Listed]:
    """Yield the choices of each possible run once, depth first. Make the run before the next one is
    taken.
    """
    choices: list[int] = []
    while True:
        listed = Listed(choices, faults)
        yield listed
        taken = listed.taken
        while taken and taken[-1][0] + 1 == taken[-1][1]:
            taken.pop()
        if not taken:
            return
        choices = [chosen for chosen, _ in taken[:-1]] + [taken[-1][0] + 1]


@dataclass(eq=False)
class Actor:
    """One thread of an instance. It can continue if `ready` returns true or at `wakes`."""

    name: str
    instance: object
    run: greenlet.greenlet
    ready: Callable[[], bool] | None = None
    wakes: float | None = None


class Scheduler:
    """Runs actors to their ends. `clock` is Unix time as the instances see it."""

    def __init__(self, chooser: Chooser, start: float = 1_800_000_000.0) -> None:
        self.story: list[str] = []
        self.chooser = chooser
        # Time that only passes, and what a step of the system's clock adds to it.
        self.monotonic, self.step = start, 0.0
        self._actors: list[Actor] = []
        self.all: list[Actor] = []
        self._current: Actor | None = None
        self._hub = greenlet.getcurrent()
        self._over = False

    @property
    def time(self) -> float:
        """The system's clock."""
        return self.monotonic + self.step

    @property
    def current(self) -> Actor:
        """The actor that runs."""
        assert self._current is not None
        return self._current

    @property
    def is_running(self) -> bool:
        """Whether an actor runs, so that this isn't the setup."""
        return self._current is not None

    def start(self, name: str, instance: object, body: Callable[[], object]) -> None:
        """Add an actor."""
        actor = Actor(name, instance, greenlet.greenlet(body, self._hub))
        self._actors.append(actor)
        self.all.append(actor)

    def outcome(self, number: int) -> int:
        """Return which of `number` outcomes the current actor's call has. 0 is success."""
        return self.chooser.outcome(number) if self._current else 0

    def tell(self, what: str) -> None:
        """Add a line to the story."""
        who = self._current.name if self._current else "setup"
        self.story.append(f"{self.monotonic - 1_800_000_000.0:8.1f} s  {who}: {what}")

    def point(self, what: str = "") -> None:
        """Let the other actors run before this one continues."""
        self._switch(None, None)
        if what:
            self.tell(what)

    def wait(self, ready: Callable[[], bool], seconds: float | None = None) -> None:
        """Let the other actors run until `ready` returns true, or for some seconds."""
        self._switch(ready, None if seconds is None else self.monotonic + seconds)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._switch(lambda: False, self.monotonic + seconds)

    def clock(self) -> float:
        """Read the system's clock, at a point if it can change."""
        if self._current and (self._moves or any(one.wakes for one in self._actors)):
            self.point()
        return self.time

    _moves = False

    def time_moves(self) -> None:
        """Make each reading of the clock a scheduling point."""
        self._moves = True

    def kill(self, instance: object) -> None:
        """End an instance: none of its actors continues."""
        for one in [one for one in self._actors if one.instance is instance]:
            self._actors.remove(one)

    def run(self) -> None:
        """Run all actors to their ends."""
        last: Actor | None = None
        try:
            for _ in range(MOST_STEPS):
                able = [one for one in self._actors if one.ready is None or one.ready()]
                sleeping = min(
                    (one for one in self._actors if one.wakes and one not in able),
                    key=lambda one: one.wakes or 0.0,
                    default=None,
                )
                choices = [*able, *([sleeping] if sleeping else [])]
                if not choices:
                    if self._actors:
                        raise Endless(f"{[one.name for one in self._actors]} wait forever")
                    return
                at = self.chooser.actor(len(choices), choices.index(last) if last in able else None)
                last = choices[at]
                if last is sleeping:
                    self.monotonic = max(self.monotonic, last.wakes or 0.0)
                self._resume(last)
            raise Endless("too many steps")
        finally:
            # Actors that didn't end are unwound. What they do then counts no more.
            self._over = True
            for one in self.all:
                if one.run and not one.run.dead:
                    one.run.throw()

    def _resume(self, actor: Actor) -> None:
        actor.ready = actor.wakes = None
        self._current = actor
        actor.run.switch()
        self._current = None
        if actor.run.dead and actor in self._actors:
            self._actors.remove(actor)

    def _switch(self, ready: Callable[[], bool] | None, wakes: float | None) -> None:
        if self._over:
            raise greenlet.GreenletExit
        if self._current is None:
            return
        self._current.ready, self._current.wakes = ready, wakes
        self._hub.switch()
        if self._over:
            raise greenlet.GreenletExit


class Lock:
    """threading.Lock for actors."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._held = False

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        until = self._scheduler.monotonic + timeout if timeout >= 0 else None
        while self._held:
            left = None if until is None else until - self._scheduler.monotonic
            if not blocking or (left is not None and left <= 0):
                return False
            self._scheduler.wait(lambda: not self._held, left)
        self._held = True
        return True

    def release(self) -> None:
        self._held = False

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()
