"""The FHIR API: read, search, paging, and the routes for versions and writes (FHIR R4, HTTP)."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, Response, g, request

from simulator import trace
from simulator.common.addresses import path_of
from simulator.endpoints.discovery import capability_statement, configuration_answer
from simulator.endpoints.fhir.bearer import Bearer, VisibleCharts, authenticate
from simulator.endpoints.fhir.versions import Versions, raise_gone, require_type, resource_answer
from simulator.endpoints.fhir.writes import Writes
from simulator.fhir.bundle import Result, SearchPage
from simulator.fhir.outcome import FHIR_JSON, FhirError, fhir_answer
from simulator.vendors.installation import Installation

_SMALL_PAGE = 50
_FORM = "application/x-www-form-urlencoded"


class FhirApi:
    """Serves the part of the charts that a token may see."""

    def __init__(self, ehr: Installation) -> None:
        self._ehr = ehr
        self._dialect = ehr.profile.fhir

    def routes(self) -> Blueprint:
        """Return the routes below the FHIR base."""
        routes = Blueprint("fhir", __name__)
        routes.add_url_rule("/.well-known/smart-configuration", view_func=self.configuration)
        routes.add_url_rule("/metadata", view_func=self.metadata)
        routes.add_url_rule("", view_func=self.next_page)
        routes.add_url_rule("/<fhir_type>", view_func=self.search_by_get)
        routes.add_url_rule("/<fhir_type>/_search", view_func=self.search_by_post, methods=["POST"])
        routes.add_url_rule("/<fhir_type>/<fhir_id>", view_func=self.read)
        Versions(self._ehr, self._enter).add_to(routes)
        Writes(self._ehr, self._enter).add_to(routes)
        routes.before_request(self._begin)
        routes.register_error_handler(FhirError, self._refuse)
        routes.after_request(self._finish)
        return routes

    def configuration(self) -> Response:
        """Respond to discovery, which requires no authentication."""
        return configuration_answer(self._ehr)

    def metadata(self) -> Response:
        """Respond to the capabilities interaction, which requires no authentication."""
        trace.begin("discovery", self._ehr.profile.key, "The app read the CapabilityStatement")
        self._dialect.require_media(request)
        return fhir_answer(capability_statement(self._ehr))

    def next_page(self) -> Response:
        """Return the page behind a link in a search Bundle."""
        bearer = self._enter()
        if sorted(name for name, _ in request.args.items(multi=True)) != ["_getpages", "_page"]:
            raise FhirError(400, "invalid", "a search must name a resource type")
        text = self._ehr.pages.at(request.args["_getpages"], request.args["_page"], bearer.token)
        if text is None:
            raise FhirError(410, "expired", "this token has no such page, or the page has expired")
        return fhir_answer(text)

    def read(self, fhir_type: str, fhir_id: str) -> Response:
        """Handle a read, which may be conditional."""
        bearer = self._authenticated() if fhir_type == "Binary" else self._enter()
        require_type(fhir_type)
        view = bearer.require(fhir_type, "r")
        if request.args:
            raise FhirError(400, "invalid", "a read doesn't accept parameters here")
        resource = self._ehr.charts.find(fhir_type, fhir_id)
        self._require_own(view, [] if resource is None else [resource.patient])
        if resource is None:
            versions = self._ehr.charts.versions(fhir_type, fhir_id)
            if versions and view.shows_of(versions[-1].patient):
                raise_gone(fhir_type)
        if resource is None or not view.shows(resource):
            raise FhirError(404, "not-found", f"this token can't see such a {fhir_type}")
        return resource_answer(resource)

    def search_by_get(self, fhir_type: str) -> Response:
        """Handle a search whose parameters are in the URL."""
        return self._search(fhir_type, list(request.args.items(multi=True)))

    def search_by_post(self, fhir_type: str) -> Response:
        """Handle a search whose parameters are in the body, the URL, or both."""
        if request.mimetype != _FORM:
            raise FhirError(415, "not-supported", f"_search accepts only {_FORM}")
        parameters = [*request.args.items(multi=True), *request.form.items(multi=True)]
        return self._search(fhir_type, parameters)

    def _search(self, fhir_type: str, parameters: Sequence[tuple[str, str]]) -> Response:
        bearer = self._enter()
        require_type(fhir_type)
        view = bearer.require(fhir_type, "s")
        patient_parameters = ("_id",) if fhir_type == "Patient" else ("patient", "subject")
        patients = [value for name, value in parameters if name in patient_parameters]
        self._require_own(view, [one.rpartition("/")[2] for one in ",".join(patients).split(",")])
        base = self._ehr.addresses.fhir_base
        query = self._dialect.search(fhir_type, parameters, base)
        if query.count and "fhir-small-pages" in bearer.faults:
            query = replace(query, count=min(query.count, _SMALL_PAGE))
        charts = self._ehr.charts
        matches = query.run(filter(view.shows, charts.of_type(fhir_type)))
        pages = [
            SearchPage(
                [query.subset(one) for one in shown],
                [
                    one
                    for one in query.included(shown, charts)
                    if bearer.covers(one.type, "r") and view.shows(one)
                ],
            )
            for shown in self._dialect.pages(query, matches)
        ]
        self_url = f"{base}/{fhir_type}"
        if parameters:
            self_url += f"?{urlencode(parameters)}"
        is_counted = len(pages) == 1 or "fhir-no-total" not in bearer.faults
        result = Result(pages, len(matches) if is_counted else None, bearer.token)
        return fhir_answer(self._ehr.pages.first(result, self_url))

    def _require_own(self, view: VisibleCharts, patients: Sequence[str | None]) -> None:
        existing = [one for one in patients if one is None or self._ehr.charts.find("Patient", one)]
        if self._dialect.refuses_others and not all(map(view.shows_of, existing)):
            raise FhirError(403, "forbidden", "the token is for another patient")

    def _enter(self) -> Bearer:
        """Require a valid token and a supported media type, as every request for data must."""
        bearer = self._authenticated()
        self._dialect.require_media(request)
        return bearer

    def _authenticated(self) -> Bearer:
        bearer = authenticate(request, self._ehr.grants, self._ehr.control.faults)
        g.is_plain_json = "fhir-plain-json" in bearer.faults
        return bearer

    def _begin(self) -> None:
        trace.begin_fhir(self._ehr.profile.key, path_of(self._ehr.addresses.fhir_base))

    def _refuse(self, error: FhirError) -> Response:
        trace.refused(f"{error.code}: {error.diagnostics}")
        return self._dialect.error(error)

    def _finish(self, response: Response) -> Response:
        finished = self._dialect.finish(request, response)
        if g.get("is_plain_json") and finished.content_type == FHIR_JSON:
            finished.content_type = "application/json;charset=UTF-8"
        return finished
