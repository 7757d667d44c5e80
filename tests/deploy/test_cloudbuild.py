"""The builds: what Cloud Build will read, and whether it fits what is deployed."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.deployment import FILE, RUNTIME, Deployment, read, write
from infra.deployment_checks import CONFIGURATION, FOUND_BELOW
from infra.stage import FUNCTIONS
from tests.support.app.servers import ROOT
from tests.support.cloud import gcloud
from tests.support.cloud.gcloud import build_configuration

BUILD = build_configuration()
STEPS = {step["id"]: step for step in BUILD["steps"]}
TESTS = build_configuration("cloudbuild-test.yaml")
STATE = read(ROOT / FILE)
GCLOUD_IMAGE = "gcr.io/google.com/cloudsdktool/google-cloud-cli:stable"


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
def confidential() -> Deployment:
    """The state with the tables that docs/deploy.md shows for confidential clients."""
    (block,) = (one for one in gcloud.documented("toml") if one.startswith("[secrets]"))
    return replace(STATE, **tomllib.loads(block))


def test_a_build_takes_nothing_but_the_commit_from_whoever_starts_it() -> None:
    """Everything else is in deployment.toml, so that nothing can be left out."""
    for name in ("cloudbuild.yaml", "cloudbuild-test.yaml"):
        text = re.sub(r"^ *#.*\n", "", (ROOT / name).read_text(), flags=re.MULTILINE)
        used = set(re.findall(r"(?<!\$)\$\{?([A-Z_]+)\}?", text))
        assert used <= {"PROJECT_ID", "COMMIT_SHA"}
        assert "substitutions" not in yaml.safe_load(text)


def test_the_steps_wait_for_what_they_need() -> None:
    """Stage, pin, deploy, public, ask, move, doctor, settle."""
    assert "waitFor" not in STEPS["stage"]
    assert STEPS["pin"]["waitFor"] == STEPS["configuration"]["waitFor"] == ["stage"]
    after = ["pin", "deploy", "public", "addresses", "candidates", "move", "doctor", "settle"]
    for before, step in pairwise(after):
        assert before in STEPS[step]["waitFor"]
    assert "configuration" in STEPS["move"]["waitFor"]
    assert list(STEPS) == ["stage", "configuration", *after]


def test_the_tests_run_in_a_build_of_their_own_whose_account_deploys_nothing() -> None:
    (step,) = TESTS["steps"]
    assert step["args"] == [".ci/run"]
    assert TESTS["serviceAccount"].rpartition("/")[2].startswith("smart-test@")
    assert BUILD["serviceAccount"].rpartition("/")[2].startswith("smart-deploy@")
    assert not any(".ci/run" in step["args"] for step in BUILD["steps"])


def test_every_image_but_googles_is_pinned_by_digest() -> None:
    """Google deletes its own image versions after a year."""
    images = {step["name"] for step in (*BUILD["steps"], *TESTS["steps"])} - {GCLOUD_IMAGE}
    assert len(images) == 1
    assert re.fullmatch(r"python:3\.13-\w+@sha256:[0-9a-f]{64}", images.pop())


def test_the_doctor_looks_at_the_configuration_that_was_deployed(
    confidential: Deployment, tmp_path: Path
) -> None:
    """The step `configuration` fetches the listed secrets, in the version that launch mounts."""
    write(confidential, confidential.project, tmp_path)
    lines = (tmp_path / "configuration").read_text().splitlines()
    fetched = {file: f"{secret}:{version}" for secret, version, file in map(str.split, lines)}
    mounted = confidential.mounts("launch")
    assert fetched == {"smart.toml": mounted[CONFIGURATION], "/jwks/jwks.json": "smart-jwks:1"}
    assert "python -m smart_calc doctor\n" in STEPS["doctor"]["args"][-1]
    volumes = STEPS["configuration"]["volumes"]
    assert volumes == STEPS["doctor"]["volumes"]
    assert [f"{volume['path']}/" for volume in volumes] == list(FOUND_BELOW.values())


def test_threads_are_the_concurrency() -> None:
    for name in FUNCTIONS:
        given = STATE.flags(name)
        assert given["--set-env-vars"] == {
            "SMART_CONFIG": CONFIGURATION,
            "THREADS": given["--concurrency"],
        }, name


def test_bytecode_of_the_build_does_not_depend_on_the_dates_of_files(tmp_path: Path) -> None:
    """The image has another date for each file than the build."""
    source = tmp_path / "main.py"
    source.write_text("A = 1\n")
    given = STATE.flags("launch")["--set-build-env-vars"]
    assert isinstance(given, Mapping)
    command = [sys.executable, "-m", "compileall", "-f", "-q", "."]  # Google's buildpack
    subprocess.run(command, cwd=tmp_path, env={**os.environ, **given}, check=True)
    os.utime(source, (315532801, 315532801))
    run = [sys.executable, "-v", "-c", "import main"]
    log = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True).stderr
    assert "matches" in log
    assert "stale" not in log


def test_only_the_functions_that_open_sessions_get_the_sealing_key() -> None:
    for name in FUNCTIONS:
        sealing = set() if name in {"launch", "cds_services"} else {"/keys/sealing"}
        assert set(STATE.mounts(name)) == {CONFIGURATION} | sealing, name


def test_client_credentials_go_to_those_that_use_them_and_public_keys_to_launch(
    confidential: Deployment,
) -> None:
    for name in FUNCTIONS:
        further = set(confidential.mounts(name)) - set(STATE.mounts(name))
        own = {"launch": confidential.public_keys, "cds_services": confidential.cds_keys}
        assert further == set(own.get(name, confidential.secrets)), name


def test_every_function_and_the_doctor_get_the_certificates_of_private_authorities(
    tmp_path: Path,
) -> None:
    """Each function reads the whole configuration, and ends where `ca_file` is not there."""
    (block,) = (one for one in gcloud.documented("toml") if one.startswith("[authorities]"))
    state = replace(STATE, **tomllib.loads(block))
    ((path, secret),) = state.authorities.items()
    for name in FUNCTIONS:
        assert state.mounts(name) == {**STATE.mounts(name), path: secret}
    write(state, state.project, tmp_path)
    assert f"{secret.replace(':', ' ')} {path}\n" in (tmp_path / "configuration").read_text()


def test_the_documented_configuration_names_what_is_mounted(confidential: Deployment) -> None:
    # Below /run/credentials lies what systemd gives a service: one machine, not the cloud.
    named = [
        path
        for one in gcloud.documented("toml")
        for path in file_references(tomllib.loads(one))
        if not path.startswith("/run/credentials/")
    ]
    everywhere = [path for name in FUNCTIONS for path in confidential.mounts(name)]
    assert sorted(named) == sorted(set(everywhere) - {CONFIGURATION})


def test_a_function_outlives_its_own_deadlines() -> None:
    """Add up the time limits of every call (contract, deadlines), one after the other.

    A refresh: another instance's lease, the token endpoint, the EHR's keys looked up, read and read
    again, two calls of the store. It can happen twice: before a FHIR call and when the EHR refuses
    that call.
    """
    store, lookup, lease, token, revocation = 2, 5, 15, 10, 3
    keys = 3 * lookup
    refresh = token + keys + 2 * store
    longest = {
        "launch": lookup + store,
        "callback": token + keys + revocation + 3 * store,
        "fhir_proxy": store + lease + refresh + 60 + store + refresh,
        "smart_calc": store + lease + refresh + 20 + store + refresh,
        # Keys read and read again, 2 seconds each, and the reads of a call.
        "cds_services": 2 * 2 + store + 2.5,
    }
    limits = {name: STATE.functions[name]["timeout_seconds"] for name in FUNCTIONS}
    assert [name for name in FUNCTIONS if limits[name] <= longest[name]] == []


def test_a_deployment_leaves_the_publics_right_to_call_alone() -> None:
    """With --no-allow-unauthenticated gcloud would take it away from a function that exists."""
    for name in FUNCTIONS:
        assert not any("allow-unauthenticated" in flag for flag in STATE.flags(name))


def test_the_runtime_is_the_python_of_the_tests() -> None:
    image = TESTS["steps"][0]["name"]
    tested = re.match(r"python:(\d+)\.(\d+)", image)
    assert tested is not None
    assert f"python{tested[1]}{tested[2]}" == RUNTIME
