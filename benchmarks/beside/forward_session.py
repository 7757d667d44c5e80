"""The forwarder with a `requests` Session, which reuses connections; no checks."""

import os

import flask
import requests

_BASE = os.environ["FHIR_BASE"]
_HEADERS = {"Authorization": "Bearer token", "Accept": "application/fhir+json"}
_SECONDS = 60
_session = requests.Session()


def serve(request: flask.Request) -> flask.Response:
    """Forward the request; the function's entry point."""
    url = f"{_BASE}{request.path}?{request.query_string.decode()}"
    answer = _session.request(request.method, url, headers=_HEADERS, timeout=_SECONDS)
    kind = answer.headers.get("Content-Type")
    return flask.Response(answer.content, answer.status_code, content_type=kind)
