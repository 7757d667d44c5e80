"""A decision about a request: what may be sent, and which resources may be disclosed."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.fhir.policy.finer_scopes import Filters, Parameters
from shared.fhir.policy.interactions import Address
from shared.fhir.references import Compartment
from shared.scopes import Level


@dataclass(frozen=True, slots=True)
class Decision:
    """The request that may be sent, and the resources of the response that may be released.

    `level` is the level of the scope that allows it. Resources of `open_types` (`*`: all) are
    released for any patient, others only if they are in the `compartment` or about no patient.
    `filters_by_type` must allow all of them: it has the allowed types (`*`: all) with the
    parameters of the scopes that allow them, and one set must fit. A resource of a type other than
    the requested one must show that it fits. With `must_show`, so must a resource of that type.

    `narrowed`: parameters were added to the given ones. `counts`: the search is restricted to the
    patient and requests only a count, so that no resource proves it. `returns`: the EHR may return
    the written resource.
    """

    address: Address
    level: Level
    parameters: Parameters
    compartment: Compartment
    open_types: frozenset[str]
    filters_by_type: Mapping[str, tuple[Filters, ...]]
    must_show: bool = False
    narrowed: bool = False
    counts: bool = False
    returns: bool = True
