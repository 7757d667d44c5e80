"""What every test may ask for: the running functions, the simulated EHR, a scripted EHR."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.app import App, ehr_tables, simulated_ehr
from tests.support.browser import Browser
from tests.support.scripted_ehr import ScriptedEhr
from tests.support.servers import free_port, serve_app
from tests.support.whole import IS_WHOLE, is_left_out

pytest_plugins = ("tests.support.firestore_fixtures", "tests.support.quick_ehr")

# How fast a machine makes an example says nothing about the code.
settings.register_profile(
    "any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any_machine")

# Tests of one group share a process, because they share servers, a cloud or a browser; every other
# file is a group of its own. The first groups start first: they take longest, and the others would
# wait for them at the end.
_GROUPS: tuple[tuple[str, ...], ...] = (
    (
        "tests/deploy/test_first_deployment.py",
        "tests/deploy/test_releases.py",
        "tests/deploy/test_mutilated_guide.py",
        "tests/deploy/test_terraform.py",
    ),
    ("tests/browser/",),
    ("tests/deploy/",),
    ("tests/shared/store/", "tests/functions/test_on_firestore.py", "tests/functions/test_cold"),
    ("tests/functions/sessions/",),
    ("tests/functions/explain/",),
    ("tests/functions/fhir_proxy/",),
    ("tests/functions/callback/",),
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


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return True if collection_path.suffix == ".py" and is_left_out(collection_path) else None


# Before xdist reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [one for one in items if one.get_closest_marker("calculators") and not IS_WHOLE]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [one for one in items if one not in left_out]
    order = {}
    for item in items:
        file = item.nodeid.partition("::")[0]
        group = next((n for n, paths in enumerate(_GROUPS) if file.startswith(paths)), None)
        order[item] = len(_GROUPS) if group is None else group
        item.add_marker(pytest.mark.xdist_group(file if group is None else _GROUPS[group][0]))
        # Google's emulator is started by a command.
        given = getattr(item, "callspec", None)
        if file.startswith(_SLOW) or (given and "emulator" in given.params.values()):
            item.add_marker(pytest.mark.slow)
    items.sort(key=order.__getitem__)


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
