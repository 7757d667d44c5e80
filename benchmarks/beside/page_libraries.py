"""Loads only the libraries of smart_calc and the calculators, the minimum for its page."""

import flask
import functions_framework  # noqa: F401 - loading it is what is measured
import httptools  # noqa: F401 - as above
import jwt  # noqa: F401 - as above
from google.cloud import firestore  # noqa: F401 - as above

import clinical.calculators


def serve(_: flask.Request) -> flask.Response:
    """Return a response; the function's entry point."""
    return flask.Response(str(len(clinical.calculators.REGISTRY)))
