"""Firestore for tests: always the fake, Google's emulator if there is one, and a report of which
ran.

A plugin for the entire run, so that one emulator serves all of it. Imports wait until a test needs
them: loading the Firestore client takes longer than most tests.
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
    from tests.support.cloud.firestore_stand_in import StandIn

_ran = pytest.StashKey[list[str]]()
# The folder of the run's emulator: an environment variable, for the processes of the run.
_FOLDER = "FIRESTORE_OF_THIS_RUN"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_ran] = []
    if not hasattr(config, "workerinput"):
        os.environ[_FOLDER] = tempfile.mkdtemp(prefix="firestore-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the emulator in the process that started the run, which ends after all others."""
    if not hasattr(config, "workerinput"):
        folder = Path(os.environ.pop(_FOLDER))
        if any(folder.iterdir()):
            from tests.support.cloud.firestore_emulator import end

            end(folder)
        shutil.rmtree(folder, ignore_errors=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Report to the first process where this one ran, if there are several."""
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
    """Yield the shared Firestore fake, for separate databases, without faults or counts."""
    from tests.support.cloud.firestore_stand_in import StandIn

    request.config.stash[_ran].append("the stand-in")
    server = StandIn()
    yield server
    server.close()


@pytest.fixture(scope="session")
def firestore_emulator(request: pytest.FixtureRequest) -> str:
    """Return FIRESTORE_EMULATOR_HOST of the emulator."""
    from tests.support.cloud.firestore_emulator import how, of_this_run

    request.config.stash[_ran].append(f"Google's emulator ({how()})")
    return of_this_run(Path(os.environ[_FOLDER]))
