"""Callbacks, refreshes, logout and mishaps in every order, or in many orders, of their steps.

tests/support/app/interleavings/world.py has the invariants. A failure prints the steps as a story,
and its seed replays it: `seeded(SEED).run()`. `make soak` runs 200,000 seeds.
"""

import os
from itertools import islice

import pytest

from tests.support.app.interleavings.planted import PLANTED, Fault
from tests.support.app.interleavings.scenarios import SMALL, Scenario, runs, seeded
from tests.support.app.interleavings.world import World

SOAK = bool(os.environ.get("SOAK"))
SEEDS = 200_000 if SOAK else 2_000
# Some of the small runs have tens of thousands of orders.
ORDERS = None if SOAK else 300


def _story(world: World, name: str) -> str:
    return "\n".join([f"{name}: {'; '.join(world.broken)}", *world.scheduler.story])


@pytest.mark.parametrize(("scenario", "faults"), SMALL.values(), ids=SMALL)
def test_in_every_order_of_a_small_run_the_invariants_hold(scenario: Scenario, faults: int) -> None:
    for world in islice(runs(scenario, faults), ORDERS):
        if world.run():
            pytest.fail(_story(world, scenario.__name__), pytrace=False)


def test_in_many_orders_of_larger_runs_with_mishaps_the_invariants_hold() -> None:
    for seed in range(SEEDS):
        world = seeded(seed)
        if world.run():
            pytest.fail(_story(world, f"seed {seed}"), pytrace=False)


def test_a_seed_makes_the_same_run_again() -> None:
    for seed in range(20):
        one, again = seeded(seed), seeded(seed)
        assert (one.run(), one.scheduler.story) == (again.run(), again.scheduler.story)


@pytest.mark.parametrize("fault", PLANTED, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found(fault: Fault) -> None:
    first = SMALL["logout and slow refresh"] if fault.seed is None else None
    worlds = runs(*first) if first else map(seeded, (fault.seed, *range(SEEDS)))
    with fault.planted():
        assert next(one for one in worlds if any(fault.breaks in broken for broken in one.run()))
