"""launch: `iss` + `launch` -> discovery -> a pending launch -> redirect to the EHR's sign-in.

SMART App Launch 2.2, steps 2 to 4.
"""

import time

import flask

from shared import config, cookies, inbound, launches, log
from shared.discovery import Discovery
from shared.errors import MethodNotAllowed, NotFound
from shared.inbound import Call, Edge, Reply
from shared.settings import Settings
from shared.store import open_store

from . import parameters

inbound.take_raw_paths()
_settings = config.from_environment()
if _settings:
    _store = open_store(_settings.store)
_discovery = Discovery()
_edge = Edge("launch", "page", "launch_refused")


def launch(request: flask.Request) -> flask.Response:
    """The function's entry point."""
    return inbound.answer(request, _edge, _settings, _serve)


def _serve(settings: Settings, call: Call) -> Reply:
    if call.path != "/":
        raise NotFound
    if call.method != "GET":
        raise MethodNotAllowed(allow="GET")
    if "prefetch" in call.headers.get("Sec-Purpose", ""):
        return Reply(204)
    asked = parameters.read(call, settings)
    log.about(ehr=asked.ehr.key)
    begun = launches.begin(
        _store,
        settings,
        asked.ehr,
        _discovery.find(asked.ehr, asked.fhir_base),
        iss=asked.iss,
        fhir_base=asked.fhir_base,
        launch=asked.launch,
        now=time.time(),
    )
    kind = "standalone launch" if asked.launch is None else "EHR launch"
    log.event("launch_started", kind)
    age = max(1, int(settings.launch_seconds))
    return Reply(
        302,
        {"Location": begun.authorization_url},
        cookies=(
            *map(cookies.clear_cookie, launches.surplus_cookies(call.cookies)),
            cookies.set_cookie(begun.cookie_name, begun.cookie_value, age),
        ),
    )
