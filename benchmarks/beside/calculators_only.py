"""The least that a function which computes calculators loads; it does nothing with it."""

import flask
import functions_framework  # noqa: F401 - loading it is what is measured
import requests  # noqa: F401 - as above
from google.cloud import firestore  # noqa: F401 - as above

import clinical.calculators


def serve(_: flask.Request) -> flask.Response:
    """The function's entry point."""
    return flask.Response(str(len(clinical.calculators.REGISTRY)))
