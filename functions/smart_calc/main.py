"""smart_calc: the app. A page of calculators filled from the chart, and their recalculation."""

import gc

gc.disable()  # until entry_point.last

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from clinical import site_choice
from clinical.calculators import REGISTRY
from shared import held_bytes, log, pages
from shared.config import settings_file
from shared.config.settings import Settings
from shared.errors import CodedError, MethodNotAllowed, NotFound, PatientMissing
from shared.fhir import fhir_client
from shared.fhir.access import of_session
from shared.inbound import edge, entry_point, json_body
from shared.inbound.edge import Call, Edge, Reply
from shared.session import deployment, sessions
from shared.session.sessions import Active

from . import again, all_results, parts, reading, stream
from .recalculate import recalculation

# Wait this long for the first search, so that an ended session still sets the response's status.
_FIRST_SECONDS = 0.2

held_bytes.give_memory_back()
_settings = settings_file.from_environment(site_choice.problems)
if _settings:
    _running = deployment.start(_settings)
_edge = Edge("smart_calc", "page", "app_refused")
# A chart of 3,000 Observations is 60,000 objects, and a page leaves none of them as garbage.
gc.set_threshold(200_000)


def _serve(settings: Settings, call: Call) -> Reply:
    handle, *names = call.path.strip("/").split("/")
    if not sessions.is_handle(handle) or len(names) > 1:
        raise NotFound
    if names == ["results"]:
        return _all_results(settings, call, handle)
    if names == ["unread"]:
        return _again(settings, call, handle)
    if names:
        return _recalculate(settings, call, handle, names[0])
    if call.method != "GET":
        raise MethodNotAllowed(allow="GET")
    sent = _page(settings, _running.sessions.use(handle, call.cookies))
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        # Tells an nginx in front not to buffer the page.
        "X-Accel-Buffering": "no",
        **pages.content_security_policy(
            settings.frame_ancestors, stream.script(), own_style=parts.style()
        ),
    }
    # The body contains nothing from the request.
    body = (part.encode("utf-8", "replace") for part in sent)
    return Reply(200, headers, body, compressible=True)


def _page(settings: Settings, active: Active) -> Iterator[str]:
    """Return the page, part by part. Raises errors that occur before the first part."""
    patient = active.session.context.patient
    if patient is None:
        raise PatientMissing(
            why="The page shows one patient's chart, but the EHR didn't name a patient."
        )
    fhir_client.admit(of_session(active))
    searching = reading.begin(active, patient, datetime.now(UTC))
    try:
        searching.arrivals.wait_for_the_first(_FIRST_SECONDS)
    except CodedError:
        searching.arrivals.close()
        raise
    return stream.page(settings, active, searching, partial(edge.told_late, _edge, settings))


def _recalculate(settings: Settings, call: Call, handle: str, name: str) -> Reply:
    """Compute one calculator from the request's values, without reading the chart."""
    known = name in REGISTRY and any(name not in one.app.calculators_off for one in settings.ehrs)
    if call.method != "POST":
        if not known:
            raise NotFound
        raise MethodNotAllowed(allow="POST")
    edge.require_own_origin(call, settings)
    if not known:
        raise NotFound
    off = frozenset(_running.sessions.use(handle, call.cookies).ehr.app.calculators_off)
    if name in off:
        raise NotFound
    requested = recalculation.parse(_content(call))
    answer = recalculation.answer(name, requested, off)
    log.event("app_calculated", "calculator recalculated")
    return Reply(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())


def _again(settings: Settings, call: Call, handle: str) -> Reply:
    """Retry what the page couldn't read."""
    active, patient = _session_and_patient(settings, call, handle)
    fhir_client.admit(of_session(active))
    missing = again.parse(_content(call))
    html = again.answer(settings, active, patient, missing, datetime.now(UTC))
    policy = pages.content_security_policy(settings.frame_ancestors)
    headers = {"Content-Type": "text/html; charset=utf-8", **policy}
    return Reply(200, headers, html.encode("utf-8", "replace"), compressible=True)


def _all_results(settings: Settings, call: Call, handle: str) -> Reply:
    """List the request's Observations as the page's tables do, without reading the chart."""
    active, patient = _session_and_patient(settings, call, handle)
    held_bytes.admit(active.session.handle, active.session.fhir_base)
    body = _content(call, all_results.MOST_BYTES)
    base, codes = active.session.fhir_base, active.ehr.codes
    answer = all_results.answer(body, patient, base, datetime.now(UTC), codes)
    log.event("app_results_listed", "results evaluated for the list")
    return Reply(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())


def _session_and_patient(settings: Settings, call: Call, handle: str) -> tuple[Active, str]:
    """Return the session and patient of a request that only the page's script may make."""
    if call.method != "POST":
        raise MethodNotAllowed(allow="POST")
    edge.require_own_origin(call, settings)
    active = _running.sessions.use(handle, call.cookies)
    patient = active.session.context.patient
    if patient is None:
        raise PatientMissing(
            why="The results must belong to one patient, but the EHR didn't name a patient."
        )
    return active, patient


def _content(call: Call, most: int = 100_000) -> bytes:
    return json_body.content(call.headers, call.body, most)


smart_calc = entry_point.last(_edge, _settings, _serve)
