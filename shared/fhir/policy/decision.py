"""A decision about a request: what may be asked, and what of the answer may be disclosed."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.fhir.policy.finer_scopes import Filters, Parameters
from shared.scopes import Level


@dataclass(frozen=True, slots=True)
class Decision:
    """What may be sent, and what of the answer may be released.

    `level` is that of the scope that allows it. Resources of the types in `open_types` (`*`: all)
    are released whoever they are about, others only if they are about `patient_id` or nobody, and
    none that `covering` does not allow: the types (`*`: all) with the parameters of the scopes
    that allow them, of which one set must fit. What is of another type than `requested_type` must
    show that it fits; where `shown`, so must what is of that type.
    `narrowed`: parameters were added to those that were given. `counts`: the search is held to the
    patient and asks only how many there are, so that no resource shows it. `returns`: the EHR may
    return what a write has made.
    """

    level: Level
    parameters: Parameters
    patient_id: str | None
    open_types: frozenset[str]
    requested_type: str
    covering: Mapping[str, tuple[Filters, ...]]
    shown: bool = False
    narrowed: bool = False
    counts: bool = False
    returns: bool = True
