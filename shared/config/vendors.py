"""What is particular to each vendor's EHRs, as data (docs/oracle-health.md, docs/epic.md).

The `vendor` of an [[ehr]] entry chooses one. Everything not named here is as SMART App Launch
says.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor's particulars.

    Fields:
        endpoint_hosts: hosts beside the FHIR base's own on which its endpoints live.
        issuer_pattern: a pattern for the id_token's `iss`, where it is not the issuer of the
            SMART configuration; `{issuer}` stands for that issuer.
        raw_basic: whether Basic credentials go without the form encoding of RFC 6749 2.3.1.
        own_parameters: a pattern for the names of search parameters that are the vendor's own:
            asked for `handling=strict`, an EHR may refuse them as unknown.
    """

    endpoint_hosts: frozenset[str] = frozenset()
    issuer_pattern: str | None = None
    raw_basic: bool = False
    own_parameters: str | None = None


VENDORS: Mapping[str, Vendor] = {
    "oracle": Vendor(
        endpoint_hosts=frozenset({"authorization.cerner.com"}),
        # The identity provider of the tenant: the tenant stays bound by the path.
        issuer_pattern=r"{issuer}(?:/oidc/idsps/[A-Za-z0-9._~-]{1,200}/?)?",
        # `-pageContext` and others: a leading hyphen marks what is not FHIR's.
        own_parameters=r"-.+",
    ),
    "epic": Vendor(raw_basic=True),
    "generic": Vendor(),
}
