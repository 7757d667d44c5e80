"""Log lines as Google reads them: Cloud Logging's trace, Error Reporting's form, whole lines.

https://cloud.google.com/logging/docs/structured-logging,
https://cloud.google.com/error-reporting/docs/formatting-error-messages,
https://www.w3.org/TR/trace-context/
"""

import json
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from shared import log
from shared.config.settings import Settings
from shared.errors import StoreUnavailable, UpstreamTimeout
from shared.inbound.edge import Call, Reply
from shared.log import platform, traces
from shared.log.traces import Trace
from shared.release import version
from tests.support.app.edge import failing, logged, respond, settings
from tests.support.tables import each

ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
FIRESTORE = 'kind = "firestore"\nproject = "project-1"'


# The trace


@each(
    ("header", "sampled"),
    [
        (f"00-{ID}-{SPAN}-01", True),
        (f"00-{ID}-{SPAN}-00", False),
        (f" 00-{ID}-{SPAN}-03 ", True),
        (f"01-{ID}-{SPAN}-01-more", True),
    ],
)
def test_a_trace_parent_gives_trace_span_and_whether_it_is_sampled(
    header: str, sampled: bool
) -> None:
    assert traces.read({"traceparent": header}) == Trace(ID, SPAN, sampled)


@each(
    "header",
    [
        *("", "00", f"00-{ID}-{SPAN}", f"00-{ID}-{SPAN}-01-more", f"ff-{ID}-{SPAN}-01"),
        *(f"00-{'0' * 32}-{SPAN}-01", f"00-{ID}-{'0' * 16}-01", f"00-{ID.upper()}-{SPAN}-01"),
        *(f"00-{ID[1:]}-{SPAN}-01", f"00-{ID}-{SPAN}-01,00-{ID}-{SPAN}-01", f"00-{ID}-{SPAN}-01\n"),
        *(f"00-{ID}-{SPAN}-zz", f"01-{ID}-{SPAN}-01-{'x' * 10_000}"),
    ],
)
def test_what_is_no_trace_parent_gives_way_to_googles_older_header(header: str) -> None:
    assert traces.read({"traceparent": header}) is None
    both = {"traceparent": header, "X-Cloud-Trace-Context": f"{ID}/74;o=1"}
    assert traces.read(both) == Trace(ID, "000000000000004a", sampled=True)


@each(
    ("header", "expected"),
    [
        (ID, Trace(ID, None, None)),
        (f"{ID.upper()}/0;o=0", Trace(ID, None, sampled=False)),
        (f"{ID}/18446744073709551615", Trace(ID, "f" * 16, None)),
        (f"{ID}/18446744073709551616;o=1", Trace(ID, None, sampled=True)),
        (f"{ID}/x;o=1", None),
        (f"{'0' * 32}/1;o=1", None),
        ("../" + ID[3:], None),
    ],
)
def test_googles_older_header_is_read(header: str, expected: Trace | None) -> None:
    assert traces.read({"X-Cloud-Trace-Context": header}) == expected


def test_a_line_names_the_trace_as_cloud_logging_wants_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    headers = {"traceparent": f"00-{ID}-{SPAN}-01"}
    respond(failing(StoreUnavailable()), given=settings(store=FIRESTORE), headers=headers)
    line = logged(capfd)
    assert line["logging.googleapis.com/trace"] == f"projects/project-1/traces/{ID}"
    assert line["logging.googleapis.com/spanId"] == SPAN
    assert line["logging.googleapis.com/trace_sampled"] is True


# The project


class Metadata:
    """A metadata server, as Google's machines have one."""

    def __init__(self, status: int, flavour: str, body: bytes) -> None:
        asked: list[tuple[str, str | None]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append((self.path, self.headers["Metadata-Flavor"]))
                self.send_response(status)
                self.send_header("Metadata-Flavor", flavour)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.asked = asked
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def _asked_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("GOOGLE_CLOUD_PROJECT", "K_SERVICE", "GCE_METADATA_HOST"):
        monkeypatch.delenv(name, raising=False)
    platform.project.cache_clear()
    yield
    platform.project.cache_clear()


@pytest.mark.usefixtures("_asked_anew")
def test_on_cloud_run_the_metadata_server_is_asked_for_the_project_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Metadata(200, "Google", b"project-2")
    monkeypatch.setenv("K_SERVICE", "launch")
    monkeypatch.setenv("GCE_METADATA_HOST", server.host)
    try:
        assert (platform.project(), platform.project()) == ("project-2", "project-2")
    finally:
        server.close()
    assert server.asked == [("/computeMetadata/v1/project/project-id", "Google")]


@pytest.mark.usefixtures("_asked_anew")
@each(
    ("status", "flavour", "body"),
    [
        (404, "Google", b"project-2"),
        (200, "other", b"project-2"),
        (200, "Google", b"../../etc"),
        (200, "Google", b"\xff" * 1000),
        (200, "Google", b""),
    ],
)
def test_an_odd_answer_of_the_metadata_server_names_no_project(
    monkeypatch: pytest.MonkeyPatch, status: int, flavour: str, body: bytes
) -> None:
    platform.project.cache_clear()
    server = Metadata(status, flavour, body)
    monkeypatch.setenv("K_SERVICE", "launch")
    monkeypatch.setenv("GCE_METADATA_HOST", server.host)
    try:
        assert platform.project() is None
    finally:
        server.close()


@pytest.mark.usefixtures("_asked_anew")
def test_elsewhere_nobody_is_asked_and_the_environment_may_name_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Metadata(200, "Google", b"project-2")
    monkeypatch.setenv("GCE_METADATA_HOST", server.host)
    try:
        assert platform.project() is None
        platform.project.cache_clear()
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "project-3")
        assert platform.project() == "project-3"
    finally:
        server.close()
    assert server.asked == []


