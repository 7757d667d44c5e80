"""Serve one FHIR request, from the decision to the checked response and its log line.

The proxy and the functions of a project both use this, so they allow and refuse the same requests.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from decimal import InvalidOperation
from typing import Any

from shared import log, strict_json
from shared.errors import RELAUNCH, ScopeDenied, UpstreamInvalid
from shared.fhir import page_links
from shared.fhir.access import Access
from shared.fhir.calls import read, write
from shared.fhir.calls.read import PROXY, Terms
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy import asking, content, write_policy
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.finer_scopes import Parameters
from shared.fhir.policy.interactions import Address
from shared.fhir.policy.searches import Grants
from shared.frozen import dataclass
from shared.scopes import Level


@dataclass(frozen=True, slots=True)
class Served:
    """A response that may be released, and the decision about its request. `started` is when the
    EHR was called, on the monotonic clock.
    """

    decision: Decision
    answer: FhirAnswer
    started: float


def fetch(
    address: Address,
    parameters: Parameters,
    access: Access,
    headers: Mapping[str, str],
    terms: Terms = PROXY,
) -> Served:
    """Read, search or get a history.

    Raise the errors of the decision, the call and the check.
    """
    with explained(access):
        grants = _grants(access, terms)
        decision = asking.decide(address, parameters, access, grants, terms.reaches)
    started = time.monotonic()
    return Served(decision, read.request(decision, access, headers, terms), started)


def fetch_next_page(
    address: Address,
    url: str,
    access: Access,
    level: Level,
    *,
    must_show: bool,
    terms: Terms = PROXY,
) -> Served:
    """Read another page with the EHR's own link, under the decision that allowed the first page."""
    with explained(access):
        grants = _grants(access, terms)
        decision = asking.decide_next_page(address, level, access, grants, must_show=must_show)
    outside = not page_links.is_within(url, access.fhir_base)
    decision = replace(decision, compartment=replace(decision.compartment, outside=outside))
    started = time.monotonic()
    return Served(decision, read.next_page(url, decision, access, terms), started)


def change(
    address: Address,
    parameters: Parameters,
    body: Callable[[], bytes],
    access: Access,
    headers: Mapping[str, str],
) -> Served:
    """Make a change. Its body is read only if this kind of change is allowed at all."""
    with explained(access):
        decision = write_policy.decide(address, parameters, access, access.grants)
        submitted = content.read(address, body())
        write_policy.require_own(submitted, decision)
    started = time.monotonic()
    return Served(decision, write.write(submitted, decision, access, headers), started)


def _grants(access: Access, terms: Terms) -> Grants:
    if terms.own_patient or terms.reaches is not None:
        return tuple(replace(one, level="patient") for one in access.grants)
    return access.grants


@contextmanager
def explained(access: Access) -> Iterator[None]:
    """Add the reason that the EHR didn't grant a requested scope to a refusal."""
    try:
        yield
    except ScopeDenied as error:
        scope = error.evidence.get("not_granted")
        if scope is None or access.explained is None:
            raise
        finding = access.explained(scope)
        why, steps = f"{error.why} {finding.why}", (*finding.steps, RELAUNCH)
        raise error.again(why=why, steps=steps, cause=finding.id) from None


def document(served: Served, terms: Terms) -> dict[str, Any]:
    """Return the document of a response with status 200, which the pass over its bytes may have
    accepted without parsing it. Raise UpstreamInvalid for ambiguous JSON.
    """
    document: dict[str, Any] | None = served.answer.resource
    return document or parsed(served.answer.body, terms.decimal)


def parsed(body: bytes, decimal: Callable[[str], Any] | None) -> dict[str, Any]:
    """Return the document in a checked response. Raise UpstreamInvalid for ambiguous JSON."""
    try:
        document: dict[str, Any] = strict_json.parse(body, decimal)
    except (ValueError, InvalidOperation):
        raise UpstreamInvalid(
            why="The EHR's response repeats a JSON property, or has too many values."
        ) from None
    return document


def log_answer(served: Served, access: Access, message: str = "") -> None:
    """Log a request that got a response. The message is by default the kind of interaction."""
    answer = served.answer
    further = {**answer.ehr_ids, **_why(answer, access)}
    log_line(served.decision.address, answer.status, served.started, further, message)


def log_line(
    address: Address,
    status: int,
    started: float,
    further: Mapping[str, str | list[str]],
    message: str = "",
) -> None:
    """Log a request, with the additional fields in `further`."""
    fields: dict[str, str | int | float | list[str]] = {
        "type": address.type,
        "status": status,
        "ehr_ms": round((time.monotonic() - started) * 1000, 1),
        **further,
    }
    log.event(
        "fhir_request", message or address.kind, severity=log.of_answer(status), fields=fields
    )


def _why(answer: FhirAnswer, access: Access) -> Mapping[str, str | list[str]]:
    """Return the diagnosis of the EHR's refusal, for the log."""
    if not answer.words:
        return {}
    from shared.explain import of_fhir

    backend = access.ehr.is_backend
    diagnosis = of_fhir.of_fhir(answer.status, answer.words, access.ehr.vendor, is_backend=backend)
    return of_fhir.log_fields(diagnosis)
