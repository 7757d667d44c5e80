"""What the faults of authorization requests do before anything is granted, and what is left of the
scopes that were asked.
"""

from collections.abc import Collection, Iterable, Sequence

from simulator import trace
from simulator.faults.authorize_faults import AUTHORIZE_FAULTS, AuthorizeFault, How
from simulator.oauth.authorization_rules import AuthorizationRules
from simulator.oauth.scopes import IDENTITY_SCOPES, grant, parse_resource_scope

_UNREGISTERED = "the client is not registered for all of it"


def raise_pages(triggered: Collection[str], rules: AuthorizationRules) -> None:
    """Raise UntrustedRedirectError for a fault that is a page."""
    fault = _first("page", triggered)
    if fault is not None:
        raise rules.fault_page(fault.detail)


def raise_refusals(triggered: Collection[str], rules: AuthorizationRules) -> None:
    """Raise AuthorizationRefusedError for a fault that is an error of OAuth."""
    fault = _first("refusal", triggered)
    if fault is not None:
        raise rules.fault_refusal(fault.error, fault.detail)


def _first(how: How, triggered: Collection[str]) -> AuthorizeFault | None:
    """Return the first fault of a kind, in the order of the table."""
    of_kind = (one for one in AUTHORIZE_FAULTS.values() if one.how == how)
    return next((one for one in of_kind if one.name in triggered), None)


def trimmed(scopes: Iterable[str], triggered: frozenset[str]) -> tuple[str, ...]:
    """Take away the scopes that a fault takes away."""
    kept = []
    for text in scopes:
        scope = parse_resource_scope(text)
        if scope is None:
            gone = "grant-without-openid" in triggered and text in IDENTITY_SCOPES
        else:
            is_observation = scope.type == "Observation"
            gone = "grant-without-resources" in triggered or (
                is_observation and "grant-without-observation" in triggered
            )
        if not gone:
            kept.append(text)
    return tuple(kept)


def note_grant(
    requested: Sequence[str],
    registered: Sequence[str],
    grantable: Sequence[str],
    granted: Sequence[str],
) -> None:
    """Note what of the requested scopes is granted, and of each that is not, why.

    `grantable` is what the EHR would grant, `granted` what a fault left of it.
    """
    trace.note("said", "granted", " ".join(granted) or "nothing")
    for one in requested:
        if _is_in(one, granted):
            continue
        if _is_in(one, grantable):
            why = "a fault took it away"
        elif _is_in(one, registered):
            why = "this EHR does not grant it to this client in this form"
        else:
            why = _UNREGISTERED
        trace.note("wrong", "not granted", f"{one}: {why}")


def note_unregistered(requested: Sequence[str], registered: Sequence[str]) -> None:
    """Note the scopes of a refused request that could not be granted in any case."""
    for one in requested:
        if "," in one:
            trace.note("wrong", "scope", f"{one}: blanks separate scopes, not commas")
        elif not _is_in(one, registered):
            trace.note("wrong", "scope", f"{one}: {_UNREGISTERED}")


def _is_in(scope: str, granted: Sequence[str]) -> bool:
    """Whether one scope is granted in full, perhaps as part of others."""
    return grant([scope], granted) == (scope,)
