"""The doctor on the command line: what it prints, how it ends, whom it asks."""

import ast
import json
import re
import sys
import tomllib
import typing
from pathlib import Path

import pytest

from doctor.__main__ import main
from doctor.finding import FindingId
from shared import base64url
from tests.support.app.app import App, ehr_tables
from tests.support.app.doctor import Doctor, Outcome, ehr
from tests.support.app.servers import ROOT, free_port
from tests.support.ehr.scripted_ehr import Tenant
from tests.support.tables import each

IDS = typing.get_args(FindingId)


def checked(doctor: Doctor, *flags: str) -> Outcome:
    """Run the command in a separate process."""
    ended = doctor.run("check", "--config", str(doctor.file), "--json", *flags)
    assert ended.stderr == ""
    return Outcome(ended.returncode, json.loads(ended.stdout))


@pytest.mark.calculators
def test_a_good_configuration_of_running_functions_ends_with_0(doctor: Doctor, app: App) -> None:
    simulated = ehr_tables(app.ehr_origin, app.scripted).partition('[[ehr]]\nkey = "scripted"')[0]
    doctor.write(simulated)
    outcome = checked(doctor)
    assert outcome.code == 0
    assert outcome.with_level("fail") == set()
    assert outcome.with_level("warn") == {"public_client"}
    assert outcome.with_level("ok") >= {
        *("config_unreadable", "secret_unreadable", "sealing_key_invalid"),
        *("public_url_unreachable", "public_url_frame_options", "hosts_not_shared"),
        *("discovery_unreachable", "scope_unsupported", "capability_missing", "clock_skew"),
        *("store_unreachable", "store_write_failed"),
    }


def test_a_finding_has_five_members_and_an_ok_no_fix(doctor: Doctor, tenant: Tenant) -> None:
    doctor.write(ehr(tenant.base, "patient/*.read patient/Patient.rs"))
    outcome = doctor.check()
    for finding in outcome.findings:
        assert list(finding) == ["id", "level", "ehr", "title", "fix"]
        assert finding["id"] in IDS
        assert finding["ehr"] in {None, "one"}
        assert finding["title"]
        assert bool(finding["fix"]) == (finding["level"] != "ok")


@pytest.mark.calculators
def test_the_answer_for_people_is_grouped_and_says_what_to_do(
    doctor: Doctor, tenant: Tenant
) -> None:
    doctor.write(
        ehr(tenant.base, "patient/*.read patient/Patient.rs", name='"One"'), keys='["env:ABSENT"]'
    )
    ended = doctor.run("check", "--config", str(doctor.file))
    assert ended.returncode == 1
    groups = re.findall(r"(?m)^(?! |\d)(.+)$", ended.stdout)
    assert groups == ["Configuration", "Public URL", "EHR one", "Store"]
    assert "  fail  sealing_keys[0]: env:ABSENT is not set or empty. [secret_unreadable]" in (
        ended.stdout
    )
    assert "        Set the secret where the functions run (docs/deploy.md" in ended.stdout
    assert "Write one scope for each resource type" in ended.stdout
    assert re.search(r"(?m)^1 fail, \d+ warn, \d+ ok\.", ended.stdout)
    assert max(map(len, ended.stdout.splitlines())) <= 100


def test_a_bad_configuration_ends_with_1_and_without_a_guess_at_the_rest(offline: Doctor) -> None:
    offline.file.write_text('public_url = "https://smart.example.org"\nnonsense = 1\n')
    outcome = checked(offline)
    assert outcome.code == 1
    assert outcome.with_level("fail") == {"setting_unknown", "setting_invalid"}
    assert outcome.with_level("ok") == {"config_unreadable"}


@each(
    "arguments",
    [
        (),
        ("check",),
        ("check", "--config"),
        ("check", "--config", "smart.toml", "--online"),
        ("check", "--conf", "smart.toml"),
        ("fly",),
    ],
    ids=" ".join,
)
def test_arguments_that_cannot_be_used_end_with_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "")
    assert "usage:" in printed.err


def test_offline_asks_nobody(offline: Doctor, tenant: Tenant) -> None:
    nowhere = f"http://localhost:{free_port()}"
    offline.write(ehr(tenant.base), public_url=nowhere)
    outcome = checked(offline, "--offline")
    assert outcome.code == 0
    assert tenant.received == []
    assert {path.name for path in offline.folder.iterdir()} == {"smart.toml"}
    asked = {"public_url_unreachable", "discovery_unreachable", "store_unreachable", "clock_skew"}
    assert not asked & {one["id"] for one in outcome.findings}


