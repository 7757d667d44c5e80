"""The runs of the simulation: small ones in every order, larger ones by a seed."""

import random
from collections.abc import Callable, Iterator, Mapping

from tests.support.app.interleavings.scheduler import Chooser, Random, every
from tests.support.app.interleavings.world import World

Scenario = Callable[[Chooser], World]


def two_callbacks(chooser: Chooser) -> World:
    """The browser follows the EHR's redirect twice."""
    world = World(chooser)
    world.pending()
    world.callback(0)
    world.callback(1)
    return world


def logout_and_refresh(chooser: Chooser) -> World:
    """The user logs out while a request refreshes the session at another instance."""
    world = World(chooser)
    world.session(token="due")
    world.request(1, 0)
    world.logout(1)
    return world


def logout_and_slow_refresh(chooser: Chooser) -> World:
    """The same, and 15 s pass at some moment."""
    world = logout_and_refresh(chooser)
    world.passes(15)
    return world


def another_user(chooser: Chooser) -> World:
    """A refresh returns another user while the session is used at another instance."""
    world = World(chooser)
    world.session(token="due")
    world.ehr.user_at_refresh = "bob"
    world.request(1, 0)
    world.request(2, 1)
    return world


def killed_refresh(chooser: Chooser) -> World:
    """An instance dies at any point of a refresh."""
    world = World(chooser)
    world.session(token="expired")
    world.request(1, 0)
    world.crash(0)
    return world


# Each with the number of faults of the store or the EHR that are tried at every place.
SMALL: Mapping[str, tuple[Scenario, int]] = {
    "two callbacks": (two_callbacks, 0),
    "two callbacks, one fault": (two_callbacks, 1),
    "logout and refresh": (logout_and_refresh, 0),
    "logout and refresh, one fault": (logout_and_refresh, 1),
    "logout and slow refresh": (logout_and_slow_refresh, 0),
    "another user": (another_user, 0),
    "another user, one fault": (another_user, 1),
    "killed refresh, one fault": (killed_refresh, 1),
}


def runs(scenario: Scenario, faults: int) -> Iterator[World]:
    """Yield a scenario in each possible order. Run each world before the next one is taken."""
    for choices in every(faults):
        yield scenario(choices)


def seeded(seed: int) -> World:
    """Return the run of a seed: some requests, callbacks or a logout, and mishaps among them."""
    dice = random.Random(f"scenario {seed}")
    kind = "firestore" if dice.random() < 0.7 else "sqlite"
    chooser = Random(seed, faults=dice.choice((0, 1, 2, 4)))
    world = World(chooser, kind, rotates=dice.random() < 0.7)  # type: ignore[arg-type]
    if dice.random() < 0.15:
        world.pending()
        world.callback(0)
        world.callback(1)
    else:
        world.session(token=dice.choice(("alive", "due", "expired", "refused")))
        if dice.random() < 0.2:
            world.ehr.user_at_refresh = "bob"
        for number in range(dice.choice((1, 2, 3))):
            world.request(number + 1, dice.randrange(2))
        if dice.random() < 0.6:
            world.logout(dice.randrange(2))
        if dice.random() < 0.2:
            world.end_sessions()
        if dice.random() < 0.2:
            world.outage(dice.choice((1, 5, 20)))
        if dice.random() < 0.2:
            world.clock_steps(dice.choice((-10, -2, 2, 10)))
        for _ in range(dice.choice((0, 1, 1, 2))):
            world.passes(dice.choice((1, 5, 5, 15, 60, 300, 8 * 3600)))
    if dice.random() < 0.25:
        world.crash(dice.randrange(2))
    return world
