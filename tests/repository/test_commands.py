"""The commands a newcomer types: what they print, serve and how they end."""

import contextlib
import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

import gateway.__main__
import simulator.__main__
from tests.support.app.servers import ROOT, free_port
from tests.support.app.whole import IS_WHOLE
from tests.support.browser.browser import Browser
from tests.support.ehr.scripted_ehr import Received, Scripted, ScriptedEhr, as_json


def _start(folder: Path, *command: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return line.strip()


def _is_closed(port: int) -> bool:
    try:
        Browser().get(f"http://localhost:{port}/")
    except OSError:
        return True
    return False


def _end(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """End a command by a signal; what it said on stderr."""
    # It may reach the process from its group and from make.
    for _ in range(3):
        process.send_signal(number)
    _, error = process.communicate(timeout=90)
    assert process.returncode == 0, error
    return error


@pytest.mark.calculators
def test_run_serves_a_launch_at_ports_that_are_then_taken_and_ends_with_0(tmp_path: Path) -> None:
    port, ehr_port = free_port(), free_port()
    # No server listens there: startup must not use a proxy from the environment.
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy"), "http://127.0.0.1:9")
    process = _start(
        tmp_path, "simulator", "run", PORT=str(port), EHR_PORT=str(ehr_port), **proxies
    )
    try:
        ready = f"Ready: http://localhost:{port}/ (simulated EHR: http://127.0.0.1:{ehr_port}/)"
        assert _first_line(process) == ready
        browser = Browser()
        assert f"http://127.0.0.1:{ehr_port}/" in browser.open(f"http://localhost:{port}/").text
        chart = f"http://127.0.0.1:{ehr_port}/generic/start?client=smart-calc-demo&in=tab"
        page = browser.open(f"{chart}&patient=synthetic-alma")
        assert page.status == 200
        assert "Alma Testpatient" in page.text
        _launches_again_from_its_error_page(f"http://127.0.0.1:{ehr_port}", port)
        second = _start(tmp_path, "simulator", "ehr", EHR_PORT=str(ehr_port))
        out, err = second.communicate(timeout=90)
        taken = (
            f"Port {ehr_port} is in use. Choose another: smart-calc ehr --ehr-port …, "
            "or EHR_PORT=… make ehr\n"
        )
        assert (second.returncode, out, err) == (1, "", taken)
    finally:
        process.send_signal(signal.SIGTERM)
        logged, error = process.communicate(timeout=90)
        assert process.returncode == 0, error
    records = [json.loads(one) for one in logged.splitlines()]
    assert {"launch_started", "callback_completed", "app_opened"} <= {
        one["event"] for one in records
    }
    assert "Testpatient" not in logged
    assert _is_closed(port)
    assert _is_closed(ehr_port)
    assert {path.name for path in tmp_path.iterdir()} == {".local"}


def _launches_again_from_its_error_page(ehr: str, port: int) -> None:
    chart = f"{ehr}/oracle/start?client=smart-calc-oracle&in=tab&patient=synthetic-dario"
    failed = Browser().open(f"{chart}&fault=oracle-denied-by-server")
    assert failed.status == 400
    (again, mark), (trace, same) = re.findall(rf'href="({ehr}/[^"]*launch[=-](\w+))"', failed.text)
    assert mark == same
    assert f'id="launch-{mark}"' in Browser().open(trace).text
    # The page has a link for that, and its reader is the administrator.
    assert "Close this page" not in failed.text
    assert "your administrator" not in failed.text
    kept = f"http://localhost:{port}/failures/{failed.header('X-Correlation-Id')}"
    assert Browser().open(kept).text == failed.text
    Browser().open(chart.replace("dario", "alma"))
    launched = Browser().open(again)
    assert (launched.status, "Dario Testpatient" in launched.text) == (200, True)


def _in_a_terminal(folder: Path, *options: str) -> tuple[str, list[str]]:
    """Run the app in a pseudo-terminal with a launch that works and one that fails; return the
    EHR's URL and the lines that the terminal showed after `Ready:`.
    """
    port, ehr_port = free_port(), free_port()
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "run", *options],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PORT": str(port),
            "EHR_PORT": str(ehr_port),
            # In place of a browser: it leaves the address.
            "BROWSER": f"sh -c 'echo %s > {folder}/opened'",
        },
        stdout=slave,
    )
    os.close(slave)
    ehr = f"http://127.0.0.1:{ehr_port}"
    with os.fdopen(master, encoding="utf-8", newline="") as terminal:
        try:
            assert terminal.readline().startswith(f"Ready: http://localhost:{port}/ ")
            chart = f"{ehr}/generic/start?client=smart-calc-demo&in=tab&patient=synthetic-alma"
            assert Browser().open(chart).status == 200
            assert Browser().open(f"{chart}&fault=token-401").status == 502
        finally:
            process.send_signal(signal.SIGINT)
        lines: list[str] = []
        # Linux reports the end of the last process on the other side as an error.
        with contextlib.suppress(OSError):
            lines.extend(line.rstrip() for line in terminal)
    assert process.wait(90) == 0
    return ehr, lines


