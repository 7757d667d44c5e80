"""The FHIR interface: read, search and pages (FHIR R4, HTTP)."""

from collections.abc import Sequence
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from werkzeug.http import http_date

from simulator import search
from simulator.bearer import Bearer, authenticate
from simulator.bundle import Result
from simulator.charts import RESOURCE_TYPES
from simulator.discovery import capability_statement, smart_configuration
from simulator.installation import Installation
from simulator.outcome import FhirError, fhir_answer

_FORM = "application/x-www-form-urlencoded"


class FhirApi:
    """Serves the charts to those whose token shows them."""

    def __init__(self, ehr: Installation) -> None:
        self._ehr = ehr
        self._manner = ehr.personality.fhir

    def routes(self) -> Blueprint:
        """Return the routes below the FHIR base."""
        routes = Blueprint("fhir", __name__)
        routes.add_url_rule("/.well-known/smart-configuration", view_func=self.configuration)
        routes.add_url_rule("/metadata", view_func=self.metadata)
        routes.add_url_rule("", view_func=self.page)
        routes.add_url_rule("/<fhir_type>", view_func=self.search_by_get)
        routes.add_url_rule("/<fhir_type>/_search", view_func=self.search_by_post, methods=["POST"])
        routes.add_url_rule("/<fhir_type>/<fhir_id>", view_func=self.read)
        routes.register_error_handler(FhirError, self._manner.error)
        routes.after_request(self._finish)
        return routes

    def configuration(self) -> Response:
        """Answer discovery, open to all."""
        return Response(smart_configuration(self._ehr), content_type="application/json")

    def metadata(self) -> Response:
        """Answer the capabilities interaction, open to all."""
        self._manner.require_media(request)
        return fhir_answer(capability_statement(self._ehr))

    def page(self) -> Response:
        """Answer a link of a search Bundle."""
        bearer = self._enter()
        if sorted(name for name, _ in request.args.items(multi=True)) != ["_getpages", "_page"]:
            raise FhirError(400, "invalid", "a search must name a resource type")
        text = self._ehr.pages.page(request.args["_getpages"], request.args["_page"], bearer.token)
        if text is None:
            raise FhirError(410, "expired", "no such page for this token, or it is too old")
        return fhir_answer(text)

    def read(self, fhir_type: str, fhir_id: str) -> Response:
        """Answer a read, conditional or not."""
        bearer = self._enter()
        _require_type(fhir_type)
        view = bearer.require(fhir_type, "r")
        if request.args:
            raise FhirError(400, "invalid", "a read takes no parameters here")
        resource = self._ehr.charts.find(fhir_type, fhir_id)
        if resource is None or not view.shows(resource):
            raise FhirError(404, "not-found", f"no such {fhir_type} for this token")
        headers = {
            "ETag": f'W/"{resource.version}"',
            "Last-Modified": http_date(resource.last_updated),
        }
        if request.if_none_match.contains_weak(resource.version):
            return Response(status=304, headers={**headers, "Cache-Control": "no-store"})
        return fhir_answer(resource.text, headers=headers)

    def search_by_get(self, fhir_type: str) -> Response:
        """Answer a search whose parameters are in the address."""
        return self._search(fhir_type, list(request.args.items(multi=True)))

    def search_by_post(self, fhir_type: str) -> Response:
        """Answer a search whose parameters are in the body, the address, or both."""
        if request.mimetype != _FORM:
            raise FhirError(415, "not-supported", f"_search takes {_FORM}")
        parameters = [*request.args.items(multi=True), *request.form.items(multi=True)]
        return self._search(fhir_type, parameters)

    def _search(self, fhir_type: str, parameters: Sequence[tuple[str, str]]) -> Response:
        bearer = self._enter()
        _require_type(fhir_type)
        view = bearer.require(fhir_type, "s")
        parameters = self._manner.parameters(parameters)
        base = self._ehr.addresses.fhir_base
        try:
            query = search.parse(fhir_type, parameters, base)
        except search.SearchInvalidError as error:
            raise FhirError(400, "invalid", str(error)) from None
        matches = query.run(filter(view.shows, self._ehr.charts.of_type(fhir_type)))
        self_url = f"{base}/{fhir_type}"
        if parameters:
            self_url += f"?{urlencode(parameters)}"
        result = Result(tuple(matches), query.count, bearer.token)
        return fhir_answer(self._ehr.pages.first(result, self_url))

    def _enter(self) -> Bearer:
        """Check what every request for data needs: a token, and a client that can read it."""
        bearer = authenticate(request, self._ehr.grants, self._ehr.control.faults)
        self._manner.require_media(request)
        return bearer

    def _finish(self, response: Response) -> Response:
        return self._manner.finish(request, response)


def _require_type(fhir_type: str) -> None:
    if fhir_type not in RESOURCE_TYPES:
        raise FhirError(404, "not-supported", "this EHR has no such resource type")
