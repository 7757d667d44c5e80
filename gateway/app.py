"""Serves all functions on one origin on one machine, like a load balancer in the cloud.

It's a plain WSGI application, so that the functions get the raw path unchanged. A dispatcher that
mounts applications would redirect `/launch?…` to `/launch/?…`.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import flask

from gateway import failures, front
from gateway.own_functions import OwnFunction
from infra import project
from shared.config import settings_file
from shared.inbound import edge, entry_point
from shared.inbound.edge import Edge

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_project = project.read(Path.cwd())
FUNCTIONS: Mapping[str, Callable[[flask.Request], flask.Response]] = {
    name: getattr(importlib.import_module(f"functions.{name}.main"), name) for name in _project.ours
}
# A job isn't on the public origin (gateway/job.py runs it).
_own = {
    name: OwnFunction(name, _project.source(name))
    for name in _project.own
    if name not in _project.jobs
}
_settings = settings_file.from_environment()
_edge = Edge("gateway", "page", refused="app_refused")


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Pass a request to the function named by the first segment of its path."""
    first = edge.raw_path(environ).removeprefix("/").partition("/")[0]
    if own := _own.get(first):
        return own(environ, start_response)
    function = FUNCTIONS.get(first, gateway)
    return entry_point.respond(lambda sent: _kept(function(sent)), environ, start_response)


def _kept(response: flask.Response) -> flask.Response:
    is_page = response.mimetype == "text/html" and not response.is_streamed
    if response.status_code >= 400 and is_page:
        failures.keep(dict(response.headers), response.get_data())
    return response


def gateway(request: flask.Request) -> flask.Response:
    """Serve the paths that don't belong to a function."""
    return edge.answer(request, _edge, _settings, front.serve)
