"""callback: `state` -> consume -> exchange the code -> open a session -> the app, at a clean URL.

SMART App Launch 2.2, steps 4 to 6. The order is: shape, state found and alive, binding cookie,
conditional delete, issuer and redirect path, then error or code; nothing is acted on earlier.
"""

import time

import flask

from shared import client_auth, config, cookies, inbound, launches, log, tokens
from shared.errors import EhrError, MethodNotAllowed, NotFound, SmartError, StateUnknown
from shared.inbound import Call, Edge, Reply
from shared.launches import Pending
from shared.references import resolve_sealing_keys
from shared.sealing import Sealer
from shared.sessions import Opened, Sessions, surplus_cookies
from shared.settings import Settings
from shared.store import open_store

from . import response

inbound.take_raw_paths()
_settings = config.from_environment()
if _settings:
    _store = open_store(_settings.store)
    _sealer = Sealer(resolve_sealing_keys(_settings, client_auth.problems(_settings.ehrs)))
    _sessions = Sessions(_store, _sealer, _settings, time.time)
_edge = Edge("callback", "page", "callback_failed")


def callback(request: flask.Request) -> flask.Response:
    """The function's entry point."""
    return inbound.answer(request, _edge, _settings, _serve)


def _serve(settings: Settings, call: Call) -> Reply:
    redirect_path = "/callback" if call.path == "/" else f"/callback{call.path}"
    if redirect_path not in {"/callback", *(f"/callback/{ehr.key}" for ehr in settings.ehrs)}:
        raise NotFound
    if call.method != "GET":
        raise MethodNotAllowed(allow="GET")
    given = response.read(call)
    try:
        found = launches.find(_store, given["state"])
        log.about(ehr=found.pending.ehr)
        launches.check_browser(found, given["state"], call.cookies)
        launches.consume(_store, found)
    except StateUnknown as error:
        raise response.explained(error, given) from None
    spent = cookies.clear_cookie(cookies.launch_name(given["state"]))
    try:
        opened = _finish(settings, found.pending, given, settings.public_url + redirect_path)
    except SmartError as error:
        error.set_cookies = (spent,)
        raise
    path = settings.after_launch.replace("{session}", opened.session.handle)
    return Reply(
        303,
        {"Location": settings.public_url + path},
        cookies=(
            spent,
            *map(cookies.clear_cookie, surplus_cookies(call.cookies)),
            cookies.set_cookie(opened.cookie_name, opened.cookie_value),
        ),
    )


def _finish(
    settings: Settings, pending: Pending, given: response.Response, redirect_uri: str
) -> Opened:
    response.check_issuer(pending, given.get("iss"), redirect_uri)
    if "error" in given:
        raise response.explained(EhrError(), given)
    ehr = settings.ehr_by_key(pending.ehr)
    if ehr is None or ehr.client_id != pending.client_id:
        raise StateUnknown(why="The app was configured anew while this launch was under way.")
    answer = tokens.exchange(
        pending.token_endpoint,
        client_auth.for_client(ehr),
        code=given["code"],
        redirect_uri=pending.redirect_uri,
        code_verifier=pending.code_verifier,
        ca_file=ehr.ca_file,
    )
    opened = _sessions.open(pending, answer)
    log.about(ehr=ehr.key, session=opened.session.mark)
    scope_came = answer.scope is not None
    log.event(
        "callback_completed",
        "session opened" if scope_came else "session opened; the EHR named no scope",
        severity="INFO" if scope_came else "WARNING",
        fields={"granted": list(opened.session.granted), "missing": list(opened.session.missing)},
    )
    return opened
