"""The prefetch read: what each key brings, and that all of it is about one patient (CDS Hooks 2.0,
"Providing FHIR Resources to a CDS Service").

A caller who mixes patients is not trusted with the rest: one resource of another patient, wherever
it stands in the prefetch, refuses the whole call.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from clinical.queries import Search
from shared import log
from shared.errors import PatientDenied
from shared.fhir import compartment, nested, searchset

# What a key is:
#   whole       its resources are all there are
#   failed      the EHR asked and was refused: asking again is of no use
#   missing     it is to be read
#   incomplete  there are further pages, at `next`
State = Literal["whole", "failed", "missing", "incomplete"]


@dataclass(frozen=True, slots=True)
class Part:
    """What one key of the prefetch brings. `next` is the link to its next page, as it came."""

    state: State
    resources: tuple[dict[str, Any], ...] = ()
    next: str | None = None


def part(search: Search, prefetch: Mapping[str, Any]) -> Part:
    """What the key of a search brings."""
    value = prefetch.get(search.name)
    if value is None:
        return Part("whole" if search.name in prefetch else "missing")
    return of_value(search, value)


def of_value(search: Search, value: object) -> Part:
    """What a value of the key, or an answer to the search, brings."""
    kind = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(kind, str):
        return Part("missing")
    if kind == "OperationOutcome":
        return Part("failed")
    if kind != "Bundle" and kind not in search.reads:
        return Part("missing")
    document = searchset.of_document(value, search.reads)
    return Part("incomplete" if document.more else "whole", document.resources, document.next)


def require_one_patient(prefetch: Mapping[str, Any], patient: str, base: str | None) -> None:
    """Whether no resource of the prefetch is another patient's. Raises PatientDenied.

    Without a FHIR base an absolute reference may mean any server's patient: it then proves nothing
    (reading leaves it out), and is another's only where its id is another.
    """
    foreign = _foreign(prefetch, patient, base)
    if not foreign:
        return
    fields: dict[str, str | int | float | list[str]] = {"set_aside": foreign}
    message = "the prefetch contains resources of another patient"
    log.event("fhir_denied", message, severity="ERROR", code=PatientDenied.code, fields=fields)
    raise PatientDenied(
        why="The prefetch contains a resource of a different patient than context.patientId.",
        steps=("Send resources only of the patient whose chart is open.",),
    )


def _foreign(document: Any, patient: str, base: str | None) -> int:
    """How many resources at any depth are another patient's. A contained Patient is a copy that
    leads to no record.
    """
    foreign = 0
    waiting = [document]
    while waiting:
        for one, contained in nested.within(waiting.pop()):
            copy = contained and one.get("resourceType") == "Patient"
            if not copy and compartment.standing(one, patient, base) == "another":
                foreign += 1
            waiting.append(one)
    return foreign
