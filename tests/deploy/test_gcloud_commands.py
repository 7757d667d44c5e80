"""Every gcloud command that this repository asks anyone to run, before gcloud's own parser.

Where gcloud is missing these tests are not collected; the end of the run says so.
"""

import io
import subprocess
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra import project
from infra.deployment import FILE, Deployment, read
from infra.stage import FUNCTIONS, stage
from tests.deploy.guide_walk import AROUND, FIRST, FOR_POLICIES, PREFLIGHT
from tests.support.app.servers import ROOT
from tests.support.cloud import gcloud
from tests.support.cloud.control_plane.server import APIS, ControlPlane
from tests.support.cloud.control_plane.world import OPERATOR

(_block,) = (one for one in gcloud.documented("toml") if one.startswith("[secrets]"))
STATE = read(ROOT / FILE)
SHARED_CONNECTOR = "projects/host/locations/europe-west1/connectors/smart"
KEY = "projects/keys/locations/europe-west1/keyRings/smart/cryptoKeys/smart"
POOL = "projects/my-project/locations/europe-west1/workerPools/smart"
CONFIDENTIAL = replace(STATE, **tomllib.loads(_block))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gcloud")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with gcloud.loaded(tmp_path_factory.mktemp("loaded")) as started:
        yield started


def test_gcloud_accepts_every_command(program: Path, folder: Path) -> None:
    """The build's commands run once for each state. Their flags are in files in the folder."""
    way_out = {"connector": SHARED_CONNECTOR, "network": "", "subnet": "", "traffic": "all"}
    states = [
        replace(STATE, kms_key=KEY, worker_pool=POOL),
        replace(CONFIDENTIAL, egress=way_out),
        replace(STATE, callers="not_checked"),
    ]
    refused: dict[str, str] = {}
    for state in states:
        build = gcloud.of_build(folder, state)
        assert len(build) == 2 * len(FUNCTIONS) + 1 + len(state.public_keys)
        verdicts = gcloud.verdicts(program, build, folder)
        refused |= {
            " ".join(one): said for one, said in verdicts.items() if not gcloud.accepts(said)
        }
    walked = {*FIRST, *AROUND, PREFLIGHT, FOR_POLICIES[0]}
    documentation = gcloud.of_documentation(folder, walked)
    assert len(documentation) > 60
    verdicts = gcloud.verdicts(program, documentation, folder)
    refused |= {" ".join(one): said for one, said in verdicts.items() if not gcloud.accepts(said)}
    assert refused == {}


CLIENTS = [
    ("/clients/epic", "smart-epic-key", "key"),
    ("/clients/oracle", "smart-oracle-secret", "secret"),
]


@pytest.mark.parametrize(
    ("given", "clients"), [(STATE, []), (CONFIDENTIAL, CLIENTS)], ids=["public", "confidential"]
)
def test_a_deployment_sends_what_is_staged_and_what_the_function_needs(
    program: Path, tmp_path: Path, given: Deployment, clients: list[tuple[str, str, str]]
) -> None:
    """gcloud's own request for fhir_proxy, the longest of the five."""
    stage(project.read(ROOT), tmp_path / "build", "0" * 40)
    (tmp_path / "token").write_text("not-a-token")
    plane = ControlPlane()
    world = plane.world
    world.project = "my-project"
    world.services = set(APIS) | {"artifactregistry.googleapis.com"}
    world.policy = [{"role": "roles/owner", "members": [OPERATOR]}]
    command = next(one for one in gcloud.of_build(tmp_path, given) if one[2] == "fhir_proxy")
    variables = plane.variables(OPERATOR, tmp_path / "operator")
    said = gcloud.run(program, command, tmp_path, **variables).stderr
    plane.close()
    # Seen and refused: this world has none of the accounts.
    assert "iam.serviceaccounts.actAs" in said, said
    requests = [call.request for call in plane.calls]
    (uploaded,) = (one.body for one in requests if one.method == "PUT")
    (function,) = (one.json for one in requests if one.path.endswith("/functions"))
    with zipfile.ZipFile(io.BytesIO(uploaded)) as upload:
        sent = {name: upload.read(name) for name in upload.namelist() if not name.endswith("/")}
    staged = tmp_path / "build" / "fhir_proxy"
    assert sent == {
        str(path.relative_to(staged)): path.read_bytes()
        for path in staged.rglob("*")
        if path.is_file()
    }
    service = function["serviceConfig"]
    assert [
        (volume["mountPath"], volume["secret"], volume["versions"])
        for volume in service["secretVolumes"]
    ] == [
        (mount, secret, [{"path": file, "version": "1"}])
        for mount, secret, file in [
            *clients,
            ("/config", "smart-toml", "smart.toml"),
            ("/keys", "smart-sealing-key", "sealing"),
        ]
    ]
    threads = service["maxInstanceRequestConcurrency"]
    assert service["environmentVariables"] == {
        "SMART_CONFIG": "/config/smart.toml",
        "THREADS": str(threads),
    }
    assert function["buildConfig"]["runtime"] == "python313"


def test_a_build_gets_every_file_that_git_knows(program: Path, tmp_path: Path) -> None:
    """The tests are run by a build: a page or an example that is left out would end it."""
    known = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=True)
    command = ("meta", "list-files-for-upload", str(ROOT))
    listed = set(gcloud.run(program, command, tmp_path).stdout.splitlines())
    missing = set(known.stdout.decode().splitlines()) - listed
    assert sorted(name for name in missing if (ROOT / name).exists()) == []


def test_what_is_uploaded_for_a_build_is_an_allow_list(program: Path, tmp_path: Path) -> None:
    wanted = {
        *("cloudbuild-test.yaml", "deployment.toml", "infra/terraform/main.tf"),
        *("Makefile", "pyproject.toml", "cloudbuild.yaml", ".ci/run", "requirements/dev.txt"),
        *("functions/launch/main.py", "shared/store/sqlite.py", "infra/stage.py", "docs/deploy.md"),
        *(
            "issuers/epic.txt",
            "simulator/README.md",
            "tests/deploy/test_stage.py",
            "tests/conftest.py",
        ),
    }
    unwanted = {
        *("smart.toml", ".env", "functions/launch/.env", "client.pem", "infra/client.key"),
        *(".git/config", ".venv/bin/python", ".local/sealing-key", "build/launch/main.py"),
        *("notes/patients.csv", "functions/launch/__pycache__/main.cpython-311.pyc"),
    }
    for path in wanted | unwanted:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    for name in (".gcloudignore", ".gitignore"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    command = ("meta", "list-files-for-upload", str(tmp_path))
    listed = gcloud.run(program, command, tmp_path.parent).stdout
    assert set(listed.splitlines()) == wanted | {".gcloudignore", ".gitignore"}
