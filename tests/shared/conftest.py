"""The back ends on which the store and what rests on it is tested, a clock, a foreign host."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app.interleavings.store import SimulatedBackend
from tests.support.app.stores import IN_FILES, Backend, Clock
from tests.support.cloud import firestore_emulator
from tests.support.cloud.firestore_emulator import PLACES
from tests.support.ehr.scripted_ehr import ScriptedEhr


@pytest.fixture(params=PLACES)
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Backend | SimulatedBackend:
    if request.param == "simulated":
        return SimulatedBackend()
    if request.param in IN_FILES:
        return Backend(request.param, str(tmp_path / "folder" / "records"))
    if request.param == "stand_in":
        host = request.getfixturevalue("stand_in").host
    else:
        host = request.getfixturevalue("firestore_emulator")
    monkeypatch.setenv(firestore_emulator.VARIABLE, host)
    return Backend("firestore", f"test-{secrets.token_hex(6)}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ScriptedEhr]:
    """Run a server on a host that isn't configured."""
    server = ScriptedEhr()
    yield server
    assert server.strangers == []
    server.close()
