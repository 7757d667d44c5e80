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

# Files of these take a minute each, with few tests: begun last, they would be waited for alone.
_LONGEST_FIRST = (
    "tests/deploy/test_releases.py",
    "tests/deploy/test_first_deployment.py",
    "tests/deploy/test_mutilated_guide.py",
    "tests/browser/test_app.py",
    "tests/deploy/",
    "tests/browser/",
    "tests/repository/test_commands.py",
    "tests/functions/",
)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return True if collection_path.suffix == ".py" and is_left_out(collection_path) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [one for one in items if one.get_closest_marker("calculators") and not IS_WHOLE]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [one for one in items if one not in left_out]
    items.sort(key=lambda item: [not item.nodeid.startswith(one) for one in _LONGEST_FIRST])


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
