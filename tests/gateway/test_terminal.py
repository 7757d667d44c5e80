"""What a person sees of a log in a terminal: one line for a launch, three for a failure."""

import json
from collections.abc import Sequence

from gateway.terminal import SETTLED_SECONDS, Terminal
from shared.log import Event

APP, EHR = "http://localhost:8080", "http://127.0.0.1:8090"
MARK, SESSION = "0123456789ab", "ba9876543210"
NAMED = {"simulated": {"launch": MARK, "patient": "Ida Testpatient", "ehr": "Epic"}}


def event(name: Event, second: float, **more: object) -> dict[str, object]:
    time = f"2026-12-02T07:15:{second:06.3f}Z"
    return {"severity": "INFO", "message": "m", "event": name, "time": time, "ehr": "epic", **more}


OPENED = (
    event("launch_started", 1, launch=MARK),
    NAMED,
    event("callback_completed", 2, launch=MARK, session=SESSION, missing=[]),
)
READ = event("fhir_request", 2.5, session=SESSION, type="Patient", status=200)
REFUSED = {"severity": "WARNING", "cause": "Not granted. More about it.", "correlation_id": "c0"}


def shown(*records: object, terminal: Terminal | None = None, now: float = 0.0) -> Sequence[str]:
    terminal = terminal or Terminal(APP, EHR)
    return [line for one in records for line in terminal.lines(json.dumps(one), now)]


def test_a_launch_is_one_line_when_its_page_is_complete() -> None:
    done = event("app_opened", 2.8, session=SESSION)
    line = "07:15:01  Ida Testpatient at Epic: 2 reads in 1.8 s"
    assert shown(*OPENED, READ, READ, done, READ) == [line]


def test_a_page_of_ones_own_is_complete_when_it_has_been_quiet() -> None:
    terminal = Terminal(APP, EHR)
    own = event("own_answered", 3, session=SESSION, status=200)
    assert shown(*OPENED, READ, own, terminal=terminal) == []
    assert list(terminal.settled(SETTLED_SECONDS / 2)) == []
    (line,) = terminal.settled(SETTLED_SECONDS)
    assert line == "07:15:01  Ida Testpatient at Epic: 1 read in 2.0 s"
    assert shown(own, terminal=terminal) == ["07:15:03  m (epic 200)"]


def test_reads_that_fail_and_scopes_that_are_missing_stand_in_the_line() -> None:
    less = {**OPENED[2], "severity": "WARNING", "missing": ["patient/Observation.rs"]}
    failed = {**READ, **REFUSED, "status": 403}
    done = event("app_opened", 2.8, session=SESSION)
    *three, line = shown(*OPENED[:2], less, failed, failed, READ, done)
    assert three == [
        "07:15:02  FAILED  Ida Testpatient at Epic: The EHR refused a request for Patient [403]",
        "          Cause: Not granted.",
        (
            f"          Trace: {EHR}/trace#launch-{MARK}"
            f"   Explained: {APP}/docs/troubleshooting.md#causes-by-id"
        ),
    ]
    assert line.endswith("3 reads (2 failed) in 1.8 s, not granted: patient/Observation.rs")


def test_a_failed_launch_is_three_lines_with_the_way_to_its_trace_and_explanation() -> None:
    failed = event(
        "callback_failed", 2, launch=MARK, code="ehr_error", **REFUSED, fix="Do something. " * 40
    )
    failed["message"] = "ehr_error: The EHR refused the launch."
    assert shown(*OPENED[:2], failed) == [
        "07:15:02  FAILED  Ida Testpatient at Epic: The EHR refused the launch [ehr_error]",
        "          Cause: Not granted.",
        f"          Trace: {EHR}/trace#launch-{MARK}   Explained: {APP}/failures/c0",
    ]


def test_a_page_of_the_ehr_that_the_app_never_hears_of_is_a_failure_too() -> None:
    refused = {**NAMED["simulated"], "time": "2026-12-02T07:15:02Z", "refused": "no such client"}
    terminal = Terminal(APP, EHR)
    what, cause, trace = shown(OPENED[0], {"simulated": refused}, terminal=terminal)
    assert what.startswith("07:15:02  FAILED  Ida Testpatient at Epic: The EHR showed an error")
    assert cause == "          Cause: no such client"
    assert trace == f"          Trace: {EHR}/trace#launch-{MARK}"
    assert list(terminal.settled(9.0)) == []


def test_only_an_unexpected_error_has_its_stack() -> None:
    stack = (
        'Traceback (most recent call last):\n  File "functions/a/main.py", line 3, in a\nKeyError'
    )
    of_own = event("own_refused", 2, code="internal_error", stack_trace=stack, **REFUSED)
    assert len(shown(of_own)) == 6
    assert shown(of_own)[-1] == "          KeyError"
    assert len(shown({**of_own, "code": "token_error"})) == 3


def test_what_is_no_record_is_shown_without_control_characters() -> None:
    terminal = Terminal(APP, EHR)
    assert list(terminal.lines("hello \x1b[31m", 0.0)) == ["hello \ufffd[31m"]
    assert shown(event("session_ended", 4, message="a\x07b")) == ["07:15:04  a\ufffdb (epic)"]
    # A project's function printed it, `event` is also structlog's word.
    for printed in ('{"a": "b\x9bc"}', '{"event": "saved", "level": "info"}', '{"event": "1"}'):
        assert list(terminal.lines(printed, 0.0)) == [printed.replace("\x9b", "\ufffd")]
    assert shown({"event": "launch_started"}) == ['{"event": "launch_started"}']
    for time in (None, 1, "x", "2026-99-02T07:15:01Z", "2026-12-02"):
        forged = {**OPENED[2], "time": time}
        assert shown(OPENED[0], forged) == [json.dumps(forged)]
    # Too deep for a parser, and the text of a project's exception.
    assert list(terminal.lines("[" * 100_000, 0.0)) == ["[" * 100_000]
    failed = event("own_refused", 2, code="internal_error", stack_trace="\x1b]0;a\x07", **REFUSED)
    assert shown(failed)[-1] == "          \ufffd]0;a\ufffd"
