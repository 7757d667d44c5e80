"""A read at the EHR and the check of its answer: headers by allow-list both ways."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from shared.errors import PatientDenied, UpstreamInvalid
from shared.fhir import compartment, fhir_client, nested, quick_accept
from shared.fhir.bundle_links import Links
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy import history
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.disclosing import is_covered, releasable, require_remarks_only, uncontested
from shared.fhir.policy.interactions import FORM, Address
from shared.fhir.quick_accept import Expected
from shared.json_members import objects
from shared.session.sessions import Active

from . import conditional
from .conditional import HEADER_VALUE

_HOLDING = frozenset({"_id", "patient", "subject"})
_RESPONSE_HEADERS = ("ETag", "Last-Modified", "Retry-After")


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
        # FHIR R4 search.html, "Handling errors": a parameter that narrows must not be ignored.
        passed["Prefer"] = "handling=strict"
    if decision.narrowed:
        # FHIR R4 http.html, "Intermediaries": who changes a request says so.
        passed["request-modified-smart-calc"] = "held to scopes and patient"
    if address.kind == "capabilities":
        passed |= active.ehr.client_id_headers
    accept = acceptor(address, decision, fhir_base)
    if address.method == "POST":
        passed["Content-Type"] = FORM
        form = query.encode("ascii")
        answer = fhir_client.call(active, "POST", url, headers=passed, body=form, accept=accept)
    else:
        url = f"{url}?{query}" if query else url
        answer = fhir_client.call(active, "GET", url, headers=passed, accept=accept)
    check(answer, address, decision, fhir_base)
    if answer.links is not None:
        return conditional.answered(answer, address, decision, headers)
    _require_own_versions(answer, address, decision, active)
    if address.interaction.patient_rule == "search" and answer.status == 200:
        _require_proved_total(answer.resource, address, decision, strict=strict)
    return conditional.answered(answer, address, decision, headers)


def acceptor(
    address: Address, decision: Decision, fhir_base: str
) -> Callable[[bytes], Links | None] | None:
    """How an answer to a request is accepted without the checks below; None where they are needed
    whatever comes.
    """
    rule = address.interaction.patient_rule
    if rule == "search":
        # What must show that it fits, or counts, is looked at in all of its members.
        if decision.shown or decision.counts:
            return None
        types = uncontested(decision)
    elif rule in {"answer", "versions"}:
        types = frozenset({address.type})
    else:
        return None
    expected = Expected(
        types,
        decision.open_types,
        decision.patient,
        fhir_base,
        is_bundle=address.interaction.is_paged,
        id=address.id if rule == "versions" else None,
    )
    return partial(quick_accept.accept, expected=expected)


def _require_own_versions(
    answer: FhirAnswer, address: Address, decision: Decision, active: Active
) -> None:
    """An answer that shows no version tells, by its being so, how many there are and of when. So
    the resource as it is now must be the patient's, or not be there. Raises PatientDenied.
    """
    proved = address.type == "Patient" and address.id == decision.patient
    if proved or address.type in decision.open_types or address.type in compartment.OUTSIDE:
        return
    if address.kind == "vread" and answer.status == 200:
        return
    if address.kind == "history" and answer.status == 200 and answer.resource.get("entry"):
        return
    if address.kind not in {"vread", "history"} or answer.status == 304:
        return
    fhir_base = active.session.fhir_base
    now = fhir_client.call(active, "GET", f"{fhir_base}/{address.type}/{address.id}")
    if now.status == 404 and answer.status != 200:
        return
    if now.status != 200 or not releasable(now.resource, decision, fhir_base):
        raise PatientDenied(why="Nothing in the answer shows whose the resource is.")


def page(url: str, address: Address, decision: Decision, active: Active) -> FhirAnswer:
    """Read a further page by the EHR's own link."""
    accept = acceptor(address, decision, active.session.fhir_base)
    answer = fhir_client.call(active, "GET", url, accept=accept)
    check(answer, address, decision, active.session.fhir_base)
    return answer


