"""cloudbuild.yaml: what Cloud Build will read, and whether it fits what is deployed."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml
from google.cloud.devtools import cloudbuild_v1
from google.protobuf import json_format  # type: ignore[import-untyped]

from infra.stage import FUNCTIONS
from tests.support import gcloud
from tests.support.gcloud import build_configuration
from tests.support.servers import ROOT

BUILD = build_configuration()
STEPS = {step["id"]: step for step in BUILD["steps"]}
BUILT_IN = {"PROJECT_ID", "COMMIT_SHA"}


def options(name: str) -> dict[str, str]:
    """The options of a function's deployment."""
    arguments = STEPS[f"deploy-{name.replace('_', '-')}"]["args"]
    assert arguments[:3] == ["functions", "deploy", name]
    return dict(argument.partition("=")[::2] for argument in arguments[3:])


def pairs(value: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in value.split(",") if pair)


def mounted(name: str, **given: str) -> dict[str, str]:
    """A function's secrets: where, and which secret in which version."""
    values = BUILD["substitutions"] | given
    return pairs(gcloud.substituted(options(name)["--set-secrets"], values))


def file_references(value: Any) -> list[str]:
    """The paths of all `file:` references in a configuration."""
    match value:
        case dict():
            return [path for one in value.values() for path in file_references(one)]
        case list():
            return [path for one in value for path in file_references(one)]
        case str() if value.startswith("file:"):
            return [value.removeprefix("file:")]
    return []


@pytest.fixture(scope="module")
def confidential() -> Mapping[str, str]:
    """The substitutions that docs/deploy.md shows for confidential clients."""
    (block,) = gcloud.documented("yaml")
    loaded: dict[str, str] = yaml.safe_load(block)
    return loaded


def message(configuration: dict[str, Any]) -> Any:
    return json_format.ParseDict(configuration, cloudbuild_v1.Build.pb()())


def test_it_is_a_build_as_cloud_build_defines_it() -> None:
    assert len(message(BUILD).steps) == 9


@pytest.mark.parametrize(
    "wrong",
    [{"step": []}, {"steps": [{"name": "x", "wait_form": []}]}, {"timeout": "1 hour"}],
    ids=["field", "field of a step", "value"],
)
def test_what_cloud_build_does_not_know_would_be_noticed(wrong: dict[str, object]) -> None:
    with pytest.raises(json_format.ParseError):
        message(BUILD | wrong)


def test_every_substitution_is_declared_and_used() -> None:
    text = re.sub(r"^ *#.*\n", "", (ROOT / "cloudbuild.yaml").read_text(), flags=re.MULTILINE)
    used = set(re.findall(r"\$\{?([A-Z_]+)\}?", text))
    assert used == BUILD["substitutions"].keys() | BUILT_IN
    assert all(isinstance(value, str) for value in BUILD["substitutions"].values())


def test_the_steps_wait_for_what_they_need() -> None:
    """Test, stage, four deployments side by side, public, doctor."""
    deployments = [f"deploy-{name.replace('_', '-')}" for name in FUNCTIONS]
    assert "waitFor" not in STEPS["test"]
    assert STEPS["stage"]["waitFor"] == ["test"]
    assert all(STEPS[step]["waitFor"] == ["stage"] for step in deployments)
    assert STEPS["public"]["waitFor"] == deployments
    assert STEPS["configuration"]["waitFor"] == ["test"]
    assert STEPS["doctor"]["waitFor"] == ["configuration", "public"]
    assert list(STEPS) == ["test", "stage", "configuration", *deployments, "public", "doctor"]


