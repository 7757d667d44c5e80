"""What the faults of authorization requests do before anything is granted (authorize_faults.py)."""

from collections.abc import Collection, Iterable
from typing import cast

from simulator.authorization_request import (
    AuthorizationRefusedError,
    Distrust,
    UntrustedRedirectError,
)
from simulator.authorize_faults import AUTHORIZE_FAULTS, AuthorizeFault, How
from simulator.oracle_authorization import OraclePageError, OracleRefusedError
from simulator.scopes import IDENTITY_SCOPES, parse_resource_scope


def raise_pages(spoiled: Collection[str], vendor: str) -> None:
    """Raise UntrustedRedirectError for a fault that is a page."""
    fault = _first("page", spoiled)
    if fault is None:
        return
    if vendor == "oracle":
        raise OraclePageError(fault.detail)
    raise UntrustedRedirectError(cast(Distrust, fault.detail), "this fault was asked for")


def raise_refusals(spoiled: Collection[str], vendor: str) -> None:
    """Raise AuthorizationRefusedError for a fault that is an error of OAuth."""
    fault = _first("refusal", spoiled)
    if fault is None:
        return
    if vendor == "oracle":
        raise OracleRefusedError(fault.error, fault.detail)
    raise AuthorizationRefusedError(fault.error, fault.detail or None)


def _first(how: How, spoiled: Collection[str]) -> AuthorizeFault | None:
    """Return the first fault of a kind, in the order of the table."""
    of_kind = (one for one in AUTHORIZE_FAULTS.values() if one.how == how)
    return next((one for one in of_kind if one.name in spoiled), None)


def trimmed(scopes: Iterable[str], spoiled: frozenset[str]) -> tuple[str, ...]:
    """Take away the scopes that a fault takes away."""
    kept = []
    for text in scopes:
        scope = parse_resource_scope(text)
        if scope is None:
            gone = "grant-without-openid" in spoiled and text in IDENTITY_SCOPES
        else:
            is_observation = scope.type == "Observation"
            gone = "grant-without-resources" in spoiled or (
                is_observation and "grant-without-observation" in spoiled
            )
        if not gone:
            kept.append(text)
    return tuple(kept)
