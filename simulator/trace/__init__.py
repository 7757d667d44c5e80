"""What a request was, and what was right and wrong in it, noted where it is decided.

Whoever handles a request begins its notes; whoever checks something adds a line. trace/log.py keeps
them, pages/trace_page.py shows them. Outside of a request nothing is noted, so code that
decides can be called without one.
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
# `weak` is what this EHR takes and the guide does not; `said` is what came, without a judgement.
Mark = Literal["right", "wrong", "weak", "said"]

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
# The links of a search's pages are opaque, as tokens are.
_SECRET_PARAMETERS = (_TOKEN_PARAMETER, "_getpages")


@dataclass(slots=True)
class LaunchTrace:
    """One launch of an app, as the trace shows it.

    Fields:
        id: for links to it.
        ehr: key of the EHR.
        is_from_chart: whether a chart launched the app; else the app began by itself.
        client: its client_id.
        patient: name, empty until one is chosen.
        user: name of who is signed in, empty until known.
        faults: names of those chosen for this launch.
        has_come_back: whether an authorization request belongs to it.
        asks_for_cards: whether it is no launch, but a chart that asked a CDS service for cards.
    """

    ehr: str
    is_from_chart: bool
    client: str
    patient: str = ""
    user: str = ""
    faults: tuple[str, ...] = ()
    has_come_back: bool = False
    asks_for_cards: bool = False
    id: str = field(default_factory=lambda: secrets.token_hex(4))


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what it is about (a parameter, a scope) and what was found."""

    mark: Mark
    about: str
    text: str


@dataclass(slots=True)
class Notes:
    """What is known of one request, so far.

    Fields:
        began: when it came.
        title: what it was, in words.
        faults: names of those that it triggered.
        answer: what the EHR answered, in words; with `is_refused` also why.
        is_cut: whether the connection was closed instead.
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


def open_notes() -> None:
    """Begin the notes of a request, before anything else happens to it."""
    g.trace_notes = Notes()


def notes() -> Notes:
    """Return the notes of this request; outside of one, notes that nobody keeps."""
    if has_request_context() and "trace_notes" in g:
        kept: Notes = g.trace_notes
        return kept
    return Notes()


def begin(step: Step, ehr: str, title: str) -> None:
    """Say what the request is; the last word counts."""
    mine = notes()
    mine.step, mine.ehr, mine.title = step, ehr, title


def begin_fhir(ehr: str, base: str) -> None:
    """Say that the request is one for FHIR data below the path `base`, and what it asks."""
    pairs = [
        (name, short(value) if name in _SECRET_PARAMETERS else value)
        for name, value in request.args.items(multi=True)
    ]
    query = "&".join(f"{name}={value}" for name, value in pairs)
    address = request.path.removeprefix(base) + (f"?{query}" if query else "")
    begin("fhir", ehr, f"FHIR: {request.method} {clipped(address, _LONGEST_TITLE)}")
    for name, value in pairs:
        note("said", clipped(name, _LONGEST_TITLE), value)
    if _TOKEN_PARAMETER in request.args:
        note("wrong", _TOKEN_PARAMETER, "belongs in the header Authorization: Bearer, not here")


def belong(launch_trace: LaunchTrace | None) -> None:
    """Say of which launch the request is; None leaves that open."""
    if launch_trace is not None:
        mine = notes()
        mine.launch_trace, mine.client = launch_trace, launch_trace.client


def by_client(client_id: str) -> None:
    """Say which client sent it, or says that it did."""
    notes().client = clipped(client_id)


def note(mark: Mark, about: str, text: str) -> None:
    """Add a line."""
    checks = notes().checks
    if len(checks) < _MOST_CHECKS:
        checks.append(Check(mark, about, clipped(text)))


def check(holds: bool, about: str, right: str, wrong: str) -> bool:
    """Add the line that applies, and return what was checked."""
    note("right" if holds else "wrong", about, right if holds else wrong)
    return holds


def triggered(names: Iterable[str]) -> None:
    """Name the faults that the request triggered."""
    faults = notes().faults
    faults.extend(sorted(set(names) - set(faults)))


def answer(text: str) -> None:
    """Say what goes back."""
    notes().answer = clipped(text)


def refused(why: str) -> None:
    """Say that the request is refused, and why, even where the EHR does not tell."""
    mine = notes()
    mine.answer, mine.is_refused = clipped(why), True


def cut() -> None:
    """Say that the connection is closed in place of an answer."""
    mine = notes()
    mine.answer, mine.is_cut = "The connection was closed without an answer.", True


def covered(
    granted: Iterable[str], contexts: Collection[str], fhir_type: str, interaction: str
) -> None:
    """Note whether a grant covers one interaction on one type, and which scope would."""
    name = _INTERACTIONS[interaction]
    check(
        bool(contexts),
        "scope",
        f"{' and '.join(sorted(contexts))}/ scopes cover {name} of {fhir_type}",
        f"none covers {name} of {fhir_type}: patient/{fhir_type}.{interaction} (or user/) would. "
        f"Granted: {' '.join(granted) or 'nothing'}",
    )


def short(secret: str | None) -> str:
    """Return as much of a token, code or verifier as is needed to tell it from another, and never
    more than half of it.
    """
    if not secret:
        return "nothing"
    return f"{secret[: min(_SHOWN_OF_A_SECRET, len(secret) // 2)]}…"


def clipped(text: str, longest: int = _LONGEST) -> str:
    """Return a text that a sender cannot make endless."""
    return text if len(text) <= longest else f"{text[:longest]}…"