def test_nothing_of_a_secret_is_sent_or_shown(
    doctor: Doctor, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentinel = "sentinel-3f9c"
    monkeypatch.setenv("SEALING_KEY", sentinel)
    monkeypatch.setenv("CLIENT_SECRET", sentinel)
    secret = {"client_auth": '"client_secret_basic"', "client_secret": '"env:CLIENT_SECRET"'}
    doctor.write(ehr(tenant.base, **secret))
    ended = doctor.run("check", "--config", str(doctor.file))
    assert ended.returncode == 1
    assert sentinel not in ended.stdout + ended.stderr
    assert tenant.received
    for request in tenant.received:
        assert request.path == "/.well-known/smart-configuration"
        assert {"Authorization", "Cookie"}.isdisjoint(request.headers)
        assert sentinel not in str(request)


def test_every_id_is_documented_and_every_documented_id_is_in_the_code() -> None:
    documented = re.findall(r"(?m)^\| `([a-z_]+)` \|", (ROOT / "docs" / "doctor.md").read_text())
    assert sorted(documented) == sorted(IDS)


def test_the_doctor_imports_shared_and_the_standard_library_only() -> None:
    """And what knows the names of the calculators, and the codes that they read."""
    tops = set()
    for path in (ROOT / "doctor").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                top = str(node.module).partition(".")[0]
                if top == "clinical":
                    assert node.names[0].name in ("site_choice", "unread")
                tops.add(top)
            elif isinstance(node, ast.Import):
                tops |= {alias.name.partition(".")[0] for alias in node.names}
    assert tops - sys.stdlib_module_names == {"clinical", "doctor", "shared"}


@pytest.mark.calculators
def test_the_codes_that_no_calculator_reads_are_listed_without_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    display = "Krea\x1b[31mtinin\n[[\u202eehr]]"
    krea = {"coding": [{"system": "http://lab.test", "code": "KREA", "display": display}]}
    file = tmp_path / "observations.json"
    observation = {"resourceType": "Observation", "id": "secret", "code": krea}
    text = json.dumps(observation | {"valueQuantity": {"value": 1.234, "long": "long"}})
    file.write_text(text.replace('"long"}', "9" * 5_000 + "}"), "utf-8")
    assert main(["codes", str(file)]) == 0
    listed = capsys.readouterr().out
    assert "# 1 x Kreatinin [[ehr]], no unit" in listed
    table = tomllib.loads(listed.partition("[[ehr.codes]]")[2])
    assert table == {"system": "http://lab.test", "code": "KREA", "input": "", "unit": ""}
    assert not [one for one in ("secret", "1.234") if one in listed]


@pytest.mark.calculators
@each(
    ("content", "message"),
    [
        (b"", "The text isn't JSON. Pass a FHIR Bundle"),
        (b"[" * 100_000, "The text isn't JSON. Pass a FHIR Bundle"),
        (b'{"resourceType": "OperationOutcome"}', "The JSON has no Observation. Pass a FHIR"),
        (b'"\xe4"', "Nothing was listed: the JSON isn't UTF-8 text."),
        (b" " * 50_000_001, "Nothing was listed: the JSON has more than 50,000,000 bytes."),
    ],
)
def test_a_text_without_observations_is_no_chart(
    content: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "observations.json"
    file.write_bytes(content)
    assert main(["codes", str(file)]) == 1
    assert capsys.readouterr().err.startswith(message)


def test_a_sealing_key_can_be_made(capsys: pytest.CaptureFixture[str]) -> None:
    made = [(main(["sealing-key"]), capsys.readouterr().out.strip()) for _ in range(2)]
    assert [code for code, _ in made] == [0, 0]
    assert len({key for _, key in made}) == 2
    assert all(len(base64url.decode(key)) == 32 for _, key in made)


@each("command", ["check", "explain"])
def test_the_documentation_names_every_option_of_a_command(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    (usage,) = re.findall(rf"(?m)^\S+ -m doctor {command} (.*)$", page)
    assert options == set(re.findall(r"--[a-z-]+", usage))
