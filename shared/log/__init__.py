"""Write log events to stdout: one JSON object per line, in the format of Google Cloud Logging, or a
short readable form on a terminal.

Only named fields are written, so that nothing else gets into the log. None of them may contain
tokens, codes, verifiers, states, cookies, secrets, patient ids or names, or query strings. External
text is truncated and stays inside a JSON string, so that it can't forge a line.
"""

import hashlib
import inspect
import json
import time
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

from shared import release
from shared.frozen import dataclass
from shared.log import error_report, output, platform, traces
from shared.log.traces import Trace

Severity = Literal["INFO", "WARNING", "ERROR"]
Event = Literal[
    "store_not_warmed",
    "answer_broken",
    "ehr_hanging",
    "launch_started",
    "launch_refused",
    "callback_completed",
    "callback_failed",
    "callback_iss_ignored",
    "nonce_missing",
    "token_refreshed",
    "token_refresh_failed",
    "session_ended",
    "fhir_request",
    "fhir_denied",
    "app_opened",
    "app_calculated",
    "app_read_again",
    "app_results_listed",
    "app_refused",
    "own_answered",
    "own_refused",
    "backend_read",
    "page_blocked",
    "cds_answered",
    "cds_refused",
    "cds_feedback",
]

# The keys of a dict must be names from this app's own code.
Field = str | int | float | list[str] | dict[str, int]

# In characters. They keep a line below the 256 kB that Cloud Logging accepts, even for large texts
# from an EHR, where a character may become six bytes.
_LONGEST = 1000
_MOST_ITEMS = 100
_LONGEST_LIST = 5000


@dataclass(frozen=True, slots=True)
class Correlation:
    """The fields that connect a request's log lines: this app's correlation id, the function that
    serves the request, its start, and Google Cloud's trace.
    """

    id: str
    function: str
    started: float
    trace: Trace | None
    project: str | None


_subject: ContextVar[dict[str, str]] = ContextVar("subject")
_current: ContextVar[Correlation | None] = ContextVar("correlation", default=None)


def begin(
    correlation_id: str, function: str, trace: Trace | None = None, project: str | None = None
) -> None:
    """Connect all further log lines in this context to one request of a function.

    `project` is the Google Cloud project of the trace, if the settings name one.
    """
    project = (project or platform.project()) if trace else None
    _current.set(Correlation(correlation_id, function, time.monotonic(), trace, project))
    _subject.set({})


def correlation_id() -> str:
    """Return the id of the current request, or an empty string outside of one."""
    correlation = _current.get()
    return correlation.id if correlation else ""


def launch() -> str:
    """Return the `mark` of the request's launch, or an empty string if it has none."""
    return _subject.get({}).get("launch", "")


def about(
    *,
    ehr: str | None = None,
    client: str | None = None,
    session: str | None = None,
    launch: str | None = None,
) -> None:
    """Add fields to all further log lines of the request: the keys of the EHR and of the CDS Hooks
    client, and the `mark` of the session and of the launch.
    """
    named = {"ehr": ehr, "client": client, "session": session, "launch": launch}
    known = {name: value for name, value in named.items() if value is not None}
    _subject.set({**_subject.get({}), **known})


def mark(secret: str) -> str:
    """Return the id of a session's handle or a launch's state for logs: 12 hex characters that
    don't give access to anything.
    """
    return hashlib.sha256(f"log:{secret}".encode()).hexdigest()[:12]


def of_answer(status: int) -> Severity:
    """Return the severity of an EHR's FHIR response. Denied access is a warning."""
    return "WARNING" if status in {401, 403} else "INFO"


def event(
    name: Event,
    message: str,
    *,
    severity: Severity = "INFO",
    code: str | None = None,
    fields: Mapping[str, Field] | None = None,
    error: BaseException | None = None,
) -> None:
    """Write one event. `code` is an error code. `fields` don't replace the standard fields.

    An ERROR has the format of Error Reporting, with the location of an unexpected `error`.
    """
    correlation = _current.get()
    line: dict[str, object] = {
        "severity": severity,
        "message": _cut(message),
        "event": name,
        "time": now(),
        "version": release.version(),
        "commit": release.commit(),
    }
    if correlation is not None:
        line["correlation_id"] = correlation.id
        line["duration_ms"] = round((time.monotonic() - correlation.started) * 1000, 1)
        line |= traces.fields(correlation.trace, correlation.project)
    line.update(_subject.get({}))
    if code is not None:
        line["code"] = code
    if severity == "ERROR":
        frame = inspect.currentframe()
        caller = frame.f_back if frame else None
        line |= error_report.fields(error, caller, correlation.function if correlation else "-")
    for key, value in (fields or {}).items():
        line.setdefault(key, _cut(value))
    output.write(_readable(line) if output.is_terminal() else json.dumps(line))


def _readable(line: dict[str, object]) -> str:
    """Format an event for a terminal: time, severity and message, and for a refusal the cause and
    the fix.
    """
    when, severity = str(line["time"])[11:19], str(line["severity"]).lower()
    parts = [f"{when} {severity:7} {line['event']}  {_printable(line['message'])}"]
    parts += [f"{name} {_printable(line[name])}" for name in _SHORT if name in line]
    more = [f"{name}: {_printable(line[name])}" for name in _LONG if line.get(name)]
    # This app formats the stack trace itself, and file names are printable.
    more += str(line.get("stack_trace", "")).splitlines()
    return "  ".join(parts) + "".join(f"\n         {one}" for one in more)


def _printable(value: object) -> str:
    """Return untrusted text on one line, without characters that control the terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in str(value))


_SHORT = ("ehr", "type", "number", "status", "session", "duration_ms", "correlation_id")
_LONG = ("cause", "fix")


def now() -> str:
    """Return the current time for the log, in UTC (RFC 3339)."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cut(value: Field) -> Field:
    if isinstance(value, list):
        kept: list[str] = []
        room = _LONGEST_LIST
        for item in value[:_MOST_ITEMS]:
            if room <= 0:
                break
            kept.append(item[: min(_LONGEST, room)])
            room -= len(kept[-1])
        return kept
    return value[:_LONGEST] if isinstance(value, str) else value
