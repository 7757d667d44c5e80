"""Each staged folder by itself: in an environment with only its requirements, outside the repo."""

import json
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from infra.stage import FUNCTIONS
from shared.smart.signing_keys import read
from tests.support.browser.browser import Browser
from tests.support.cloud.forked import start_anew
from tests.support.cloud.staged import Copy, command, running
from tests.support.ehr import signing_keys

CONFIG = """
public_url = "https://smart.example.org"
sealing_keys = ["env:SEALING_KEY"]
public_jwks = "env:PUBLIC_JWKS"
[store]
kind = "firestore"
project = "no-such-project"
database = "smart"
[[ehr]]
key = "ehr"
iss = ["https://ehr.example.org/r4"]
client_id = "client"
client_auth = "client_secret_basic"
client_secret = "env:CLIENT_SECRET"
scopes = "patient/*.rs"
[[ehr]]
key = "other"
iss = ["https://other.example.org/r4"]
client_id = "client"
client_auth = "private_key_jwt"
private_key = "env:PRIVATE_KEY"
key_id = "key-1"
redirect_path = "/callback/other"
scopes = "patient/*.rs"
[[cds_client]]
key = "hooks"
ehr = "ehr"
iss = "https://ehr.example.org"
keys = "env:CDS_KEYS"
"""
PEM = signing_keys.pem("p384")
JWKS = json.dumps({"keys": [dict(read(PEM, "key-1").public_jwk())]})
CREDENTIALS = {"SEALING_KEY": "A" * 43, "CLIENT_SECRET": "not-a-secret", "PRIVATE_KEY": PEM}
# As cloudbuild.yaml gives them.
SECRETS = dict.fromkeys(FUNCTIONS, CREDENTIALS) | {
    "launch": {"PUBLIC_JWKS": JWKS},
    "cds_services": {"CDS_KEYS": JWKS},
}


@pytest.fixture(scope="module")
def ports(
    staged: Path, programs: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, int]]:
    folder = tmp_path_factory.mktemp("alone")
    config = folder / "smart.toml"
    config.write_text(CONFIG)
    copies = [Copy(name, {"SMART_CONFIG": str(config)} | SECRETS[name]) for name in FUNCTIONS]
    with running(staged, programs, copies, folder, start_anew):
        yield {copy.function: copy.port for copy in copies}


ANSWERS = {
    "launch": (400, "iss_missing"),
    "callback": (400, "state_missing"),
    "fhir_proxy": (403, "cross_site"),
    "smart_calc": (404, "not_found"),
    "cds_services": (404, "not_found"),
}


def test_each_answers_as_itself(ports: Mapping[str, int]) -> None:
    """Each with its own secrets: `launch` has no credentials, the others no public keys."""
    there = ANSWERS.keys() & set(FUNCTIONS)
    answers = {name: Browser().get(f"http://localhost:{ports[name]}/") for name in there}
    for name, answer in answers.items():
        assert (answer.status, answer.code) == ANSWERS[name], name
    assert all(answer.header("X-Correlation-Id") for answer in answers.values())
    keys = Browser().get(f"http://localhost:{ports['launch']}/jwks.json")
    assert (keys.status, keys.text) == (200, JWKS)


def test_a_body_that_is_announced_as_too_large_is_not_waited_for(ports: Mapping[str, int]) -> None:
    """Otherwise the framework would first keep the whole body in memory, from any sender."""
    for name in FUNCTIONS:
        head = f"POST /{name}/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 32000000\r\n\r\n"
        with socket.create_connection(("127.0.0.1", ports[name]), timeout=60) as connection:
            connection.sendall(head.encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 40"), name


# What becomes of the others without these: tests/functions/launch/test_process.py.
BESIDE = "cds_services" if "cds_services" in FUNCTIONS else "launch"


@pytest.mark.parametrize("name", sorted({"launch", BESIDE}))
def test_without_the_secrets_it_uses_it_ends_with_1_and_names_each(
    staged: Path, programs: Mapping[str, Path], tmp_path: Path, name: str
) -> None:
    config = tmp_path / "smart.toml"
    config.write_text(CONFIG)
    ended = ending(staged, programs, tmp_path, Copy(name, {"SMART_CONFIG": str(config)}))
    assert ended.returncode == 1, ended.stderr
    for reference in SECRETS[name]:
        assert f"env:{reference} is not set" in ended.stderr


def ending(
    staged: Path, programs: Mapping[str, Path], folder: Path, copy: Copy
) -> subprocess.CompletedProcess[str]:
    """A function that does not start."""
    return subprocess.run(
        command(staged, programs[copy.function], copy),
        cwd=folder,
        env=dict(copy.variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
