"""A function's entry point, which gets every request from a WSGI server unchanged."""

import gc
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

import flask

from shared.config.settings import Settings
from shared.inbound.edge import Call, Edge, Reply, answer
from shared.inbound.refusal import Refusal
from shared.log import platform

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Function = Callable[[flask.Request], flask.Response]


def last(
    edge: Edge | Callable[[flask.Request], Edge],
    settings: Settings | None,
    serve: Callable[[Settings, Call], Reply | Refusal],
) -> Function:
    """Return the entry point, as the last step of loading a function that turned off the garbage
    collector as the first one: nothing that is loaded becomes garbage, and searching for it took a
    tenth of the start.

    What is loaded stays. A large response makes the collector search everything that isn't frozen,
    again and again. With the store's client, that takes tens of milliseconds each time.
    """

    def function(request: flask.Request) -> flask.Response:
        own = edge if isinstance(edge, Edge) else edge(request)
        return answer(request, own, settings, serve)

    gc.freeze()
    gc.enable()
    return unchanged(function)


def unchanged(function: Function) -> Function:
    """Return a functions-framework entry point that gets every request unchanged.

    Otherwise the framework itself would respond to some paths, read entire bodies into memory, and
    log the path of a request whose body breaks off. Called while the framework loads the function,
    inside its application context.
    """
    platform.project()
    if flask.has_app_context():
        flask.current_app.wsgi_app = partial(respond, function)  # type: ignore[method-assign]
    return function


def respond(
    function: Function, environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """Serve a request from a WSGI server."""
    return function(flask.Request(environ))(environ, start_response)
