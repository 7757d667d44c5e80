"""smart_calc: the app. Today its page shows whose chart it is, what was granted, newest results."""

import time
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

inbound.take_raw_paths()
_settings = config.from_environment()
if _settings:
    _sealer = Sealer(resolve_sealing_keys(_settings))
    _sessions = Sessions(open_store(_settings.store), _sealer, _settings, time.time)
_edge = Edge("smart_calc", "page", "app_refused")


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
    return Reply(200, headers, page.encode())


def _page(session: Session, ehr: Ehr) -> str:
    patient = session.context.patient
    if patient is None:
        raise PatientMissing
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
            (category, title, results.newest(chart[category].resources, patient), chart[category])
            for category, title in reading.CATEGORIES.items()
        ],
    )


@cache
def _script() -> str:
    return (_HERE / "static" / "app.js").read_text(encoding="utf-8")
