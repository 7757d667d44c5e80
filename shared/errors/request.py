"""The request itself: its shape, method, media type or address."""

from shared.errors.base import SmartError
from shared.findings import ForUser


class RequestError(SmartError):
    """The request itself cannot be served as it is."""


class ParameterRepeated(RequestError):
    """RFC 6749 3.1: request parameters must not be included more than once."""

    code = "parameter_repeated"
    status = 400
    title = "The request gives one parameter twice."
    why = "The address was put together wrongly, or it was changed on the way."


class ParameterInvalid(RequestError):
    """A parameter is too long, malformed, or does not go with the others."""

    code = "parameter_invalid"
    status = 400
    title = "A parameter of the request cannot be used."
    why = "The address was put together wrongly, or it was changed on the way."


class MethodNotAllowed(RequestError):
    """Neither this address nor this FHIR interaction takes the method."""

    code = "method_not_allowed"
    status = 405
    title = "This address does not take this kind of request."
    why = "The request uses another HTTP method or another FHIR interaction than those served."
    steps = ("Use the methods named in the Allow header.",)


class NotAcceptable(RequestError):
    """The caller wants something other than FHIR JSON."""

    code = "not_acceptable"
    status = 406
    title = "Only FHIR JSON is served here."
    why = "The request asks for another format by its Accept header or by _format."
    steps = ("Send `Accept: application/fhir+json`, and no _format other than json.",)


class MediaTypeUnsupported(RequestError):
    """The request body has a media type that is not taken here."""

    code = "media_type_unsupported"
    status = 415
    title = "The request body has a media type that is not taken here."
    why = "A search by POST takes application/x-www-form-urlencoded and nothing else."
    steps = ("Send the search parameters as application/x-www-form-urlencoded.",)


class TooLarge(RequestError):
    """The request body is over the limit of 10 MB."""

    code = "too_large"
    status = 413
    title = "The request is larger than 10 MB."
    why = "No request to this address needs that much."
    steps = ("Send a smaller request.",)


class PathInvalid(RequestError):
    """The path is not a FHIR path below the session's base."""

    code = "path_invalid"
    status = 400
    title = "The path is not a FHIR address."
    why = (
        "Only TYPE, TYPE/ID, TYPE/ID/_history, TYPE/ID/_history/VERSION and metadata are served, "
        "unencoded: types begin with a capital letter, ids are 1 to 64 of A-Z a-z 0-9 - and the "
        "dot."
    )
    steps = ("Build the address from fhir_base, the resource type and the id.",)


class NotFound(RequestError):
    """There is no such address."""

    code = "not_found"
    status = 404
    title = "There is no such address here."
    why = "The address is misspelt, or the app was configured with another one."
    steps = (
        ForUser("Open the app from the patient's chart; do not type its address."),
        "Compare the address with the launch URL and redirect URI that were registered.",
    )


class VersionConflict(RequestError):
    """RFC 9110 13.1.1: the resource that was read is not in the version that If-Match names."""

    code = "version_conflict"
    status = 412
    title = "The resource has changed since it was read."
    why = "`If-Match` doesn't name the current version. Nothing was sent to the EHR."
    steps = ("Read the resource again, and send the change with its `ETag` as `If-Match`.",)
