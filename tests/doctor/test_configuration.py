"""What the file alone shows: settings, secrets, scopes, registrations. No network."""

import re
from typing import get_args

import pytest

from doctor.finding import FindingId
from tests.support.app.doctor import GOOD_SCOPES, Doctor, ehr
from tests.support.tables import each


def test_a_file_that_is_not_there_or_no_text_is_a_finding(offline: Doctor) -> None:
    outcome = offline.check("--offline")
    assert outcome.code == 1
    assert [one["id"] for one in outcome.findings] == ["config_unreadable"]
    assert "No such file" in outcome.findings[0]["title"]
    offline.file.write_bytes(b"\xff\xfe")
    assert offline.check("--offline").level("config_unreadable") == "fail"


def test_text_that_is_no_toml_is_a_finding(offline: Doctor) -> None:
    offline.file.write_text("[[ehr]\nkey = ")
    outcome = offline.check("--offline")
    assert (outcome.code, outcome.level("config_unreadable")) == (1, "fail")


@each(
    ("id_", "settings", "table"),
    [
        ("setting_unknown", {"top": "launch_minute = 5"}, {}),
        ("setting_invalid", {"top": "launch_minutes = 0"}, {}),
        pytest.param(
            "setting_invalid",
            {"top": 'calculators_off = ["has_bld"]'},
            {},
            marks=pytest.mark.calculators,
        ),
        ("setting_invalid", {"top": 'calculators_off = "has_bled"'}, {}),
        pytest.param(
            "setting_invalid", {"top": 'cards = ["bmi"]'}, {}, marks=pytest.mark.calculators
        ),
        *(
            pytest.param(
                "setting_invalid",
                {},
                {"codes": f'[{{system = "s", code = "c", {rest}}}]'},
                marks=pytest.mark.calculators,
            )
            for rest in (
                'input = "kreatinin"',
                'input = "diabetes"',
                'input = "sodium", unit = "g"',
            )
        ),
        ("secret_literal", {"keys": '["c2VjcmV0"]'}, {}),
        ("public_url_invalid", {"public_url": "https://smart.example.org/app"}, {}),
        ("http_not_local", {"public_url": "http://smart.example.org"}, {}),
        ("iss_invalid", {}, {"iss": "https://ehr.test/fhir?x"}),
        ("http_not_local", {}, {"iss": "http://ehr.test/fhir"}),
        ("launch_scope_configured", {}, {"scopes": "launch/patient"}),
        ("standalone_without_iss", {}, {"iss": "https://ehr.test/*", "standalone": "true"}),
    ],
)
def test_a_problem_of_the_file_is_a_finding_that_names_the_registration(
    offline: Doctor, id_: str, settings: dict[str, str], table: dict[str, str]
) -> None:
    outcome = offline.offline(ehr(**table), **settings)
    finding = outcome.only(id_)
    assert outcome.code == 1
    assert outcome.with_level("fail") == {id_}
    assert finding["level"] == "fail"
    assert finding["ehr"] == ("one" if table else None)


def test_calculators_that_there_are_may_be_turned_off_or_chosen_for_cards(offline: Doctor) -> None:
    chosen = 'calculators_off = ["has_bled"]\ncards = ["fib4", "prevent_2023_base"]'
    outcome = offline.offline(ehr(), top=chosen)
    assert (outcome.code, outcome.level("setting_invalid")) == (0, "ok")


@each(("size", "level", "code"), [(65_536, "ok", 0), (65_537, "fail", 1)])
def test_a_file_that_no_secret_can_hold_is_a_finding(
    offline: Doctor, size: int, level: str, code: int
) -> None:
    """Secret Manager's limit is in bytes: an umlaut has two."""
    offline.write(ehr(), top="# ü\n")
    written = offline.file.read_bytes()
    offline.file.write_bytes(written + b"#" * (size - len(written)))
    outcome = offline.check("--offline")
    assert (outcome.code, outcome.level("config_too_large")) == (code, level)
    if level == "fail":
        assert f"{size:,} bytes" in outcome.only("config_too_large")["title"]
        assert "issuers convert" in outcome.only("config_too_large")["fix"]


