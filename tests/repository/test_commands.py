"""The commands a newcomer types: what they print, serve and how they end."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.browser import Browser
from tests.support.scripted_ehr import Received, Scripted, ScriptedEhr, as_json
from tests.support.servers import ROOT, free_port


def _start(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "simulator", *arguments],
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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_serves_a_launch_and_ends_with_0_on_a_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    port, ehr_port = free_port(), free_port()
    process = _start(tmp_path, "run", PORT=str(port), EHR_PORT=str(ehr_port))
    try:
        assert _first_line(process) == f"Ready: http://localhost:{port}/"
        browser = Browser()
        assert f"http://127.0.0.1:{ehr_port}/" in browser.open(f"http://localhost:{port}/").text
        chart = f"http://127.0.0.1:{ehr_port}/generic/start?client=smart-calc-demo&in=tab"
        page = browser.open(f"{chart}&patient=synthetic-alma")
        assert page.status == 200
        assert "Alma Testpatient" in page.text
    finally:
        process.send_signal(number)
        process.communicate(timeout=40)
    assert process.returncode == 0
    assert _is_closed(port)
    assert _is_closed(ehr_port)
    assert {path.name for path in tmp_path.iterdir()} == {".local"}


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
    process = _start(tmp_path, "serve", **settings)
    try:
        _first_line(process)
        launch = f"http://localhost:{port}/launch?iss={quote(tenant.base, safe='')}&launch=x"
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(Browser().get, launch)
            assert arrived.wait(10)
            process.terminate()
            assert answer.result(20).status == 302
    finally:
        process.terminate()
        process.communicate(timeout=40)
    assert process.returncode == 0


def test_ehr_serves_the_simulated_ehr_alone(tmp_path: Path) -> None:
    port = free_port()
    process = _start(tmp_path, "ehr", EHR_PORT=str(port))
    try:
        assert _first_line(process) == f"Ready: http://127.0.0.1:{port}/"
        document = f"http://127.0.0.1:{port}/generic/fhir/.well-known/smart-configuration"
        assert Browser().get(document).json()["code_challenge_methods_supported"] == ["S256"]
    finally:
        process.terminate()
        process.communicate(timeout=40)
    assert process.returncode == 0


def test_serve_ends_with_1_and_every_problem_of_a_bad_configuration(tmp_path: Path) -> None:
    config = tmp_path / "smart.toml"
    config.write_text(
        'public_url = "http://smart.example.org"\nsealing_key = "x"\n[[ehr]]\nkey = "A B"\n'
    )
    process = _start(tmp_path, "serve", SMART_CONFIG=str(config), PORT=str(free_port()))
    out, err = process.communicate(timeout=40)
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


def test_a_port_that_is_taken_ends_the_command_with_a_word_about_it(tmp_path: Path) -> None:
    port = free_port()
    first = _start(tmp_path, "ehr", EHR_PORT=str(port))
    try:
        _first_line(first)
        second = _start(tmp_path, "ehr", EHR_PORT=str(port))
        out, err = second.communicate(timeout=40)
        assert second.returncode == 1
        assert out == ""
        assert err == f"Port {port} is in use. Choose another: EHR_PORT=… make ehr\n"
    finally:
        first.terminate()
        first.communicate(timeout=40)


def test_an_unknown_command_prints_the_known_ones(tmp_path: Path) -> None:
    process = _start(tmp_path, "fly")
    out, err = process.communicate(timeout=40)
    assert process.returncode == 2
    assert "serve" in err
    assert out == ""
