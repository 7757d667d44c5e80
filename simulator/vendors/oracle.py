"""An EHR with the URLs, omissions and responses of Oracle Health: two personas of one tenant
(README.md lists each source).
"""

from dataclasses import replace

from simulator.cds.habits import CdsHabits
from simulator.common.addresses import Addresses
from simulator.faults import oracle_errors
from simulator.oauth.token_errors import TokenError, TokenErrorForm
from simulator.vendors.oracle_addresses import (
    TENANT,
    origin_of,
    patient_addresses,
    provider_addresses,
)
from simulator.vendors.oracle_authorization import OracleRules
from simulator.vendors.oracle_discovery import patient_configuration, provider_configuration
from simulator.vendors.oracle_fhir import OracleDialect
from simulator.vendors.profile import VendorProfile

_CORRELATION_HEADER = "Cerner-Correlation-ID"


def _with_uri(error: TokenError, addresses: Addresses) -> TokenErrorForm:
    """Identify an error by a URI, whose instance is also the response's correlation id."""
    tail = f"oauth2:token:{error.reason}"
    uri, instance = oracle_errors.error_uri(
        origin_of(addresses), tail, client=error.client, tenant=TENANT
    )
    body = {"error": error.error, "error_uri": uri}
    return TokenErrorForm(body, {_CORRELATION_HEADER: instance})


ORACLE = VendorProfile(
    key="oracle",
    title="Oracle Health, provider",
    vendor="oracle",
    persona="provider",
    addresses=provider_addresses,
    configuration=provider_configuration,
    rules=OracleRules("provider"),
    fhir=OracleDialect(),
    correlation_header=_CORRELATION_HEADER,
    token_seconds=570,
    auth_methods=("none", "client_secret_basic", "private_key_jwt"),
    keys_name_alg=False,
    rotates=False,
    extra_token_members={
        "tenant": TENANT,
        "user": "90000001",
        "username": "simulated",
        "smart_style_url": "https://smart.simulated.example/styles/smart-v1.json",
    },
    token_error=_with_uri,
    cds=CdsHabits(tenant=TENANT),
)
ORACLE_PATIENT = replace(
    ORACLE,
    key="oracle-patient",
    title="Oracle Health, patient",
    persona="patient",
    addresses=patient_addresses,
    configuration=patient_configuration,
    rules=OracleRules("patient"),
    fhir=OracleDialect(),
)
