"""Serve one FHIR request of a session, from the decision to the checked response and its log line.

The proxy and the functions of a project both use this, so they allow and refuse the same requests.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from shared import log
from shared.errors import RELAUNCH, ScopeDenied
from shared.fhir import page_links
from shared.fhir.calls import read, write
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy import asking, content, write_policy
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.finer_scopes import Parameters
from shared.fhir.policy.interactions import Address
from shared.fhir.policy.searches import Grants
from shared.frozen import dataclass
from shared.scopes import Level
from shared.session import context
from shared.session.sessions import Active


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
    active: Active,
    headers: Mapping[str, str],
    *,
    own_patient: bool = False,
) -> Served:
    """Read, search or get a history. With `own_patient`, each scope counts as a patient/ scope.

    Raise the errors of the decision, the call and the check.
    """
    with explained(active):
        grants = _grants(active, own_patient=own_patient)
        decision = asking.decide(address, parameters, active.session, grants)
    started = time.monotonic()
    return Served(decision, read.request(address, decision, active, headers), started)


def fetch_next_page(
    address: Address,
    url: str,
    active: Active,
    level: Level,
    *,
    must_show: bool,
    own_patient: bool = False,
) -> Served:
    """Read another page with the EHR's own link, under the decision that allowed the first page."""
    with explained(active):
        grants = _grants(active, own_patient=own_patient)
        decision = asking.decide_next_page(
            address, level, active.session, grants, must_show=must_show
        )
    outside = not page_links.is_within(url, active.session.fhir_base)
    decision = replace(decision, outside=outside)
    started = time.monotonic()
    return Served(decision, read.next_page(url, address, decision, active), started)


def change(
    address: Address,
    parameters: Parameters,
    body: Callable[[], bytes],
    active: Active,
    headers: Mapping[str, str],
) -> Served:
    """Make a change. Its body is read only if this kind of change is allowed at all."""
    session = active.session
    with explained(active):
        decision = write_policy.decide(address, parameters, session, session.grants(active.ehr))
        submitted = content.read(address, body())
        write_policy.require_own(submitted, address, decision, session.fhir_base)
    started = time.monotonic()
    return Served(decision, write.write(address, submitted, decision, active, headers), started)


def _grants(active: Active, *, own_patient: bool) -> Grants:
    grants = active.session.grants(active.ehr)
    return tuple(replace(one, level="patient") for one in grants) if own_patient else grants


@contextmanager
def explained(active: Active) -> Iterator[None]:
    """Add the reason that the EHR didn't grant a requested scope to a refusal."""
    try:
        yield
    except ScopeDenied as error:
        scope = error.evidence.get("not_granted")
        if scope is None:
            raise
        finding = context.scope_finding(active.session, active.ehr.vendor, scope)
        why, steps = f"{error.why} {finding.why}", (*finding.steps, RELAUNCH)
        raise error.again(why=why, steps=steps, cause=finding.id) from None


def log_answer(address: Address, served: Served, active: Active) -> None:
    """Log a request that got a response."""
    answer = served.answer
    log_line(address, answer.status, served.started, {**answer.ehr_ids, **_why(answer, active)})


def log_line(
    address: Address, status: int, started: float, further: Mapping[str, str | list[str]]
) -> None:
    """Log a request, with the additional fields in `further`."""
    fields: dict[str, str | int | float | list[str]] = {
        "type": address.type,
        "status": status,
        "ehr_ms": round((time.monotonic() - started) * 1000, 1),
        **further,
    }
    log.event("fhir_request", address.kind, severity=log.of_answer(status), fields=fields)


def _why(answer: FhirAnswer, active: Active) -> Mapping[str, str | list[str]]:
    """Return the diagnosis of the EHR's refusal, for the log."""
    if not answer.words:
        return {}
    from shared.explain import of_fhir

    return of_fhir.log_fields(of_fhir.of_fhir(answer.status, answer.words, active.ehr.vendor))
