"""What the EHR says about itself: SMART configuration (SMART App Launch 2.2, Conformance; RFC 8414;
RFC 9207 section 3) and CapabilityStatement (FHIR R4).
"""

import json

from simulator.charts import RESOURCE_TYPES
from simulator.installation import Addresses
from simulator.scopes import CONTEXT_SCOPES
from simulator.search_parameters import PARAMETERS

_CAPABILITIES = (
    "launch-ehr",
    "launch-standalone",
    "authorize-post",
    "client-public",
    "context-banner",
    "context-ehr-patient",
    "context-ehr-encounter",
    "context-standalone-patient",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
)


def smart_configuration(addresses: Addresses) -> str:
    """Return the document at `.well-known/smart-configuration`."""
    resource_scopes = [
        f"{context}/{fhir_type}.{permission}"
        for context in ("patient", "user")
        for fhir_type in ("*", *RESOURCE_TYPES)
        for permission in ("rs", "read")
    ]
    return json.dumps(
        {
            "issuer": addresses.issuer,
            "authorization_endpoint": addresses.authorize,
            "token_endpoint": addresses.token,
            "token_endpoint_auth_methods_supported": ["none"],
            "grant_types_supported": ["authorization_code"],
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "scopes_supported": [*CONTEXT_SCOPES, *resource_scopes],
            "capabilities": list(_CAPABILITIES),
        },
        indent=2,
    )


def capability_statement(addresses: Addresses) -> str:
    """Return the CapabilityStatement."""
    return json.dumps(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-11-20",
            "kind": "instance",
            "software": {"name": "Simulated EHR of smart-calc"},
            "implementation": {
                "description": "A simulated EHR with synthetic patients, for tests and demos",
                "url": addresses.fhir_base,
            },
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json"],
            "rest": [
                {
                    "mode": "server",
                    "security": {
                        "service": [
                            {
                                "coding": [
                                    {
                                        "system": "http://terminology.hl7.org/CodeSystem/"
                                        "restful-security-service",
                                        "code": "SMART-on-FHIR",
                                    }
                                ]
                            }
                        ]
                    },
                    "resource": [
                        {
                            "type": fhir_type,
                            "interaction": [{"code": "read"}, {"code": "search-type"}],
                            "searchParam": [
                                {"name": name, "type": parameter.kind}
                                for name, parameter in PARAMETERS[fhir_type].items()
                            ],
                        }
                        for fhir_type in RESOURCE_TYPES
                    ],
                }
            ],
        },
        indent=2,
    )
