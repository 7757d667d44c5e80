"""Authorised FHIR calls: the session's token goes to its own FHIR base and nowhere else.

An answer is taken as FHIR JSON or not at all. The EHR's own 4xx, 429 and 503 are kept with their
status; its other failures become ours (docs/errors.md).
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shared import outbound
from shared.errors import UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from shared.outcome import MEDIA_TYPE, operation_outcome
from shared.sessions import Active
from shared.tokens import ehr_ids

SECONDS = 60.0
MAX_BYTES = 20_000_000
_JSON = re.compile(r"application/(?:fhir\+|[a-z0-9.]+\+)?json\s*(?:;.*)?", re.IGNORECASE)
_RELAYED_5XX = frozenset({503})
_CONDITIONAL = frozenset({"If-None-Match", "If-Modified-Since"})


@dataclass(frozen=True, slots=True)
class FhirAnswer:
    """An answer to pass on. `resource` is the parsed `body`; None where there is no body (304)."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    resource: Any
    ehr_ids: Mapping[str, str]


def call(
    active: Active,
    method: Literal["GET", "POST"],
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    seconds: float = SECONDS,
) -> FhirAnswer:
    """Call the EHR with the session's token. `url` is absolute, on the host of its FHIR base.

    Where the EHR answers 401, the access is renewed once and the call made once more. Raises
    UpstreamUnreachable, UpstreamTimeout or UpstreamInvalid, and what the renewal raises.
    """
    until = time.monotonic() + seconds
    answer = _send(active, method, url, headers or {}, body, seconds)
    if answer.status == 401:
        renewed = active.renewed()
        remaining = until - time.monotonic()
        if renewed is not None and remaining > 0:
            answer = _send(renewed, method, url, headers or {}, body, remaining)
    return _usable(answer, conditional=not _CONDITIONAL.isdisjoint(headers or {}))


def _send(
    active: Active,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    seconds: float,
) -> outbound.Answer:
    try:
        return outbound.send(
            method,
            url,
            seconds=seconds,
            max_bytes=MAX_BYTES,
            headers={
                "Accept": MEDIA_TYPE,
                "Authorization": f"Bearer {active.session.access_token}",
                **headers,
            },
            body=body,
            ca_file=active.ehr.ca_file,
        )
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
        if resource is not None and resource.get("resourceType") == "OperationOutcome":
            return FhirAnswer(status, answer.headers, answer.body, resource, ids)
        why = f"The EHR answered with status {status} and no explanation."
        ours = operation_outcome(None, "processing", why)
        return FhirAnswer(status, answer.headers, ours, json.loads(ours), ids)
    if status != 200 or resource is None:
        raise UpstreamInvalid(evidence={"status": str(status), **ids})
    return FhirAnswer(status, answer.headers, answer.body, resource, ids)


def _resource(answer: outbound.Answer) -> dict[str, Any] | None:
    if not _JSON.fullmatch(answer.headers.get("content-type", "")):
        return None
    try:
        document = json.loads(
            answer.body.decode("utf-8"),
            parse_constant=_no_constant,
            object_pairs_hook=_without_repetition,
        )
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        return None
    return document


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _without_repetition(members: list[tuple[str, Any]]) -> dict[str, Any]:
    # What is checked must be what any reader of the passed-on bytes sees, whichever it takes.
    document = dict(members)
    if len(document) != len(members):
        raise ValueError("a member is repeated")
    return document
