"""Oracle Health's SMART configuration, with the contents and omissions of the real one (captured
2026-08-14, github.com/api-evangelist/cerner; README.md).

It lists neither `none` nor `refresh_token`, although both work. It lists each resource scope once
in v1 and once in one fixed v2 form, without wildcards. It lists `launch/patient` only for the
patient persona.
"""

from collections.abc import Mapping
from functools import partial

from simulator.common.addresses import Addresses
from simulator.vendors.oracle_addresses import Persona

_TYPES = [
    *("Condition", "DocumentReference", "Encounter", "MedicationRequest", "Observation"),
    "Patient",
]
# The fixed v2 letters of the resource types that this EHR has.
_LETTERS: Mapping[Persona, Mapping[str, str]] = {
    "provider": dict.fromkeys(_TYPES, "crus"),
    "patient": {**dict.fromkeys(_TYPES, "rs"), "Observation": "s"},
}
_CONTEXTS: Mapping[Persona, tuple[str, ...]] = {
    "provider": ("patient", "system", "user"),
    "patient": ("patient", "user"),
}
_WHOLE_SCOPES = ("fhirUser", "launch", "offline_access", "online_access", "openid", "profile")
_CAPABILITIES = [
    *("authorize-post", "launch-ehr", "launch-standalone", "client-public"),
    *("client-confidential-asymmetric", "client-confidential-symmetric", "sso-openid-connect"),
    *("context-banner", "context-style", "context-ehr-patient", "permission-patient"),
    *("permission-user", "permission-offline", "permission-online", "permission-v1"),
    *("permission-v2", "health-cards"),
]
_CAPABILITY_OF_PERSONA: Mapping[Persona, str] = {
    "provider": "context-ehr-encounter",
    "patient": "context-standalone-patient",
}


def configuration(persona: Persona, at: Addresses) -> Mapping[str, object]:
    """Return the SMART configuration of a persona."""
    origin = at.jwks.removesuffix("/jwk")
    return {
        "issuer": at.issuer,
        "authorization_endpoint": at.authorize,
        "token_endpoint": at.token,
        "revocation_endpoint": at.revocation,
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "jwks_uri": at.jwks,
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "scopes_supported": sorted(_scopes(persona)),
        "response_types_supported": ["code"],
        "management_endpoint": f"{at.issuer}/personas/{persona}/my-authorizations",
        "introspection_endpoint": f"{origin}/tokeninfo",
        "capabilities": [*_CAPABILITIES, _CAPABILITY_OF_PERSONA[persona]],
        "code_challenge_methods_supported": ["S256"],
    }


provider_configuration = partial(configuration, "provider")
patient_configuration = partial(configuration, "patient")


def _scopes(persona: Persona) -> list[str]:
    scopes = list(_WHOLE_SCOPES)
    if persona == "patient":
        scopes.append("launch/patient")
    for context in _CONTEXTS[persona]:
        for fhir_type, letters in _LETTERS[persona].items():
            permissions = [letters, "read", *(["write"] if "c" in letters else [])]
            scopes += [f"{context}/{fhir_type}.{permission}" for permission in permissions]
    return scopes
