"""An EHR with the addresses, omissions and answers of Oracle Health: two personas of one tenant
(README.md names each source).
"""

from dataclasses import replace

from simulator.oracle_addresses import TENANT, patient_addresses, provider_addresses
from simulator.oracle_authorization import OracleRules
from simulator.oracle_discovery import patient_configuration, provider_configuration
from simulator.oracle_fhir import OracleManner
from simulator.personality import Personality

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
)
ORACLE_PATIENT = replace(
    ORACLE,
    key="oracle-patient",
    title="Oracle Health, patient",
    persona="patient",
    addresses=patient_addresses,
    configuration=patient_configuration,
    rules=OracleRules("patient"),
    fhir=OracleManner(),
)
