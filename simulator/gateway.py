"""All functions on one origin, as a load balancer would offer them; for local use only.

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

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FUNCTIONS: Mapping[str, Callable[[flask.Request], flask.Response]] = {
    "launch": launch,
    "callback": callback,
    "fhir_proxy": fhir_proxy,
    "smart_calc": smart_calc,
}
_TEMPLATES = Path(__file__).parent / "templates" / "gateway"


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Pass a request to the function that the first segment of its path names."""
    request = flask.Request(environ)
    raw: str = environ.get("RAW_URI") or request.path
    path = raw.partition("?")[0]
    function = FUNCTIONS.get(path.removeprefix("/").partition("/")[0])
    response = function(request) if function is not None else _own(path, request)
    return response(environ, start_response)


def _own(path: str, request: flask.Request) -> flask.Response:
    """The page at `/`, and 404 for whatever no function serves."""
    if path != "/" or request.method != "GET":
        return flask.Response("There is nothing here.\n", 404, mimetype="text/plain")
    page = pages.render(
        "gateway.html", _TEMPLATES, functions=list(FUNCTIONS), ehr=os.environ.get("EHR_BASE_URL")
    )
    return flask.Response(page, headers=pages.content_security_policy(()))
