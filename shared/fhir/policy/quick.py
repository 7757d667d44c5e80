"""Decide which responses need only the check in one pass over their bytes
(shared/fhir/quick_accept.py).

That check accepts nothing that answers.py would refuse.
"""

from collections.abc import Callable
from functools import partial

from shared.fhir import quick_accept
from shared.fhir.bundle_links import Links
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.disclosing import uncontested
from shared.fhir.quick_accept import Expected


def acceptor(decision: Decision) -> Callable[[bytes], Links | None] | None:
    """Return a function that accepts a response without the checks in answers.py, or None if those
    checks are always needed.
    """
    address = decision.address
    rule = address.interaction.patient_rule
    if decision.compartment.outside:
        return None
    if rule == "search":
        # A resource that must show that it fits, or a count, needs a check of all its members.
        if decision.must_show or decision.counts:
            return None
        types = uncontested(decision)
    elif rule in {"answer", "versions"}:
        types = frozenset({address.type})
    else:
        return None
    expected = Expected(
        types,
        decision.open_types,
        decision.compartment,
        is_bundle=address.interaction.is_paged,
        id=address.id if rule == "versions" else None,
        mainly=address.type,
    )
    return partial(quick_accept.accept, expected=expected)