@pytest.mark.usefixtures("_asked_anew")
def test_a_metadata_server_that_is_away_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K_SERVICE", "launch")
    monkeypatch.setenv("GCE_METADATA_HOST", "127.0.0.1:9")
    assert platform.project() is None


# Error Reporting


def is_reported(line: dict[str, Any]) -> None:
    """A ReportedErrorEvent in a log entry's payload, as Error Reporting's documents give it."""
    kind = "google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"
    assert line["severity"] == "ERROR"
    assert line["@type"] == f"type.googleapis.com/{kind}"
    assert set(line["serviceContext"]) == {"service", "version"}
    assert line["serviceContext"]["version"] == f"{version()}+unknown"
    assert line["message"]


# What `traceback.format_exc()` gives, without source text.
TRACE_FORM = re.compile(
    r"Traceback \(most recent call last\):\n"
    r'(?:  File "[^"\n]+", line \d+, in [\w<>]+\n)+'
    r"[A-Za-z_.]+"
)


def test_an_unexpected_exception_is_reported_with_its_stack_and_without_values(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("K_SERVICE", "launch-2")

    def serve(_: Settings, __: Call) -> Reply:
        raise KeyError("token-of-p1") from ValueError("name-of-p1")

    respond(serve)
    line = logged(capfd)
    is_reported(line)
    assert line["serviceContext"]["service"] == "launch-2"
    assert TRACE_FORM.fullmatch(line["stack_trace"])
    assert line["stack_trace"].endswith(", in serve\nKeyError")
    assert "of-p1" not in json.dumps(line)


def test_a_failure_of_ours_is_reported_from_where_it_was_raised(
    capfd: pytest.CaptureFixture[str],
) -> None:
    respond(failing(UpstreamTimeout()))
    line = logged(capfd)
    is_reported(line)
    assert line["serviceContext"]["service"] == "launch"
    assert TRACE_FORM.fullmatch(line["stack_trace"])
    assert line["stack_trace"].endswith("UpstreamTimeout")


def test_an_error_that_was_not_raised_names_the_place_that_reports_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    log.begin("c1", "smart_calc")
    log.event("fhir_denied", "another patient came", severity="ERROR", code="patient_denied")
    line = logged(capfd)
    is_reported(line)
    place = line["context"]["reportLocation"]
    assert place["filePath"] == "tests/shared/test_log_for_google.py"
    assert place["functionName"].startswith("test_an_error_that_was_not_raised")
    assert place["lineNumber"] > 0
    assert not {"stack_trace", "exception"} & set(line)


def test_an_answer_that_breaks_off_is_reported_in_place_of_the_servers_own_line(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def parts() -> Iterator[bytes]:
        yield b"<p>"
        raise KeyError("token-of-p1")

    answer = respond(lambda _, __: Reply(200, {"Content-Type": "text/html"}, parts()))
    try:
        answer.get_data()
    except KeyError:
        # As Gunicorn's workers do.
        logging.getLogger("gunicorn.error").exception("Error handling request %s", "/x/of-p1")
    printed = capfd.readouterr()
    line = json.loads(printed.out)
    is_reported(line)
    assert (line["event"], line["code"]) == ("answer_broken", "internal_error")
    assert line["correlation_id"] == answer.headers["X-Correlation-Id"]
    assert line["stack_trace"].endswith(", in parts\nKeyError")
    assert "of-p1" not in printed.out + printed.err


def test_news_and_warnings_are_not_reported(capfd: pytest.CaptureFixture[str]) -> None:
    log.begin("c1", "launch")
    log.event("launch_started", "EHR launch")
    assert not {"@type", "serviceContext", "context"} & set(logged(capfd))


# Whole lines

WRITING = """
import sys, threading
from shared.log import output
def write(number):
    for _ in range(100):
        output.write(f"{number:02} " * 20_000)
threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
for one in threads: one.start()
for one in threads: one.join()
"""


@pytest.mark.slow
def test_lines_of_many_threads_are_never_mixed_in_a_pipe_that_is_too_small() -> None:
    written = subprocess.run(
        [sys.executable, "-c", WRITING], stdout=subprocess.PIPE, check=True, text=True
    ).stdout.splitlines()
    assert len(written) == 800
    assert {len(line) for line in written} == {60_000}
    assert all(line == line[:3] * 20_000 for line in written)
