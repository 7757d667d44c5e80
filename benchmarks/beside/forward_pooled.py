"""The leanest forwarder with a library: urllib3's pool, a token, no checks."""

import os

import flask
import urllib3

_BASE = os.environ["FHIR_BASE"]
_HEADERS = {"Authorization": "Bearer token", "Accept": "application/fhir+json"}
_pool = urllib3.PoolManager(maxsize=32, ca_certs=os.environ.get("CA_FILE"))


def serve(request: flask.Request) -> flask.Response:
    """Forward the request; the function's entry point."""
    url = f"{_BASE}{request.path}?{request.query_string.decode()}"
    answer = _pool.request(request.method, url, headers=_HEADERS, retries=False)
    kind = answer.headers.get("Content-Type")
    return flask.Response(answer.data, answer.status, content_type=kind)
