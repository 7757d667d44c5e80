"""Loads only the minimum for a function on this platform with this store."""

import flask
import functions_framework  # noqa: F401 - loading it is what is measured
import requests  # noqa: F401 - as above
from google.cloud import firestore  # noqa: F401 - as above


def serve(_: flask.Request) -> flask.Response:
    """Return an empty response; the function's entry point."""
    return flask.Response(status=204)
