"""smart_calc: the app. A page of calculators that the chart fills, and their recalculation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import flask
from markupsafe import Markup

from clinical import turned_off
from clinical.calculators import REGISTRY
from clinical.clock import Clock
from shared import held_bytes, log, pages
from shared.config import file as config
from shared.config.settings import Settings
from shared.errors import (
    MediaTypeUnsupported,
    MethodNotAllowed,
    NotFound,
    PatientMissing,
    TooLarge,
)
from shared.findings import Finding
from shared.inbound import edge as inbound
from shared.inbound.edge import Call, Edge, Reply
from shared.release import VERSION
from shared.session import context as session_context
from shared.session import deployment, sessions
from shared.session.sessions import Active

from . import all_results, reading
from .page import banner, note, tables
from .page import cards as calculators
from .recalculate import recalculation

_HERE = Path(__file__).parent
_SCRIPTS = ("session.js", "calculators.js", "list.js", "results.js")
_MOST_BYTES = 100_000

held_bytes.give_memory_back()
_settings = config.from_environment(turned_off.problems)
if _settings:
    _running = deployment.start(_settings)
_edge = Edge("smart_calc", "page", "app_refused")


@dataclass(frozen=True, slots=True)
class MissingScopes:
    """Scopes that were not granted for one reason."""

    scopes: list[str]
    cause: Finding


@inbound.entry_point
def smart_calc(request: flask.Request) -> flask.Response:
    """The function's entry point."""
    return inbound.answer(request, _edge, _settings, _serve)


def _serve(settings: Settings, call: Call) -> Reply:
    handle, *names = call.path.strip("/").split("/")
    if not sessions.is_handle(handle) or len(names) > 1:
        raise NotFound
    if names == ["results"]:
        return _all_results(settings, call, handle)
    if names:
        return _recalculate(settings, call, handle, names[0])
    if call.method != "GET":
        raise MethodNotAllowed(allow="GET")
    page = _page(settings, _running.sessions.use(handle, call.cookies))
    log.event("app_opened", "page shown")
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        **pages.content_security_policy(settings.frame_ancestors, _script(), own_style=_style()),
    }
    # Nothing of the request stands in it.
    return Reply(200, headers, page.encode("utf-8", "replace"), compressible=True)


def _recalculate(settings: Settings, call: Call, handle: str, name: str) -> Reply:
    """Compute one calculator from the values of the request; the chart is not read."""
    known = name in REGISTRY and name not in settings.calculators_off
    if call.method != "POST":
        if not known:
            raise NotFound
        raise MethodNotAllowed(allow="POST")
    inbound.require_own_origin(call, settings)
    if not known:
        raise NotFound
    _running.sessions.use(handle, call.cookies)
    asked = recalculation.parse(_json_of(call, _MOST_BYTES))
    off = frozenset(settings.calculators_off)
    answer = recalculation.answer(name, asked, off)
    log.event("app_calculated", "calculator computed anew")
    return Reply(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())


def _all_results(settings: Settings, call: Call, handle: str) -> Reply:
    """Judge the Observations of the request as the page's tables do; the chart is not read."""
    if call.method != "POST":
        raise MethodNotAllowed(allow="POST")
    inbound.require_own_origin(call, settings)
    active = _running.sessions.use(handle, call.cookies)
    patient = active.session.context.patient
    if patient is None:
        raise PatientMissing(why="Results are those of one patient; the EHR named none.")
    held_bytes.admit(active.session.handle)
    body = _json_of(call, all_results.MOST_BYTES)
    answer = all_results.answer(body, patient, active.session.fhir_base, datetime.now(UTC))
    log.event("app_results_listed", "results judged for the list")
    return Reply(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())


def _json_of(call: Call, most: int) -> bytes:
    """The body of a request of the page, which sends JSON and nothing else."""
    media_type = call.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        why = "This address takes application/json and nothing else."
        raise MediaTypeUnsupported(why=why, steps=("Send the body as application/json.",))
    try:
        return call.body(most)
    except TooLarge:
        raise TooLarge(f"The request is larger than {most // 1000} kB.") from None


def _page(settings: Settings, active: Active) -> str:
    session, ehr = active.session, active.ehr
    patient = session.context.patient
    if patient is None:
        raise PatientMissing(why="The page shows one patient's chart; the EHR named none.")
    held_bytes.admit(session.handle)
    now = datetime.now(UTC)
    read = reading.read(active, patient, now)
    person = read.patient
    who = banner.read(person, now) if person else None
    clock = Clock(read.now)
    off = frozenset(settings.calculators_off)
    views = calculators.views(read.chart, clock, note.of_patient(who), off)
    return pages.render(
        "app.html",
        _HERE / "templates",
        _style(),
        opened="",
        script=Markup(_script()),  # noqa: S704 - our own script
        ehr=ehr.name,
        user=session.user.name if session.user else None,
        banner=who,
        banner_problem=read.parts["patient"].problem,
        full_banner=session.context.need_patient_banner is not False,
        granted=session.granted,
        missing=_missing(active),
        unread=_unread(read),
        technical=read.technical,
        nothing_read=read.is_empty,
        groups=views,
        titles=calculators.GROUPS,
        tables=tables.tables(read, session, ehr.profile.searches, clock),
        patient_note=note.of_patient(who),
        clock=clock,
        made_at=now,
        correlation_id=log.correlation_id(),
        version=VERSION,
    )


def _unread(read: reading.ChartReading) -> Mapping[str, str]:
    """What could not be read, in words, and why; what has one reason stands together."""
    by_problem: dict[str, list[str]] = {}
    for name, problem in read.unread.items():
        by_problem.setdefault(problem, []).append(reading.PURPOSES[name])
    return {"; ".join(purposes): problem for problem, purposes in by_problem.items()}


def _missing(active: Active) -> list[MissingScopes]:
    """What was asked for and not granted, by the reason."""
    by_cause: dict[str, MissingScopes] = {}
    for scope in active.session.missing:
        why = session_context.cause(active.session, active.ehr.vendor, scope)
        by_cause.setdefault(why.id, MissingScopes([], why)).scopes.append(scope)
    return list(by_cause.values())


@cache
def _script() -> str:
    """The scripts of the page as one, so that the policy names one hash."""
    return "\n".join((_HERE / "static" / name).read_text("utf-8") for name in _SCRIPTS)


@cache
def _style() -> str:
    return (_HERE / "static" / "app.css").read_text("utf-8")
