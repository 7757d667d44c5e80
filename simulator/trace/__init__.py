"""Notes about a request, with the results of its checks, for the trace.

The code that handles a request starts the notes, and each check adds a line. trace/log.py stores
the notes, and pages/trace_page.py shows them. Outside a request, notes are discarded.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from flask import g, has_request_context, request

Step = Literal[
    "launch",
    "discovery",
    "keys",
    "authorize",
    "picker",
    "token",
    "refresh",
    "fhir",
    "revoke",
    "cds",
    "other",
]
# `weak`: this EHR accepts it, but the guide forbids it. `noted`: a received value, not checked.
Mark = Literal["right", "wrong", "weak", "noted"]

_INTERACTIONS: Mapping[str, str] = {
    "c": "create",
    "r": "read",
    "u": "update",
    "d": "delete",
    "s": "search",
}
_MOST_CHECKS = 60
_LONGEST = 600
_LONGEST_TITLE = 64
_SHOWN_OF_A_SECRET = 6
_TOKEN_PARAMETER = "access_token"
# The links of search pages are opaque, like tokens.
_SECRET_PARAMETERS = (_TOKEN_PARAMETER, "_getpages")


@dataclass(slots=True)
class LaunchTrace:
    """One launch of an app, as the trace shows it.

    Fields:
        ehr: key of the EHR.
        is_from_chart: whether a chart launched the app; otherwise the app started on its own.
        client: its client_id.
        patient: the patient's name; empty until one is chosen.
        user: name of the authenticated user; empty until known.
        faults: names of the faults chosen for this launch.
        has_come_back: whether the app has sent an authorization request.
        asks_for_cards: whether it isn't a launch but a chart that requests CDS cards.
        mark: the launch's id in the app's log, once the app has sent its state.
        again: the URL that launches the app again from the same chart, without a fault.
    """

    ehr: str
    is_from_chart: bool
    client: str
    patient: str = ""
    user: str = ""
    faults: tuple[str, ...] = ()
    has_come_back: bool = False
    asks_for_cards: bool = False
    mark: str = ""
    again: str = ""
    id: str = field(default_factory=lambda: secrets.token_hex(4))


@dataclass(frozen=True, slots=True)
class Check:
    """One line: its subject, such as a parameter or scope, and the result."""

    mark: Mark
    about: str
    text: str


@dataclass(slots=True)
class Notes:
    """The notes about one request, so far.

    `began`: time of arrival. `title`: a description of the request. `faults`: names of the faults
    that it triggered. `answer`: a description of the response, or of the reason if `is_refused`.
    `is_cut`: whether the connection was closed without a response. TraceLog sets `number`, the
    number in /_recorded, `is_placed`, which means that the request was assigned to its launch only
    by time, and `status`, which is 0 if there was no response.
    """

    step: Step = "other"
    ehr: str = ""
    title: str = ""
    client: str = ""
    launch_trace: LaunchTrace | None = None
    checks: list[Check] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    answer: str = ""
    is_refused: bool = False
    is_cut: bool = False
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    number: int = 0
    is_placed: bool = False
    status: int = 0

    @property
    def is_good(self) -> bool:
        """Whether the request succeeded."""
        return not self.is_refused and 0 < self.status < 400

    @property
    def wrong(self) -> list[Check]:
        """The lines of failed checks."""
        return [one for one in self.checks if one.mark == "wrong"]


def open_notes() -> None:
    """Start the notes of a request; call this before anything else."""
    g.trace_notes = Notes()


def notes() -> Notes:
    """Return the notes of this request, or notes that are discarded if there is no request."""
    if has_request_context() and "trace_notes" in g:
        current: Notes = g.trace_notes
        return current
    return Notes()


def begin(step: Step, ehr: str, title: str) -> None:
    """Set the kind and title of the request; a later call overrides an earlier one."""
    mine = notes()
    mine.step, mine.ehr, mine.title = step, ehr, title


def begin_fhir(ehr: str, base: str) -> None:
    """Set the request's kind to FHIR data below the path `base`, and note its parameters."""
    pairs = [
        (name, short(value) if name in _SECRET_PARAMETERS else value)
        for name, value in request.args.items(multi=True)
    ]
    query = "&".join(f"{name}={value}" for name, value in pairs)
    address = request.path.removeprefix(base) + (f"?{query}" if query else "")
    begin("fhir", ehr, f"FHIR: {request.method} {clipped(address, _LONGEST_TITLE)}")
    for name, value in pairs:
        note("noted", clipped(name, _LONGEST_TITLE), value)
    if _TOKEN_PARAMETER in request.args:
        note(
            "wrong",
            _TOKEN_PARAMETER,
            "must be in the `Authorization: Bearer` header, not in the URL",
        )


def belong(launch_trace: LaunchTrace | None) -> None:
    """Set the launch that the request belongs to; None leaves it unset."""
    if launch_trace is not None:
        mine = notes()
        mine.launch_trace, mine.client = launch_trace, launch_trace.client


def by_client(client_id: str) -> None:
    """Set the client that sent the request, or claims to have sent it."""
    notes().client = clipped(client_id)


def note(mark: Mark, about: str, text: str) -> None:
    """Add a line."""
    checks = notes().checks
    if len(checks) < _MOST_CHECKS:
        checks.append(Check(mark, about, clipped(text)))


def check(is_right: bool, about: str, right: str, wrong: str) -> bool:
    """Add the `right` or the `wrong` line, and return `is_right`."""
    note("right" if is_right else "wrong", about, right if is_right else wrong)
    return is_right


def triggered(names: Iterable[str]) -> None:
    """Add the faults that the request triggered."""
    faults = notes().faults
    faults.extend(sorted(set(names) - set(faults)))


def answer(text: str) -> None:
    """Set the description of the response."""
    notes().answer = clipped(text)


def refused(why: str) -> None:
    """Mark the request as refused, with the reason, even if the EHR doesn't reveal it."""
    mine = notes()
    mine.answer, mine.is_refused = clipped(why), True


def cut() -> None:
    """Mark the connection as closed without a response."""
    mine = notes()
    mine.answer, mine.is_cut = "The connection was closed without a response.", True


def covered(
    granted: Iterable[str], contexts: Collection[str], fhir_type: str, interaction: str
) -> None:
    """Note whether a grant covers an interaction on a type, and which scope would cover it."""
    name = _INTERACTIONS[interaction]
    check(
        bool(contexts),
        "scope",
        f"{' and '.join(sorted(contexts))}/ scopes cover {name} of {fhir_type}",
        f"no granted scope covers {name} of {fhir_type}. The request needs "
        f"patient/{fhir_type}.{interaction} (or user/). Granted: "
        f"{' '.join(granted) or 'nothing'}",
    )


def short(secret: str | None) -> str:
    """Return the first characters of a token, code or verifier: enough to tell it from others, but
    at most half of it.
    """
    if not secret:
        return "nothing"
    return f"{secret[: min(_SHOWN_OF_A_SECRET, len(secret) // 2)]}…"


def clipped(text: str, longest: int = _LONGEST) -> str:
    """Return a text cut to a maximum length."""
    return text if len(text) <= longest else f"{text[:longest]}…"
