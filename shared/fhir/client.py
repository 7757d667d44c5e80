"""Authorised FHIR calls: the session's token goes to its own FHIR base and nowhere else.

An answer is taken as FHIR JSON or not at all. The EHR's own 4xx, 429 and 503 are kept with their
status; its other failures become ours (docs/errors.md).
"""

import contextlib
import itertools
import json
import re
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared import held_bytes, strict_json
from shared.errors import UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from shared.outbound import client as outbound
from shared.outcome import MEDIA_TYPE, operation_outcome
from shared.session.sessions import Active
from shared.smart.token_endpoint import ehr_ids

SECONDS = 60.0
MAX_BYTES = 20_000_000
MAX_STREAMED_BYTES = 10_000_000
_JSON = re.compile(r"application/(?:fhir\+|[a-z0-9.]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_RELAYED_5XX = frozenset({503})
# Shorter tokens than real ones are left: they are in any text.
_LEAST_TOKEN = 16
# What another process has brought, then what this one brings.
_MOST_RENEWALS = 2
_OWN_PATIENT_SECONDS = 5.0
_CONDITIONAL = frozenset({"If-None-Match", "If-Modified-Since"})
_MOST_WORDS = 4096
_MADE = frozenset({200, 201, 204})


@dataclass(frozen=True, slots=True)
class FhirAnswer:
    """An answer to pass on. `resource` is the parsed `body`; None where there is no body: 304, or
    a change of which the EHR returned no representation. `words` are the EHR's own, of a failure:
    to be explained, neither logged nor shown.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    resource: Any
    ehr_ids: Mapping[str, str]
    words: str = ""


@dataclass(frozen=True, slots=True)
class FhirBytes:
    """Content of a Binary as it comes. `length` is what the EHR announced, None if nothing usable.

    Iterating `chunks` raises UpstreamTimeout, UpstreamUnreachable or UpstreamInvalid.
    """

    media_type: str
    headers: Mapping[str, str]
    length: int | None
    chunks: Iterator[bytes]
    ehr_ids: Mapping[str, str]


def call(
    active: Active,
    method: Literal["GET", "POST"],
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    seconds: float = SECONDS,
    max_bytes: int = MAX_BYTES,
) -> FhirAnswer:
    """Ask the EHR with the session's token. `url` is absolute, on the host of its FHIR base.

    Where the EHR answers 401, the call is made once more with newer access: what another process
    has brought, then what one renewal brings. Raises UpstreamUnreachable, UpstreamTimeout or
    UpstreamInvalid, and what the renewal raises; SessionExpired also where nothing can renew access
    that the EHR refuses for the launch's own Patient too.
    """
    held_bytes.admit()
    until = time.monotonic() + seconds
    with _as_ours():
        found = _answered(active, method, url, headers or {}, body, until, max_bytes)
        answer = _whole(found, until, max_bytes)
    return _usable(answer, conditional=not _CONDITIONAL.isdisjoint(headers or {}))


def write(
    active: Active,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None,
    seconds: float = SECONDS,
) -> FhirAnswer:
    """Make a change at the EHR. Raises what `call` raises: then it may have been made, or not.

    It is sent once, and once more only after a 401, by which the EHR says that it made no change.
    """
    held_bytes.admit()
    until = time.monotonic() + seconds
    with _as_ours():
        answer = _whole(_answered(active, method, url, headers, body, until), until, sent=True)
    ids = ehr_ids(answer.headers)
    if answer.status in _MADE:
        resource = _resource(answer) if answer.body else None
        if answer.body and resource is None:
            raise UpstreamInvalid(evidence={"status": str(answer.status), **ids})
        return FhirAnswer(answer.status, answer.headers, answer.body, resource, ids)
    if 200 <= answer.status < 300:
        raise UpstreamInvalid(evidence={"status": str(answer.status), **ids})
    return _usable(answer, conditional=False)


def read_binary(
    active: Active,
    url: str,
    *,
    accept: str,
    media_types: Collection[str],
    headers: Mapping[str, str],
) -> FhirBytes | FhirAnswer:
    """Read a Binary's content (FHIR R4 binary.html, "Serving Binary resources").

    Content of one of `media_types` is not held in memory; FHIR JSON and failures are answered as
    by `call`. Raises what `call` raises, UpstreamInvalid also for content of another type or over
    10 MB as announced.
    """
    held_bytes.admit()
    until = time.monotonic() + SECONDS
    sent = {"Accept": accept, "Accept-Encoding": "identity", **headers}
    with _as_ours():
        answer = _answered(active, "GET", url, sent, None, until)
        content_type = answer.headers.get("content-type", "")
        if answer.status != 200 or _JSON.fullmatch(content_type):
            whole = _whole(answer, until)
            return _usable(whole, conditional=not _CONDITIONAL.isdisjoint(headers))
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in media_types:
        raise UpstreamInvalid(
            why="The Binary's content is of a type that is not passed on as it is.",
            steps=("Send `Accept: application/fhir+json`: the content then comes in base64.",),
        )
    announced = answer.headers.get("content-length", "")
    plain = answer.headers.get("content-encoding", "identity").lower() == "identity"
    length = int(announced) if plain and re.fullmatch(r"[0-9]{1,15}", announced) else None
    chunks = _limited(answer.chunks, length or 0)
    # What fails before the first byte can still be told as an error.
    begun = itertools.chain((next(chunks, b""),), chunks)
    return FhirBytes(media_type, answer.headers, length, begun, ehr_ids(answer.headers))


def _limited(chunks: Iterator[bytes], announced: int) -> Iterator[bytes]:
    left = MAX_STREAMED_BYTES
    if announced <= left:
        with _as_ours():
            for chunk in chunks:
                left -= len(chunk)
                if left < 0:
                    break
                yield chunk
            else:
                return
    raise UpstreamInvalid(why="The content is larger than 10 MB.")


def _answered(
    active: Active,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    until: float,
    max_bytes: int = MAX_BYTES,
) -> outbound.Stream:
    def ask(by: Active, seconds: float) -> outbound.Stream:
        token = by.session.access_token
        answer = outbound.stream(
            method,
            url,
            seconds=seconds,
            max_bytes=max_bytes,
            headers={"Accept": MEDIA_TYPE, "Authorization": f"Bearer {token}", **headers},
            body=body,
            ca_file=by.ehr.ca_file,
        )
        return answer if len(token) < _LEAST_TOKEN else _without(token, answer)

    by = active
    answer = ask(by, until - time.monotonic())
    for _ in range(_MOST_RENEWALS):
        if answer.status != 401:
            return answer
        refusal = _whole(answer, until, sent=True)
        answer = outbound.Stream(refusal.status, refusal.headers, iter((refusal.body,)))
        renewed = by.renewed()
        remaining = until - time.monotonic()
        if remaining <= 0:
            return answer
        if renewed is None:
            if by.session.refresh_token is None and _is_over(by, url, remaining):
                raise by.ended()
            return answer
        by = renewed
        answer = ask(by, remaining)
        if answer.status != 401:
            by.accepted()
    return answer


def _is_over(by: Active, url: str, seconds: float) -> bool:
    """Whether the EHR refuses an access, of which it refused one use, for the launch's own Patient
    too: some answer 401 to what a scope does not cover.
    """
    patient = by.session.context.patient
    if patient is None:
        return False
    own = f"{by.session.fhir_base}/Patient/{patient}"
    if url == own:
        return True
    try:
        answer = outbound.send(
            "GET",
            own,
            seconds=min(seconds, _OWN_PATIENT_SECONDS),
            max_bytes=MAX_BYTES,
            headers={
                "Accept": MEDIA_TYPE,
                "Authorization": f"Bearer {by.session.access_token}",
            },
            ca_file=by.ehr.ca_file,
        )
    except outbound.OutboundError:
        return False
    return answer.status == 401


def _without(token: str, answer: outbound.Stream) -> outbound.Stream:
    """The answer without the token in its headers and, of a failure, in its words: EHRs repeat what
    they refuse.
    """
    headers = {name: value for name, value in answer.headers.items() if token not in value}
    if answer.status < 400:
        return outbound.Stream(answer.status, headers, answer.chunks)
    words = b"".join(answer.chunks).replace(token.encode(), "…".encode())
    return outbound.Stream(answer.status, headers, iter((words,)))


def _whole(
    answer: outbound.Stream, until: float, most: int = MAX_BYTES, *, sent: bool = False
) -> outbound.Answer:
    """The answer whole, held as far as there is room (shared/held_bytes.py)."""
    try:
        body = held_bytes.gather(answer.chunks, most, until, sent=sent)
    except held_bytes.Late:
        raise outbound.TimedOut("no room") from None
    return outbound.Answer(answer.status, answer.headers, body)


@contextlib.contextmanager
def _as_ours() -> Iterator[None]:
    """Turns failures of the way to the EHR into ours."""
    try:
        yield
    except outbound.TimedOut:
        raise UpstreamTimeout from None
    except outbound.Unusable as error:
        raise UpstreamInvalid(evidence={"reason": str(error)}) from None
    except outbound.OutboundError as error:
        raise UpstreamUnreachable(evidence={"reason": str(error)}) from None


def _usable(answer: outbound.Answer, *, conditional: bool) -> FhirAnswer:
    ids = ehr_ids(answer.headers)
    status = answer.status
    if status == 304 and conditional:
        return FhirAnswer(status, answer.headers, b"", None, ids)
    resource = _resource(answer)
    if 400 <= status < 500 or status in _RELAYED_5XX:
        words = answer.body[:_MOST_WORDS].decode("utf-8", "replace")
        if resource is not None and resource.get("resourceType") == "OperationOutcome":
            return FhirAnswer(status, answer.headers, answer.body, resource, ids, words)
        why = f"The EHR answered with status {status} and no OperationOutcome."
        ours = operation_outcome(None, "processing", why)
        return FhirAnswer(status, answer.headers, ours, json.loads(ours), ids, words)
    if status != 200 or resource is None:
        raise UpstreamInvalid(evidence={"status": str(status), **ids})
    return FhirAnswer(status, answer.headers, answer.body, resource, ids)


def _resource(answer: outbound.Answer) -> dict[str, Any] | None:
    if not _JSON.fullmatch(answer.headers.get("content-type", "")):
        return None
    try:
        document = strict_json.parse(answer.body)
    except ValueError:
        return None
    if not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        return None
    return document
