"""Applies the faults of authorization requests: errors before anything is granted, and withheld
scopes.
"""

from collections.abc import Collection, Iterable, Sequence

from simulator import trace
from simulator.faults.authorize_faults import AUTHORIZE_FAULTS, AuthorizeFault, How
from simulator.oauth.authorization_rules import AuthorizationRules
from simulator.oauth.scopes import IDENTITY_SCOPES, grant, parse_resource_scope

_UNREGISTERED = "the client isn't registered for the full scope"


def raise_pages(triggered: Collection[str], rules: AuthorizationRules) -> None:
    """Raise UntrustedRedirectError if a fault shows an error page."""
    fault = _first("page", triggered)
    if fault is not None:
        raise rules.fault_page(fault.detail)


def raise_refusals(triggered: Collection[str], rules: AuthorizationRules) -> None:
    """Raise AuthorizationRefusedError if a fault returns an OAuth error."""
    fault = _first("refusal", triggered)
    if fault is not None:
        raise rules.fault_refusal(fault.error, fault.detail)


def _first(how: How, triggered: Collection[str]) -> AuthorizeFault | None:
    """Return the first triggered fault of a kind, in table order."""
    of_kind = (one for one in AUTHORIZE_FAULTS.values() if one.how == how)
    return next((one for one in of_kind if one.name in triggered), None)


def trimmed(scopes: Iterable[str], triggered: frozenset[str]) -> tuple[str, ...]:
    """Return the scopes without those that a fault removes."""
    remaining = []
    for text in scopes:
        scope = parse_resource_scope(text)
        if scope is None:
            is_removed = "grant-without-openid" in triggered and text in IDENTITY_SCOPES
        else:
            is_observation = scope.type == "Observation"
            is_removed = "grant-without-resources" in triggered or (
                is_observation and "grant-without-observation" in triggered
            )
        if not is_removed:
            remaining.append(text)
    return tuple(remaining)


def note_grant(
    requested: Sequence[str],
    registered: Sequence[str],
    grantable: Sequence[str],
    granted: Sequence[str],
) -> None:
    """Trace the granted scopes, and the reason for each requested scope that isn't granted.

    `grantable` lists the scopes that the EHR would grant, `granted` the ones that a fault left.
    """
    trace.note("noted", "granted", " ".join(granted) or "nothing")
    for one in requested:
        if _is_in(one, granted):
            continue
        if _is_in(one, grantable):
            why = "an injected fault removed it"
        elif _is_in(one, registered):
            why = "this EHR doesn't grant it to this client in this form"
        else:
            why = _UNREGISTERED
        trace.note("wrong", "not granted", f"{one}: {why}")


def note_unregistered(requested: Sequence[str], registered: Sequence[str]) -> None:
    """Trace the scopes of a refused request that this client could never get."""
    for one in requested:
        if "," in one:
            trace.note("wrong", "scope", f"{one}: separate scopes with spaces, not commas")
        elif not _is_in(one, registered):
            trace.note("wrong", "scope", f"{one}: {_UNREGISTERED}")


def _is_in(scope: str, granted: Sequence[str]) -> bool:
    """Return whether the granted scopes cover this scope in full."""
    return grant([scope], granted) == (scope,)
