"""The request itself: its form, method, media type or URL."""

from shared.errors.base import OWN_WORDS, CodedError, Plainly
from shared.findings import ForUser


class RequestError(CodedError):
    """The request itself can't be served."""


class ParameterRepeated(RequestError, code="parameter_repeated", status=400):
    """A parameter is repeated (RFC 6749 3.1)."""

    title = "The request repeats a parameter."
    why = "The URL is malformed, or something changed it in transit."
    plainly = Plainly("The app was opened with an address that it can't use.")


class ParameterInvalid(RequestError, code="parameter_invalid", status=400):
    """A parameter is malformed, too long or doesn't match the others, or the body is incomplete."""

    title = "A parameter of the request can't be used."
    why = ParameterRepeated.why
    plainly = Plainly(ParameterRepeated.plainly.title, why)


class MethodNotAllowed(RequestError, code="method_not_allowed", status=405):
    """The method or the FHIR interaction isn't supported (see [proxy.md](proxy.md))."""

    title = "This endpoint doesn't accept that HTTP method or FHIR interaction."
    why = "Only some methods and FHIR interactions are supported. Nothing was sent to the EHR."
    plainly = OWN_WORDS
    steps = ("Use a method from the Allow header.",)


class NotAcceptable(RequestError, code="not_acceptable", status=406):
    """The request asks for something other than FHIR JSON."""

    title = "Only FHIR JSON is available here."
    why = "The Accept header or `_format` requests another format. Nothing was sent to the EHR."
    plainly = OWN_WORDS
    steps = ("Send `Accept: application/fhir+json`, and don't send a `_format` other than json.",)


class MediaTypeUnsupported(RequestError, code="media_type_unsupported", status=415):
    """The body has a type that the endpoint or interaction doesn't accept, or it's compressed. The
    response names the accepted type.
    """

    title = "The media type of the request body isn't accepted."
    why = (
        "The body of a search sent with POST must be application/x-www-form-urlencoded. Nothing "
        "was sent to the EHR."
    )
    plainly = OWN_WORDS
    steps = ("Send the search parameters as application/x-www-form-urlencoded.",)


class TooLarge(RequestError, code="too_large", status=413):
    """The request is over 10 MB."""

    title = "The request is larger than 10 MB."
    why = "No request to this endpoint needs to be that large."
    plainly = OWN_WORDS
    steps = ("Send a smaller request.",)


class PathInvalid(RequestError, code="path_invalid", status=400):
    """The path isn't a plain FHIR path under the session's base."""

    title = "The path isn't a FHIR path."
    why = (
        "Only `TYPE`, `TYPE/ID`, `TYPE/ID/_history`, `TYPE/ID/_history/VERSION` and `metadata` "
        "are served, without percent-encoding. Types start with a capital letter, and IDs are 1 "
        "to 64 characters from A-Z, a-z, 0-9, hyphen and dot. Nothing was sent to the EHR."
    )
    plainly = OWN_WORDS
    steps = ("Build the URL from `fhir_base`, the resource type and the ID.",)


class NotFound(RequestError, code="not_found", status=404):
    """The URL doesn't exist."""

    title = "This address doesn't exist."
    why = "The address is misspelled, or the app was configured with a different address."
    plainly = OWN_WORDS
    steps = (
        ForUser("Open the app from the patient's chart. Don't type the app's address."),
        "Compare the URL with the registered launch URL and redirect URI.",
    )


class VersionConflict(RequestError, code="version_conflict", status=412):
    """In a write under `patient/` scopes, `If-Match` doesn't name the version that the proxy read
    (RFC 9110 13.1.1). The EHR's own 412 doesn't have this code.
    """

    title = "The resource has changed since it was read."
    why = "`If-Match` doesn't match the current version. The change wasn't sent to the EHR."
    plainly = OWN_WORDS
    steps = ("Read the resource again, and send the change with its `ETag` as `If-Match`.",)
