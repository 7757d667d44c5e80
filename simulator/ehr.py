"""Wires the routes of the simulated EHRs into one WSGI application, for tests and demos. It's never
deployed.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from urllib.parse import urlsplit

import flask
from werkzeug.exceptions import HTTPException

from simulator.charts.moving import WRITTEN_FOR
from simulator.charts.resources import Resource
from simulator.common.addresses import path_of
from simulator.endpoints.authorize import AuthorizationEndpoint
from simulator.endpoints.cds_keys import cds_keys_blueprint
from simulator.endpoints.control import control_blueprint
from simulator.endpoints.cross_origin import allow_apps
from simulator.endpoints.fhir.api import FhirApi
from simulator.endpoints.http_errors import HttpErrors
from simulator.endpoints.keys import keys_blueprint
from simulator.endpoints.revocation import revocation_blueprint
from simulator.endpoints.token import token_blueprint
from simulator.oauth.id_tokens import Signer
from simulator.oauth.registrations import Registration, checked
from simulator.pages.cds_chart_page import cds_chart_blueprint
from simulator.pages.chart_pages import start_blueprint
from simulator.pages.front_page import front_blueprint
from simulator.pages.oracle_pages import error_pages_blueprint
from simulator.pages.trace_page import trace_blueprint
from simulator.trace.log import TraceLog
from simulator.trace.recorder import record_requests
from simulator.vendors.epic import EPIC
from simulator.vendors.generic import GENERIC
from simulator.vendors.installation import Installation
from simulator.vendors.oracle import ORACLE, ORACLE_PATIENT
from simulator.vendors.profile import VendorProfile

VENDOR_PROFILES = (GENERIC, ORACLE, ORACLE_PATIENT, EPIC)


def create_app(
    registrations: Sequence[Registration],
    *,
    base_url: str,
    clock: Callable[[], float] = time.time,
    profiles: Sequence[VendorProfile] = VENDOR_PROFILES,
    day: date = WRITTEN_FOR,
    more: tuple[Resource, ...] = (),
) -> flask.Flask:
    """Build an EHR for each profile; clients and browsers reach it at the origin `base_url`.

    URLs never use the Host header. `clock` returns seconds, for the lifetimes of codes, tokens and
    launches. The charts are as of `day`, and `more` are resources of other charts.
    Raises ValueError if base_url isn't an origin or a registration is invalid.
    """
    if not _is_origin(base_url):
        raise ValueError(f"base_url must be an http(s) origin without a path: {base_url!r}")
    valid = checked(registrations)
    signers: dict[str, Signer] = {}
    ehrs: list[Installation] = []
    for one in profiles:
        signer = Signer(keys_name_alg=one.keys_name_alg)
        signer = signers.setdefault(one.addresses(base_url).jwks, signer)
        clients = [client for client in valid if client.is_at(one.key)]
        ehrs.append(Installation(one, base_url, clients, day, clock, signer, more))
    app = flask.Flask(__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.config["MAX_CONTENT_LENGTH"] = 1_000_000
    log = TraceLog()
    record_requests(app, log, {one.profile.key: one.profile.title for one in ehrs})
    allow_apps(app, ehrs)
    app.register_blueprint(front_blueprint(ehrs))
    app.register_blueprint(trace_blueprint(ehrs, log))
    for ehr in ehrs:
        _serve(app, ehr)
    for url in signers:
        sharing = [ehr for ehr in ehrs if ehr.addresses.jwks == url]
        app.register_blueprint(
            keys_blueprint(path_of(url), sharing), name=f"{sharing[0].profile.key}-keys"
        )

    app.register_blueprint(error_pages_blueprint())
    app.register_error_handler(HTTPException, HttpErrors(ehrs).answer)
    app.after_request(_nosniff)
    return app


def _serve(app: flask.Flask, ehr: Installation) -> None:
    """Register the routes of one EHR."""
    at, key = ehr.addresses, ehr.profile.key
    authorization = path_of(at.authorize).removesuffix("/authorize")
    app.register_blueprint(
        AuthorizationEndpoint(ehr).routes(), name=f"{key}-authorize", url_prefix=authorization
    )
    token = token_blueprint(ehr)
    token.after_request(partial(_add_correlation_id, ehr.profile.correlation_header))
    app.register_blueprint(
        token, name=f"{key}-token", url_prefix=path_of(at.token).removesuffix("/token")
    )
    app.register_blueprint(revocation_blueprint(ehr), name=f"{key}-revocation")
    app.register_blueprint(control_blueprint(ehr), name=f"{key}-control", url_prefix=f"/{key}")
    app.register_blueprint(
        FhirApi(ehr).routes(), name=f"{key}-fhir", url_prefix=path_of(at.fhir_base)
    )
    if at.cds_keys:
        app.register_blueprint(cds_keys_blueprint(ehr), name=f"{key}-cds-keys")
    if at.start is not None:
        app.register_blueprint(
            cds_chart_blueprint(ehr), name=f"{key}-cds-chart", url_prefix=f"/{key}"
        )
        app.register_blueprint(
            start_blueprint(ehr),
            name=f"{key}-start",
            url_prefix=path_of(at.start).removesuffix("/start"),
        )


def _add_correlation_id(header: str | None, response: flask.Response) -> flask.Response:
    if header is not None:
        response.headers.setdefault(header, str(uuid.uuid4()))
    return response


def _nosniff(response: flask.Response) -> flask.Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it raises ValueError if the port isn't a number
    except ValueError:
        return False
    has_host = parts.scheme in ("http", "https") and bool(parts.hostname)
    return has_host and url == f"{parts.scheme}://{parts.netloc}"
