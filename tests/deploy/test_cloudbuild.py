"""cloudbuild.yaml: what Cloud Build will read, and whether it fits what is deployed."""

import re
from typing import Any

import pytest
from google.cloud.devtools import cloudbuild_v1
from google.protobuf import json_format  # type: ignore[import-untyped]

from infra.stage import FUNCTIONS
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
    return dict(pair.split("=", 1) for pair in value.split(","))


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


def test_the_doctor_looks_at_the_configuration_that_was_deployed() -> None:
    """As make takes it, in the image where the tests have set up its environment."""
    fetched = STEPS["configuration"]["args"]
    assert fetched[:4] == ["secrets", "versions", "access", "${_CONFIG_VERSION}"]
    (secret,) = [one for one in fetched if one.startswith("--secret=")]
    deployed = pairs(options("launch")["--set-secrets"])["/config/smart.toml"]
    assert deployed == f"{secret.removeprefix('--secret=')}:${{_CONFIG_VERSION}}"
    (file,) = [one for one in fetched if one.startswith("--out-file=")]
    script = STEPS["doctor"]["args"][-1]
    assert f"make doctor CONFIG={file.removeprefix('--out-file=')}\n" in script
    assert STEPS["doctor"]["name"] == STEPS["test"]["name"]


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
    given = options(name)
    secrets = pairs(given["--set-secrets"])
    assert pairs(given["--set-env-vars"])["SMART_CONFIG"] in secrets
    assert set(secrets) == {"/config/smart.toml"} | (
        {"/keys/sealing"} if name != "launch" else set()
    )
    folders = [path.rpartition("/")[0] for path in secrets]
    assert len(folders) == len(set(folders))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_outlives_its_own_deadlines(name: str) -> None:
    """Contract: discovery 5 s; token 10 s and keys 5 s; FHIR 60 s after a refresh; page 20 s."""
    longest = {"launch": 5, "callback": 15, "fhir_proxy": 75, "smart_calc": 35}
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
