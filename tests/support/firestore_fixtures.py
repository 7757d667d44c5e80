"""Firestore for tests: the stand-in always, Google's emulator where there is one; and which it was.

A plugin of the whole run, so that one emulator serves all of it. Imports wait until a test asks:
loading the Firestore client takes longer than most tests.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.firestore_stand_in import StandIn

_ran = pytest.StashKey[list[str]]()
# The folder of the run's emulator: an environment variable, for the processes of the run.
_FOLDER = "FIRESTORE_OF_THIS_RUN"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_ran] = []
    if not hasattr(config, "workerinput"):
        os.environ[_FOLDER] = tempfile.mkdtemp(prefix="firestore-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that began the run ends after all others."""
    if not hasattr(config, "workerinput"):
        folder = Path(os.environ.pop(_FOLDER))
        if any(folder.iterdir()):
            from tests.support.firestore_emulator import end

            end(folder)
        shutil.rmtree(folder, ignore_errors=True)


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
def firestore_emulator(request: pytest.FixtureRequest) -> str:
    """FIRESTORE_EMULATOR_HOST of the emulator."""
    from tests.support.firestore_emulator import how, of_this_run

    request.config.stash[_ran].append(f"Google's emulator ({how()})")
    return of_this_run(Path(os.environ[_FOLDER]))
