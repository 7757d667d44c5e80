"""Tests of a project: it runs with the simulated EHR, and is launched over HTTP from a chart.

with smart_calc.testing.running() as app:
    session = app.launch(patient="synthetic-alma")
    assert session.fhir("Patient/synthetic-alma").status == 200
"""

import contextlib
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import requests

from smart_calc import place

_READY_SECONDS = 120.0
_ANSWER_SECONDS = 60.0
_ENDING_SECONDS = 60.0
_COOKIE = "__Host-smart-"


@dataclass(frozen=True)
class Response:
    """What was answered to one request."""

    url: str
    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> dict[str, object]:
        """The body as a JSON object. Raises ValueError if it isn't one."""
        value = json.loads(self.text)
        if not isinstance(value, dict):
            raise ValueError("The body is not a JSON object.")  # noqa: TRY004 - as for any other text
        return value


class Session:
    """One launch, and the browser that made it.

    Fields:
        id: the session's handle, as it is in `after_launch` and in URLs.
        patient: the id of the patient whose chart it was launched from.
        page: what the launch ended at.
    """

    def __init__(
        self, origin: str, browser: requests.Session, patient: str, page: Response
    ) -> None:
        opened = [one.name for one in browser.cookies if one.name.startswith(_COOKIE)]
        if not opened:
            raise AssertionError(f"The launch opened no session: {page.status}, {page.text[:2000]}")
        self.id = opened[0].removeprefix(_COOKIE)
        self.patient = patient
        self.page = page
        self._origin = origin
        self._browser = browser

    def get(self, path: str) -> Response:
        """GET a path as a script of the page does; `{session}` in it becomes the session's id."""
        return self.send("GET", path)

    def fhir(self, path: str) -> Response:
        """GET below the session's FHIR base, such as "Patient/synthetic-alma"."""
        return self.send("GET", f"/fhir_proxy/{{session}}/{path}")

    def send(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Send any request as a script of the page does; `body` is sent as JSON."""
        given = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty", **(headers or {})}
        if body is not None:
            given = {"Content-Type": "application/json", **given}
        answer = self._browser.request(
            method,
            self._origin + path.replace("{session}", self.id),
            data=None if body is None else json.dumps(body),
            headers={"Accept": "application/json", **given},
            timeout=_ANSWER_SECONDS,
            allow_redirects=False,
        )
        return _response(answer)


@dataclass(frozen=True)
class App:
    """The running project: its own URL, and the simulated EHR's."""

    origin: str
    ehr: str

    def launch(self, patient: str = "synthetic-alma") -> Session:
        """Launch from a patient's chart, in a browser of its own. Raises AssertionError if that
        opens no session.
        """
        browser = requests.Session()
        browser.trust_env = False
        # Browsers take localhost for a secure place.
        browser.cookies.set_policy(DefaultCookiePolicy(secure_protocols=("http", "https")))
        asked = {"patient": patient, "client": "smart-calc-demo", "user": "clara", "in": "tab"}
        answer = browser.get(
            f"{self.ehr}/generic/start",
            params=asked,
            headers={"Accept": "text/html"},
            timeout=_ANSWER_SECONDS,
        )
        return Session(self.origin, browser, patient, _response(answer))


@contextlib.contextmanager
def running(folder: Path | str = ".") -> Iterator[App]:
    """Run the project in a folder with the simulated EHR, on free ports, until the block ends.

    What it keeps is in a folder of its own, so that it can run beside `smart-calc run`.
    """
    port, ehr_port = _free_ports()
    with tempfile.TemporaryDirectory() as kept:
        log = Path(kept, "log")
        given = {"PORT": str(port), "EHR_PORT": str(ehr_port), "SMART_LOCAL": kept}
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own words
                place.command("simulator", ["run"]),
                cwd=folder,
                env=place.variables({**place.page(Path(folder)), **given}),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait(process, log)
            yield App(f"http://localhost:{port}", f"http://127.0.0.1:{ehr_port}")
        finally:
            _end(process)


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _READY_SECONDS
    while "Ready: " not in (text := log.read_text("utf-8", "replace")):
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"The project does not run:\n{text}")
        time.sleep(0.05)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _response(answer: requests.Response) -> Response:
    return Response(answer.url, answer.status_code, dict(answer.headers), answer.text)
