"""Send a request with an access token, and repeat it with newer access if the EHR refuses it.

SMART App Launch 2.2, step 7. This module decides whether a refusal ends the session.
"""

import time
from collections.abc import Mapping
from dataclasses import replace

from shared import held_bytes
from shared.errors import Overloaded
from shared.fhir.access import Access
from shared.outbound import http_client
from shared.outcome import MEDIA_TYPE

MAX_BYTES = 20_000_000
# Shorter values aren't redacted: they aren't real tokens, and may occur in any text.
_LEAST_TOKEN = 16
# The first uses access that another process renewed, the second access that this one renews.
_MOST_RENEWALS = 2
_OWN_PATIENT_SECONDS = 5.0


def stream(
    access: Access,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    until: float,
    max_bytes: int = MAX_BYTES,
    *,
    is_read: bool,
) -> http_client.Stream:
    """Send one request with the token and return the response as it starts to arrive.

    If the EHR responds with 401, renew the access and repeat the request: with access that another
    process renewed, then with one renewal. A job's change isn't repeated. `until` is the deadline
    on the monotonic clock. Raise the errors of shared/outbound/http_client.py and of the renewal,
    and those of `Access.ended`.
    """

    def ask(by: Access, seconds: float) -> http_client.Stream:
        token = by.token
        answer = http_client.stream(
            method,
            url,
            seconds=seconds,
            max_bytes=max_bytes,
            headers={"Accept": MEDIA_TYPE, "Authorization": f"Bearer {token}", **headers},
            body=body,
            ca_file=by.ehr.ca_file,
            base=by.fhir_base,
            is_read=is_read,
        )
        return answer if len(token) < _LEAST_TOKEN else _without(token, answer, until)

    by = access
    answer = ask(by, until - time.monotonic())
    for _ in range(_MOST_RENEWALS):
        if answer.status != 401:
            return answer
        refusal = whole(answer, until, sent=True)
        answer = http_client.Stream(refusal.status, refusal.headers, iter((refusal.body,)))
        renewed = by.renewed()
        remaining = until - time.monotonic()
        if remaining <= 0 or (access.ehr.is_backend and not is_read):
            return answer
        if renewed is None:
            if by.ended is not None and _is_over(by, method, url, remaining):
                raise by.ended()
            return answer
        by = renewed
        answer = ask(by, remaining)
        if answer.status != 401:
            by.accepted()
    return answer


def _is_over(by: Access, method: str, url: str, seconds: float) -> bool:
    """Return whether the EHR refuses the access not only for this request, but also for reading the
    launch's own Patient. Some EHRs respond with 401 to a request outside the scopes, so the Patient
    counts only if a scope covers it without filters.
    """
    readable = any(one.covers("Patient", "r") and not one.filters for one in by.grants)
    if by.patient is None or not readable:
        return False
    own = f"{by.fhir_base}/Patient/{by.patient}"
    if (method, url) == ("GET", own):
        return True
    try:
        answer = http_client.send(
            "GET",
            own,
            seconds=min(seconds, _OWN_PATIENT_SECONDS),
            max_bytes=MAX_BYTES,
            headers={"Accept": MEDIA_TYPE, "Authorization": f"Bearer {by.token}"},
            ca_file=by.ehr.ca_file,
            base=by.fhir_base,
        )
    except (http_client.OutboundError, Overloaded):
        return False
    return answer.status == 401


def _without(token: str, answer: http_client.Stream, until: float) -> http_client.Stream:
    """Remove the token from a response's headers and from a failure's text, because EHRs repeat
    refused values.
    """
    headers = {name: value for name, value in answer.headers.items() if token not in value}
    if answer.status < 400:
        return replace(answer, headers=headers)
    words = whole(answer, until, sent=True).body.replace(token.encode(), "…".encode())
    return http_client.Stream(answer.status, headers, iter((words,)))


def whole(
    answer: http_client.Stream, until: float, most: int = MAX_BYTES, *, sent: bool = False
) -> http_client.Answer:
    """Read the complete response, within the available room (shared/held_bytes/)."""
    body = held_bytes.gather(answer, most, until, sent=sent)
    return http_client.Answer(answer.status, answer.headers, body)
