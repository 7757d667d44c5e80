"""A Binary's content in its own format instead of base64 in JSON (FHIR R4 binary.html, "Serving
Binary resources"): its media types and headers.

Only types that no browser executes are passed on. For all others there's the JSON form.
"""

import re
from collections.abc import Mapping

from shared.fhir import fhir_client
from shared.fhir.access import Access
from shared.fhir.calls import conditional
from shared.fhir.fhir_client import FhirAnswer, FhirBytes
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.finer_scopes import Parameters
from shared.fhir.policy.interactions import READ, Address
from shared.inbound import edge
from shared.outcome import MEDIA_TYPE

MEDIA_TYPES = (
    *("application/pdf", "application/dicom", "application/octet-stream", "application/rtf"),
    *("audio/mpeg", "audio/wav", "image/bmp", "image/gif", "image/jpeg", "image/png"),
    *("image/tiff", "text/plain", "text/rtf", "video/mp4"),
)
ATTACHMENT: Mapping[str, str] = {"Content-Disposition": "attachment"}
_JSON = frozenset({MEDIA_TYPE, "application/json"})
_CHARSET = re.compile(r".*;\s*charset=\"?([A-Za-z0-9_-]{1,20})\"?\s*(?:;.*)?", re.IGNORECASE)


def accepted(
    address: Address, parameters: Parameters, headers: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the media types that the caller accepts for a Binary's content, none if it prefers
    JSON.

    FHIR: a caller that names a FHIR media type gets the resource, all others its content.
    """
    if address.type != "Binary" or address.interaction is not READ:
        return ()
    ranges = edge.media_ranges(headers.get("Accept", "*/*"))
    prefers_json = any(quality and name.lower() in _JSON for name, quality in ranges)
    if prefers_json or any(name == "_format" for name, _ in parameters):
        return ()
    return tuple(one for one in MEDIA_TYPES if ranges[one])


def read(
    accepted_types: tuple[str, ...],
    decision: Decision,
    access: Access,
    headers: Mapping[str, str],
) -> FhirBytes | FhirAnswer:
    """Read the content in one of the types that the caller accepts."""
    everything = len(accepted_types) == len(MEDIA_TYPES)
    return fhir_client.read_binary(
        access,
        f"{access.fhir_base}/{decision.address.path}",
        accept="*/*" if everything else ", ".join(accepted_types),
        media_types=accepted_types,
        headers=conditional.passed_on(decision, headers),
    )


def content_headers(content: FhirBytes) -> Mapping[str, str]:
    """Return the headers that describe the content, which the browser must only save."""
    charset = _CHARSET.fullmatch(content.headers.get("content-type", ""))
    media_type = content.media_type
    if charset and media_type.startswith("text/"):
        media_type = f"{media_type}; charset={charset[1].lower()}"
    length = {} if content.length is None else {"Content-Length": str(content.length)}
    return {"Content-Type": media_type, **ATTACHMENT, **length}
