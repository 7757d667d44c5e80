"""A redirect after one write to the store, with a record the size of a pending launch."""

import secrets
import time

import flask

from shared.config import settings_file
from shared.store import open_store

_settings = settings_file.from_environment()
if _settings is None:
    raise SystemExit("Set SMART_CONFIG to the benchmark's configuration.")
_store = open_store(_settings.store)
_FIELDS = {f"field{number}": "x" * 60 for number in range(17)}


def serve(_: flask.Request) -> flask.Response:
    """Write a record and return a redirect; the function's entry point."""
    _store.create("launches", secrets.token_hex(32), _FIELDS, time.time() + 600)
    return flask.Response(status=302, headers={"Location": "https://ehr.example/authorize"})
