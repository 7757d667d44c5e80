"""Oracle Health's FHIR API: gateway errors in its own JSON format, 406 without a body, ids on every
response (README.md lists each source).
"""

import json
import uuid
from collections.abc import Sequence

from flask import Request, Response

from simulator.charts.resources import Resource
from simulator.fhir.dialect import FhirDialect
from simulator.fhir.outcome import FhirError, fhir_answer
from simulator.fhir.search import Search
from simulator.fhir.search_parameters import Pairs
from simulator.vendors import oracle_search

_URN = "urn:cerner:error:oauth2:resource-access"


class OracleDialect(FhirDialect):
    """Oracle Health's FHIR API."""

    refuses_others = True

    def search(self, fhir_type: str, pairs: Pairs, fhir_base: str) -> Search:
        """Refuse parameters that Oracle Health doesn't support, and adapt the search."""
        oracle_search.require_supported(fhir_type, pairs)
        return oracle_search.adapted(self._parsed(fhir_type, pairs, fhir_base), pairs)

    def pages(self, query: Search, matches: Sequence[Resource]) -> Sequence[Sequence[Resource]]:
        """Split into pages of 50, or of the requested count up to 200."""
        return oracle_search.pages_of(query, matches)

    def error(self, error: FhirError) -> Response:
        """Return a 401 or 403 in the gateway's form, other errors as a short OperationOutcome."""
        if error.reason:
            return _gateway(error, f'code="{_URN}:{error.reason}"')
        match error.status:
            case 406:
                return Response(status=406)
            case 401:
                tried = "error=" in error.headers.get("WWW-Authenticate", "")
                return _gateway(error, f'code="{_URN}:{"expired" if tried else "token-required"}"')
            case 403:
                return _gateway(
                    error,
                    f'code="{_URN}:insufficient-scopes", error="insufficient_scope", '
                    'subcode="no_scope_for_resource_path"',
                )
            case 404:
                return _outcome(error, "not-found", "Not Found")
        return _outcome(error, error.code, error.diagnostics)

    def finish(self, request: Request, response: Response) -> Response:  # noqa: ARG002 - for other vendors
        """Add the request ids that Oracle's support uses."""
        response.headers["X-Request-Id"] = str(uuid.uuid4())
        response.headers["opc-request-id"] = f"/{uuid.uuid4().hex.upper()}"
        return response


def _gateway(error: FhirError, message: str) -> Response:
    body = json.dumps({"code": error.status, "message": message})
    return Response(body, error.status, error.headers, content_type="application/json")


def _outcome(error: FhirError, code: str, text: str) -> Response:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "details": {"text": text}}],
    }
    return fhir_answer(json.dumps(outcome), error.status, error.headers)
