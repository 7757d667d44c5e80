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
from shared.fhir import compartment, nested, searchset
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


def of_key(search: Search, prefetch: Mapping[str, Any]) -> Contents:
    """Return the contents of a search's key."""
    value = prefetch.get(search.name)
    if value is None:
        return Contents("complete" if search.name in prefetch else "missing")
    return of_value(search, value)


def of_value(search: Search, value: object) -> Contents:
    """Return the contents of a key's value or of a search response."""
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(kind, str):
        return Contents("missing")
    if kind == "OperationOutcome":
        return Contents("failed")
    if kind != "Bundle" and kind not in search.reads:
        return Contents("missing")
    document = searchset.of_document(value, search.reads)
    return Contents(
        "incomplete" if document.more else "complete", document.resources, document.next
    )


def require_one_patient(prefetch: Mapping[str, Any], patient: str, base: str | None) -> None:
    """Raise PatientDenied if the prefetch has a resource of another patient.

    Without a FHIR base, an absolute reference can refer to any server. Then the same id proves
    nothing, and the resource is left out. Only a different id counts as another patient.
    """
    foreign = _foreign(prefetch, patient, base)
    if not foreign:
        return
    fields: dict[str, str | int | float | list[str]] = {"set_aside": foreign}
    message = "the prefetch contains resources of another patient"
    log.event("fhir_denied", message, severity="ERROR", code=PatientDenied.code, fields=fields)
    raise PatientDenied(
        why="The prefetch contains a resource of a patient other than the one in "
        "context.patientId.",
        steps=("Send only resources of the patient whose chart is open.",),
    )


def _foreign(document: Any, patient: str, base: str | None) -> int:
    """Count the resources of another patient, at any depth, and those whose type has another
    spelling, such as `ResourceType`, because no check could tell whose they are.

    A contained Patient doesn't count, because it's only a copy.
    """
    foreign = 0
    waiting = [document]
    while waiting:
        for one, contained in nested.within(waiting.pop()):
            copy = contained and one.get("resourceType") == "Patient"
            is_foreign = compartment.standing(one, patient, base) == "another"
            if nested.is_misspelled(one) or (is_foreign and not copy):
                foreign += 1
            waiting.append(one)
    return foreign
