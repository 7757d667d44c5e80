"""An EHR with the addresses, omissions and answers of Oracle Health: two personas of one tenant
(README.md names each source).
"""

from simulator.oracle_addresses import TENANT, patient_addresses, provider_addresses
from simulator.oracle_authorization import OracleRules
from simulator.oracle_discovery import patient_configuration, provider_configuration
from simulator.oracle_fhir import OracleManner
from simulator.personality import Personality

_TOKEN_SECONDS = 570
_AUTH_METHODS = ("none", "client_secret_basic", "private_key_jwt")
_TOKEN_MEMBERS = {
    "tenant": TENANT,
    "user": "90000001",
    "username": "simulated",
    "smart_style_url": "https://smart.simulated.example/styles/smart-v1.json",
}

ORACLE = Personality(
    key="oracle",
    title="Oracle Health, provider",
    vendor="oracle",
    persona="provider",
    addresses=provider_addresses,
    configuration=provider_configuration,
    rules=OracleRules("provider"),
    fhir=OracleManner(),
    correlation_header="Cerner-Correlation-ID",
    token_seconds=_TOKEN_SECONDS,
    auth_methods=_AUTH_METHODS,
    keys_name_alg=False,
    rotates=False,
    extra_token_members=_TOKEN_MEMBERS,
)
ORACLE_PATIENT = Personality(
    key="oracle-patient",
    title="Oracle Health, patient",
    vendor="oracle",
    persona="patient",
    addresses=patient_addresses,
    configuration=patient_configuration,
    rules=OracleRules("patient"),
    fhir=OracleManner(),
    correlation_header="Cerner-Correlation-ID",
    token_seconds=_TOKEN_SECONDS,
    auth_methods=_AUTH_METHODS,
    keys_name_alg=False,
    rotates=False,
    extra_token_members=_TOKEN_MEMBERS,
)
