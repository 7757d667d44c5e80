"""The staged functions and their surroundings, for every deployment test."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from infra import project
from infra.stage import stage
from tests.deploy.guide_walk import AROUND, Walk, to_a_launch, under, walk, with_own_keys
from tests.deploy.whole_deployment import Deployment, Staged
from tests.support import missing
from tests.support.app.app import ehr_tables, simulated_ehr
from tests.support.app.servers import ROOT, Server
from tests.support.cloud.control_plane.world import World
from tests.support.cloud.gcloud import GCLOUD
from tests.support.cloud.router import Router
from tests.support.cloud.staged import COMMIT, environments
from tests.support.ehr.scripted_ehr import ScriptedEhr

# Google's package repository isn't Debian's, so the gate can't install gcloud.
_NEED_GCLOUD = (
    "test_first_deployment.py",
    "test_gcloud_commands.py",
    "test_mutilated_guide.py",
    "test_preflight.py",
    "test_project_deployment.py",
    "test_releases.py",
    "test_terraform.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if GCLOUD is None and item.path.name in _NEED_GCLOUD:
            item.add_marker(pytest.mark.skip(reason=missing.reason(missing.GCLOUD)))


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder below which every function is staged."""
    out = tmp_path_factory.mktemp("staged")
    stage(project.read(ROOT), out, COMMIT)
    return out


@pytest.fixture(scope="session")
def programs(staged: Path) -> Mapping[str, Path]:
    """For each function the bin/ of an environment with its own requirements only."""
    return environments(staged)


@pytest.fixture(scope="session")
def walked(tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr) -> Iterator[Walk]:
    """Walk the guide once, for all tests that start at one of its steps or at its end."""
    with walk(tmp_path_factory.mktemp("cloud"), scripted) as done:
        yield done


@pytest.fixture(scope="session")
def balanced(walked: Walk) -> World:
    """The world with load balancer, page, way out and alerts, and no function yet."""
    cloud = walked.begin_to_deploy()
    for hidden in (".env", ".git/config", "sub/.env"):
        path = cloud.repository / "examples/own-page" / hidden
        path.parent.mkdir(exist_ok=True)
        path.write_text("secret")
    blocks = [block for heading in AROUND for block in under(heading)]
    done = cloud.run(blocks, "".join(one.text for one in to_a_launch() if one.sets))
    assert [(ran.where, ran.said) for ran in done if ran.code] == []
    assert cloud.plane.unknown == []
    return cloud.plane.world.copy()


@pytest.fixture(scope="session")
def keyed(walked: Walk) -> World:
    """The world before a release, encrypted with the organization's own key."""
    return with_own_keys(walked)


@pytest.fixture(scope="session")
def router() -> Iterator[Router]:
    server = Router()
    yield server
    server.close()


@pytest.fixture(scope="session")
def staged_ehr(router: Router, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The simulated EHR of the functions behind the router."""
    with simulated_ehr(tmp_path_factory.mktemp("ehr"), router.port) as server:
        yield server


@pytest.fixture(scope="session")
def whole(
    staged: Path,
    programs: Mapping[str, Path],
    router: Router,
    staged_ehr: Server,
    scripted: ScriptedEhr,
) -> Staged:
    return Staged(staged, programs, router.origin, ehr_tables(staged_ehr.origin, scripted))


@pytest.fixture(scope="session")
def on_sqlite(whole: Staged, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """One copy of each function, on SQLite."""
    folder = tmp_path_factory.mktemp("sqlite")
    store = f'kind = "sqlite"\npath = "{folder}/smart.db"'
    variables = {"THREADS": "16", "LOG_EXECUTION_ID": "true"}
    with whole.deployed(folder, store, variables) as ports:
        yield Deployment(ports, folder)
