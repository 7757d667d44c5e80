"""Handles requests that match no route, in the format of the endpoint (RFC 9110 section 15.5)."""

from collections.abc import Sequence

import flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from simulator import trace
from simulator.common.addresses import path_of
from simulator.common.html import fault_page
from simulator.endpoints.token import error_answer
from simulator.fhir.outcome import FhirError
from simulator.oauth.token_errors import TokenError
from simulator.vendors.installation import Installation

_FHIR_CODES = {404: "not-found", 405: "not-supported", 413: "too-long"}


class HttpErrors:
    """Converts errors of the web framework into responses of the EHR that was called."""

    def __init__(self, ehrs: Sequence[Installation]) -> None:
        self._fhir = {path_of(one.addresses.fhir_base): one for one in ehrs}
        self._oauth = {
            path_of(url): one
            for one in ehrs
            for url in (one.addresses.token, one.addresses.revocation)
        }
        self._roots = {f"/{one.profile.key}": one for one in ehrs}

    def answer(self, error: HTTPException) -> flask.Response:
        """Return the response for an error."""
        status = error.code or 500
        headers: dict[str, str] = {}
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            headers["Allow"] = ", ".join(sorted(error.valid_methods))
        path = flask.request.path
        request_line = f"{flask.request.method} {path}"
        for base, ehr in self._fhir.items():
            if path == base or path.startswith(f"{base}/"):
                trace.begin("fhir", ehr.profile.key, f"FHIR: {request_line}")
                code = _FHIR_CODES.get(status, "exception")
                refused = FhirError(status, code, error.name, headers)
                dialect = ehr.profile.fhir
                return dialect.finish(flask.request, dialect.error(refused))
        if path in self._oauth:
            trace.begin("token", self._oauth[path].profile.key, f"The app sent {request_line}")
            refused_token = TokenError("invalid_request", error.name, status, headers)
            return error_answer(self._oauth[path], refused_token)
        for root, ehr in self._roots.items():
            if path.startswith(f"{root}/"):
                trace.begin("other", ehr.profile.key, f"No such endpoint: {request_line}")
                trace.refused(f"{status} {error.name}")
        response = fault_page(status, error.name, error.description or "")
        response.headers.update(headers)
        return response
