"""Helpers for a project's tests, which run it with the simulated EHR and launch it from a chart
over HTTP.

Start it with `with running() as app`, and launch with
`session = app.launch(patient="synthetic-alma")`.
"""

import contextlib
import json
import linecache
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from html import unescape
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from smart_calc import place
from smart_calc.api import Json

_READY_SECONDS = 120.0
_ANSWER_SECONDS = 60.0
_ENDING_SECONDS = 60.0
_COOKIE = "__Host-smart-"
# The client ids that `run` registers, by simulated EHR.
_CLIENTS = {"generic": "smart-calc-demo", "oracle": "smart-calc-oracle", "epic": "smart-calc-epic"}


@dataclass(frozen=True)
class Response:
    """The response to one request."""

    url: str
    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> dict[str, Json]:
        """Return the body as a JSON object; use `api.at` to read nested values.

        Raises ValueError if it isn't one.
        """
        value = json.loads(self.text)
        if not isinstance(value, dict):
            raise ValueError("The body isn't a JSON object.")  # noqa: TRY004 - as for any other text
        return value


class _Browser:
    """Sends requests, follows redirects and keeps cookies, for only one launch."""

    def __init__(self) -> None:
        # Browsers treat localhost as secure.
        policy = DefaultCookiePolicy(secure_protocols=("http", "https"))
        self.cookies = CookieJar(policy)
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies))

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Response:
        request = Request(url, body, dict(headers), method=method)  # noqa: S310 - local servers
        try:
            with self._opener.open(request, timeout=_ANSWER_SECONDS) as opened:
                return _response(opened.url, opened.status, opened.headers, opened.read())
        except HTTPError as error:
            with error:
                return _response(error.url, error.code, error.headers, error.read())


def _response(url: str, status: int, headers: "Message[str, str]", body: bytes) -> Response:
    return Response(url, status, dict(headers.items()), body.decode("utf-8", "replace"))


