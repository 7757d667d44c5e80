"""Make authorized FHIR calls. A token is sent only to its own FHIR base.

Only FHIR JSON is accepted as a response. The EHR's own 4xx, 429 and 503 keep their status. Its
other failures become this app's errors (docs/errors.md).
"""

import contextlib
import itertools
import json
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from decimal import InvalidOperation
from typing import Any, Literal

from shared import held_bytes, strict_json
from shared.errors import UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from shared.fhir import authorised
from shared.fhir.access import Access
from shared.fhir.bundle_links import Links
from shared.frozen import dataclass
from shared.outbound import content_type, http_client, waiting
from shared.outcome import operation_outcome
from shared.smart.token_endpoint import ehr_ids

SECONDS = 60.0
MAX_BYTES = authorised.MAX_BYTES
MAX_STREAMED_BYTES = 10_000_000
_JSON = re.compile(r"application/(?:[a-z0-9.]+\+)?json")
_RELAYED_5XX = frozenset({503})
_CONDITIONAL = frozenset({"If-None-Match", "If-Modified-Since"})
_MOST_WORDS = 4096
_MADE = frozenset({200, 201, 204})


@dataclass(frozen=True, slots=True)
class FhirAnswer:
    """A response to pass on.

    Fields:
        resource: the parsed `body`, or None if there is no body (304, or a change whose response
            has no representation) or if `accepted` is set.
        words: the EHR's text of a failure, only for diagnosis. It's neither logged nor shown.
        accepted: the links of a response that was checked in one pass over its bytes without
            parsing it, or None if the response must still be checked.
        set_aside: how many resources the check left out of `resource`. The body still has them.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    resource: Any
    ehr_ids: Mapping[str, str]
    words: str = ""
    accepted: Links | None = None
    set_aside: int = 0


@dataclass(frozen=True, slots=True)
class FhirBytes:
    """A Binary's content, streamed. `length` is the announced length, None if unusable.

    Iterating `chunks` raises UpstreamTimeout, UpstreamUnreachable, UpstreamInvalid or Overloaded.
    """

    media_type: str
    headers: Mapping[str, str]
    length: int | None
    chunks: Iterator[bytes]
    ehr_ids: Mapping[str, str]


def admit(access: Access) -> None:
    """Raise Overloaded if the current request must not continue to the EHR."""
    base, holder = access.fhir_base, access.holder
    if holder is not None:
        held_bytes.admit(holder, base)
    waiting.admit(base, base, holder)


def call(
    access: Access,
    method: Literal["GET", "POST"],
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    seconds: float = SECONDS,
    max_bytes: int = MAX_BYTES,
    quick_accept: Callable[[bytes], Links | None] | None = None,
    decimal: Callable[[str], Any] | None = None,
) -> FhirAnswer:
    """Call the EHR with the token. `url` is absolute, on the host of its FHIR base.

    A response with status 200 that `quick_accept` accepts isn't parsed. `decimal` reads the numbers
    that aren't integers.

    If the EHR responds with 401, the call is repeated with newer access: access that another
    process renewed, then one renewal. Raise Overloaded, UpstreamUnreachable, UpstreamTimeout or
    UpstreamInvalid, the errors of the renewal, and those of `Access.ended`.
    """
    admit(access)
    until = time.monotonic() + seconds
    with _as_app_errors():
        response = authorised.stream(
            access, method, url, headers or {}, body, until, max_bytes, is_read=True
        )
        answer = authorised.whole(response, until, max_bytes)
    if quick_accept is not None and answer.status == 200 and _is_json(answer):
        links = quick_accept(answer.body)
        if links is not None:
            ids = ehr_ids(answer.headers)
            return FhirAnswer(200, answer.headers, answer.body, None, ids, accepted=links)
    return _usable(answer, decimal, conditional=not _CONDITIONAL.isdisjoint(headers or {}))


def write(
    access: Access,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None,
    seconds: float = SECONDS,
) -> FhirAnswer:
    """Make a change at the EHR. Raise the errors of `call`: it's then unknown whether the change
    was made, except after Overloaded, which is raised before it's sent.

    It's sent again only after a 401, at most twice. A 401 means that the EHR made no change.
    """
    admit(access)
    until = time.monotonic() + seconds
    with _as_app_errors():
        response = authorised.stream(access, method, url, headers, body, until, is_read=False)
        answer = authorised.whole(response, until, sent=True)
    ids = ehr_ids(answer.headers)
    if answer.status in _MADE:
        resource = _resource(answer) if answer.body else None
        if answer.body and resource is None:
            raise UpstreamInvalid(evidence={"status": str(answer.status), **ids})
        return FhirAnswer(answer.status, answer.headers, answer.body, resource, ids)
    if 200 <= answer.status < 300:
        raise UpstreamInvalid(evidence={"status": str(answer.status), **ids})
    # Some servers respond "not modified" to a patch that changes nothing, although RFC 9110
    # reserves 304 for conditional requests.
    return _usable(answer, conditional=method == "PATCH")


def read_binary(
    access: Access,
    url: str,
    *,
    accept: str,
    media_types: Collection[str],
    headers: Mapping[str, str],
) -> FhirBytes | FhirAnswer:
    """Read a Binary's content (FHIR R4 binary.html, "Serving Binary resources").

    Content of one of `media_types` isn't held in memory. FHIR JSON and failures are returned as by
    `call`. Raise the errors of `call`, and UpstreamInvalid for content of another type or with an
    announced length over 10 MB.
    """
    admit(access)
    until = time.monotonic() + SECONDS
    sent = {"Accept": accept, "Accept-Encoding": "identity", **headers}
    with _as_app_errors():
        answer = authorised.stream(access, "GET", url, sent, None, until, is_read=True)
        if answer.status != 200 or _is_json(answer):
            whole = authorised.whole(answer, until)
            return _usable(whole, conditional=not _CONDITIONAL.isdisjoint(headers))
    media_type = content_type.of(answer.headers)
    if media_type not in media_types:
        raise UpstreamInvalid(
            why="The Binary's content type can't be passed on unchanged.",
            steps=("Send `Accept: application/fhir+json` to get the content in base64.",),
        )
    announced = answer.headers.get("content-length", "")
    plain = content_type.is_uncompressed(answer.headers)
    length = int(announced) if plain and re.fullmatch(r"[0-9]{1,15}", announced) else None
    chunks = _limited(answer.chunks, length or 0)
    # A failure before the first byte can still be returned as an error.
    begun = itertools.chain((next(chunks, b""),), chunks)
    return FhirBytes(media_type, answer.headers, length, begun, ehr_ids(answer.headers))


def _limited(chunks: Iterator[bytes], announced: int) -> Iterator[bytes]:
    left = MAX_STREAMED_BYTES
    if announced <= left:
        with _as_app_errors():
            for chunk in chunks:
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
            else:
                return
    raise UpstreamInvalid(why="The content is larger than 10 MB.")


@contextlib.contextmanager
def _as_app_errors() -> Iterator[None]:
    """Convert failures of the connection to the EHR to this app's errors."""
    try:
        yield
    except http_client.TimedOut:
        raise UpstreamTimeout from None
    except http_client.UnusableBody as error:
        raise UpstreamInvalid(evidence={"reason": str(error)}) from None
    except http_client.OutboundError as error:
        raise UpstreamUnreachable(evidence={"reason": str(error)}) from None


