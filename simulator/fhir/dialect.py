"""Vendor differences in the FHIR API: media types, errors, headers, searches."""

from collections.abc import Sequence
from datetime import date

from flask import Request, Response

from simulator.charts.generated import load_charts
from simulator.charts.resources import Charts, Resource
from simulator.fhir import search
from simulator.fhir.bundle import cut
from simulator.fhir.outcome import FhirError, fhir_error_answer
from simulator.fhir.search import Search, SearchInvalidError
from simulator.fhir.search_parameters import Pairs

JSON = ("application/json", "application/fhir+json")
ANY = ("*/*", "application/*")

_DEFAULT_COUNT = 20
_MOST_COUNT = 100


class FhirDialect:
    """A vendor's FHIR API. This one has JSON only and errors as OperationOutcome (FHIR R4, HTTP).

    `formats`: the media types, as listed in its CapabilityStatement. `refuses_others`: whether a
    request for a patient other than the token's gets 403, not 404.
    """

    formats: Sequence[str] = ("application/fhir+json",)
    refuses_others: bool = False

    def require_media(self, request: Request) -> None:
        """Require that the client accepts this EHR's media types, or raise FhirError with 406."""
        if request.accept_mimetypes and not accepts(request, (*JSON, *ANY)):
            raise FhirError(406, "not-supported", "this EHR returns only application/fhir+json")

    def charts(self, day: date, more: tuple[Resource, ...] = ()) -> Charts:
        """Return the charts of a day, and `more` resources, in this EHR's form."""
        return load_charts(day, more)

    def search(self, fhir_type: str, pairs: Pairs, fhir_base: str) -> Search:
        """Read the parameters of a search; raise FhirError with 400 for an unsupported one."""
        return self._parsed(fhir_type, pairs, fhir_base)

    def pages(self, query: Search, matches: Sequence[Resource]) -> Sequence[Sequence[Resource]]:
        """Split into pages of 20, or of the requested count up to 100."""
        return cut(
            matches, _DEFAULT_COUNT if query.count is None else min(query.count, _MOST_COUNT)
        )

    def error(self, error: FhirError) -> Response:
        """Return the response to a request that failed: an OperationOutcome."""
        return fhir_error_answer(error)

    def finish(self, request: Request, response: Response) -> Response:  # noqa: ARG002 - for other vendors
        """Apply the final changes to a response; none here."""
        return response

    @staticmethod
    def _parsed(fhir_type: str, pairs: Pairs, fhir_base: str) -> Search:
        try:
            return search.parse(fhir_type, pairs, fhir_base)
        except SearchInvalidError as error:
            raise FhirError(400, "invalid", str(error)) from None


def accepts(request: Request, media_types: Sequence[str]) -> bool:
    """Return whether Accept lists one of these media types, ignoring parameters."""
    return any(
        quality > 0 and media.partition(";")[0].strip().lower() in media_types
        for media, quality in request.accept_mimetypes
    )
