"""The back ends on which the contract of the store, and what rests on it, is tested."""

import secrets
from pathlib import Path

import pytest

from tests.support import firestore_emulator
from tests.support.stores import Backend, Clock

BACKENDS = ["sqlite", "stand_in"]
if firestore_emulator.how():
    BACKENDS.append("emulator")


@pytest.fixture(params=BACKENDS)
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Backend:
    if request.param == "sqlite":
        return Backend("sqlite", str(tmp_path / "folder" / "records"))
    if request.param == "stand_in":
        host = request.getfixturevalue("stand_in").host
    else:
        host = request.getfixturevalue("firestore_emulator")
    monkeypatch.setenv(firestore_emulator.VARIABLE, host)
    return Backend("firestore", f"test-{secrets.token_hex(6)}")


@pytest.fixture
def clock() -> Clock:
    return Clock()