@pytest.mark.calculators
def test_a_terminal_shows_a_line_for_a_launch_and_three_for_a_failure(tmp_path: Path) -> None:
    ehr, lines = _in_a_terminal(tmp_path, "--open")
    at, what, cause, links = lines
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d  Alma Testpatient at Generic SMART EHR: 7 reads in \d+\.\d s", at
    )
    assert "FAILED  Alma Testpatient at Generic SMART EHR: " in what
    assert what.endswith("[token_error]")
    assert cause.strip().startswith("Cause: The EHR didn't accept the app's client auth")
    assert links.strip().startswith(f"Trace: {ehr}/trace#launch-")
    assert "Explained: http://localhost:" in links
    assert (tmp_path / "opened").read_text().startswith("http://localhost:")


@pytest.mark.calculators
def test_a_terminal_shows_the_log_as_json_if_asked(tmp_path: Path) -> None:
    _, lines = _in_a_terminal(tmp_path, "--json")
    events = [json.loads(one)["event"] for one in lines]
    assert events[0] == "launch_started"
    assert events[-1] == "callback_failed"
    assert "Testpatient" not in "".join(lines)


def test_a_request_under_way_is_answered_before_the_end(
    tmp_path: Path, scripted: ScriptedEhr
) -> None:
    tenant, port = scripted.tenant(), free_port()
    arrived = threading.Event()

    def slow(_: Received) -> Scripted:
        arrived.set()
        time.sleep(1)
        return as_json(tenant.discovery)

    tenant.on("/.well-known/smart-configuration", slow)
    config = tmp_path / "smart.toml"
    config.write_text(
        f'public_url = "http://localhost:{port}"\nsealing_keys = ["env:SEALING_KEY"]\n'
        f'[store]\nkind = "sqlite"\npath = "{tmp_path}/smart.db"\n[[ehr]]\nkey = "scripted"\n'
        f'iss = ["{tenant.base}"]\nclient_id = "c"\nscopes = "patient/*.rs"\n'
    )
    settings = {"SMART_CONFIG": str(config), "SEALING_KEY": "A" * 43, "PORT": str(port)}
    process = _start(tmp_path, "gateway", **settings)
    try:
        _first_line(process)
        launch = f"http://localhost:{port}/launch?iss={quote(tenant.base, safe='')}&launch=x"
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(Browser().get, launch)
            assert arrived.wait(60)
            process.terminate()
            assert answer.result(60).status == 302
    finally:
        process.terminate()
        process.communicate(timeout=90)
    assert process.returncode == 0


def test_serve_listens_where_it_is_told_with_as_many_workers_and_says_where_browsers_come(
    tmp_path: Path,
) -> None:
    port = free_port()
    config = tmp_path / "smart.toml"
    config.write_text(
        'public_url = "https://smart.example.org"\nsealing_keys = ["env:SEALING_KEY"]\n'
        f'[store]\nkind = "sqlite"\npath = "{tmp_path}/smart.db"\n[[ehr]]\nkey = "e"\n'
        'iss = ["https://ehr.example.org/fhir"]\nclient_id = "c"\nscopes = "patient/*.rs"\n'
    )
    settings = {"SMART_CONFIG": str(config), "SEALING_KEY": "A" * 43, "PORT": str(port)}
    process = _start(tmp_path, "gateway", HOST="127.0.0.2", WORKERS="2", **settings)
    try:
        assert _first_line(process) == f"Ready: http://localhost:{port}/"
        with socket.create_connection(("127.0.0.2", port), 10):
            pass
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), 10)
        (server,) = _children(process.pid)
        until = time.monotonic() + 60
        while len(_children(server)) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        assert len(_children(server)) == 2
    finally:
        error = _end(process, signal.SIGHUP)
    assert "public_url is https://smart.example.org. Launches use that URL" in error
    assert f"http://localhost:{port}" in error


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


# In this process, as `main` is all that the commands are; two are started below.
UNUSABLE = [
    ({"HOST": "no-such-host.invalid"}, "Host no-such-host.invalid is unknown. Choose"),
    ({"WORKERS": "0"}, "WORKERS must be a number from 1 to 64."),
    ({"WORKERS": "many"}, "WORKERS must be a number from 1 to 64."),
    *(
        (
            {"PORT": one},
            f"Port {one} isn't a valid port number (1 to 65535). Choose another: smart-calc ",
        )
        for one in ("eighty", "70000", "0", "-1", "8080 ")
    ),
]


