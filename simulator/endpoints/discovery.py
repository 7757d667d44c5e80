"""The EHR's SMART configuration (SMART App Launch 2.2, Conformance; RFC 8414) and its
CapabilityStatement (FHIR R4), which lists the endpoints for SMART 1.0 apps.
"""

import json
from collections.abc import Mapping

from flask import Response

from simulator import trace
from simulator.charts.resources import RESOURCE_TYPES
from simulator.common.addresses import Addresses
from simulator.endpoints import discovery_faults
from simulator.fhir.search_parameters import PARAMETERS
from simulator.vendors.installation import Installation

_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_INTERACTIONS = (
    *("read", "vread", "history-instance", "search-type"),
    *("create", "update", "patch", "delete"),
)
_SECURITY_SERVICES = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def configuration_answer(ehr: Installation) -> Response:
    """Respond to a request for `.well-known/smart-configuration`."""
    trace.begin("discovery", ehr.profile.key, "The app read the SMART configuration")
    triggered = ehr.control.faults.trigger("discovery")
    trace.triggered(triggered)
    return discovery_faults.answer(ehr.profile.configuration(ehr.addresses), triggered)


def capability_statement(ehr: Installation) -> str:
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
                "url": ehr.addresses.fhir_base,
            },
            "fhirVersion": "4.0.1",
            "format": list(ehr.profile.fhir.formats),
            "rest": [
                {
                    "mode": "server",
                    "security": _security(ehr.addresses),
                    "resource": [
                        {
                            "type": fhir_type,
                            "interaction": [{"code": code} for code in _INTERACTIONS],
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


def _security(at: Addresses) -> Mapping[str, object]:
    addresses = {"authorize": at.authorize, "token": at.token, "revoke": at.revocation}
    return {
        "extension": [
            {
                "url": _OAUTH_URIS,
                "extension": [{"url": name, "valueUri": url} for name, url in addresses.items()],
            }
        ],
        "cors": True,
        "service": [{"coding": [{"system": _SECURITY_SERVICES, "code": "SMART-on-FHIR"}]}],
    }
