"""What differs between vendors at the FHIR interface: media types, errors, headers, searches."""

from collections.abc import Sequence
from typing import Protocol

from flask import Request, Response

from simulator.outcome import FhirError, fhir_error_answer

JSON = ("application/json", "application/fhir+json")
ANY = ("*/*", "application/*")

Pairs = Sequence[tuple[str, str]]


class FhirManner(Protocol):
    """One vendor's FHIR interface."""

    @property
    def formats(self) -> Sequence[str]:
        """Return the media types, as its CapabilityStatement lists them."""

    def require_media(self, request: Request) -> None:
        """Check that the client reads what this EHR writes.

        Raises FhirError: 406.
        """

    def parameters(self, pairs: Pairs) -> Pairs:
        """Return the search parameters that this EHR looks at.

        Raises FhirError: 400, it refuses one.
        """

    def error(self, error: FhirError) -> Response:
        """Answer a request that failed."""

    def finish(self, request: Request, response: Response) -> Response:
        """Give an answer its last form."""


class GenericManner:
    """JSON only, errors as OperationOutcome (FHIR R4, HTTP)."""

    formats: Sequence[str] = ("application/fhir+json",)

    def require_media(self, request: Request) -> None:
        """Check that the client reads JSON."""
        if request.accept_mimetypes and not accepts(request, (*JSON, *ANY)):
            raise FhirError(406, "not-supported", "this EHR answers in application/fhir+json only")

    def parameters(self, pairs: Pairs) -> Pairs:
        """Return all: a search that is not understood is refused later."""
        return pairs

    def error(self, error: FhirError) -> Response:
        """Answer with an OperationOutcome."""
        return fhir_error_answer(error)

    def finish(self, request: Request, response: Response) -> Response:  # noqa: ARG002 - Protocol
        """Leave the answer as it is."""
        return response


def accepts(request: Request, media_types: Sequence[str]) -> bool:
    """Whether the request names one of these media types (parameters such as charset apart)."""
    return any(
        quality > 0 and media.partition(";")[0].strip().lower() in media_types
        for media, quality in request.accept_mimetypes
    )
