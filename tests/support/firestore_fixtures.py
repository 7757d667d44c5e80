"""Firestore for tests: the stand-in always, Google's emulator where there is one; and which it was.

A plugin of the whole run, so that one emulator serves all of it. Imports wait until a test asks:
loading the Firestore client takes longer than most tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.firestore_stand_in import StandIn

_ran = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_ran] = []


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Of several processes each says to the first where it ran."""
    said: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if said is not None:
        said["firestore"] = session.config.stash[_ran]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    ran = node.config.stash[_ran]
    said: list[str] = getattr(node, "workeroutput", {}).get("firestore", [])
    ran += [one for one in said if one not in ran]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    ran = config.stash[_ran]
    if ran:
        terminalreporter.write_line(f"Firestore: ran on {' and on '.join(ran)}.")


@pytest.fixture(scope="session")
def stand_in(request: pytest.FixtureRequest) -> Iterator[StandIn]:
    """The stand-in that tests share: for databases of their own, without faults or counts."""
    from tests.support.firestore_stand_in import StandIn

    request.config.stash[_ran].append("the stand-in")
    server = StandIn()
    yield server
    server.close()


@pytest.fixture(scope="session")
def firestore_emulator(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """FIRESTORE_EMULATOR_HOST of the emulator."""
    from tests.support.firestore_emulator import emulator, how

    request.config.stash[_ran].append(f"Google's emulator ({how()})")
    with emulator(tmp_path_factory.mktemp("emulator")) as host:
        yield host
