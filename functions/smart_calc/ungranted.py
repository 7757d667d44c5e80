"""The scopes that a launch requested and didn't get, by the reason. Pure."""

from shared.findings import Finding
from shared.frozen import dataclass
from shared.session import context
from shared.session.sessions import Active


@dataclass(frozen=True, slots=True)
class MissingScopes:
    """Scopes that were not granted for one reason."""

    scopes: list[str]
    cause: Finding


def missing(active: Active) -> list[MissingScopes]:
    """Return what was requested and not granted, by the reason."""
    by_cause: dict[str, MissingScopes] = {}
    for scope in active.session.missing:
        why = context.scope_finding(active.session, active.ehr.vendor, scope)
        by_cause.setdefault(why.id, MissingScopes([], why)).scopes.append(scope)
    return list(by_cause.values())
