"""The URLs of Oracle Health's endpoints, whose paths contain the tenant, the persona and the FHIR
host (README.md lists each source). The tenant is invented.
"""

from typing import Literal
from urllib.parse import urlsplit

from simulator.common.addresses import Addresses

TENANT = "00000000-51a0-4000-8000-000000000001"
_IDENTITY_PROVIDER = "00000000-51a0-4000-8000-0000000000aa"
_PROFILE = "protocols/oauth2/profiles/smart-v1"

Persona = Literal["provider", "patient"]


def provider_addresses(origin: str) -> Addresses:
    """Return the URLs of the provider persona."""
    issuer = _issuer(origin)
    return Addresses(
        issuer=issuer,
        id_token_issuer=f"{issuer}/oidc/idsps/{_IDENTITY_PROVIDER}/",
        jwks=f"{origin}/oracle/jwk",
        authorize=f"{issuer}/{_PROFILE}/personas/provider/authorize",
        token=f"{issuer}/hosts/fhir-ehr.simulated.example/{_PROFILE}/token",
        revocation=f"{issuer}/{_PROFILE}/token/revoke",
        fhir_base=f"{origin}/oracle/r4/{TENANT}",
        start=f"{origin}/oracle/start",
        cds_issuer=f"{origin}/oracle/cds-hooks",
        cds_keys=f"{origin}/oracle/cds-hooks/jwk",
    )


def patient_addresses(origin: str) -> Addresses:
    """Return the URLs of the patient persona, which doesn't launch apps from a chart.

    It has its own revocation URL, because here each persona stores its own tokens. At Oracle, both
    personas have the same one.
    """
    issuer = _issuer(origin)
    hosted = f"{issuer}/hosts/fhir-myrecord.simulated.example/{_PROFILE}"
    return Addresses(
        issuer=issuer,
        id_token_issuer=f"{issuer}/oidc/idsps/{_IDENTITY_PROVIDER}/",
        jwks=f"{origin}/oracle/jwk",
        authorize=f"{issuer}/{_PROFILE}/personas/patient/authorize",
        token=f"{hosted}/token",
        revocation=f"{hosted}/token/revoke",
        fhir_base=f"{origin}/oracle/myrecord/r4/{TENANT}",
        start=None,
    )


def origin_of(at: Addresses) -> str:
    """Return the origin of the authorization server, which also serves its error pages."""
    parts = urlsplit(at.authorize)
    return f"{parts.scheme}://{parts.netloc}"


def _issuer(origin: str) -> str:
    return f"{origin}/oracle/tenants/{TENANT}"
