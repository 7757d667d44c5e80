"""smart_calc: the app. Today its page shows whose chart it is, what was granted, newest results."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import flask
from markupsafe import Markup

from shared import config, inbound, log, pages, sessions
from shared.errors import MethodNotAllowed, NotFound, PatientMissing, SessionExpired
from shared.inbound import Call, Edge, Reply
from shared.references import resolve_sealing_keys
from shared.sealing import Sealer
from shared.sessions import Session, Sessions
from shared.settings import Ehr, Settings
from shared.store import open_store

from . import banner, reading, results

_HERE = Path(__file__).parent
_ROWS_A_CLICK = 50

inbound.take_raw_paths()
_settings = config.from_environment()
if _settings:
    _sealer = Sealer(resolve_sealing_keys(_settings))
    _sessions = Sessions(open_store(_settings.store), _sealer, _settings, time.time)
_edge = Edge("smart_calc", "page", "app_refused")


@dataclass(frozen=True, slots=True)
class Group:
    """One table of the page. `search` finds all of its entries through the FHIR proxy."""

    id: str
    title: str
    part: reading.Part
    rows: list[results.Result]
    search: str


def smart_calc(request: flask.Request) -> flask.Response:
    """The function's entry point."""
    return inbound.answer(request, _edge, _settings, _serve)


def _serve(settings: Settings, call: Call) -> Reply:
    handle = call.path.strip("/")
    if not sessions.is_handle(handle):
        raise NotFound
    if call.method != "GET":
        raise MethodNotAllowed(allow="GET")
    session = _sessions.use(handle, call.cookies)
    log.about(ehr=session.ehr, session=session.mark)
    ehr = settings.ehr_by_key(session.ehr)
    if ehr is None:
        raise SessionExpired(why="The app was configured anew since this session began.")
    page = _page(session, ehr)
    log.event("app_opened", "page shown")
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        **pages.content_security_policy(settings.frame_ancestors, _script()),
    }
    return Reply(200, headers, page.encode("utf-8", "replace"))


def _page(session: Session, ehr: Ehr) -> str:
    patient = session.context.patient
    if patient is None:
        raise PatientMissing(why="The page shows one patient's chart; the EHR named none.")
    chart = reading.chart(session, ehr, patient)
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
        missing=session.missing,
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


@cache
def _script() -> str:
    return (_HERE / "static" / "app.js").read_text(encoding="utf-8")
