import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from simulator.ehr import VENDOR_PROFILES, create_app
from simulator.oauth.registrations import (
    DEFAULT_REGISTRATIONS,
    RegistrationsInvalidError,
    checked,
    parse_registrations,
)
from tests.simulator.app_under_test import APP, WARD
from tests.simulator.token_client import JWKS, TokenClient, refused, registration
from tests.support.tables import each

GOOD = asdict(APP)
BY_KEY = {**GOOD, "client_auth": "private_key_jwt", "jwks": JWKS}
RSA = JWKS["keys"][0]


def test_registrations_come_back_from_their_json() -> None:
    clients = (
        APP,
        WARD,
        registration("client_secret_basic", ehrs=("oracle", "epic"), type="patient"),
        registration("private_key_jwt", client_id="keys"),
        registration(
            "private_key_jwt",
            client_id="keys elsewhere",
            jwks=None,
            jwks_url="http://127.0.0.1:1/launch/jwks.json",
            smart_version=1,
        ),
    )
    assert parse_registrations(json.dumps([asdict(one) for one in clients])) == clients


def test_members_that_may_be_left_out_have_defaults() -> None:
    names = ("client_id", "name", "launch_url", "redirect_uris", "scopes")
    (one,) = parse_registrations(json.dumps([{name: GOOD[name] for name in names}]))
    assert one == APP


@each(
    ("ehrs", "known_at"),
    [
        ((), ["generic", "oracle", "oracle-patient", "epic"]),
        (("epic",), ["epic"]),
        (("oracle", "generic"), ["generic", "oracle"]),
    ],
)
def test_a_client_is_known_at_the_ehrs_it_names_or_at_all(
    ehrs: tuple[str, ...], known_at: list[str]
) -> None:
    client = replace(APP, ehrs=ehrs)
    assert [one.key for one in VENDOR_PROFILES if client.is_at(one.key)] == known_at


def test_an_ehr_that_a_client_is_not_registered_with_does_not_know_it() -> None:
    client = TokenClient(registration(ehrs=("oracle",)))
    assert refused(client.exchange("any")) == (401, "invalid_client")


def test_the_default_registration_is_the_documented_one() -> None:
    (demo,) = checked(DEFAULT_REGISTRATIONS)
    assert demo.client_id == "smart-calc-demo"
    assert demo.redirect_uris == ("http://localhost:8080/callback",)
    assert demo.launch_url == "http://localhost:8080/launch"


@each(
    ("items", "problem"),
    [
        ({}, "JSON list"),
        ([], "at least one"),
        (["x"], "registration 1: not a JSON object"),
        ([{**GOOD, "secret": "x"}], "registration 1: unknown field 'secret'"),
        ([{**GOOD, "name": ""}], "registration 1: name must be a non-empty string"),
        ([{**GOOD, "client_id": 1}], "registration 1: client_id must be a non-empty string"),
        ([GOOD, {**GOOD, "scopes": "launch"}], "registration 2: scopes must be a non-empty list"),
        ([{**GOOD, "redirect_uris": []}], "redirect_uris must be a non-empty list"),
        ([{**BY_KEY, "redirect_uris": None}], "required, except with system/ scopes"),
        ([{**GOOD, "scopes": ["system/Patient.rs"]}], "system/ scopes require private_key_jwt"),
        ([{**GOOD, "scopes": ["launch", "patient/x.rs"]}], "not a scope that this EHR supports"),
        ([{**GOOD, "launch_url": "app.test/launch"}], "not an absolute http(s) URL"),
        ([{**GOOD, "launch_url": "https://app.test/#launch"}], "without a fragment"),
        ([{**GOOD, "redirect_uris": ["https://app.test:x/"]}], "not an absolute http(s) URL"),
        ([{**GOOD, "redirect_uris": ["myapp:/callback"]}], "not an absolute http(s) URL"),
        ([GOOD, GOOD], "client 'app': registered twice"),
        ([{**GOOD, "client_auth": "tls"}], "client_auth must be one of none, client_secret_basic"),
        ([{**GOOD, "type": "system"}], "type must be one of provider, patient"),
        ([{**GOOD, "smart_version": True}], "smart_version must be 1 or 2"),
        ([{**GOOD, "ehrs": ["cerner"]}], "ehrs must be a list of generic"),
        ([{**GOOD, "client_secret": "x"}], "client_secret is for client_secret_basic"),
        ([{**GOOD, "client_auth": "client_secret_post"}], "client_secret is for client_secret"),
        ([{**GOOD, "jwks": JWKS}], "jwks and jwks_url are for private_key_jwt"),
        (
            [{**GOOD, "client_auth": "private_key_jwt"}],
            "jwks and jwks_url are for private_key_jwt",
        ),
        (
            [{**BY_KEY, "jwks_url": "https://app.test/"}],
            "jwks and jwks_url are for private_key_jwt",
        ),
        ([{**BY_KEY, "jwks": None, "jwks_url": "jwks.json"}], "not an absolute http(s) URL"),
        ([{**BY_KEY, "jwks": {"keys": []}}], "jwks must be a JSON Web Key Set"),
        ([{**BY_KEY, "jwks": []}], "jwks must be a JSON Web Key Set"),
        ([{**BY_KEY, "jwks": {"keys": [{**RSA, "d": "AQ"}]}}], "jwks must be a JSON Web Key Set"),
        ([{**BY_KEY, "jwks": {"keys": [{**RSA, "kid": 1}]}}], "jwks must be a JSON Web Key Set"),
        ([{**BY_KEY, "jwks": {"keys": [{**RSA, "n": "AQ"}]}}], "jwks must be a JSON Web Key Set"),
        ([{**BY_KEY, "jwks": {"keys": [{**RSA, "kty": "oct"}]}}], "jwks must be a JSON Web Key"),
    ],
)
def test_a_registration_that_cannot_be_used_is_named(items: Any, problem: str) -> None:
    with pytest.raises(RegistrationsInvalidError) as caught:
        parse_registrations(json.dumps(items))
    assert problem in str(caught.value)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(RegistrationsInvalidError) as caught:
        parse_registrations('[{"client_id": "", "more": 1}, 5]')
    assert len(str(caught.value).splitlines()) == 5


def test_the_ehr_does_not_start_with_a_bad_registration() -> None:
    with pytest.raises(RegistrationsInvalidError):
        create_app([replace(APP, scopes=("no",))], base_url="http://ehr.test")


@each(
    "base_url",
    ["", "ehr.test", "http://ehr.test/", "http://ehr.test/a", "ftp://ehr.test", "http://h:x"],
)
def test_the_base_url_must_be_an_origin(base_url: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        create_app([APP], base_url=base_url)


@pytest.mark.slow
@each(
    ("variables", "printed"),
    [
        ({"EHR_REGISTRATIONS": "nonsense"}, "EHR_REGISTRATIONS: not JSON"),
        ({"EHR_BASE_URL": "http://ehr.test/x"}, "EHR_BASE_URL: base_url must be"),
        ({"EHR_DAY": "tomorrow"}, "EHR_DAY: "),
        ({"EHR_CHARTS": "/nowhere"}, "EHR_CHARTS: /nowhere has no *.json"),
    ],
)
def test_a_process_with_bad_variables_ends_with_a_message(
    variables: dict[str, str], printed: str
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EHR_")}
    ended = subprocess.run(
        [sys.executable, "-c", "import simulator.serve_ehr"],
        cwd=Path(__file__).parents[3],
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 4
    assert printed in ended.stderr
    assert "Traceback" not in ended.stderr
