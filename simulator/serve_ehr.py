"""The EHR for a WSGI server: `gunicorn --threads 16 simulator.serve_ehr:app`, with one worker,
because launches, codes and tokens are in its memory. Environment variables:

EHR_BASE_URL: the origin that browsers and clients use; `http://127.0.0.1:8090` if unset.
EHR_REGISTRATIONS: the clients, as JSON (see README.md); the demo client if unset.
EHR_DAY: the day of the charts' newest entries (2026-11-20). If unset, it's today, or yesterday
until today's entries are in the past.
EHR_CHARTS: a folder of FHIR Bundles, one for each patient, whose charts it serves too.
"""

import gc
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

import flask

from simulator.charts import bundles, moving
from simulator.charts.resources import Resource
from simulator.ehr import create_app
from simulator.oauth.registrations import (
    DEFAULT_REGISTRATIONS,
    Registration,
    RegistrationsInvalidError,
    parse_registrations,
)

DEFAULT_BASE_URL = "http://127.0.0.1:8090"
# Gunicorn restarts a worker unless it exits with this status.
_APP_LOAD_ERROR = 4


def app_from(environment: Mapping[str, str]) -> flask.Flask:
    """Build the EHR from environment variables; exit the process if one is invalid."""
    registrations: Sequence[Registration] = DEFAULT_REGISTRATIONS
    if "EHR_REGISTRATIONS" in environment:
        try:
            registrations = parse_registrations(environment["EHR_REGISTRATIONS"])
        except RegistrationsInvalidError as error:
            _end("EHR_REGISTRATIONS", error)
    day = moving.day_at(datetime.now(UTC))
    if given := environment.get("EHR_DAY"):
        try:
            day = date.fromisoformat(given)
        except ValueError as error:
            _end("EHR_DAY", error)
    more: tuple[Resource, ...] = ()
    if folder := environment.get("EHR_CHARTS"):
        try:
            more = bundles.read_folder(Path(folder), datetime.now(UTC))
        except (OSError, ValueError) as error:
            _end("EHR_CHARTS", error)
    try:
        base_url = environment.get("EHR_BASE_URL", DEFAULT_BASE_URL)
        return create_app(registrations, base_url=base_url, day=day, more=more)
    except ValueError as error:
        _end("EHR_BASE_URL", error)


def _end(variable: str, error: Exception) -> NoReturn:
    print(f"The simulated EHR can't start. {variable}: {error}", file=sys.stderr)
    raise SystemExit(_APP_LOAD_ERROR)


# The objects created here live as long as the process, so don't spend time on garbage collection.
gc.disable()
app = app_from(os.environ)
gc.freeze()
gc.enable()
