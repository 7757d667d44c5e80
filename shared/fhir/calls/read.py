"""Read from the EHR as decided, with allow-listed headers."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal
from urllib.parse import urlencode

from shared.fhir import fhir_client
from shared.fhir.access import Access
from shared.fhir.calls import conditional
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy import answers, quick
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.interactions import FORM
from shared.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """The intended differences between callers. The defaults apply to the proxy.

    Fields:
        own_patient: each scope counts as a patient/ scope.
        reaches: the types that a search of this app's own may return, which is sent as it is or not
            at all. None for a request from elsewhere.
        sets_aside: leave single resources out of a search instead of refusing all of it.
        decimal: reads the numbers that aren't integers, for a caller that needs the document.
        seconds, max_bytes: the limits of one call.
    """

    own_patient: bool = False
    reaches: frozenset[str] | None = None
    sets_aside: bool = False
    decimal: Callable[[str], Any] | None = None
    seconds: float = fhir_client.SECONDS
    max_bytes: int = fhir_client.MAX_BYTES


PROXY = Terms()


def request(
    decision: Decision, access: Access, headers: Mapping[str, str], terms: Terms
) -> FhirAnswer:
    """Make the request that was decided on, below the FHIR base."""
    passed = conditional.passed_on(decision, headers)
    address, fhir_base = decision.address, access.fhir_base
    url = f"{fhir_base}/{address.path}"
    query = urlencode(decision.parameters)
    strict = (decision.narrowed or decision.counts) and not _has_own_parameters(decision, access)
    if strict:
        # FHIR R4 search.html, "Handling errors": the EHR must not ignore a parameter that narrows.
        passed["Prefer"] = "handling=strict"
    if decision.narrowed:
        # FHIR R4 http.html, "Intermediaries": report that the request was changed.
        passed["request-modified-smart-calc"] = "restricted to scopes and patient"
    if address.interaction.letter is None:
        passed |= access.ehr.client_id_headers
    if address.method == "POST":
        passed["Content-Type"] = FORM
        answer = _checked("POST", url, decision, access, terms, passed, query.encode("ascii"))
    else:
        url = f"{url}?{query}" if query else url
        answer = _checked("GET", url, decision, access, terms, passed)
    if answers.shows_no_owner(answer, decision):
        now = fhir_client.call(access, "GET", f"{fhir_base}/{address.type}/{address.id}")
        answer = answers.of_owner(answer, now, decision)
    answers.check_total(answer, decision, strict=strict)
    return conditional.answered(answer, decision, headers)


def next_page(url: str, decision: Decision, access: Access, terms: Terms) -> FhirAnswer:
    """Read another page with the EHR's own link."""
    return _checked("GET", url, decision, access, terms)


def _checked(
    method: Literal["GET", "POST"],
    url: str,
    decision: Decision,
    access: Access,
    terms: Terms,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> FhirAnswer:
    """Send one request, and return its response if it may be disclosed. All reading goes through
    here.
    """
    answer = fhir_client.call(
        access,
        method,
        url,
        headers=headers,
        body=body,
        seconds=terms.seconds,
        max_bytes=terms.max_bytes,
        quick_accept=quick.acceptor(decision),
        decimal=terms.decimal,
    )
    return answers.check(answer, decision, sets_aside=terms.sets_aside)


def _has_own_parameters(decision: Decision, access: Access) -> bool:
    """Return whether a parameter is vendor-specific: strict handling may reject it."""
    own = access.ehr.profile.own_parameters
    return own is not None and any(re.fullmatch(own, name) for name, _ in decision.parameters)
