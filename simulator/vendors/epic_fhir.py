"""Epic's FHIR API: XML unless the client requests JSON, an HTML error page for an unknown type, 401
without a body, and no search for all Observations (README.md lists each source).
"""

import json
from datetime import date

from flask import Request, Response

from simulator.charts.resources import Charts, Resource
from simulator.fhir.dialect import JSON, FhirDialect, accepts
from simulator.fhir.fhir_xml import fhir_xml
from simulator.fhir.outcome import FhirError, fhir_answer
from simulator.fhir.search import Search
from simulator.fhir.search_parameters import PARAMETERS, Pairs
from simulator.vendors.epic_orders import with_references

_CODES = "urn:oid:1.2.840.114350.1.13.0.1.7.2.657369"
_INCLUDE = "MedicationRequest:medication"
_CODE_OF_STATUS = {400: "59100", 404: "59008"}
_NOT_FOUND_PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>404 - not found</title></head>
<body><h1>Server Error</h1><h2>404 - not found</h2></body></html>
"""


class EpicDialect(FhirDialect):
    """Epic's FHIR API."""

    formats = ("application/fhir+xml", "application/fhir+json")

    def require_media(self, request: Request) -> None:
        """Accept every client; one that doesn't request JSON gets XML."""

    def charts(self, day: date, more: tuple[Resource, ...] = ()) -> Charts:
        """Return the charts of a day, with orders that reference their drug."""
        return with_references(day, more)

    def search(self, fhir_type: str, pairs: Pairs, fhir_base: str) -> Search:
        """Ignore unknown parameters and `_sort`; Observation requires category, code or `_id`."""
        known = {*PARAMETERS[fhir_type], "_count", "_include"} - {"_lastUpdated"}
        requested = [
            (name, value)
            for name, value in pairs
            if name in known and (name != "_include" or value == _INCLUDE)
        ]
        if fhir_type == "Observation" and not {"category", "code", "_id"}.intersection(
            dict(requested)
        ):
            raise FhirError(400, "required", "a search for Observations requires category or code")
        if fhir_type != "MedicationRequest":
            requested = [(name, value) for name, value in requested if name != "_include"]
        return self._parsed(fhir_type, requested, fhir_base)

    def error(self, error: FhirError) -> Response:
        """Return the error of Epic's FHIR service, or of the servers in front of it."""
        if error.status == 401:
            challenge = "Bearer"
            if "error=" in error.headers.get("WWW-Authenticate", ""):
                challenge += (
                    ' error="invalid_token", '
                    'error_description="The access token provided is not valid"'
                )
            return Response(status=401, headers={"WWW-Authenticate": challenge})
        if error.status == 404 and error.code == "not-supported":
            return Response(_NOT_FOUND_PAGE, 404, content_type="text/html")
        issue: dict[str, object] = {
            "severity": "fatal",
            "code": error.code,
            "diagnostics": error.diagnostics,
        }
        code = _CODE_OF_STATUS.get(error.status)
        if code is not None:
            issue["details"] = {"coding": [{"system": _CODES, "code": code}]}
        outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
        return fhir_answer(json.dumps(outcome), error.status, error.headers)

    def finish(self, request: Request, response: Response) -> Response:
        """Convert the response to XML unless the client requested JSON."""
        is_fhir = response.mimetype == "application/fhir+json" and response.status_code != 304
        if is_fhir and not accepts(request, JSON):
            response.set_data(fhir_xml(response.get_data(as_text=True)))
            response.content_type = "application/fhir+xml; charset=utf-8"
        return response
