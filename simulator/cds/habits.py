"""Vendor differences in calls to a CDS service (CDS Hooks 2.0; README.md lists the sources). Data
only.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CdsHabits:
    """How one vendor behaves as a CDS client.

    Fields:
        algorithm: signs its JWTs, RS384 or ES384.
        seconds: time from `iat` to `exp`.
        not_before: seconds from `nbf` to `iat`; None if the JWT has no `nbf`.
        tenant: the claim that identifies the tenant of a shared issuer, if any.
        names_client: whether `sub` is the client ID.
        one_audience: whether feedback uses the service's `aud`.
        absolute: whether references in the prefetch are absolute.
        scope: a vendor-specific `fhirAuthorization.scope`; None for SMART scopes.
        authorization_seconds: lifetime of the access token.
        keeps_discovery: whether the hospital enters the templates by hand. The simulator instead
            reads them once.
        plural_reasons: whether feedback uses `overrideReasons`.
        trigger: its extension, if any, that identifies the event that fired the hook.
        empty_has_outcome: whether a Bundle without matches contains an OperationOutcome.
    """

    algorithm: str = "ES384"
    seconds: int = 300
    not_before: int | None = None
    tenant: str | None = None
    names_client: bool = False
    one_audience: bool = False
    absolute: bool = False
    scope: str | None = None
    authorization_seconds: int = 300
    keeps_discovery: bool = False
    plural_reasons: bool = False
    trigger: tuple[str, str] | None = None
    empty_has_outcome: bool = False
