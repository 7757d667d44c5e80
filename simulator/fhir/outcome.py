"""Responses of the FHIR API, and its errors as OperationOutcome (FHIR R4, HTTP)."""

import json
from collections.abc import Mapping

from flask import Response

FHIR_JSON = "application/fhir+json; charset=utf-8"


class FhirError(Exception):
    """A FHIR request that fails with an OperationOutcome.

    `code`: FHIR issue type, such as `not-found`. `diagnostics`: one sentence for a developer.
    `headers`: additional response headers. `reason`: the end of Oracle Health's URN, if a fault
    injects one of its ACCESS_ERRORS.
    """

    def __init__(
        self,
        status: int,
        code: str,
        diagnostics: str,
        headers: Mapping[str, str] | None = None,
        *,
        reason: str = "",
    ) -> None:
        super().__init__(diagnostics)
        self.status = status
        self.code = code
        self.diagnostics = diagnostics
        self.headers = dict(headers or {})
        self.reason = reason


def fhir_answer(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with JSON text, unchanged."""
    response = Response(text, status, content_type=FHIR_JSON)
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(headers or {})
    return response


def fhir_error_answer(error: FhirError) -> Response:
    """Return the OperationOutcome of an error."""
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": error.code, "diagnostics": error.diagnostics}],
    }
    return fhir_answer(json.dumps(outcome), error.status, error.headers)
