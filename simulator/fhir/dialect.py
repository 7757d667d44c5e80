"""What differs between vendors at the FHIR interface: media types, errors, headers, searches."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

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


class FhirDialect(Protocol):
    """One vendor's FHIR interface."""

    @property
    def formats(self) -> Sequence[str]:
        """Return the media types, as its CapabilityStatement lists them."""

    @property
    def refuses_others(self) -> bool:
        """Whether another patient than the token's is 403, instead of not found."""

    def require_media(self, request: Request) -> None:
        """Check that the client reads what this EHR writes.

        Raises FhirError: 406.
        """

    def charts(self, day: date) -> Charts:
        """Return the charts of a day as this EHR keeps them."""

    def search(self, fhir_type: str, pairs: Pairs, fhir_base: str) -> Search:
        """Read the parameters of a search.

        Raises FhirError: 400, it refuses one, or misses one.
        """

    def pages(self, query: Search, matches: Sequence[Resource]) -> Sequence[Sequence[Resource]]:
        """Cut the matches of a search into pages, at least one."""

    def error(self, error: FhirError) -> Response:
        """Answer a request that failed."""

    def finish(self, request: Request, response: Response) -> Response:
        """Give an answer its last form."""


class GenericDialect:
    """JSON only, errors as OperationOutcome (FHIR R4, HTTP)."""

    formats: Sequence[str] = ("application/fhir+json",)
    refuses_others: bool = False

    def require_media(self, request: Request) -> None:
        """Check that the client reads JSON."""
        if request.accept_mimetypes and not accepts(request, (*JSON, *ANY)):
            raise FhirError(406, "not-supported", "this EHR answers in application/fhir+json only")

    def charts(self, day: date) -> Charts:
        """Return the charts as they were made."""
        return load_charts(day)

    def search(self, fhir_type: str, pairs: Pairs, fhir_base: str) -> Search:
        """Refuse whatever is not understood."""
        return self._parsed(fhir_type, pairs, fhir_base)

    def pages(self, query: Search, matches: Sequence[Resource]) -> Sequence[Sequence[Resource]]:
        """Cut at 20 unless another count is wanted, and at 100 at most."""
        return cut(
            matches, _DEFAULT_COUNT if query.count is None else min(query.count, _MOST_COUNT)
        )

    def error(self, error: FhirError) -> Response:
        """Answer with an OperationOutcome."""
        return fhir_error_answer(error)

    def finish(self, request: Request, response: Response) -> Response:  # noqa: ARG002 - Protocol
        """Leave the answer as it is."""
        return response

    @staticmethod
    def _parsed(
        fhir_type: str, pairs: Pairs, fhir_base: str, *, include: str | None = None
    ) -> Search:
        try:
            return search.parse(fhir_type, pairs, fhir_base, include=include)
        except SearchInvalidError as error:
            raise FhirError(400, "invalid", str(error)) from None


def accepts(request: Request, media_types: Sequence[str]) -> bool:
    """Whether the request names one of these media types (parameters such as charset apart)."""
    return any(
        quality > 0 and media.partition(";")[0].strip().lower() in media_types
        for media, quality in request.accept_mimetypes
    )