def _usable(
    answer: http_client.Answer, decimal: Callable[[str], Any] | None = None, *, conditional: bool
) -> FhirAnswer:
    ids = ehr_ids(answer.headers)
    status = answer.status
    if status == 304 and conditional:
        return FhirAnswer(status, answer.headers, b"", None, ids)
    resource = _resource(answer, decimal)
    if 400 <= status < 500 or status in _RELAYED_5XX:
        words = answer.body[:_MOST_WORDS].decode("utf-8", "replace")
        if resource is not None and resource.get("resourceType") == "OperationOutcome":
            return FhirAnswer(status, answer.headers, answer.body, resource, ids, words)
        why = f"The EHR responded with status {answer.status} and without an OperationOutcome."
        ours = operation_outcome(None, "processing", why)
        return FhirAnswer(status, answer.headers, ours, json.loads(ours), ids, words)
    if status != 200 or resource is None:
        raise UpstreamInvalid(evidence={"status": str(status), **ids})
    return FhirAnswer(status, answer.headers, answer.body, resource, ids)


def _is_json(answer: http_client.Answer | http_client.Stream) -> bool:
    return _JSON.fullmatch(content_type.of(answer.headers)) is not None


def _resource(
    answer: http_client.Answer, decimal: Callable[[str], Any] | None = None
) -> dict[str, Any] | None:
    if not _is_json(answer):
        return None
    try:
        document = strict_json.parse(answer.body, decimal)
    except (ValueError, InvalidOperation):
        return None
    if not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        return None
    return document
