"""The simulated store of tests/support/app/interleavings does what the real ones do."""

from collections.abc import Callable

import pytest

from shared.store import Conflict, Record, Store
from tests.support.app.interleavings.scenarios import seeded
from tests.support.app.interleavings.store import Operation
from tests.support.app.stores import Backend, Clock
from tests.support.cloud.firestore_emulator import PLACES


@pytest.mark.parametrize("backend", PLACES, indirect=True)
def test_a_real_store_does_in_random_runs_what_the_simulated_one_did(
    backend: Backend, clock: Clock
) -> None:
    for seed in range(30):
        world = seeded(seed)
        world.run()
        _replay(world.store.operations, backend.open(clock), clock, f"seed{seed}")


def _replay(done: list[Operation], store: Store, clock: Clock, prefix: str) -> None:
    """Make the calls that had an effect again. Their results must be the same, versions apart."""
    versions: dict[object, str] = {}
    for one in done:
        clock.now = one.time
        collection, key, *more = one.arguments
        if one.name in ("replace", "delete") and more[-1] is not None:
            more[-1] = versions.get(more[-1], more[-1])
        result = _result(getattr(store, one.name), collection, prefix + key, *more)
        if isinstance(one.result, str):
            assert isinstance(result, str), one
            versions[one.result] = result
        elif isinstance(one.result, Record):
            assert isinstance(result, Record), one
            assert result.fields == one.result.fields
        else:
            assert result == one.result, one


def _result(call: Callable[..., object], *arguments: object) -> object:
    try:
        return call(*arguments)
    except Conflict:
        return Conflict
