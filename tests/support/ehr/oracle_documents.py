"""Facts that Oracle Health's sandbox publishes: its two discovery documents and the structure of
its key set, as captured on 2026-08-14 (github.com/api-evangelist/cerner, folder well-known).

The scopes follow from a table: a type's letters are one v2 scope, `.read` if they include r or s,
`.write` if they include c, u or d.
"""

from collections.abc import Mapping
from typing import Any

TENANT = "ec2458f2-1e24-41c8-b71b-0e701af7583d"
PROVIDER_BASE = f"https://fhir-ehr-code.cerner.com/r4/{TENANT}"
PATIENT_BASE = f"https://fhir-myrecord.cerner.com/r4/{TENANT}"
AUTHORIZATION = "https://authorization.cerner.com"
ISSUER = f"{AUTHORIZATION}/tenants/{TENANT}"
KEY_GENERATIONS = ("2026-08-12T03:22:12.526", "2026-08-14T03:22:15.916", "2026-08-16T03:30:57.378")

_PROFILE = "protocols/oauth2/profiles/smart-v1"
# Types of patient/, user/ and system/ scopes alike.
_PROVIDER_TYPES = """
    Account.rs AllergyIntolerance.crus Appointment.crus Basic.c Binary.r CarePlan.rs CareTeam.rs
    ChargeItem.crs Communication.crus Condition.crus Consent.rs Coverage.cruds Device.rs
    DiagnosticReport.crs DocumentReference.crus Encounter.crus FamilyMemberHistory.crus Goal.rs
    Immunization.crus InsurancePlan.rs Media.r MedicationAdministration.rs MedicationDispense.rs
    MedicationRequest.crus NutritionOrder.rs Observation.crus Patient.crus Person.rs Procedure.crs
    Provenance.crs Questionnaire.rs QuestionnaireResponse.rus RelatedPerson.crus Schedule.rs
    ServiceRequest.rs Slot.rus Specimen.rs
"""
_PATIENT_TYPES = """
    AllergyIntolerance.rs Appointment.rs Binary.r CarePlan.rs CareTeam.rs Condition.rs Consent.rs
    Coverage.rs Device.rs DiagnosticReport.rs DocumentReference.rs Encounter.rs
    FamilyMemberHistory.rs Goal.rs Immunization.rs InsurancePlan.rs Media.r
    MedicationAdministration.rs MedicationDispense.rs MedicationRequest.rs NutritionOrder.rs
    Observation.s Patient.rs Person.rs Procedure.rs Provenance.rs Questionnaire.rs
    QuestionnaireResponse.rs RelatedPerson.rs Schedule.rs ServiceRequest.rs Slot.rs Specimen.rs
"""
_SCOPES: Mapping[str, Mapping[str, str]] = {
    "provider": {
        "patient": _PROVIDER_TYPES,
        "user": f"{_PROVIDER_TYPES} Location.rs Organization.crs Practitioner.crs",
        "system": f"{_PROVIDER_TYPES} FinancialTransaction.c Location.rs Organization.crs"
        " Practitioner.crs",
    },
    "patient": {
        "patient": _PATIENT_TYPES,
        "user": f"{_PATIENT_TYPES} Location.rs Organization.rs Practitioner.rs",
    },
}
_WHOLE = ("fhirUser", "launch", "offline_access", "online_access", "openid", "profile")
_CAPABILITIES = """
    authorize-post launch-ehr launch-standalone client-public client-confidential-asymmetric
    client-confidential-symmetric sso-openid-connect context-banner context-style
    context-ehr-patient permission-patient permission-user permission-offline permission-online
    permission-v1 permission-v2 health-cards
"""


def provider() -> dict[str, Any]:
    """Return the document of PROVIDER_BASE."""
    return _document("provider", "fhir-ehr-code.cerner.com", "context-ehr-encounter")


def patient() -> dict[str, Any]:
    """Return the document of PATIENT_BASE."""
    return _document("patient", "fhir-myrecord.cerner.com", "context-standalone-patient")


def _document(persona: str, host: str, capability: str) -> dict[str, Any]:
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/{_PROFILE}/personas/{persona}/authorize",
        "token_endpoint": f"{ISSUER}/hosts/{host}/{_PROFILE}/token",
        "revocation_endpoint": f"{ISSUER}/{_PROFILE}/token/revoke",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "jwks_uri": f"{AUTHORIZATION}/jwk",
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "scopes_supported": sorted(_scopes(persona)),
        "response_types_supported": ["code"],
        "management_endpoint": f"{ISSUER}/personas/{persona}/my-authorizations",
        "introspection_endpoint": f"{AUTHORIZATION}/tokeninfo",
        "capabilities": [*_CAPABILITIES.split(), capability],
        "code_challenge_methods_supported": ["S256"],
    }


def _scopes(persona: str) -> list[str]:
    scopes = [*_WHOLE, *(["launch/patient"] if persona == "patient" else [])]
    for context, types in _SCOPES[persona].items():
        for one in types.split():
            fhir_type, _, letters = one.partition(".")
            names = [letters]
            names += ["read"] if set(letters) & set("rs") else []
            names += ["write"] if set(letters) & set("cud") else []
            scopes += [f"{context}/{fhir_type}.{name}" for name in names]
    return scopes
