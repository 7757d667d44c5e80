"""Discovery documents of servers that everybody tries, as facts of their source code.

Inferno's reference server (github.com/inferno-framework/inferno-reference-server) and the SMART
launcher (github.com/smart-on-fhir/smart-launcher-v2), as of 2026.
"""

from collections.abc import Mapping
from typing import Any

INFERNO_BASE = "https://inferno.healthit.gov/reference-server/r4"
LAUNCHER_BASE = "https://launch.smarthealthit.org/v/r4/sim/WzIsIiJd/fhir"
_LAUNCHES = ("launch-ehr", "launch-standalone")
_CLIENTS = ("client-public", "client-confidential-symmetric", "client-confidential-asymmetric")
_CONTEXTS = (
    *("context-ehr-patient", "context-ehr-encounter"),
    *("context-standalone-patient", "context-standalone-encounter"),
)
_PERMISSIONS = (
    *("permission-offline", "permission-patient", "permission-user"),
    *("permission-v1", "permission-v2", "authorize-post", "sso-openid-connect"),
)
_CAPABILITIES = [*_LAUNCHES, *_CLIENTS, *_CONTEXTS, *_PERMISSIONS]
_TYPES = ("Patient", "Observation", "Condition", "MedicationRequest", "Encounter", "Practitioner")


def inferno() -> Mapping[str, Any]:
    """Return a document that lists `launch/patient` but not `launch`, and only one authentication
    method, though its capabilities have others.
    """
    at = "https://inferno.healthit.gov/reference-server"
    levels = ("patient", "user", "system")
    return {
        "authorization_endpoint": f"{at}/oauth/authorization",
        "token_endpoint": f"{at}/oauth/token",
        "revocation_endpoint": f"{at}/oauth/token/revoke",
        "introspection_endpoint": f"{at}/oauth/token/introspect",
        "issuer": INFERNO_BASE,
        "jwks_uri": f"{INFERNO_BASE}/.well-known/jwk",
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "capabilities": [*_CAPABILITIES, "context-banner", "context-style"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "scopes_supported": [
            *("launch/patient", "openid", "fhirUser", "offline_access"),
            *(f"{level}/{type_}.rs" for type_ in _TYPES for level in levels),
            "patient/Observation.rs?category=laboratory",
        ],
    }


def launcher() -> Mapping[str, Any]:
    """Return a document that lists wildcards of SMART v1, from a server that grants v2 as well."""
    at = LAUNCHER_BASE.removesuffix("/fhir")
    return {
        "issuer": LAUNCHER_BASE,
        "jwks_uri": "https://launch.smarthealthit.org/keys",
        "authorization_endpoint": f"{at}/auth/authorize",
        "token_endpoint": f"{at}/auth/token",
        "introspection_endpoint": f"{at}/auth/introspect",
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": [
            *("client_secret_basic", "client_secret_post", "private_key_jwt")
        ],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": [
            *("openid", "profile", "fhirUser", "launch", "launch/patient", "launch/encounter"),
            *("patient/*.*", "user/*.*", "offline_access"),
        ],
        "response_types_supported": ["code", "token", "id_token", "token id_token"],
        "capabilities": [
            *_CAPABILITIES,
            *("context-passthrough-banner", "context-passthrough-style"),
        ],
    }
