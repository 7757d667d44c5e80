"""Read from the EHR as decided, with allow-listed headers."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from shared.fhir import fhir_client
from shared.fhir.access import Access
from shared.fhir.calls import conditional
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy import answers, quick
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.interactions import FORM


def request(decision: Decision, access: Access, headers: Mapping[str, str]) -> FhirAnswer:
    """Make the request that was decided on, below the FHIR base."""
    passed = conditional.passed_on(decision, headers)
    address, fhir_base = decision.address, decision.fhir_base
    url = f"{fhir_base}/{address.path}"
    query = urlencode(decision.parameters)
    strict = (decision.narrowed or decision.counts) and not _has_own_parameters(decision, access)
    if strict:
        # FHIR R4 search.html, "Handling errors": the EHR must not ignore a parameter that narrows.
        passed["Prefer"] = "handling=strict"
    if decision.narrowed:
        # FHIR R4 http.html, "Intermediaries": report that the request was changed.
        passed["request-modified-smart-calc"] = "restricted to scopes and patient"
    if address.kind == "capabilities":
        passed |= access.ehr.client_id_headers
    quick_accept = quick.acceptor(decision)
    if address.method == "POST":
        passed["Content-Type"] = FORM
        form = query.encode("ascii")
        answer = fhir_client.call(
            access, "POST", url, headers=passed, body=form, quick_accept=quick_accept
        )
    else:
        url = f"{url}?{query}" if query else url
        answer = fhir_client.call(access, "GET", url, headers=passed, quick_accept=quick_accept)
    answers.check(answer, decision)
    if answers.shows_no_owner(answer, decision):
        now = fhir_client.call(access, "GET", f"{fhir_base}/{address.type}/{address.id}")
        answers.check_owner(answer, now, decision)
    answers.check_total(answer, decision, strict=strict)
    return conditional.answered(answer, decision, headers)


def next_page(url: str, decision: Decision, access: Access) -> FhirAnswer:
    """Read another page with the EHR's own link."""
    quick_accept = quick.acceptor(decision)
    answer = fhir_client.call(access, "GET", url, quick_accept=quick_accept)
    answers.check(answer, decision)
    return answer


def _has_own_parameters(decision: Decision, access: Access) -> bool:
    """Return whether a parameter is vendor-specific: strict handling may reject it."""
    own = access.ehr.profile.own_parameters
    return own is not None and any(re.fullmatch(own, name) for name, _ in decision.parameters)
