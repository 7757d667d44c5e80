"""Each staged folder alone: in an environment of its own requirements, no repository around."""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from infra.stage import FUNCTIONS
from tests.support.browser import Browser
from tests.support.staged import Copy, command, running

CONFIG = """
public_url = "https://smart.example.org"
sealing_keys = ["env:SEALING_KEY"]
[store]
kind = "firestore"
project = "no-such-project"
database = "smart"
[[ehr]]
key = "ehr"
iss = ["https://ehr.example.org/r4"]
client_id = "client"
scopes = "patient/*.rs"
"""
KEY = {"SEALING_KEY": "A" * 43}


@pytest.fixture(scope="module")
def ports(
    staged: Path,
    programs: Mapping[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[str, int]]:
    folder = tmp_path_factory.mktemp("alone")
    config = folder / "smart.toml"
    config.write_text(CONFIG)
    copies = [
        Copy(name, {"SMART_CONFIG": str(config)} | (KEY if name != "launch" else {}))
        for name in FUNCTIONS
    ]
    with running(staged, programs, copies, folder):
        yield {copy.function: copy.port for copy in copies}


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("launch", 400, "iss_missing"),
        ("callback", 400, "state_missing"),
        ("fhir_proxy", 403, "cross_site"),
        ("smart_calc", 404, "not_found"),
    ],
)
def test_it_answers(ports: Mapping[str, int], name: str, status: int, code: str) -> None:
    """`launch` without the sealing key, which it never needs."""
    answer = Browser().get(f"http://localhost:{ports[name]}/")
    assert (answer.status, answer.code) == (status, code)
    assert answer.header("X-Correlation-Id")


def test_without_configuration_it_starts_and_says_so(
    staged: Path, programs: Mapping[str, Path], tmp_path: Path
) -> None:
    copies = [Copy(name, {}) for name in FUNCTIONS]
    with running(staged, programs, copies, tmp_path):
        for copy in copies:
            answer = Browser().get(f"http://localhost:{copy.port}/")
            assert (answer.status, answer.code) == (500, "misconfigured")


def test_with_a_bad_configuration_it_ends_with_1_and_every_problem(
    staged: Path, programs: Mapping[str, Path], tmp_path: Path
) -> None:
    """So the new revision fails its health check and the old one stays."""
    config = tmp_path / "smart.toml"
    config.write_text('public_url = "http://smart.example.org"\nsealing_key = "x"\n')
    for name in FUNCTIONS:
        started = command(staged, programs[name], Copy(name, {}))
        ended = subprocess.run(
            started,
            cwd=tmp_path,
            env={"SMART_CONFIG": str(config)},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert ended.returncode == 1, ended.stderr
        assert "http_not_local" in ended.stderr
        assert "setting_unknown" in ended.stderr
