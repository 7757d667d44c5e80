"""Reads each prefetch key, and checks that the whole prefetch is about one patient (CDS Hooks 2.0,
"Providing FHIR Resources to a CDS Service").

A caller that mixes patients can't be trusted with the rest. So a call with a resource of another
patient anywhere in the prefetch is rejected.
"""

from collections.abc import Mapping
from typing import Any, Literal

from clinical.queries import Search
from shared import log
from shared.errors import PatientDenied
from shared.fhir import compartment, nested, quick_accept, searchset
from shared.fhir.quick_accept import Expected
from shared.fhir.references import Compartment
from shared.frozen import dataclass

# The state of a key:
#   complete    it has all resources
#   failed      the EHR's own query was refused, so don't retry
#   missing     read it from the EHR
#   incomplete  there are more pages, at `next`
State = Literal["complete", "failed", "missing", "incomplete"]


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of one prefetch key. `next` is the link to its next page, as received."""

    state: State
    resources: tuple[dict[str, Any], ...] = ()
    next: str | None = None


def of_key(search: Search, prefetch: Mapping[str, Any], unproved: frozenset[int]) -> Contents:
    """Return the contents of a search's key, without the resources that are `unproved`."""
    value = prefetch.get(search.name)
    if value is None:
        return Contents("complete" if search.name in prefetch else "missing")
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(kind, str):
        return Contents("missing")
    if kind == "OperationOutcome":
        return Contents("failed")
    if kind != "Bundle" and kind not in search.reads:
        return Contents("missing")
    document = searchset.of_document(value, search.reads)
    proved = tuple(one for one in document.resources if id(one) not in unproved)
    return Contents("incomplete" if document.more else "complete", proved, document.next)


def require_one_patient(
    prefetch: Mapping[str, Any], patient: str, base: str | None, body: bytes = b""
) -> frozenset[int]:
    """Raise PatientDenied if the prefetch has a resource of another patient. Return the resources,
    by `id()`, with others in them that prove no patient, which are left out.

    Most keys of the call's `body` are accepted in one pass over their bytes, as the responses of
    the proxy are. Without a FHIR base, an absolute reference can refer to any server. Then the same
    id proves nothing, and the resource is left out. Only a different id counts as another patient.
    """
    accepted, known = frozenset[str](), Compartment(patient, base)
    if base is not None and body:
        types = compartment.REACHABLE
        expected = Expected(types, frozenset(), known, is_bundle=True, mainly="Observation")
        accepted = quick_accept.accepted_keys(body, expected)
    others = {key: value for key, value in prefetch.items() if key not in accepted}
    foreign, unproved = _judged(others, known)
    if not foreign:
        return unproved
    fields: dict[str, log.Field] = {"set_aside": foreign}
    message = "the prefetch contains resources of another patient"
    log.event("fhir_denied", message, severity="ERROR", code=PatientDenied.code, fields=fields)
    raise PatientDenied(
        why="The prefetch contains a resource of a patient other than the one in "
        "context.patientId.",
        steps=("Send only resources of the patient whose chart is open.",),
    )


def _judged(prefetch: Any, known: Compartment) -> tuple[int, frozenset[int]]:
    """Count the resources of another patient, at any depth, and those whose type has another
    spelling, such as `ResourceType`, because no check could tell whose they are. Name those that
    hold one without a proof, by the rule of nested.is_free_of_others in the same pass.

    A contained Patient doesn't count, because it's only a copy.
    """
    foreign, unproved = 0, set()
    waiting: list[tuple[Any, int]] = [(prefetch, 0)]
    while waiting:
        document, holder = waiting.pop()
        for one, contained in nested.within(document):
            kind = one.get("resourceType")
            standing = compartment.standing(one, known)
            if contained and kind == "Patient":
                standing = "ours"
            if standing == "another" or nested.is_misspelled(one):
                foreign += 1
            if holder and standing == "unproved" and not (contained and isinstance(kind, str)):
                unproved.add(holder)
            waiting.append((one, holder or (0 if kind == "Bundle" else id(one))))
    return foreign, frozenset(unproved)
