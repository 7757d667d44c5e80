"""`python -m doctor explain`: the answer for programs and for people, whatever the text."""

import io
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from doctor import explain_report, output
from doctor.__main__ import main
from shared.explain import diagnose, parse
from tests.support.app.servers import ROOT
from tests.support.ehr import ehr_messages
from tests.support.ehr.known_messages import MESSAGES
from tests.support.tables import each

CLIENT = "f010a897-b662-4152-bb22-b87bcd3cba54"
OTHER = "908d5cee-a54b-434d-847a-9765a9df9c53"


def ehr(**settings: str) -> str:
    lines = {
        "key": '"oracle-sandbox"',
        "vendor": '"oracle"',
        "iss": f'["{ehr_messages.BASE}"]',
        "client_id": f'"{CLIENT}"',
        "scopes": '"openid patient/Patient.read"',
    } | settings
    return "[[ehr]]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items())


README = (ROOT / "README.md").read_text("utf-8")
FIRST = ehr(scopes=f'"{ehr_messages.FIRST_SCOPES}"')


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "doctor", "explain", *arguments],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=60,
    )


class Explain:
    """The command in this process, with a configuration where one is given."""

    def __init__(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.file = tmp_path / "smart.toml"
        self._capsys, self._monkeypatch = capsys, monkeypatch

    def text(self, text: str, config: str | None = None, *flags: str) -> str:
        stdin = io.TextIOWrapper(io.BytesIO(text.encode("utf-8", "surrogatepass")))
        self._monkeypatch.setattr("sys.stdin", stdin)
        arguments = ["explain", *flags]
        if config is not None:
            self.file.write_text(config, encoding="utf-8")
            arguments += ["--config", str(self.file)]
        assert main(arguments) == 0
        return self._capsys.readouterr().out

    def json(self, text: str, config: str | None = None) -> dict[str, Any]:
        return dict(json.loads(self.text(text, config, "--json")))


@pytest.fixture
def explain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Explain:
    return Explain(tmp_path, capsys, monkeypatch)


def test_the_first_report_is_answered_as_promised(explain: Explain) -> None:
    answer = explain.json(
        ehr_messages.FIRST_REPORT, 'public_url = "https://smart.example.org"\n' + FIRST
    )
    assert list(answer) == [
        *("error", "kind", "meaning", "causes", "corrected_request", "change", "ask"),
        "config_findings",
    ]
    assert (answer["kind"], answer["ask"]) == ("explained", [])
    assert answer["change"]["line"].startswith("scope=launch openid")
    assert answer["error"] == {
        "vendor": "oracle",
        "urn": ehr_messages.LAUNCH + "code-required",
        "oauth_error": None,
        "instance": "847e48ff-956f-4f96-8585-2d0ccb19d40a",
        "persona": "provider",
        "client": OTHER,
        "tenant": ehr_messages.TENANT,
    }
    assert [one["id"] for one in answer["causes"]] == [
        "launch_patient_scope_on_provider",
        "client_id_mismatch",
        "parameter_not_recognised",
        "launch_parameter_missing",
    ]
    for one in answer["causes"]:
        assert list(one) == ["id", "title", "why", "fix", "certainty", "source"]
        assert all(isinstance(value, str) and value for value in one.values())
    assert answer["corrected_request"]["client_id"] == CLIENT
    assert answer["corrected_request"]["redirect_uri"] == "https://smart.example.org/callback"
    assert answer["corrected_request"]["scope"].split()[0] == "launch"
    assert "launch/patient" not in answer["corrected_request"]["scope"]
    (finding,) = answer["config_findings"]
    assert list(finding) == ["id", "title", "fix"]
    assert finding["id"] == "launch_scope_configured"
    assert "launch/patient" in finding["title"]


def test_the_readme_shows_the_first_lines_of_its_example(explain: Explain) -> None:
    shown = re.findall(r"^\$ make explain < (\S+)\n(.*?) …\n```", README, re.MULTILINE | re.DOTALL)
    ((file, output),) = shown
    assert explain.text((ROOT / file).read_text("utf-8")).startswith(output)


@pytest.mark.slow
@each(
    ("arguments", "stdin"),
    [
        ((ehr_messages.INVALID_LAUNCH,), b""),
        (("-",), ehr_messages.INVALID_LAUNCH.encode()),
        ((), ehr_messages.INVALID_LAUNCH.encode()),
    ],
    ids=["argument", "dash", "standard input"],
)
def test_the_text_comes_from_either_side(arguments: tuple[str, ...], stdin: bytes) -> None:
    ended = run(*arguments, "--json", stdin=stdin)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert json.loads(ended.stdout)["error"]["urn"] == ehr_messages.LAUNCH + "invalid-launch-code"


@each("stdin", [b"", b"\x00\xff\xfe\x1b[2J", b"\xed\xa0\x80", b"{" * 10_000, b"%" * 10_000])
def test_the_exit_code_is_0_whatever_the_text(
    stdin: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    assert main(["explain"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "\x1b" not in printed.out
    assert "No EHR error was found" in " ".join(printed.out.split())


@each("arguments", [("--nothing",), ("one", "two"), ("--config",)])
def test_arguments_that_cannot_be_used_end_with_2(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["explain", *arguments])
    assert ended.value.code == 2


@pytest.mark.slow
def test_a_configuration_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    ended = run(ehr_messages.INVALID_LAUNCH, "--json", "--config", str(tmp_path / "absent.toml"))
    answer = json.loads(ended.stdout)
    assert ended.returncode == 0
    assert [one["id"] for one in answer["config_findings"]] == ["config_unreadable"]
    assert answer["causes"][0]["id"] == "launch_value_invalid"


@each(
    ("config", "ids"),
    [
        ("", []),
        ("[[ehr]", ["config_unreadable"]),
        ("ehr = 3", []),
        ('ehr = ["one", 2]', []),
        ("public_url = 7\n" + ehr(), []),
        (ehr(scope='"patient/Patient.read"'), ["setting_unknown"]),
        (ehr(client_id="7"), ["setting_invalid"]),
        (ehr(iss="[]"), ["iss_invalid"]),
        (ehr(client_secret='"in the open"'), ["secret_literal"]),
        (ehr(scopes='"patient/*.read"'), ["scope_wildcard"]),
        (ehr(scopes='"patient/A.read patient/B.rs"'), ["scope_syntax_mixed"]),
        (ehr() + ehr(key='"other"', client_id='"x"', scopes='"launch openid"'), []),
    ],
)
def test_a_faulty_configuration_is_read_as_far_as_it_goes(
    explain: Explain, config: str, ids: list[str]
) -> None:
    answer = explain.json(ehr_messages.INVALID_LAUNCH, config)
    assert [one["id"] for one in answer["config_findings"]] == ids
    assert answer["causes"][0]["id"] in {"launch_value_invalid", "client_id_mismatch"}
    assert "in the open" not in json.dumps(answer)


@each(
    ("text", "chosen"),
    [
        (f"client=b2 {ehr_messages.LAUNCH}code-required", "b"),
        (f"tenant=tenant-c1 {ehr_messages.LAUNCH}code-required", "c"),
        (f"at https://c.test/fhir/tenant-c1/Patient: {ehr_messages.LAUNCH}code-required", "c"),
        ("Keycloak says error=access_denied", None),
        (f"{ehr_messages.LAUNCH}code-required", "b"),
    ],
)
def test_the_registration_that_the_failure_is_about_is_chosen(
    explain: Explain, text: str, chosen: str | None
) -> None:
    config = (
        ehr(key='"a"', vendor='"generic"', client_id='"a1"', iss='["https://a.test/fhir"]')
        + ehr(key='"b"', client_id='"b2"', iss='["https://b.test/fhir/b"]')
        + ehr(key='"c"', client_id='"c3"', iss='["https://c.test/fhir/tenant-c1"]')
    )
    answer = explain.text(text, config)
    if chosen is None:
        assert "Compared with the registration" not in answer
    else:
        assert f"Compared with the registration {chosen}." in answer


def test_the_answer_for_people_can_be_read(explain: Explain) -> None:
    answer = explain.text(ehr_messages.FIRST_REPORT, FIRST)
    lines = answer.splitlines()
    headings = [
        *("Why", "Other causes", "Your configuration", "For support"),
        "The correct request",
    ]
    assert [line for line in lines if line in headings] == headings
    # Only text to copy in full, and a single word such as a URL, may be longer.
    long = [line for line in lines if len(line) > 80 and " " in line.strip()]
    assert [line.split("=")[0].strip() for line in long] == ["scope", "scopes"]
    assert "`" not in answer
    plain = " ".join(answer.split())
    assert "2. The EHR saw a different client ID than the configured one. (certain)" in plain
    assert f"The EHR saw client ID {OTHER}. The configured one is {CLIENT}." in plain
    assert "Instance or correlation id: 847e48ff-956f-4f96-8585-2d0ccb19d40a" in plain
    assert "launch = <the launch value received, unchanged>" in lines
    assert "Time of the failure" in plain


def test_nothing_in_the_text_steers_the_terminal(explain: Explain) -> None:
    hostile = (
        f"error=invalid_request\x1b]0;title\x07 {ehr_messages.LAUNCH}code-required\x1b[2J "
        "client=\u202ec1 "
        "&redirect_uri=https://x/\x9b31m&response_type=code&in\u202dtent=\x1b[1m"
    )
    answer = explain.text(hostile, FIRST)
    assert all(sign.isprintable() or sign == "\n" for sign in answer)


def test_nothing_in_the_configuration_steers_the_terminal(explain: Explain) -> None:
    config = ehr(iss='["https://x\\u001b[2J"]', key='"\\u001b[1m"', name='"\\u202e"')
    answer = explain.text(ehr_messages.INVALID_LAUNCH, config)
    assert all(sign.isprintable() or sign == "\n" for sign in answer)


@each("flags", [(), ("--json",)])
def test_a_secret_in_the_text_is_not_repeated(explain: Explain, flags: tuple[str, ...]) -> None:
    secret = "kH3xQ9-vZ_t7LwPb2mR8aYcN5dFgJ4sU6eT1oXiVq0z"
    answer = explain.text(
        f"{ehr_messages.INVALID_LAUNCH}&code={secret}\nAuthorization: Bearer {secret}\n"
        f"{ehr_messages.FIRST_REPORT}",
        FIRST,
        *flags,
    )
    assert secret not in answer


@pytest.mark.slow
def test_a_terminal_of_another_alphabet_gets_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    ended = run(f"error=new_{'…'}error {ehr_messages.LAUNCH}mismatched-identity")
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_what_to_do_names_the_addresses_of_the_configuration(explain: Explain) -> None:
    entry = ehr(redirect_path='"/callback/oracle-sandbox"')
    config = f'public_url = "https://smart.example.org"\n{entry}'
    launch = explain.json(ehr_messages.LAUNCH + "code-required", config)["causes"][0]["fix"]
    assert "SMART Launch URI to `https://smart.example.org/launch`" in launch
    redirect = explain.json(ehr_messages.GRANT + "invalid-redirect-uri", config)["causes"][0]["fix"]
    assert "`https://smart.example.org/callback/oracle-sandbox`" in redirect
    assert (
        "https://HOST"
        in explain.json(ehr_messages.LAUNCH + "code-required", entry)["causes"][0]["fix"]
    )


@pytest.mark.slow
@each("flags", [(), ("--json",)])
def test_a_reader_that_has_gone_is_no_error(flags: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "doctor", "explain", *flags, ehr_messages.FIRST_REPORT]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_what_happened_cause_and_change_come_first_for_every_message_of_the_catalogue() -> None:
    for _, text, _ in MESSAGES:
        head = explain_report.as_text(diagnose(parse(text)), None, marks=output.Marks(on=False))
        lines = head.splitlines()
        assert any(line.startswith("Cause (") for line in lines[:3]), text
        assert any(line.startswith("Fix: ") for line in lines[:5]), text
        # Every heading has text below it.
        under = [after for line, after in pairwise([*lines, ""]) if set(line) == {"-"}]
        assert all(under), text


def test_a_text_that_tells_nothing_is_answered_by_what_to_paste(explain: Explain) -> None:
    said = explain.text("smart launch is not working for us, please help")
    assert said.count("To paste: ") > 2
    assert "----" not in said


def test_what_an_address_alone_cannot_tell_apart_stands_in_the_first_three_lines(
    explain: Explain,
) -> None:
    urn = "urn%3Acerner%3Aerror%3Aauthorization-server%3Asmart-v1%3Agrant%3Alaunch%3Acode-required"
    address = f"https://authorization.cerner.com/errors/{urn}/instances/i-1?persona=provider"
    lines = explain.text(address).splitlines()
    assert lines[1] == "Cause (likely): The authorization request had no 'launch' value."
    assert (
        lines[2] == "Or (likely): The app requested 'launch/patient' in a sign-in for clinicians."
    )


def test_sources_are_given_where_they_are_asked_for(explain: Explain) -> None:
    assert "\nSources\n" not in explain.text(ehr_messages.FIRST_REPORT, FIRST)
    assert "\nSources\n" in explain.text(ehr_messages.FIRST_REPORT, FIRST, "--sources")


@pytest.mark.slow
def test_emphasis_is_for_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert output.Marks.of_output().strong("x") == "\x1b[1mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert output.Marks.of_output().strong("x") == "x"
    assert "\x1b" not in run(ehr_messages.FIRST_REPORT).stdout.decode()


def answered(text: str) -> str:
    return " ".join(text.partition("\nWhy\n")[0].split())


def test_a_file_that_is_right_already_is_not_to_be_changed(explain: Explain) -> None:
    right = answered(explain.text(ehr_messages.FIRST_REPORT, ehr()))
    assert "Fix: Find out what sent this request: it was another deployment" in right
    assert "oracle-sandbox has no launch scope" in right
    assert "in smart.toml" not in right
    # The second is about `aud`, for which no setting of the file can be right already.
    for text in (ehr_messages.FIRST_REPORT, ehr_messages.LAUNCHER):
        wrong = answered(explain.text(text, FIRST))
        assert "another deployment" not in wrong
        assert "(the setting that sends it)" in wrong


@each("config", [None, ehr()])
def test_every_parameter_that_is_certainly_wrong_is_marked(
    explain: Explain, config: str | None
) -> None:
    request = explain.text(ehr_messages.FIRST_REPORT, config).partition("The correct request")[2]
    marked = [
        one.strip().split(" = ")[0]
        for one in re.split(r"\n(?=\w+ = )", request)
        if "<- change this" in one
    ]
    assert marked == ["client_id", "scope"]


@each(
    "stated",
    [
        "Redirect URI: https://app.example.org/back",
        "Redirect URL: `https://app.example.org/back`",
        "Redirect URI registered: https://app.example.org/back.",
        "The redirect URI is https://app.example.org/back",
        "Callback URL: https://app.example.org/back",
    ],
)
def test_a_redirect_uri_that_the_text_states_is_taken_over(explain: Explain, stated: str) -> None:
    answer = explain.json(f"{ehr_messages.FIRST_REPORT}\n{stated}\n")
    assert answer["corrected_request"]["redirect_uri"] == "https://app.example.org/back"
