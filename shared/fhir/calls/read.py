"""Read from the EHR as decided, with allow-listed headers."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from shared.fhir import fhir_client
from shared.fhir.calls import conditional
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy import answers, quick
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.interactions import FORM, Address
from shared.session.sessions import Active


def request(
    address: Address, decision: Decision, active: Active, headers: Mapping[str, str]
) -> FhirAnswer:
    """Make the request that was decided on, below the session's FHIR base."""
    passed = conditional.passed_on(address, decision, headers)
    fhir_base = active.session.fhir_base
    url = f"{fhir_base}/{address.path}"
    query = urlencode(decision.parameters)
    strict = (decision.narrowed or decision.counts) and not _has_own_parameters(decision, active)
    if strict:
        # FHIR R4 search.html, "Handling errors": the EHR must not ignore a parameter that narrows.
        passed["Prefer"] = "handling=strict"
    if decision.narrowed:
        # FHIR R4 http.html, "Intermediaries": report that the request was changed.
        passed["request-modified-smart-calc"] = "restricted to scopes and patient"
    if address.kind == "capabilities":
        passed |= active.ehr.client_id_headers
    quick_accept = quick.acceptor(address, decision, fhir_base)
    if address.method == "POST":
        passed["Content-Type"] = FORM
        form = query.encode("ascii")
        answer = fhir_client.call(
            active, "POST", url, headers=passed, body=form, quick_accept=quick_accept
        )
    else:
        url = f"{url}?{query}" if query else url
        answer = fhir_client.call(active, "GET", url, headers=passed, quick_accept=quick_accept)
    answers.check(answer, address, decision, fhir_base)
    if answers.shows_no_owner(answer, address, decision):
        now = fhir_client.call(active, "GET", f"{fhir_base}/{address.type}/{address.id}")
        answers.check_owner(answer, now, decision, fhir_base)
    answers.check_total(answer, address, decision, strict=strict)
    return conditional.answered(answer, address, decision, headers)


def next_page(url: str, address: Address, decision: Decision, active: Active) -> FhirAnswer:
    """Read another page with the EHR's own link."""
    quick_accept = quick.acceptor(address, decision, active.session.fhir_base)
    answer = fhir_client.call(active, "GET", url, quick_accept=quick_accept)
    answers.check(answer, address, decision, active.session.fhir_base)
    return answer


def _has_own_parameters(decision: Decision, active: Active) -> bool:
    """Return whether a parameter is vendor-specific: strict handling may reject it."""
    own = active.ehr.profile.own_parameters
    return own is not None and any(re.fullmatch(own, name) for name, _ in decision.parameters)
