"""What makes one simulated EHR another vendor's: data and small functions, no routes.

Each profile is named after the vendor whose published behaviour it follows; what is known of
that behaviour, and from where, stands in README.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulator.cds.habits import CdsHabits
from simulator.common.addresses import Addresses
from simulator.fhir.dialect import FhirDialect
from simulator.oauth.authorization_rules import AuthorizationRules
from simulator.oauth.token_errors import TokenError, TokenErrorForm, described


@dataclass(frozen=True, slots=True)
class VendorProfile:
    """What is particular to one EHR.

    Fields:
        key: `generic`, `oracle`, `oracle-patient` or `epic`: what a registration's `ehr` names.
        title: shown to people.
        vendor: `generic`, `oracle` or `epic`, the `vendor` of the app's configuration.
        addresses: where it answers, given the origin. All token addresses end in `/token`.
        configuration: its SMART configuration, given its addresses.
        rules: its authorization endpoint; fhir: its FHIR interface.
        persona: the `type` that its clients must have, `provider` or `patient`; None for any.
        correlation_header: the header that names each answer of the token endpoint, if any.
        token_seconds: life of an access token.
        auth_methods: what its token endpoint takes (`none` for public clients).
        raw_basic: whether Basic credentials are compared without form-decoding.
        keys_name_alg: whether published keys carry `alg` and `use`.
        rotates: whether a refresh gives a new refresh token (and the reuse of an old one revokes
            the family).
        renews_id_token: whether a refresh gives a new id_token (OpenID Connect Core 12.2).
        extra_token_members: further members of a token answer.
        token_error: its form of an error of the token and revocation endpoints.
        cds: its ways as a client of CDS services.
    """

    key: str
    title: str
    vendor: str
    addresses: Callable[[str], Addresses]
    configuration: Callable[[Addresses], Mapping[str, object]]
    rules: AuthorizationRules
    fhir: FhirDialect
    persona: str | None = None
    correlation_header: str | None = None
    token_seconds: int = 3600
    auth_methods: tuple[str, ...] = (
        "none",
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    )
    raw_basic: bool = False
    keys_name_alg: bool = True
    rotates: bool = True
    renews_id_token: bool = False
    extra_token_members: Mapping[str, object] = field(default_factory=dict)
    token_error: Callable[[TokenError, Addresses], TokenErrorForm] = described
    cds: CdsHabits = field(default_factory=CdsHabits)
