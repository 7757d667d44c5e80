"""Loads only the libraries of smart_calc and the calculators, the minimum for its page."""

import ctypes  # noqa: F401 - loading it is what is measured
import tomllib  # noqa: F401 - as above
from concurrent.futures import ThreadPoolExecutor  # noqa: F401 - as above

import flask
import functions_framework  # noqa: F401 - as above
import httptools  # noqa: F401 - as above
import jwt  # noqa: F401 - as above
from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: F401 - as above
from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: F401 - as above
from google.cloud import firestore  # noqa: F401 - as above

import clinical.calculators


def serve(_: flask.Request) -> flask.Response:
    """Return a response; the function's entry point."""
    return flask.Response(str(len(clinical.calculators.REGISTRY)))