def fetched(folder: Path, given: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """What the step `configuration` fetches: secret and version, and the file it becomes."""
    found = {}
    for command in gcloud.of_build(folder, given):
        if command[:3] == ("secrets", "versions", "access"):
            flags = dict(flag.removeprefix("--").split("=", 1) for flag in command[4:])
            found[f"{flags['secret']}:{command[3]}"] = flags["out-file"]
    return found


def test_the_doctor_looks_at_the_configuration_that_was_deployed(tmp_path: Path) -> None:
    """As make takes it, in the image where the tests have set up its environment."""
    ((secret, file),) = fetched(tmp_path).items()
    assert secret == mounted("launch")["/config/smart.toml"]
    script = STEPS["doctor"]["args"][-1]
    assert f"make doctor CONFIG={file}\n" in script
    assert STEPS["doctor"]["name"] == STEPS["test"]["name"]


def test_the_doctor_finds_the_public_keys_where_launch_has_them(
    tmp_path: Path, confidential: Mapping[str, str]
) -> None:
    ((path, secret),) = pairs(confidential["_JWKS"]).items()
    assert mounted("launch", **confidential)[path] == secret
    assert fetched(tmp_path, confidential)[secret] == path
    volumes = STEPS["configuration"]["volumes"]
    assert volumes == STEPS["doctor"]["volumes"]
    assert [volume["path"] for volume in volumes] == [path.rpartition("/")[0]]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_deployed_from_its_staged_folder_as_itself(name: str) -> None:
    given = options(name)
    assert given["--source"] == f"build/{name}"
    assert given["--entry-point"] == name
    assert f"def {name}(" in (ROOT / "functions" / name / "main.py").read_text()
    account = f"smart-{name.replace('_', '-')}@$PROJECT_ID.iam.gserviceaccount.com"
    assert given["--service-account"] == account


@pytest.mark.parametrize("name", FUNCTIONS)
def test_threads_are_the_concurrency(name: str) -> None:
    given = options(name)
    variables = pairs(given["--set-env-vars"])
    assert variables["THREADS"] == given["--concurrency"]
    assert float(given["--cpu"]) >= 1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_only_the_functions_that_open_sessions_get_the_sealing_key(name: str) -> None:
    secrets = mounted(name)
    assert pairs(options(name)["--set-env-vars"])["SMART_CONFIG"] in secrets
    assert set(secrets) == {"/config/smart.toml"} | (
        {"/keys/sealing"} if name != "launch" else set()
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_client_credentials_go_to_those_that_use_them_and_public_keys_to_launch(
    name: str, confidential: Mapping[str, str]
) -> None:
    further = set(mounted(name, **confidential)) - set(mounted(name))
    wanted = confidential["_JWKS" if name == "launch" else "_MORE_SECRETS"]
    assert further == set(pairs(wanted))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_secret_has_a_folder_of_its_own(name: str, confidential: Mapping[str, str]) -> None:
    """Cloud Run mounts one secret at a folder; one below another would be hidden."""
    folders = [path.rpartition("/")[0] + "/" for path in mounted(name, **confidential)]
    wrong = [(one, two) for one in folders for two in folders if one.startswith(two)]
    assert len(wrong) == len(folders)


def test_the_documented_configuration_names_what_is_mounted(
    confidential: Mapping[str, str],
) -> None:
    # Below /run/credentials lies what systemd gives a service: one machine, not the cloud.
    named = [
        path
        for one in gcloud.documented("toml")
        for path in file_references(tomllib.loads(one))
        if not path.startswith("/run/credentials/")
    ]
    everywhere = [path for name in FUNCTIONS for path in mounted(name, **confidential)]
    assert sorted(named) == sorted(set(everywhere) - {"/config/smart.toml"})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_outlives_its_own_deadlines(name: str) -> None:
    """What every call may take (contract, deadlines), one after the other.

    A refresh: another's lease, the token endpoint, the EHR's keys looked up, read and read anew,
    two calls of the store. It may come twice: before a FHIR call and when the EHR refuses that.
    """
    store, lookup, lease, token, revocation = 2, 5, 15, 10, 3
    keys = 3 * lookup
    refresh = token + keys + 2 * store
    longest = {
        "launch": lookup + store,
        "callback": token + keys + revocation + 3 * store,
        "fhir_proxy": store + lease + refresh + 60 + store + refresh,
        "smart_calc": store + lease + refresh + 20 + store + refresh,
    }
    assert int(options(name)["--timeout"].removesuffix("s")) > longest[name]


def test_a_deployment_leaves_the_publics_right_to_call_alone() -> None:
    """With --no-allow-unauthenticated gcloud would take it away from a function that exists."""
    for name in FUNCTIONS:
        assert not any("allow-unauthenticated" in option for option in options(name))


def test_the_runtime_is_the_python_of_the_tests() -> None:
    image = STEPS["test"]["name"]
    assert STEPS["stage"]["name"] == image
    tested = image.removeprefix("python:").replace(".", "")
    assert {options(name)["--runtime"] for name in FUNCTIONS} == {f"python{tested}"}