class Session:
    """One launch and its browser.

    Fields:
        id: the session's handle, as in `after_launch` and in URLs.
        patient: the id of the patient whose chart it was launched from.
        page: the page where the launch ended.
    """

    def __init__(
        self, origin: str, browser: _Browser, patient: str, page: Response, errors: "_Errors"
    ) -> None:
        opened = [one.name for one in browser.cookies if one.name.startswith(_COOKIE)]
        if not opened:
            raise AssertionError(f"The launch didn't open a session: {page.status}, {page.text}")
        self.id = opened[0].removeprefix(_COOKIE)
        self.patient = patient
        self.page = page
        self._origin = origin
        self._browser = browser
        self._errors = errors

    def get(self, path: str) -> Response:
        """GET a path like a script on the page; `{session}` is replaced with the session's id."""
        return self.send("GET", path)

    def fhir(self, path: str) -> Response:
        """GET below the session's FHIR base, such as "Patient/synthetic-alma"."""
        return self.send("GET", f"/fhir_proxy/{{session}}/{path}")

    def send(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Send any request like a script on the page; `body` is sent as JSON."""
        sent = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
        sent |= {"Sec-Fetch-Dest": "empty", "Content-Type": "application/json", **(headers or {})}
        data = None if body is None else json.dumps(body).encode()
        url = self._origin + path.replace("{session}", self.id)
        response = self._browser.send(method, url, sent, data)
        if response.status >= 400:
            self._errors.show()
        return response


class _Errors:
    """The errors of own functions in a project's log, which pytest shows below a failed test.

    A log entry has neither the exception's text nor chart data, so this adds only the source line.
    """

    def __init__(self, log: Path, folder: Path) -> None:
        self._log = log
        self._folder = folder
        self._shown = 0

    def show(self) -> None:
        """Print the errors that weren't printed before."""
        lines = self._log.read_text("utf-8", "replace").splitlines()
        for line in lines[self._shown :]:
            entry = json.loads(line) if line.startswith("{") else {}
            if entry.get("event") == "own_refused":
                stack = _FRAME.sub(self._with_source, entry.get("stack_trace", ""))
                sys.stdout.write(f"{entry['message']}\nCause: {entry.get('cause')}\n{stack}\n")
        self._shown = len(lines)

    def _with_source(self, frame: "re.Match[str]") -> str:
        source = linecache.getline(str(self._folder / frame[1]), int(frame[2])).strip()
        return f"{frame[0]}\n    {source}" if source else frame[0]


_FRAME = re.compile(r'  File "(.+)", line (\d+), in .+')


@dataclass(frozen=True)
class JobRun:
    """One run of a job.

    Fields:
        status: the exit status: 0, or 1 if the job raised an exception or responded with a status
            of 400 or above, or 2 if the project has no such job.
        text: the output: the log, and in the last line the job's response.
    """

    status: int
    text: str

    def json(self) -> dict[str, Json]:
        """Return the job's response as a JSON object. Raises ValueError if it isn't one."""
        value = json.loads(self.text.splitlines()[-1])
        if not isinstance(value, dict):
            raise ValueError("The response isn't a JSON object.")  # noqa: TRY004 - as above
        return value


@dataclass(frozen=True)
class App:
    """The running project: its URL, and the simulated EHR's URL."""

    origin: str
    ehr: str
    _errors: _Errors = field(repr=False, compare=False, kw_only=True)
    _folder: Path = field(repr=False, compare=False, kw_only=True)
    _local: Path = field(repr=False, compare=False, kw_only=True)

    def job(self, name: str) -> JobRun:
        """Run a job of the project once, as Cloud Scheduler does, against the simulated EHR.

        Its EHRs are the simulated ones, with the keys "simulated", "oracle" and "epic".
        """
        ended = subprocess.run(  # noqa: S603 - fixed arguments
            place.command("gateway.job", [name]),
            cwd=self._folder,
            env=place.variables({"SMART_CONFIG": str(self._local / "smart.toml")}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return JobRun(ended.returncode, ended.stdout)

    def launch(self, patient: str = "synthetic-alma", ehr: str = "generic") -> Session:
        """Launch from a patient's chart, in a new browser. Raises AssertionError if that fails, and
        ValueError for an unknown EHR or patient.

        `ehr` is "generic", "oracle" or "epic". Each refuses what the vendor's EHR refuses.
        """
        if ehr not in _CLIENTS:
            raise ValueError(f"There is no simulated EHR {ehr}. Use {', '.join(_CLIENTS)}.")
        browser = _Browser()
        query = {"patient": patient, "client": _CLIENTS[ehr], "user": "clara", "in": "tab"}
        start = f"{self.ehr}/{ehr}/start?{urlencode(query)}"
        page = browser.send("GET", start, {"Accept": "text/html"})
        if page.url == start and page.status == 404:
            why = re.search(r"<p>(This EHR .*?)</p>", page.text)
            raise ValueError(unescape(why[1]) if why else "The EHR has no such patient.")
        return Session(self.origin, browser, patient, page, self._errors)


@contextlib.contextmanager
def running(folder: Path | str = ".") -> Iterator[App]:
    """Run the project in a folder with the simulated EHR, on free ports, until the block ends.

    Its data is in a temporary folder, so it can run at the same time as `smart-calc run`. An
    error in a function of the project is printed, with its traceback.
    """
    port, ehr_port = _free_ports()
    with tempfile.TemporaryDirectory() as local:
        log = Path(local, "log")
        variables = {"PORT": str(port), "EHR_PORT": str(ehr_port), "SMART_LOCAL": local}
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - fixed arguments
                place.command("simulator", ["run"]),
                cwd=folder,
                env=place.variables({**place.page_variable(Path(folder)), **variables}),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait(process, log)
            yield App(
                f"http://localhost:{port}",
                f"http://127.0.0.1:{ehr_port}",
                _errors=_Errors(log, Path(folder)),
                _folder=Path(folder),
                _local=Path(local),
            )
        finally:
            _end(process)


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _READY_SECONDS
    while "Ready: " not in (text := log.read_text("utf-8", "replace")):
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"The project failed to start:\n{text}")
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
