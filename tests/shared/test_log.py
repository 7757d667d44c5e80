"""Log lines: one JSON object each, with the members that contract and dashboards rely on."""

import hashlib
import json
import re
from contextvars import Context
from datetime import datetime
from typing import Any

import pytest

from shared import log
from shared.log.traces import Trace
from shared.release import version
from tests.support.tables import each

HOSTILE = [
    *("a\r\nb", 'x"}\n{"severity":"ERROR","event":"session_ended"}', "\x1b[31mred\x1b[0m"),
    *("\u2028\u2029\x85\x0b\x0c", "\ud800", "x" * 10_000),
]


def written(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines so far; each must be one printable JSON object."""
    text = capfd.readouterr().out
    assert text.endswith("\n")
    lines = text[:-1].split("\n")
    assert all(line.isascii() and line.isprintable() for line in lines)
    return [json.loads(line) for line in lines]


def test_a_line_holds_the_members_that_were_promised(capfd: pytest.CaptureFixture[str]) -> None:
    log.begin("c1", "launch", Trace("0" * 31 + "1", "0" * 15 + "2", sampled=True), "p-1")
    log.about(ehr="oracle", launch="ba9876543210")
    log.about(session="0123456789ab")
    log.event("fhir_request", "search", fields={"status": 200, "ehr_ms": 1.5})
    (line,) = written(capfd)
    took = line.pop("duration_ms")
    assert isinstance(took, float)
    assert took >= 0
    assert datetime.fromisoformat(line.pop("time")).utcoffset() is not None
    assert line == {
        "severity": "INFO",
        "message": "search",
        "event": "fhir_request",
        "correlation_id": "c1",
        "ehr": "oracle",
        "session": "0123456789ab",
        "version": version(),
        "commit": "unknown",
        "launch": "ba9876543210",
        "logging.googleapis.com/trace": "projects/p-1/traces/00000000000000000000000000000001",
        "logging.googleapis.com/spanId": "0000000000000002",
        "logging.googleapis.com/trace_sampled": True,
        "status": 200,
        "ehr_ms": 1.5,
    }


def test_a_line_outside_of_a_request_has_no_correlation_id(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Context().run(log.event, "launch_started", "at start", severity="WARNING")
    (line,) = written(capfd)
    assert line["severity"] == "WARNING"
    assert not {"correlation_id", "duration_ms", "ehr", "session"} & set(line)


def test_a_new_request_forgets_whom_the_last_one_was_about(
    capfd: pytest.CaptureFixture[str],
) -> None:
    log.begin("c1", "launch")
    log.about(ehr="oracle", session="0123456789ab")
    log.begin("c2", "launch")
    log.event("launch_started", "next")
    (line,) = written(capfd)
    assert line["correlation_id"] == "c2"
    assert not {"ehr", "session", "logging.googleapis.com/trace"} & set(line)


@each("text", HOSTILE)
def test_hostile_text_stays_inside_one_line(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    log.begin("c1", "launch")
    log.event("callback_failed", "refused", fields={"error": text, "scopes": [text] * 1000})
    (line,) = written(capfd)
    assert line["event"] == "callback_failed"
    assert line["error"] == text[:1000]
    assert line["scopes"] == [text[:1000]] * min(100, 5000 // len(text[:1000]))


def test_a_line_stays_below_what_cloud_logging_takes(capfd: pytest.CaptureFixture[str]) -> None:
    """256 kB an entry: https://cloud.google.com/logging/quotas."""
    log.begin("c1", "callback")
    lists = {name: ["\ud800" * 10_000] * 1000 for name in ("granted", "missing", "causes")}
    texts = {f"field{number}": "\ud800" * 10_000 for number in range(20)}
    log.event("callback_completed", "\ud800" * 10_000, fields={**lists, **texts})
    assert len(capfd.readouterr().out) < 256_000


def test_further_fields_never_replace_the_named_ones(capfd: pytest.CaptureFixture[str]) -> None:
    log.begin("c1", "launch")
    log.about(ehr="oracle", session="0123456789ab")
    names = ["severity", "message", "event", "time", "correlation_id", "ehr", "session", "code"]
    log.event("fhir_denied", "m", code="c", fields=dict.fromkeys(names, "forged"))
    (line,) = written(capfd)
    assert "forged" not in line.values()


def test_a_session_shows_as_a_hash_that_is_not_its_document_id() -> None:
    handle = "AAAAAAAAAAAAAAAAAAAAAA"
    mark = log.mark(handle)
    assert mark == hashlib.sha256(b"log:" + handle.encode()).hexdigest()[:12]
    assert not hashlib.sha256(handle.encode()).hexdigest().startswith(mark)


def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.isatty", lambda _: True)


def test_on_a_terminal_people_read_what_happened_why_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    on_a_terminal(monkeypatch)
    log.begin("c1", "launch")
    log.about(ehr="oracle")
    log.event(
        "callback_failed",
        "ehr_error: The EHR refused the launch.",
        severity="WARNING",
        fields={"cause": "The user declined.", "fix": "Launch again.", "scope_sent": "launch"},
    )
    first, *rest = capfd.readouterr().out.splitlines()
    assert re.match(r"\d\d:\d\d:\d\d warning callback_failed  ehr_error: The EHR refused", first)
    assert "ehr oracle" in first
    assert "correlation_id c1" in first
    assert [line.strip() for line in rest] == ["cause: The user declined.", "fix: Launch again."]
    log.event("backend_read", "read", fields={"type": "Observation", "number": 63})
    assert "type Observation  number 63" in capfd.readouterr().out


@each("text", HOSTILE)
def test_on_a_terminal_hostile_text_forges_no_line_and_steers_nothing(
    text: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    on_a_terminal(monkeypatch)
    log.begin("c1", "launch")
    log.event("callback_failed", text, fields={"cause": text, "type": text})
    lines = capfd.readouterr().out.rstrip("\n").split("\n")
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
