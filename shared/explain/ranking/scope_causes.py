"""Find the reason that a scope wasn't granted (SMART App Launch 2.2, "Scopes"; RFC 6749 3.3).

An EHR may grant less than was requested without giving a reason. The most probable cause follows
from the scope itself, from the other granted scopes and from the EHR's supported scopes.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from shared import scopes
from shared.explain.catalogue.causes import KINDS
from shared.explain.model import Cause, CauseId
from shared.vendors import ScopeHabits, habits_of

_V1 = frozenset({"read", "write", "*"})
_TRIMMED = "observed at EHRs that grant less than was requested; which cause applies is inferred"


def is_wildcard(scope: str) -> bool:
    """Return whether a scope is for every resource type."""
    return "/*." in scope


def is_misspelt(scope: str) -> bool:
    """Return whether a scope for a resource type has an action that no SMART version has."""
    return scope.startswith(("patient/", "user/", "system/")) and resource(scope) is None


def resource(scope: str) -> scopes.Grant | None:
    """Return the access of a resource scope, including `system/` ones, or None for other scopes."""
    return scopes.parse(scope.replace("system/", "user/", 1))


def version(scope: str) -> Literal["v1", "v2"] | None:
    """Return the SMART version of a resource scope's syntax, or None for other scopes."""
    if resource(scope) is None:
        return None
    return "v1" if scope.partition("?")[0].rpartition(".")[2] in _V1 else "v2"


def versions(of: Iterable[str]) -> set[str]:
    """Return the SMART versions of the resource scopes among these scopes."""
    return {number for scope in of if (number := version(scope)) is not None}


def in_other_version(scope: str, supported: Iterable[str]) -> str | None:
    """Return the EHR's spelling of the same permission, or None if it lists this spelling."""
    wanted = scopes.parse(scope)
    if wanted is None:
        return None
    same = [one for one in supported if _is_for_the_same(scopes.parse(one), wanted)]
    listed = scope in same or version(scope) in versions(same)
    return None if listed else next(iter(same), None)


def _is_for_the_same(one: scopes.Grant | None, other: scopes.Grant) -> bool:
    return one is not None and (one.level, one.type) == (other.level, other.type)


def scope_causes(
    vendor: str | None,
    flow: Literal["ehr", "standalone"] | None,
    requested: Sequence[str],
    granted: Sequence[str],
    scopes_supported: Collection[str] | None = None,
) -> Mapping[str, CauseId]:
    """Return the most probable cause for each scope that was requested and not granted."""
    habits = habits_of(vendor).scopes
    return {
        scope: _cause(scope, habits, flow, granted, scopes_supported or ())
        for scope in scopes.missing(requested, granted)
    }


def _cause(
    scope: str,
    habits: ScopeHabits,
    flow: Literal["ehr", "standalone"] | None,
    granted: Sequence[str],
    supported: Collection[str],
) -> CauseId:
    if scope == "launch/patient":
        elsewhere = bool(supported) and scope not in supported
        return "launch_patient_scope_on_provider" if flow == "ehr" or elsewhere else "scope_trimmed"
    if scope == "launch" or scope.startswith("launch/"):
        return "scope_trimmed"
    wanted = scopes.parse(scope)
    if wanted is None:
        return "scope_syntax" if is_misspelt(scope) else "scope_not_registered"
    unlisted = scopes.names_resources(supported) and scope not in supported
    if is_wildcard(scope) and (habits.wildcards_dropped or unlisted):
        return "scope_syntax"
    beside_in = versions(granted)
    if in_other_version(scope, supported) or (beside_in and version(scope) not in beside_in):
        return "scope_syntax"
    beside = [one for text in granted if (one := scopes.parse(text)) is not None]
    if habits.other_version_dropped and not beside and version(scope) == "v1":
        # An app that is registered for SMART v2 loses all v1 scopes at once.
        return "scope_syntax"
    if any(_is_for_the_same(one, wanted) for one in beside):
        return "scope_trimmed"
    patientless = flow == "standalone" and not {"launch/patient", "launch"} & set(granted)
    if wanted.level == "patient" and patientless and not any(x.level == "patient" for x in beside):
        return "patient_context_missing"
    return "scope_not_registered"


def scope_cause(cause: CauseId, vendor: str | None) -> Cause:
    """Return a cause from `scope_causes`, with the steps for this vendor's EHRs."""
    why, steps = habits_of(vendor).scopes.wording.get(cause, (None, ()))
    return KINDS[cause]("likely", why, *steps, source=_TRIMMED)