def test_an_iss_in_two_registrations_is_a_finding(offline: Doctor) -> None:
    outcome = offline.offline(ehr(), ehr(key='"two"'))
    assert (outcome.code, outcome.level("iss_duplicate")) == (1, "fail")


def test_a_file_with_bases_is_read_and_its_hosts_share_a_redirect_uri(offline: Doctor) -> None:
    (offline.folder / "issuers").mkdir()
    file = offline.folder / "issuers/one.txt"
    file.write_text("https://a.test/fhir\nhttps://b.test/fhir\n")
    table = ehr().replace('iss = ["https://ehr.test/fhir"]\n', "")
    outcome = offline.offline(table + 'issuers = "file:issuers/one.txt"\n')
    assert (outcome.code, outcome.level("redirect_shared")) == (0, "warn")
    assert "a.test, b.test" in outcome.only("redirect_shared")["title"]
    assert outcome.level("scope_count") == "ok"
    assert outcome.of("chooser_public") == []
    told = offline.run("check", "--config", str(offline.file), "--offline").stdout
    assert "doctor endpoints issuers/one.txt" in told
    offline.file.write_text(offline.file.read_text() + "standalone = true\nchooser = true\n")
    assert offline.check("--offline").level("chooser_public") == "warn"
    file.write_text("https://a.test/fhir\nhttps://a.test/x y\n")
    outcome = offline.check("--offline")
    finding = outcome.only("iss_invalid")
    assert (outcome.code, finding["level"], finding["ehr"]) == (1, "fail", "one")
    assert "one.txt, line 2" in finding["title"]


@each(("key", "id_"), [("", "secret_unreadable"), ("short", "sealing_key_invalid")])
def test_a_sealing_key_that_cannot_be_used_fails(
    offline: Doctor, monkeypatch: pytest.MonkeyPatch, key: str, id_: str
) -> None:
    monkeypatch.setenv("SEALING_KEY", key)
    outcome = offline.offline(ehr())
    assert (outcome.code, outcome.with_level("fail")) == (1, {id_})


def test_the_secrets_of_registrations_are_resolved(offline: Doctor) -> None:
    (offline.folder / "there").write_text("secret")
    there, absent = f'"file:{offline.folder}/there"', '"file:/absent"'
    basic, signed = '"client_secret_basic"', '"private_key_jwt"'
    outcome = offline.offline(
        ehr(client_auth=basic, client_secret=there),
        ehr("https://two.test", key='"two"', client_auth=basic, client_secret=absent),
        ehr(
            "https://three.test",
            key='"three"',
            client_auth=signed,
            private_key=absent,
            key_id='"k"',
        ),
        top='public_jwks = "file:/absent"',
    )
    assert [(one["ehr"], one["level"]) for one in outcome.of("secret_unreadable")] == [
        (None, "ok"),
        (None, "fail"),
        ("one", "ok"),
        ("two", "fail"),
        ("three", "fail"),
    ]


