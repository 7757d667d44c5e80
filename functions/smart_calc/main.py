"""smart_calc: the app. Today its page shows whose chart it is, what was granted, newest results."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import flask
from markupsafe import Markup

from shared import client_auth, config, inbound, log, pages, session_context, sessions
from shared.errors import Hint, MethodNotAllowed, NotFound, PatientMissing
from shared.inbound import Call, Edge, Reply
from shared.jwks import Keys
from shared.references import resolve_sealing_keys
from shared.sealing import Sealer
from shared.sessions import Active, Sessions
from shared.settings import Settings
from shared.store import open_store

from . import banner, reading, results

_HERE = Path(__file__).parent
_ROWS_A_CLICK = 50

inbound.take_raw_paths()
_settings = config.from_environment()
if _settings:
    _clients, _problems = client_auth.resolve(_settings)
    _sealer = Sealer(resolve_sealing_keys(_settings, _problems))
    _store = open_store(_settings.store)
    _sessions = Sessions(_store, _sealer, _settings, _clients, Keys(), time.time)
_edge = Edge("smart_calc", "page", "app_refused")


@dataclass(frozen=True, slots=True)
class Group:
    """One table of the page. `search` finds all of its entries through the FHIR proxy."""

    id: str
    title: str
    part: reading.Part
    rows: list[results.Result]
    search: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Scopes that were not granted for one reason."""

    scopes: list[str]
    cause: Hint


def smart_calc(request: flask.Request) -> flask.Response:
    """The function's entry point."""
    return inbound.answer(request, _edge, _settings, _serve)


def _serve(settings: Settings, call: Call) -> Reply:
    handle = call.path.strip("/")
    if not sessions.is_handle(handle):
        raise NotFound
    if call.method != "GET":
        raise MethodNotAllowed(allow="GET")
    page = _page(_sessions.use(handle, call.cookies))
    log.event("app_opened", "page shown")
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        **pages.content_security_policy(settings.frame_ancestors, _script()),
    }
    return Reply(200, headers, page.encode("utf-8", "replace"))


def _page(active: Active) -> str:
    session, ehr = active.session, active.ehr
    patient = session.context.patient
    if patient is None:
        raise PatientMissing(why="The page shows one patient's chart; the EHR named none.")
    chart = reading.chart(active, patient)
    person = chart["patient"]
    today = datetime.now(UTC).date()
    return pages.render(
        "app.html",
        _HERE / "templates",
        script=Markup(_script()),  # noqa: S704 - our own script
        ehr=ehr.name,
        banner=banner.read(person.resources[0], today) if person.resources else None,
        banner_problem=person.problem,
        full_banner=session.context.need_patient_banner is not False,
        granted=session.granted,
        missing=_missing(active),
        groups=[
            Group(
                id=category,
                title=title,
                part=chart[category],
                rows=results.newest(chart[category].resources, patient, session.fhir_base),
                search=reading.search(ehr, patient, category, _ROWS_A_CLICK),
            )
            for category, title in reading.CATEGORIES.items()
        ],
        page_size=reading.PAGE_SIZE,
    )


def _missing(active: Active) -> list[Missing]:
    """What was asked for and not granted, by the reason."""
    by_cause: dict[str, Missing] = {}
    for scope in active.session.missing:
        why = session_context.cause(active.session, active.ehr.vendor, scope)
        by_cause.setdefault(why.id, Missing([], why)).scopes.append(scope)
    return list(by_cause.values())


@cache
def _script() -> str:
    return (_HERE / "static" / "app.js").read_text(encoding="utf-8")
