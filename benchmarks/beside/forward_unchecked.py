"""The forwarder with this project's own HTTP client: a deadline and a size limit, but no checks."""

import os

import flask

from shared.outbound import http_client

_BASE = os.environ["FHIR_BASE"]
_CA_FILE = os.environ.get("CA_FILE")
_HEADERS = {"Authorization": "Bearer token", "Accept": "application/fhir+json"}


def serve(request: flask.Request) -> flask.Response:
    """Forward the request; the function's entry point."""
    answer = http_client.send(
        request.method,
        f"{_BASE}{request.path}?{request.query_string.decode()}",
        seconds=60,
        max_bytes=20_000_000,
        headers=_HEADERS,
        ca_file=_CA_FILE,
    )
    kind = answer.headers.get("content-type")
    return flask.Response(answer.body, answer.status, content_type=kind)