def test_a_place_that_cannot_be_used_ends_the_command_with_a_word_about_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variables, said in UNUSABLE:
        with monkeypatch.context() as patch:
            free = {"PORT": str(free_port()), "EHR_PORT": str(free_port())}
            for name, value in {**free, **variables}.items():
                patch.setenv(name, value)
            commands = [gateway.__main__.main()]
            if IS_WHOLE and "PORT" in variables:
                commands.append(simulator.__main__.main(["run"]))
        printed = capsys.readouterr()
        assert (set(commands), printed.out) == ({2}, ""), variables
        assert printed.err.count(said) == len(commands), printed.err


@pytest.mark.parametrize("command", [["gateway"], ["simulator", "ehr"]])
def test_a_command_with_unusable_values_ends_with_2_and_no_traceback(
    tmp_path: Path, command: list[str]
) -> None:
    process = _start(tmp_path, *command, PORT="eighty", EHR_PORT="eighty")
    out, err = process.communicate(timeout=90)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("Port eighty isn't a valid port number (1 to 65535). Choose another: ")
    assert "Traceback" not in err


SLEEPS = """
import sys
from gateway import servers

class Sleeping:
    poll = staticmethod(lambda: None)

servers.STARTING_SECONDS = 0.2
place = servers.Place("PORT", sys.argv[1])
print(servers.not_ready(Sleeping, place, servers.Stop()))
"""


def test_a_start_that_does_not_become_ready_says_why(tmp_path: Path) -> None:
    port = free_port()
    said = subprocess.run(
        [sys.executable, "-c", SLEEPS, str(port)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == (
        f"The server on port {port} wasn't ready within 0.2 s: "
        "it didn't respond (ConnectionError).\n"
    )


def test_ehr_serves_the_simulated_ehr_alone(tmp_path: Path) -> None:
    port = free_port()
    process = _start(tmp_path, "simulator", "ehr", EHR_PORT=str(port))
    try:
        assert _first_line(process) == f"Ready: http://127.0.0.1:{port}/"
        document = f"http://127.0.0.1:{port}/generic/fhir/.well-known/smart-configuration"
        assert Browser().get(document).json()["code_challenge_methods_supported"] == ["S256"]
    finally:
        _end(process, signal.SIGINT)


def test_serve_ends_with_1_and_every_problem_of_a_bad_configuration(tmp_path: Path) -> None:
    config = tmp_path / "smart.toml"
    config.write_text(
        'public_url = "http://smart.example.org"\nsealing_key = "x"\n[[ehr]]\nkey = "A B"\n'
    )
    process = _start(tmp_path, "gateway", SMART_CONFIG=str(config), PORT=str(free_port()))
    out, err = process.communicate(timeout=90)
    assert process.returncode == 1, (out, err)
    assert "Ready" not in out
    for problem in (
        "http_not_local",
        "setting_unknown",
        "sealing_keys",
        "ehr[0].key",
        "ehr[0].iss",
    ):
        assert problem in err


def test_an_unknown_command_prints_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulator.__main__.main(["fly"]) == 2
    printed = capsys.readouterr()
    assert "ehr" in printed.err
    assert printed.out == ""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository whose environment is there already: this one's Python."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("doctor", "shared", "smart_calc"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "run.txt").touch()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (tmp_path / ".venv" / "run").touch()
    return tmp_path


def _make(clone: Path, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=clone,
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )


def test_explain_reads_standard_input_and_runs_nothing_of_it(clone: Path) -> None:
    text = "$(shell touch a) $$(touch b) `touch c` ; touch d\n"
    said = _make(clone, "explain", text=f"{text}error=invalid_grant {text}")
    assert "invalid_grant" in said.stdout
    assert said.stderr == ""
    assert not [name for name in "abcd" if (clone / name).exists()]


def test_explain_compares_with_a_configuration(clone: Path) -> None:
    (clone / "my smart.toml").write_text(
        'public_url = "https://smart.example.org"\nsealing_keys = ["env:SEALING_KEY"]\n'
        '[store]\nkind = "sqlite"\n[[ehr]]\nkey = "oracle"\nvendor = "oracle"\n'
        'iss = ["https://fhir-ehr-code.cerner.com/r4/ec2458f2-1e24-41c8-b71b-0e701af7583d"]\n'
        'client_id = "f010a897-0000-0000-0000-000000000000"\nscopes = "patient/Patient.rs"\n'
    )
    text = (
        "urn:cerner:error:authorization-server:oauth2:grant:unknown-client"
        " client=908d5cee-0000-0000-0000-000000000000"
    )
    assert "f010a897" not in _make(clone, "explain", text=text).stdout
    assert "f010a897" in _make(clone, "explain", "CONFIG=my smart.toml", text=text).stdout


def test_help_names_every_command_for_users(clone: Path) -> None:
    (line,) = re.findall(r"^\.PHONY: (.*)$", (clone / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"^make (\w+)", _make(clone, "help").stdout, re.MULTILINE)
    assert set(line.split()) - set(named) == {"help", "format", "lock", "clean"}
