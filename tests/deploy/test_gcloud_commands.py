"""Every gcloud command that this repository asks anyone to run, before gcloud's own parser.

Where gcloud is missing these tests are not collected; the end of the run says so.
"""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from infra.stage import stage
from tests.support import gcloud
from tests.support.functions_api import FunctionsApi
from tests.support.gcloud import Command
from tests.support.servers import ROOT

(_block,) = gcloud.documented("yaml")
CONFIDENTIAL: Mapping[str, str] = yaml.safe_load(_block)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gcloud")


def test_gcloud_accepts_every_command(folder: Path) -> None:
    build, documentation = gcloud.of_build(folder), gcloud.of_documentation(folder)
    confidential = gcloud.of_build(folder, CONFIDENTIAL)
    assert len(build) == 9
    assert len(confidential) == 10
    assert len(documentation) > 35
    every = dict.fromkeys([*build, *confidential, *documentation])
    verdicts = gcloud.verdicts(list(every), folder)
    refused = {" ".join(one): said for one, said in verdicts.items() if not gcloud.accepts(said)}
    assert refused == {}


@pytest.mark.parametrize(
    "wrong",
    [
        ("functions", "deploy", "launch", "--gen2", "--instances=1"),
        ("functions", "deploy", "launch", "--gen2", "--ingress-settings=everyone"),
        ("functions", "deploy", "launch", "--gen2", "--set-secrets=/config/smart.toml=x:newest"),
        ("functions", "deploy", "launch", "--gen2", "--set-secrets=/keys/a=x:1,/keys/b=y:1"),
        ("firestore", "fields", "ttl", "update", "expires_at"),
        ("run", "services", "update"),
    ],
    ids=["flag", "choice", "secret", "two secrets in a folder", "command", "argument"],
)
def test_a_command_that_gcloud_does_not_know_would_be_noticed(wrong: Command, folder: Path) -> None:
    assert not gcloud.accepts(gcloud.verdicts([wrong], folder)[wrong])


CLIENTS = [
    ("/clients/epic", "smart-epic-key", "key"),
    ("/clients/oracle", "smart-oracle-secret", "secret"),
]


@pytest.mark.parametrize(
    ("given", "clients"), [({}, []), (CONFIDENTIAL, CLIENTS)], ids=["public", "confidential"]
)
def test_a_deployment_sends_what_is_staged_and_what_the_function_needs(
    tmp_path: Path, given: Mapping[str, str], clients: list[tuple[str, str, str]]
) -> None:
    """gcloud's own request for fhir_proxy, the longest of the four."""
    stage(ROOT, tmp_path / "build", "0" * 40)
    (tmp_path / "token").write_text("not-a-token")
    api = FunctionsApi()
    command = next(one for one in gcloud.of_build(tmp_path, given) if one[2] == "fhir_proxy")
    token = {"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(tmp_path / "token")}
    said = gcloud.run(command, tmp_path, **api.variables, **token).stderr
    api.close()
    assert "message=[seen]" in said, said
    with zipfile.ZipFile(io.BytesIO(api.uploads[0])) as upload:
        sent = {name: upload.read(name) for name in upload.namelist() if not name.endswith("/")}
    staged = tmp_path / "build" / "fhir_proxy"
    assert sent == {
        str(path.relative_to(staged)): path.read_bytes()
        for path in staged.rglob("*")
        if path.is_file()
    }
    (function,) = api.functions
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
    assert function["buildConfig"]["runtime"] == "python311"


def test_what_is_uploaded_for_a_build_is_an_allow_list(tmp_path: Path) -> None:
    wanted = {
        *("Makefile", "pyproject.toml", "cloudbuild.yaml", ".ci/run", "requirements/dev.txt"),
        *("functions/launch/main.py", "shared/store/sqlite.py", "infra/stage.py", "docs/deploy.md"),
        *("simulator/README.md", "tests/deploy/test_stage.py", "tests/conftest.py"),
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
    listed = gcloud.run(("meta", "list-files-for-upload", str(tmp_path)), tmp_path.parent).stdout
    assert set(listed.splitlines()) == wanted | {".gcloudignore", ".gitignore"}