def test_a_public_client_is_warned_of(offline: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENT_SECRET", "secret")
    secret = {"client_auth": '"client_secret_post"', "client_secret": '"env:CLIENT_SECRET"'}
    outcome = offline.offline(ehr(**secret), ehr("https://two.test", key='"two"'))
    assert [(one["ehr"], one["level"]) for one in outcome.of("public_client")] == [
        ("one", "ok"),
        ("two", "warn"),
    ]


MANY = " ".join(f"patient/Type{chr(65 + n // 26)}{chr(65 + n % 26)}.rs" for n in range(41))
LONG = " ".join(f"patient/Observation.rs?code={n}{'x' * 60}" for n in range(30))
SCOPES = [
    ("patient/*.rs", "scope_wildcard", "warn"),
    ("user/*.read", "scope_wildcard", "warn"),
    ("patient/Observation.*", "scope_wildcard", "ok"),
    (GOOD_SCOPES, "scope_wildcard", "ok"),
    ("patient/Patient.read patient/Observation.rs", "scope_syntax_mixed", "warn"),
    ("patient/Patient.* user/Observation.cruds", "scope_syntax_mixed", "warn"),
    ("patient/Patient.read user/Observation.write", "scope_syntax_mixed", "ok"),
    ("patient/Patient.rs patient/Observation.rs?code=x.read", "scope_syntax_mixed", "ok"),
    (GOOD_SCOPES, "scope_count", "ok"),
    (MANY, "scope_count", "warn"),
    (LONG, "scope_count", "warn"),
    ("openid patient/Patient.rs", "openid_without_fhiruser", "warn"),
    ("openid fhirUser", "openid_without_fhiruser", "ok"),
    ("openid profile", "openid_without_fhiruser", "ok"),
    (GOOD_SCOPES, "openid_without_fhiruser", "ok"),
    ("offline_access patient/Patient.rs", "offline_access_discouraged", "warn"),
    ("online_access patient/Patient.rs", "offline_access_discouraged", "ok"),
]


@each(("scopes", "id_", "level"), SCOPES)
def test_scopes_that_ehrs_stumble_over_are_warned_of(
    offline: Doctor, scopes: str, id_: str, level: str
) -> None:
    outcome = offline.offline(ehr(scopes=scopes))
    assert outcome.level(id_) == level
    assert outcome.only(id_)["ehr"] == "one"
    assert outcome.code == 0


def test_oracle_drops_wildcards_so_they_fail_there(offline: Doctor) -> None:
    outcome = offline.offline(ehr(scopes="patient/*.read", vendor='"oracle"'))
    assert (outcome.code, outcome.with_level("fail")) == (1, {"scope_wildcard"})
    assert "patient/*.read" in outcome.only("scope_wildcard")["title"]


def test_run_app_gives_each_function_a_host_of_its_own(offline: Doctor) -> None:
    outcome = offline.offline(ehr(), public_url="https://launch-123.europe-west1.run.app")
    assert (outcome.code, outcome.with_level("fail")) == (1, {"hosts_not_shared"})
    for other in ("https://europe-west1-p.cloudfunctions.net", "https://run.app.example.org"):
        assert offline.offline(ehr(), public_url=other).of("hosts_not_shared") == []


def test_a_shared_redirect_path_fails_unless_every_entry_requires_iss(offline: Doctor) -> None:
    shared, required = {"redirect_path": '"/callback"'}, {"response_iss": "true"}
    two, three = (
        ehr("https://two.test", key='"two"'),
        ehr("https://3.test", key='"three"', **shared),
    )
    outcome = offline.offline(ehr(**required), two, three)
    levels = [(one["ehr"], one["level"]) for one in outcome.of("redirect_shared")]
    assert (outcome.code, outcome.with_level("fail")) == (1, {"redirect_shared"})
    assert sorted(levels) == [("one", "fail"), ("three", "fail"), ("two", "ok")]
    assert "three" in {one["ehr"] for one in outcome.of("public_client")}
    three = ehr("https://3.test", key='"three"', **shared, **required)
    assert offline.offline(ehr(**required), three).code == 0
    assert offline.offline(ehr(), two).with_level("warn") == {"public_client"}


def test_one_redirect_path_for_several_hosts_is_a_warning(offline: Doctor) -> None:
    hosts = 'https://one.test/r4", "https://two.test/r4/*'
    (finding,) = offline.offline(ehr(hosts)).of("redirect_shared")
    assert (finding["level"], "one.test, two.test" in finding["title"]) == ("warn", True)
    assert offline.offline(ehr(hosts, response_iss="true")).of("redirect_shared") == []
    same = 'https://one.test/r4", "https://one.test/r5/*'
    assert offline.offline(ehr(same)).level("redirect_shared") == "ok"


def test_what_is_sound_is_looked_at_beside_a_bad_setting(offline: Doctor) -> None:
    good = ehr("https://ehr.example.org/fhir", "patient/*.read")
    bad = ehr("https://other.example.org/fhir", "launch openid", key='"two"')
    offline.write(good + bad)
    ended = offline.run("check", "--config", str(offline.file), "--offline")
    assert ended.returncode == 1
    assert "[launch_scope_configured]" in ended.stdout
    assert "[scope_wildcard]" in ended.stdout
    assert re.search(r"Not checked: the rest of EHR two, the public URL", ended.stdout)
    assert "Only a launch can show whether an EHR has this client_id" in ended.stdout


def test_the_rest_of_an_entry_is_checked_beside_a_bad_setting_of_it(offline: Doctor) -> None:
    outcome = offline.offline(ehr(scopes="patient/*.read", redirect_path='"/elsewhere"'))
    assert {one["ehr"] for one in outcome.of("setting_invalid")} == {"one"}
    assert outcome.level("scope_wildcard") == "warn"
    assert outcome.level("public_client") == "warn"
    # What needs the setting that is wrong is not said to be well.
    assert outcome.of("redirect_shared") == []


def test_what_is_mistyped_is_told_with_the_value_before_anything_else(offline: Doctor) -> None:
    outcome = offline.offline(
        ehr("https://ehr.example.org/fhir/metadata", "patient/Observations.rs patient/*.rs")
    )
    about = [one for one in outcome.findings if one["ehr"] == "one"]
    assert [(one["id"], one["level"]) for one in about[:2]] == [
        ("iss_invalid", "fail"),
        ("scope_unsupported", "warn"),
    ]
    assert "https://ehr.example.org/fhir/metadata in `iss` ends in /metadata" in about[0]["title"]
    assert '"https://ehr.example.org/fhir"' in about[0]["fix"]
    assert about[1]["fix"] == "Write patient/Observation.rs."


@each(
    ("iss", "client", "told"),
    [
        (" https://ehr.example.org/fhir", "c1", "' https://ehr.example.org/fhir' starts or ends"),
        ("https://ehr.example.org/fhir", "c1 ", "starts or ends with a space: 'c1 '"),
    ],
)
def test_a_space_at_either_end_is_shown(offline: Doctor, iss: str, client: str, told: str) -> None:
    outcome = offline.offline(ehr(iss, client_id=f'"{client}"'))
    (failed,) = [one for one in outcome.findings if one["level"] == "fail"]
    assert told in failed["title"]
    assert failed["fix"].startswith("Write '")


def test_ok_stands_beside_what_is_well_and_never_beside_the_name_of_a_fault(
    offline: Doctor,
) -> None:
    offline.write(ehr("https://ehr.example.org/fhir"))
    ended = offline.run("check", "--config", str(offline.file), "--offline")
    well = re.findall(r"(?m)^  ok    (.*)$", ended.stdout)
    assert "The file can be read." in well
    assert not [id_ for id_ in get_args(FindingId) if any(id_ in line for line in well)]


def test_what_cannot_be_read_is_said_to_those_who_run_make(offline: Doctor) -> None:
    ended = offline.run("check", "--config", str(offline.folder / "absent.toml"))
    assert ended.returncode == 1
    assert "make doctor CONFIG=FILE" in " ".join(ended.stdout.split())
    assert "  ok " not in ended.stdout


def test_a_registration_whose_key_is_at_fault_is_left_under_the_name_that_it_has(
    offline: Doctor,
) -> None:
    """Also, a secret that is written in the file itself isn't reported as readable."""
    offline.write(
        ehr("https://a.test/fhir").replace(
            'key = "one"', 'key = "One"\nclient_auth = "client_secret_basic"\nclient_secret = "x"'
        )
    )
    said = offline.run("check", "--config", str(offline.file), "--offline").stdout
    assert "EHR One\n" in said
    assert "EHR \n" not in said
    assert "the rest of EHR One" in said
    assert "client_secret can be read" not in said
