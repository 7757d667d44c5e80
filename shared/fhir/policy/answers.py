"""Decide which EHR responses may be disclosed, each as a whole and with everything it reveals.
Pure.

A response also reveals something by omission: a count, a history without a version. disclosing.py
checks the single resource.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from shared.errors import PatientDenied, PatientUnproved, UpstreamInvalid
from shared.fhir import compartment, nested
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy import history
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.disclosing import (
    is_covered,
    lacks_proof,
    releasable,
    require_remarks_only,
)
from shared.frozen import dataclass
from shared.json_members import objects

_HOLDING = frozenset({"_id", "patient", "subject"})


@dataclass(frozen=True, slots=True)
class _Sifted:
    """The entries of a searchset that may be used, and how many resources must not: not readable as
    a resource, not covered by a scope, or about another patient or no one's. `another`: one names
    another patient.
    """

    entries: list[dict[str, Any]]
    unreadable: int
    uncovered: int
    foreign: int
    another: bool


def check(answer: FhirAnswer, decision: Decision, *, sets_aside: bool = False) -> FhirAnswer:
    """Check that a response has the requested content, about the access's patient if required, and
    return it.

    Raise UpstreamInvalid or PatientDenied. Then no part of it is released. With `sets_aside`, a
    search isn't refused for single resources: they are left out of the returned `resource`.
    """
    if answer.accepted is not None:
        # Everything else was checked while it was read (shared/fhir/quick_accept.py).
        _require_own_search(answer.accepted.items, decision)
        return answer
    if answer.status != 200:
        require_remarks_only(answer.resource, decision)
        return answer
    resource, address = answer.resource, decision.address
    kind = address.interaction.answer
    expected = address.type if kind == "resource" else kind
    if resource["resourceType"] != expected:
        raise UpstreamInvalid(evidence={"expected": expected})
    rule = address.interaction.patient_rule
    if rule == "answer" and not releasable(resource, decision):
        raise PatientUnproved if lacks_proof(resource, decision) else PatientDenied
    if rule == "versions":
        history.check(resource, decision)
    if rule != "search":
        return answer
    sifted = _sift(resource, decision)
    set_aside = sifted.unreadable + sifted.uncovered + sifted.foreign
    if set_aside and not sets_aside:
        raise _refusal(sifted)
    _require_own_search(objects(resource.get("link")), decision)
    if not set_aside:
        return answer
    return replace(answer, resource={**resource, "entry": sifted.entries}, set_aside=set_aside)


def _sift(bundle: dict[str, Any], decision: Decision) -> _Sifted:
    """Judge each entry with everything in it, and what a Bundle may have outside of its entries."""
    given = bundle.get("entry", [])
    entries = given if isinstance(given, list) else [None]
    kept: list[dict[str, Any]] = []
    unreadable = uncovered = foreign = 0
    another = False
    rest = {name: value for name, value in bundle.items() if name != "entry"}
    for entry in (*entries, rest):
        held = list(nested.of_answer([entry] if entry is not rest else entry))
        if entry is not rest and not _has_resource(entry):
            unreadable += 1
        elif not all(is_covered(one, decision) for one in held):
            uncovered += 1
        elif refused := [one for one in held if not releasable(one, decision)]:
            foreign += 1
            another = another or not all(lacks_proof(one, decision) for one in refused)
        elif entry is not rest:
            kept.append(entry)
    return _Sifted(kept, unreadable, uncovered, foreign, another)


def _has_resource(entry: Any) -> bool:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    return isinstance(resource, dict) and isinstance(resource.get("resourceType"), str)


def _refusal(sifted: _Sifted) -> UpstreamInvalid | PatientDenied:
    if sifted.unreadable:
        return UpstreamInvalid()
    if sifted.uncovered:
        return UpstreamInvalid(
            why="The EHR's response contains resources that no scope covers, or it doesn't show "
            "whether a scope covers them."
        )
    if sifted.another:
        return PatientDenied(why="The EHR's response contains another patient's data.")
    return PatientUnproved()


def _require_own_search(links: Iterable[Mapping[str, Any]], decision: Decision) -> None:
    """Raise UpstreamInvalid if the EHR reports that it dropped the patient of a search."""
    if (
        decision.address.interaction.patient_rule == "search"
        and _is_held(decision)
        and _patient_in_self_link(links, decision) is False
    ):
        why = "According to the response's `self` link, the EHR left the patient out of the search."
        raise UpstreamInvalid(why=why)


def shows_no_owner(answer: FhirAnswer, decision: Decision) -> bool:
    """Return whether a response about versions has none.

    It still discloses how many versions there are and when they were made, so `of_owner` must
    see the current resource.
    """
    address = decision.address
    interaction = address.interaction
    if answer.accepted is not None or answer.status == 304 or not interaction.is_of_versions:
        return False
    proved = address.type == "Patient" and address.id == decision.compartment.patient
    if proved or address.type in decision.open_types or address.type in compartment.OUTSIDE:
        return False
    return answer.status != 200 or (interaction.is_paged and not answer.resource.get("entry"))


def of_owner(answer: FhirAnswer, now: FhirAnswer, decision: Decision) -> FhirAnswer:
    """Return the response that may be released after a read of the current resource: the given one
    if the resource is about the patient or doesn't exist, or the EHR's refusal of that read.

    Raise PatientDenied.
    """
    if now.status == 404 and answer.status != 200:
        return answer
    if now.status >= 400 and now.status not in {404, 410}:
        require_remarks_only(now.resource, decision)
        return now
    if now.status == 200 and releasable(now.resource, decision):
        return answer
    if now.status == 200 and not lacks_proof(now.resource, decision):
        raise PatientDenied
    raise PatientUnproved


def check_written(answer: FhirAnswer, decision: Decision) -> None:
    """Check that a write's response may be released: its OperationOutcome, or the written resource.

    Raise UpstreamInvalid or PatientDenied.
    """
    if answer.resource is None:
        return
    resource_type = answer.resource["resourceType"]
    if answer.status >= 300 or resource_type == "OperationOutcome":
        require_remarks_only(answer.resource, decision)
        return
    made = "The EHR made the change. The returned resource isn't passed on: it"
    if resource_type != (expected := decision.address.type):
        raise UpstreamInvalid(why=f"{made} has another type.", evidence={"expected": expected})
    if not releasable(answer.resource, decision):
        raise PatientDenied(why=f"{made} doesn't belong to the launch's patient.")


def check_total(answer: FhirAnswer, decision: Decision, *, strict: bool) -> None:
    """If no resource proves it, check that a total counts only the patient's resources, no matter
    why the resources are missing. If nothing is counted, there's nothing to prove. `strict`: the
    EHR was instructed to ignore no parameter. Raise UpstreamInvalid.
    """
    if answer.accepted is not None or answer.status != 200 or answer.set_aside:
        return
    if decision.address.interaction.patient_rule != "search":
        return
    bundle = answer.resource
    if bundle.get("total", 0) == 0 and not decision.counts:
        return
    found = filter(_has_resource, objects(bundle.get("entry")))
    if any(one["resource"]["resourceType"] != "OperationOutcome" for one in found):
        return
    if decision.must_show:
        raise UpstreamInvalid(why="The EHR's response doesn't show that it's within the scope.")
    if strict or not _is_held(decision):
        return
    if _patient_in_self_link(objects(bundle.get("link")), decision) is not True:
        raise UpstreamInvalid(
            why="The EHR's response doesn't show that it counted only this patient's resources.",
            steps=("Leave out vendor-specific parameters, or search without counting.",),
        )


def _is_held(decision: Decision) -> bool:
    """Return whether a search is restricted to the patient."""
    holding = compartment.search_parameter(decision.address.type)
    return decision.level == "patient" and holding is not None


def _patient_in_self_link(links: Iterable[Mapping[str, Any]], decision: Decision) -> bool | None:
    """Return whether the `self` link repeats the search with its patient, None if it's
    inconclusive.

    FHIR R4 search.html, "Server Conformance": the link has the parameters that were used. A link
    that repeats none of them is inconclusive.
    """
    patient = decision.compartment.patient
    sent = {name for name, _ in decision.parameters if not name.startswith("_")}
    for link in links:
        if link.get("relation") == "self":
            used = parse_qsl(str(link.get("url")).partition("?")[2])
            if sent & {name for name, _ in used}:
                named = [value for name, value in used if name.partition(":")[0] in _HOLDING]
                return any(value.rpartition("/")[2] == patient for value in named)
    return None
