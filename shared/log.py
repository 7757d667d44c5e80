"""Log events: one JSON object a line on stdout, in the form that Google Cloud Logging reads. On a
terminal they have a short form that people read.

Only named fields are written, so that nothing else can slip in. Never among them: tokens, codes,
verifiers, states, cookies, secrets, patient ids or names, query strings. Text that came from
outside is cut and stays inside a JSON string, so that it cannot forge a line.
"""

import hashlib
import json
import sys
import time
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Severity = Literal["INFO", "WARNING", "ERROR"]
Event = Literal[
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
    "app_refused",
]

_LONGEST = 1000
_MOST_ITEMS = 100


@dataclass(frozen=True, slots=True)
class Correlation:
    """What ties a request's lines together: our id, its start, Google Cloud's trace."""

    id: str
    started: float
    trace: str | None


_subject: ContextVar[dict[str, str]] = ContextVar("subject")
_current: ContextVar[Correlation | None] = ContextVar("correlation", default=None)


def begin(correlation_id: str, trace: str | None) -> None:
    """Tie the lines that follow in this context to one request."""
    _current.set(Correlation(correlation_id, time.monotonic(), trace))
    _subject.set({})


def correlation_id() -> str:
    """The id of the request that is being answered; empty outside of one."""
    correlation = _current.get()
    return correlation.id if correlation else ""


def about(*, ehr: str, session: str | None = None) -> None:
    """Name the EHR, and the session by its `session_mark`, in the request's lines from here on."""
    _subject.set({"ehr": ehr} if session is None else {"ehr": ehr, "session": session})


def session_mark(handle: str) -> str:
    """How a session shows in logs: 12 hex characters that are no key to anything."""
    return hashlib.sha256(f"log:{handle}".encode()).hexdigest()[:12]


def of_answer(status: int) -> Severity:
    """How severe an EHR's answer to a FHIR call is: that it lets nobody in is more than news."""
    return "WARNING" if status in {401, 403} else "INFO"


def event(
    name: Event,
    message: str,
    *,
    severity: Severity = "INFO",
    code: str | None = None,
    fields: dict[str, str | int | float | list[str]] | None = None,
) -> None:
    """Write one event. `code` is an error code; `fields` never replace the named ones."""
    correlation = _current.get()
    line: dict[str, object] = {
        "severity": severity,
        "message": message,
        "event": name,
        "time": now(),
    }
    if correlation is not None:
        line["correlation_id"] = correlation.id
        line["duration_ms"] = round((time.monotonic() - correlation.started) * 1000, 1)
        if correlation.trace:
            line["logging.googleapis.com/trace"] = correlation.trace
    line.update(_subject.get({}))
    if code is not None:
        line["code"] = code
    for key, value in (fields or {}).items():
        line.setdefault(key, _cut(value))
    sys.stdout.write((_readable(line) if sys.stdout.isatty() else json.dumps(line)) + "\n")
    sys.stdout.flush()


def _readable(line: dict[str, object]) -> str:
    """An event for a terminal: when, how severe, what; of a refusal also why and what to do."""
    when, severity = str(line["time"])[11:19], str(line["severity"]).lower()
    told = [f"{when} {severity:7} {line['event']}  {_printable(line['message'])}"]
    told += [f"{name} {_printable(line[name])}" for name in _SHORT if name in line]
    more = [f"\n         {name}: {_printable(line[name])}" for name in _LONG if line.get(name)]
    return "  ".join(told) + "".join(more)


def _printable(value: object) -> str:
    """Text of others in one line, which cannot steer the terminal."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in str(value))


_SHORT = ("ehr", "type", "status", "session", "duration_ms", "correlation_id")
_LONG = ("cause", "fix")


def now() -> str:
    """The time as the log writes it, RFC 3339 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cut(value: str | float | list[str]) -> str | int | float | list[str]:
    if isinstance(value, list):
        return [item[:_LONGEST] for item in value[:_MOST_ITEMS]]
    return value[:_LONGEST] if isinstance(value, str) else value
