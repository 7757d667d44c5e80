import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from simulator.ehr import create_app
from simulator.registrations import (
    DEFAULT_REGISTRATIONS,
    RegistrationsInvalidError,
    checked,
    parse_registrations,
)
from tests.simulator.app_under_test import APP, WARD

GOOD = asdict(APP)


def test_registrations_come_back_from_their_json() -> None:
    text = json.dumps([asdict(APP), asdict(WARD)])
    assert parse_registrations(text) == (APP, WARD)


def test_the_default_registration_is_the_documented_one() -> None:
    (demo,) = checked(DEFAULT_REGISTRATIONS)
    assert demo.client_id == "smart-calc-demo"
    assert demo.redirect_uris == ("http://localhost:8080/callback",)
    assert demo.launch_url == "http://localhost:8080/launch"


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ({}, "JSON list"),
        ([], "at least one"),
        (["x"], "registration 1: not a JSON object"),
        ([{**GOOD, "secret": "x"}], "registration 1: unknown member 'secret'"),
        ([{**GOOD, "name": ""}], "registration 1: name must be a text"),
        ([{**GOOD, "client_id": 1}], "registration 1: client_id must be a text"),
        ([GOOD, {**GOOD, "scopes": "launch"}], "registration 2: scopes must be a list"),
        ([{**GOOD, "redirect_uris": []}], "redirect_uris must be a list"),
        ([{**GOOD, "scopes": ["launch", "patient/x.rs"]}], "not a scope that this EHR knows"),
        ([{**GOOD, "launch_url": "app.test/launch"}], "not an absolute http(s) URL"),
        ([{**GOOD, "launch_url": "https://app.test/#launch"}], "without a fragment"),
        ([{**GOOD, "redirect_uris": ["https://app.test:x/"]}], "not an absolute http(s) URL"),
        ([{**GOOD, "redirect_uris": ["myapp:/callback"]}], "not an absolute http(s) URL"),
        ([GOOD, GOOD], "client 'app': registered twice"),
    ],
)
def test_a_registration_that_cannot_be_used_is_named(items: Any, problem: str) -> None:
    with pytest.raises(RegistrationsInvalidError) as caught:
        parse_registrations(json.dumps(items))
    assert problem in str(caught.value)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(RegistrationsInvalidError) as caught:
        parse_registrations('[{"client_id": "", "more": 1}, 5]')
    assert len(str(caught.value).splitlines()) == 7


def test_the_ehr_does_not_start_with_a_bad_registration() -> None:
    with pytest.raises(RegistrationsInvalidError):
        create_app([replace(APP, scopes=("no",))], base_url="http://ehr.test")


@pytest.mark.parametrize(
    "base_url",
    ["", "ehr.test", "http://ehr.test/", "http://ehr.test/a", "ftp://ehr.test", "http://h:x"],
)
def test_the_base_url_must_be_an_origin(base_url: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        create_app([APP], base_url=base_url)


@pytest.mark.parametrize(
    ("variables", "status", "printed"),
    [
        ({}, 0, ""),
        ({"EHR_REGISTRATIONS": json.dumps([GOOD]), "EHR_BASE_URL": "http://ehr.test"}, 0, ""),
        ({"EHR_REGISTRATIONS": "nonsense"}, 4, "EHR_REGISTRATIONS: not JSON"),
        ({"EHR_BASE_URL": "http://ehr.test/x"}, 4, "EHR_BASE_URL: base_url must be"),
    ],
)
def test_a_process_with_bad_variables_ends_with_a_message(
    variables: dict[str, str], status: int, printed: str
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EHR_")}
    ended = subprocess.run(
        [sys.executable, "-c", "import simulator.serve_ehr"],
        cwd=Path(__file__).parents[2],
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == status
    assert printed in ended.stderr
    assert "Traceback" not in ended.stderr
