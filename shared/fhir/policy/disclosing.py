"""Which resources of an EHR's answer may be disclosed. Pure.

Two questions are asked of each: whether a scope covers it, and whether it is about the session's
patient or nobody. asking.py has decided what the answer to a request may hold.
"""

from typing import Any

from shared.errors import PatientDenied
from shared.fhir import compartment, nested
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.finer_scopes import NO_FILTERS, fits


def releasable(resource: dict[str, Any], decision: Decision, fhir_base: str) -> bool:
    """Whether a resource of the EHR's answer may reach the browser, with all that it holds."""
    name = resource.get("resourceType")
    if not decision.open_types.isdisjoint({"*", name if isinstance(name, str) else ""}):
        return True
    patient = decision.patient_id
    return compartment.belongs(resource, patient, fhir_base) and nested.is_free_of_others(
        resource, patient, fhir_base
    )


def require_remarks_only(outcome: Any, decision: Decision, fhir_base: str) -> None:
    """Whether an OperationOutcome of the EHR brings no resource along that may not be released.

    Raises PatientDenied.
    """
    held = nested.of_answer(outcome) if outcome else ()
    if not all(releasable(one, decision, fhir_base) for one in held):
        raise PatientDenied(why="The EHR's OperationOutcome holds another patient's data.")


def uncontested(decision: Decision) -> frozenset[str]:
    """The types that a scope allows without parameters, so that every resource of them is covered.

    Of `*` only those that patient/ scopes can reach.
    """
    covering = decision.covering
    named = {name for name, sets in covering.items() if NO_FILTERS in sets}
    if "*" in named:
        named |= {name for name in compartment.reachable_types() if name not in covering}
    return frozenset(named - {"*"})


def is_covered(resource: dict[str, Any], decision: Decision) -> bool:
    """Whether a scope allows a resource of the EHR's answer, whoever it is about."""
    covering = decision.covering
    name = resource.get("resourceType")
    if not isinstance(name, str):
        return False
    sets = covering.get(name, covering.get("*", ()))
    shown = decision.shown or name != decision.requested_type
    return NO_FILTERS in sets or any(fits(resource, one, shown=shown) for one in sets)
