"""fhir_proxy: the EHR's FHIR API for the app, without a token ever reaching the browser.

Refusals come in this order: method, caller, path, session, scope and patient; then the EHR.
"""

import json
import time
from urllib.parse import parse_qsl

import flask

from shared import client_auth, config, cookies, inbound, log, outcome, session_context
from shared.errors import (
    RELAUNCH,
    MediaTypeUnsupported,
    MethodNotAllowed,
    ParameterInvalid,
    PathInvalid,
    ScopeDenied,
)
from shared.fhir import FhirAnswer
from shared.inbound import Call, Edge, Reply
from shared.jwks import Keys
from shared.references import resolve_sealing_keys
from shared.sealing import Sealer
from shared.sessions import Active, Sessions
from shared.settings import Settings
from shared.store import open_store

from . import address, forward, policy, rewrite
from .address import Address
from .policy import Decision
from .rewrite import Pages

MOST_PARAMETERS = 200

inbound.take_raw_paths()
_settings = config.from_environment()
if _settings:
    _clients, _problems = client_auth.resolve(_settings)
    _sealer = Sealer(resolve_sealing_keys(_settings, _problems))
    _store = open_store(_settings.store)
    _sessions = Sessions(_store, _sealer, _settings, _clients, Keys(), time.time)
_edge = Edge(
    "fhir_proxy",
    "operation_outcome",
    refused="fhir_denied",
    failed="fhir_request",
    headers={"Content-Security-Policy": "default-src 'none'; sandbox"},
)


def fhir_proxy(request: flask.Request) -> flask.Response:
    """The function's entry point."""
    return inbound.answer(request, _edge, _settings, _serve)


def _serve(settings: Settings, call: Call) -> Reply:
    asked = address.read(call.method, call.path)
    if isinstance(asked, MethodNotAllowed):
        raise asked
    inbound.require_own_origin(call, settings)
    if isinstance(asked, PathInvalid):
        raise asked
    if asked.method == "DELETE":
        return _log_out(asked.handle, call)
    active = _sessions.use(asked.handle, call.cookies)
    session = active.session
    if asked.kind == "session":
        context = json.dumps(
            session_context.describe(session, active.ehr.vendor, settings.public_url)
        ).encode()
        return Reply(200, {"Content-Type": "application/json"}, context)
    inbound.require_json_accepted(call)
    pages = rewrite.Pages(
        session, _sealer, asked.type, f"{settings.public_url}/fhir_proxy/{session.handle}"
    )
    started = time.monotonic()
    decision, answer = _forward(call, asked, active, pages)
    fields: dict[str, str | int | float | list[str]] = {
        "type": asked.type,
        "status": answer.status,
        "ehr_ms": round((time.monotonic() - started) * 1000, 1),
        **answer.ehr_ids,
    }
    log.event("fhir_request", asked.kind, fields=fields)
    body = answer.body
    if asked.kind == "search" and answer.status == 200:
        body = pages.rewritten(body.decode(), decision.level).encode()
    headers = {"Content-Type": outcome.MEDIA_TYPE, **forward.response_headers(answer)}
    return Reply(answer.status, headers, body)


def _log_out(handle: str, call: Call) -> Reply:
    _sessions.end(handle, call.cookies)
    return Reply(204, cookies=(cookies.clear_cookie(cookies.session_name(handle)),))


def _forward(
    call: Call, asked: Address, active: Active, pages: Pages
) -> tuple[Decision, FhirAnswer]:
    parameters = _parameters(call)
    session = active.session
    grants = session.grants(active.ehr)
    if asked.kind == "search" and any(name == rewrite.PAGE_PARAMETER for name, _ in parameters):
        if len(parameters) != 1:
            raise ParameterInvalid("A page link takes no further parameters.")
        page = pages.open(parameters[0][1])
        decision = policy.decide_page(asked, page.level, session, grants)
        return decision, forward.page(page.url, asked, decision, active)
    try:
        decision = policy.decide(asked, parameters, session, grants)
    except ScopeDenied as error:
        raise _with_cause(error, active) from None
    return decision, forward.request(asked, decision, active, call.headers)


def _with_cause(error: ScopeDenied, active: Active) -> ScopeDenied:
    """The refusal with why the EHR did not grant the scope, where it was asked for."""
    scope = error.evidence.get("not_granted")
    if scope is not None:
        cause = session_context.cause(active.session, active.ehr.vendor, scope)
        error.why = f"{error.why} {cause.why}"
        error.steps = (*cause.steps, RELAUNCH)
        error.evidence = {**error.evidence, "cause": cause.id}
    return error


def _parameters(call: Call) -> policy.Parameters:
    """The search parameters of query and form together; they are sent on serialised anew."""
    # WSGI's strings are bytes as latin-1 (PEP 3333).
    raw = call.query().encode("latin-1")
    if call.method == "POST":
        media_type = call.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type != forward.FORM:
            raise MediaTypeUnsupported
        raw = b"&".join(filter(None, (raw, call.body())))
    try:
        parsed = parse_qsl(
            raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS
        )
    except ValueError:
        raise ParameterInvalid("The search parameters cannot be read.") from None
    return tuple(parsed)
