"""What the function starts with: its own settings, no secret, and every problem at once."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from shared.config.settings_file import parse
from shared.oidc import key_files
from tests.support.app.servers import free_port, run, serve_app
from tests.support.browser.browser import Browser
from tests.support.ehr.cds import DISCOVERY, P384, CdsEhr, log_lines, registration
from tests.support.ehr.id_tokens import public_jwk
from tests.support.ehr.scripted_ehr import ScriptedEhr
from tests.support.tables import each

TOP = """
public_url = "https://smart.example.org"
sealing_keys = ["env:NO_SUCH_KEY"]
[store]
kind = "sqlite"
"""
EHR = registration("one", "https://ehr.example.org/r4")
CLIENT = {
    "key": "one",
    "ehr": "one",
    "iss": "https://ehr.example.org/r4",
    "jku": "https://keys.example.org/jwks.json",
}


def client(**changes: Any) -> str:
    members = {name: held for name, held in (CLIENT | changes).items() if held is not None}
    return "\n".join(
        ["[[cds_client]]", *(f"{k} = {json.dumps(v)}" for k, v in members.items()), ""]
    )


def ids(*clients: str, top: str = TOP) -> list[str]:
    return [problem.id for problem in parse(top + EHR + "".join(clients))[1]]


def test_a_sound_client_has_no_problem() -> None:
    assert ids(client()) == []
    assert ids(client(jku=None, keys="file:/config/keys.json", tenant="t")) == []
    assert ids(client(), client(key="two", tenant="t")) == []
    assert (
        ids(client(cors_origins=["https://sandbox.cds-hooks.org", "https://a.example:8443"])) == []
    )


@each(
    ("clients", "expected"),
    [
        ([client(ehr="other")], ["cds_ehr_unknown"]),
        ([client(), client()], ["cds_client_duplicate"] * 2),
        ([client(), client(key="two")], ["cds_client_duplicate"]),
        ([client(tenant="t"), client(key="two", tenant="t")], ["cds_client_duplicate"]),
        ([client(jku=None)], ["setting_invalid"]),
        ([client(keys="env:X")], ["setting_invalid"]),
        ([client(jku=None, keys='{"keys":[]}')], ["secret_literal"]),
        ([client(jku="http://keys.example.org/x")], ["http_not_local"]),
        ([client(jku="keys.example.org")], ["setting_invalid"]),
        ([client(jku="https://keys.example.org/#x")], ["setting_invalid"]),
        ([client(jku="https://user@keys.example.org/x")], ["setting_invalid"]),
        ([client(key="Epic Main")], ["setting_invalid"]),
        ([client(iss=None)], ["setting_invalid"]),
        ([client(key=None)], ["setting_invalid"]),
        ([client(ehr=None)], ["setting_invalid"]),
        ([client(cors_origins=["*"])], ["cds_cors_origin_invalid"]),
        ([client(cors_origins=["null"])], ["cds_cors_origin_invalid"]),
        ([client(cors_origins=["https://a.example/"])], ["cds_cors_origin_invalid"]),
        ([client(cors_origins=["https://a.example:443"])], ["cds_cors_origin_invalid"]),
        ([client(cors_origins=["http://a.example"])], ["cds_cors_origin_invalid"]),
        ([client(cors_origins=[7])], ["cds_cors_origin_invalid"]),
        ([client(cors_origins="https://a.example")], ["setting_invalid"]),
        ([client(audience="x")], ["setting_unknown"]),
        (["cds_client = 7\n"], ["setting_invalid"]),
    ],
    ids=lambda value: ", ".join(value)[-70:],
)
def test_each_problem_of_a_client_has_its_id(clients: list[str], expected: list[str]) -> None:
    if clients[0].startswith("cds_client"):
        assert ids(top=clients[0] + TOP) == expected
    else:
        assert ids(*clients) == expected


def test_http_is_for_localhost_alone() -> None:
    local = TOP.replace("https://smart.example.org", "http://localhost:8080")
    http = client(jku="http://127.0.0.1:8090/keys", cors_origins=["http://localhost:3000"])
    assert ids(http, top=local) == []


@pytest.mark.parametrize(
    ("content", "usable"),
    [
        (json.dumps({"keys": [public_jwk(P384, kid="a")]}), True),
        (json.dumps({"keys": [public_jwk(P384, kid="a") | {"d": "c2VjcmV0"}]}), False),
        (None, False),
    ],
    ids=["public", "private", "no file"],
)
def test_a_file_of_keys_is_looked_at_at_start(
    tmp_path: Path, content: str | None, usable: bool
) -> None:
    file = tmp_path / "keys.json"
    if content is not None:
        file.write_text(content)
    settings, problems = parse(TOP + EHR + client(jku=None, keys=f"file:{file}"))
    assert settings is not None, problems
    key_sets, problems = key_files.resolve(settings)
    assert (set(key_sets), [one.id for one in problems]) == (
        ({"one"}, []) if usable else (set(), ["cds_keys_unreadable"])
    )
    assert "c2VjcmV0" not in "".join(map(str, problems))


def started(folder: Path, configuration: str, name: str = "cds_services") -> tuple[int, str]:
    config = folder / "smart.toml"
    config.write_text(configuration)
    environment = {"PATH": os.environ["PATH"], "SMART_CONFIG": str(config)}
    log = folder / "log"
    return run(f"functions.{name}.main", environment=environment, log=log), log.read_text("utf-8")


def test_the_function_resolves_no_sealing_key_and_no_credentials(tmp_path: Path) -> None:
    secret = 'client_auth = "client_secret_basic"\nclient_secret = "env:NO_SUCH_SECRET"\n'
    top = TOP.replace('kind = "sqlite"', f'kind = "sqlite"\npath = "{tmp_path}/smart.db"')
    assert started(tmp_path, top + EHR + secret + client()) == (0, "")
    assert started(tmp_path, top + EHR + secret + client(), "callback")[0] == 1


def test_a_file_of_keys_that_cannot_be_used_ends_the_process(tmp_path: Path) -> None:
    clients = client(jku=None, keys="file:/no/such/file.json")
    code, said = started(tmp_path, TOP + EHR + clients)
    assert code == 1
    assert "cds_client[0].keys" in said
    assert "[cds_keys_unreadable]" in said
    # No other function reads it.
    assert started(tmp_path, TOP + EHR + clients, "launch")[0] == 0


def test_without_a_client_every_call_is_refused(tmp_path: Path, scripted: ScriptedEhr) -> None:
    port = free_port()
    tenant = scripted.tenant("cds")
    ehr = CdsEhr.at(f"http://localhost:{port}", tenant, tenant.base)
    with serve_app(tmp_path, registration("one", tenant.base), port=port) as server:
        assert Browser().get(f"{server.origin}{DISCOVERY}").json()["services"]
        answer = ehr.call()
        assert (answer.status, answer.code) == (401, "cds_token_invalid")
        assert answer.header("Vary") is None
        assert log_lines(server, "cds_refused")[-1]["reason"] == "unconfigured"
