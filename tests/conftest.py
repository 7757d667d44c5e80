"""What every test may ask for: the running functions, the simulated EHR, a scripted EHR."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.support.app.app import App, ehr_tables, simulated_ehr
from tests.support.app.servers import free_port, serve_app
from tests.support.app.whole import IS_WHOLE, is_left_out
from tests.support.browser.browser import Browser
from tests.support.ehr.scripted_ehr import ScriptedEhr
from tests.support.tables import add_names, select

pytest_plugins = (
    "tests.support.cloud.firestore_fixtures",
    "tests.support.missing",
    "tests.support.ehr.quick_ehr",
)

# How fast a machine makes an example says nothing about the code. The suite makes the same examples
# each time, so that none fails a change that did not cause it. `make soak` makes more, and others.
settings.register_profile(
    "any_machine",
    max_examples=500 if os.environ.get("SOAK") else 40,
    derandomize=not os.environ.get("SOAK"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any_machine")

# Tests of one group share a process, because they share servers, a cloud or a browser. Every other
# file is a separate group. The first groups start first: they take longest, and the others would
# wait for them at the end. Groups that wait (for servers and time limits) alternate with groups
# that compute, so that a core is rarely idle.
_GROUPS: tuple[tuple[str, ...], ...] = (
    (
        "tests/deploy/test_first_deployment.py",
        "tests/deploy/test_releases.py",
        "tests/deploy/test_project_deployment.py",
        "tests/deploy/test_mutilated_guide.py",
        "tests/deploy/test_preflight.py",
        "tests/deploy/test_terraform.py",
    ),
    ("tests/browser/",),
    ("tests/deploy/",),
    ("tests/shared/store/", "tests/functions/test_on_firestore.py", "tests/functions/test_cold"),
    ("tests/functions/sessions/",),
    ("tests/functions/explain/",),
    ("tests/simulator/",),
    ("tests/functions/fhir_proxy/",),
    ("tests/functions/callback/",),
    ("tests/clinical/",),
    ("tests/functions/cds_services/",),
    ("tests/functions/smart_calc/",),
    ("tests/functions/vendors/",),
    ("tests/functions/launch/",),
    ("tests/functions/",),
    ("tests/repository/test_commands.py",),
)
# What `make quick` leaves out: browsers, staged environments, commands and walks of the guide. A
# module elsewhere says it with `pytestmark = pytest.mark.slow`.
_SLOW = ("tests/browser/", "tests/deploy/", "tests/repository/test_commands.py")


# SQLite waits for the disk when it makes a database, and hundreds of tests make one.
_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30
_TEMPORARY = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Use a temporary folder of this run's own, in memory if there's room. In pytest's own folder,
    several runs delete each other's remains, and a run that sees that fails at its end.
    """
    select(config)
    if config.option.basetemp is None:
        room = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM
        config.option.basetemp = tempfile.mkdtemp(prefix="pytest-", dir=_MEMORY if room else None)
        config.stash[_TEMPORARY] = Path(config.option.basetemp)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    made = session.config.stash.get(_TEMPORARY, None)
    if made is not None and exitstatus == 0:
        shutil.rmtree(made, ignore_errors=True)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return True if collection_path.suffix == ".py" and is_left_out(collection_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    gc.disable()


def pytest_itemcollected(item: pytest.Item) -> None:
    add_names(item)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was made until now stays: to look for garbage in it would take a sixth of the time that
    collecting takes, and again at every look later.
    """
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [one for one in items if one.get_closest_marker("calculators") and not IS_WHOLE]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [one for one in items if one not in left_out]
    for item in items:
        # Google's emulator is started by a command.
        given = getattr(item, "callspec", None)
        if item.nodeid.startswith(_SLOW) or (given and "emulator" in given.params.values()):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: _group(item.nodeid)[0])


def _group(nodeid: str) -> tuple[int, str]:
    """Return the position of a test's group and its first path. Single-file groups come last."""
    for number, paths in enumerate(_GROUPS):
        if nodeid.startswith(paths):
            return number, paths[0]
    return len(_GROUPS), nodeid.partition("::")[0]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _group(item.nodeid)[0] and "PYTEST_XDIST_WORKER" in os.environ:
        _give_way()


@cache
def _give_way() -> None:
    """Lower this process's priority: the first group takes longest, so it gets its own core."""
    os.nice(10)


class _Groups(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """Gives each process a group at a time."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid)[1]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Groups:
    return _Groups(config, log)


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture(scope="session")
def scripted() -> Iterator[ScriptedEhr]:
    server = ScriptedEhr()
    yield server
    server.close()


@pytest.fixture(scope="session")
def app_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="session")
def app(app_folder: Path, scripted: ScriptedEhr) -> Iterator[App]:
    port = free_port()
    with (
        simulated_ehr(app_folder, port) as ehr,
        serve_app(app_folder, ehr_tables(ehr.origin, scripted), port=port) as server,
    ):
        yield App(server.origin, server, ehr.origin, scripted)
