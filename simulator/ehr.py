"""The simulated EHR as one WSGI application: wiring of routes only. For tests and demos; never
deployed.
"""

import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from simulator.authorize import AuthorizationEndpoint
from simulator.chart_pages import front_blueprint, start_blueprint
from simulator.charts import load_charts
from simulator.fhir_api import FhirApi
from simulator.installation import Installation
from simulator.outcome import FhirError, fhir_error_answer
from simulator.pages import fault_page
from simulator.recorder import record_requests
from simulator.registrations import Registration, checked
from simulator.token_endpoint import TokenError, token_blueprint, token_error_answer

PERSONALITY = "/generic"


def create_app(
    registrations: Sequence[Registration],
    *,
    base_url: str,
    clock: Callable[[], float] = time.time,
) -> flask.Flask:
    """Build the EHR for clients and browsers that reach it at the origin `base_url`.

    Host is not believed. `clock` counts the lives of codes, tokens and launches, in seconds.
    Raises ValueError where base_url is not an origin or a registration cannot be used.
    """
    if not _is_origin(base_url):
        raise ValueError(f"base_url must be an http(s) origin without a path: {base_url!r}")
    ehr = Installation(base_url + PERSONALITY, checked(registrations), load_charts(), clock)

    app = flask.Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    record_requests(app)
    app.register_blueprint(front_blueprint(ehr, f"{PERSONALITY}/start"))
    app.register_blueprint(start_blueprint(ehr), url_prefix=PERSONALITY)
    app.register_blueprint(AuthorizationEndpoint(ehr).routes(), url_prefix=PERSONALITY)
    app.register_blueprint(token_blueprint(ehr), url_prefix=PERSONALITY)
    app.register_blueprint(FhirApi(ehr).routes(), url_prefix=f"{PERSONALITY}/fhir")

    app.register_error_handler(FhirError, fhir_error_answer)
    app.register_error_handler(TokenError, token_error_answer)
    app.register_error_handler(HTTPException, _http_error)
    app.after_request(_nosniff)
    return app


def _http_error(error: HTTPException) -> flask.Response:
    """Answer what no route answered, in the language of the address."""
    status = error.code or 500
    headers: dict[str, str] = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    path = flask.request.path
    if path == f"{PERSONALITY}/fhir" or path.startswith(f"{PERSONALITY}/fhir/"):
        code = {404: "not-found", 405: "not-supported", 413: "too-long"}.get(status, "exception")
        return fhir_error_answer(FhirError(status, code, error.name, headers))
    if path == f"{PERSONALITY}/token":
        return token_error_answer(TokenError("invalid_request", error.name, status, headers))
    response = fault_page(status, error.name, error.description or "")
    response.headers.update(headers)
    return response


def _nosniff(response: flask.Response) -> flask.Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it is what raises for a port that is no number
    except ValueError:
        return False
    named = parts.scheme in ("http", "https") and bool(parts.hostname)
    return named and url == f"{parts.scheme}://{parts.netloc}"
