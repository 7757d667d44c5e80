"""The vendor-specific data and functions of a simulated EHR, without routes.

Each profile is named after the vendor whose published behavior it follows. README.md lists the
known behavior and its sources.
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
    """The vendor-specific parts of one EHR.

    Fields:
        key: `generic`, `oracle`, `oracle-patient` or `epic`, as in a registration's `ehrs`.
        vendor: `generic`, `oracle` or `epic`, the `vendor` in the app's configuration.
        addresses: returns its URLs for an origin. All token URLs end in `/token`.
        configuration: returns its SMART configuration for its URLs.
        rules: its authorization endpoint.
        fhir: its FHIR API.
        persona: the required `type` of its clients, `provider` or `patient`; None for any.
        correlation_header: the header that contains the id of a token endpoint response, if any.
        token_seconds: lifetime of an access token.
        auth_methods: the methods that its token endpoint accepts (`none` for public clients).
        raw_basic: whether Basic credentials are compared without form-decoding.
        keys_name_alg: whether published keys have `alg` and `use`.
        rotates: whether a refresh returns a new refresh token (and reuse of an old one revokes the
            family).
        renews_id_token: whether a refresh returns a new id_token (OpenID Connect Core 12.2).
        extra_token_members: additional token response parameters.
        token_error: converts an error of the token or revocation endpoint to its form.
        cds: its behavior as a CDS client.
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
