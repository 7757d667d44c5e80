"""All functions on one origin, as a load balancer would offer them, for one machine.

WSGI on purpose: the raw path reaches the functions untouched. A dispatcher that mounts
applications would redirect `/launch?…` to `/launch/?…`.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import flask

from functions.callback.main import callback
from functions.fhir_proxy.main import fhir_proxy
from functions.launch.main import launch
from functions.smart_calc.main import smart_calc
from shared import pages
from shared.config import file as config
from shared.config.settings import Settings
from shared.errors import MethodNotAllowed, NotFound
from shared.inbound import edge as inbound
from shared.inbound.edge import Call, Edge, Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FUNCTIONS: Mapping[str, Callable[[flask.Request], flask.Response]] = {
    "launch": launch,
    "callback": callback,
    "fhir_proxy": fhir_proxy,
    "smart_calc": smart_calc,
}
_settings = config.from_environment()
_edge = Edge("gateway", "page", refused="app_refused")
_TEMPLATES = Path(__file__).parent / "templates"


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Pass a request to the function that the first segment of its path names."""
    raw: str = environ.get("RAW_URI") or environ["PATH_INFO"]
    first = raw.partition("?")[0].removeprefix("/").partition("/")[0]
    function = FUNCTIONS.get(first)
    return inbound.respond(function or gateway, environ, start_response)


def gateway(request: flask.Request) -> flask.Response:
    """What no function serves."""
    return inbound.answer(request, _edge, _settings, _front)


def _front(settings: Settings, call: Call) -> Reply:
    """The page at `/`, and 404 for whatever no function serves."""
    if call.path != "/":
        raise NotFound
    if call.method != "GET":
        raise MethodNotAllowed(allow="GET")
    page = pages.render(
        "gateway.html",
        _TEMPLATES,
        functions=list(FUNCTIONS),
        ehr=os.environ.get("EHR_BASE_URL"),
        public_url=settings.public_url,
        ehrs=settings.ehrs,
    )
    headers = {"Content-Type": "text/html; charset=utf-8", **pages.content_security_policy(())}
    return Reply(200, headers, page.encode())
