"""What differs between vendors when a chart calls a CDS service (CDS Hooks 2.0; README.md names
each source). Data only.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CdsHabits:
    """One vendor's ways as a CDS client.

    Fields:
        algorithm: of its JWTs, RS384 or ES384.
        seconds: from `iat` to `exp`; not_before: how long before `iat` `nbf` is, None for none.
        tenant: the claim that tells the tenants of one issuer apart, if any.
        names_client: whether `sub` is the client id.
        one_audience: whether feedback carries the service's `aud`.
        absolute: whether references in the prefetch are absolute.
        scope: `fhirAuthorization.scope` in its own words; None for SMART scopes.
        authorization_seconds: life of the access token.
        keeps_discovery: whether the templates are typed in by the hospital: here, read once.
        plural_reasons: whether feedback says `overrideReasons`.
        trigger: its extension that names what fired the hook, if any.
        empty_has_outcome: whether a Bundle without a match holds an OperationOutcome.
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
