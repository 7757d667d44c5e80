"""Decide which resources in an EHR's response may be disclosed. Pure.

Each must be covered by a scope, and must be about the access's patient or no patient. asking.py
has decided what the response to a request may contain.
"""

from typing import Any

from shared.errors import PatientDenied
from shared.fhir import compartment, nested
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.finer_scopes import NO_FILTERS, fits


def releasable(resource: dict[str, Any], decision: Decision) -> bool:
    """Return whether a resource in the response may reach the browser, with everything in it."""
    name = resource.get("resourceType")
    if not decision.open_types.isdisjoint({"*", name if isinstance(name, str) else ""}):
        return True
    known = decision.compartment
    return compartment.belongs(resource, known) and nested.is_free_of_others(resource, known)


def lacks_proof(resource: dict[str, Any], decision: Decision) -> bool:
    """Return whether a resource isn't released only because it doesn't show who its patient is."""
    known = decision.compartment
    is_unproved = compartment.standing(resource, known) == "unproved"
    return is_unproved and nested.is_free_of_others(resource, known)


def require_remarks_only(outcome: Any, decision: Decision) -> None:
    """Raise PatientDenied if the EHR's OperationOutcome contains a resource that must not be
    released.
    """
    held = nested.of_answer(outcome) if outcome else ()
    if not all(releasable(one, decision) for one in held):
        raise PatientDenied(why="The EHR's OperationOutcome contains another patient's data.")


def uncontested(decision: Decision) -> frozenset[str]:
    """Return the types that a scope allows without parameters, so that it covers all their
    resources.

    For `*`, only those that patient/ scopes can reach.
    """
    filters_by_type = decision.filters_by_type
    named = {name for name, sets in filters_by_type.items() if NO_FILTERS in sets}
    if "*" in named:
        named |= {name for name in compartment.REACHABLE if name not in filters_by_type}
    return frozenset(named - {"*"})


def is_covered(resource: dict[str, Any], decision: Decision) -> bool:
    """Return whether a scope allows a resource in the EHR's response, regardless of its patient."""
    filters_by_type = decision.filters_by_type
    name = resource.get("resourceType")
    if not isinstance(name, str):
        return False
    sets = filters_by_type.get(name, filters_by_type.get("*", ()))
    must_show = decision.must_show or name != decision.address.type
    return NO_FILTERS in sets or any(fits(resource, one, must_show=must_show) for one in sets)