def check(answer: FhirAnswer, address: Address, decision: Decision, fhir_base: str) -> None:
    """Whether the answer is what was asked for, and the session's patient's where it must be.

    Raises UpstreamInvalid or PatientDenied; then nothing of it is released.
    """
    if answer.links is not None:
        # All else was looked at as it was read (shared/fhir/quick_accept.py).
        _require_own_search(answer.links.found, address, decision)
        return
    if answer.status != 200:
        require_remarks_only(answer.resource, decision, fhir_base)
        return
    resource = answer.resource
    kind = address.interaction.answer
    expected = address.type if kind == "resource" else kind
    if resource["resourceType"] != expected:
        raise UpstreamInvalid(evidence={"expected": expected})
    rule = address.interaction.patient_rule
    if rule == "answer" and not releasable(resource, decision, fhir_base):
        raise PatientDenied
    if rule == "versions":
        history.check(resource, address, decision, fhir_base)
    if rule == "search":
        _check_search(resource, address, decision, fhir_base)


def _check_search(
    bundle: dict[str, Any], address: Address, decision: Decision, fhir_base: str
) -> None:
    _entries(bundle)
    found = list(nested.of_answer(bundle))
    if not all(is_covered(resource, decision) for resource in found):
        raise UpstreamInvalid(
            why="The EHR's answer holds resources that no scope covers, or that do not show it."
        )
    if not all(releasable(resource, decision, fhir_base) for resource in found):
        raise PatientDenied(why="The EHR's answer holds another patient's data.")
    _require_own_search(objects(bundle.get("link")), address, decision)


def _require_own_search(
    links: Iterable[Mapping[str, Any]], address: Address, decision: Decision
) -> None:
    """Raises UpstreamInvalid where the EHR says that it left out the patient of a search."""
    if (
        address.interaction.patient_rule == "search"
        and _is_held(address, decision)
        and _patient_in_self_link(links, decision) is False
    ):
        why = "By its own account (the link `self`) the EHR left out the patient of the search."
        raise UpstreamInvalid(why=why)


def _has_own_parameters(decision: Decision, active: Active) -> bool:
    """Whether a parameter is one of the vendor's own: asked to be strict, its EHR may refuse it."""
    own = active.ehr.profile.own_parameters
    return own is not None and any(re.fullmatch(own, name) for name, _ in decision.parameters)


def _require_proved_total(
    bundle: dict[str, Any], address: Address, decision: Decision, *, strict: bool
) -> None:
    """Where no resource shows it, whether a total counts what the search was held to, whatever has
    kept the resources away. Where nothing is counted there is nothing to prove.
    """
    if bundle.get("total", 0) == 0 and not decision.counts:
        return
    if _entries(bundle):
        return
    if decision.shown:
        raise UpstreamInvalid(why="The EHR's answer does not show that it lies within the scope.")
    if strict or not _is_held(address, decision):
        return
    if _patient_in_self_link(objects(bundle.get("link")), decision) is not True:
        raise UpstreamInvalid(
            why="The EHR's answer does not show that it counted for this patient only.",
            steps=("Leave the vendor's own parameters out, or search without counting.",),
        )


def _is_held(address: Address, decision: Decision) -> bool:
    """Whether a search is held to the patient."""
    return decision.level == "patient" and compartment.search_parameter(address.type) is not None


def _patient_in_self_link(links: Iterable[Mapping[str, Any]], decision: Decision) -> bool | None:
    """Whether the `self` link repeats the search with its patient; None where it tells nothing.

    FHIR R4 search.html, "Server Conformance": the link holds the parameters that were used. One
    that repeats none of them tells nothing.
    """
    sent = {name for name, _ in decision.parameters if not name.startswith("_")}
    for link in links:
        if link.get("relation") == "self":
            used = parse_qsl(str(link.get("url")).partition("?")[2])
            if sent & {name for name, _ in used}:
                named = [value for name, value in used if name.partition(":")[0] in _HOLDING]
                return any(value.rpartition("/")[2] == decision.patient for value in named)
    return None


def _entries(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources of a searchset, remarks of the EHR (OperationOutcome) left aside."""
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise UpstreamInvalid
    resources = []
    for entry in entries:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise UpstreamInvalid
        if resource["resourceType"] != "OperationOutcome":
            resources.append(resource)
    return resources


def response_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Of an answer's headers those that reach the browser."""
    return {
        name: value
        for name in _RESPONSE_HEADERS
        if HEADER_VALUE.fullmatch(value := headers.get(name.lower(), ""))
    }
