"""Discovery documents as EHRs publish them: fields, URLs and structure.

Rewritten from the facts that live probes recorded (github.com/api-evangelist: athenahealth,
meditech, eclinicalworks, canvas-medical, nextgen-healthcare, medplum, epic-systems; July and August
2026). Long lists of scopes are reduced to one of each kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support import oracle_documents, reference_documents

_ALL = (
    *("launch-ehr", "launch-standalone", "sso-openid-connect", "authorize-post"),
    *("client-public", "client-confidential-symmetric", "client-confidential-asymmetric"),
    *("context-banner", "context-style", "context-ehr-patient", "context-ehr-encounter"),
    *("context-standalone-patient", "permission-offline", "permission-patient"),
    *("permission-user", "permission-v1", "permission-v2"),
)
_PKCE = {"code_challenge_methods_supported": ["S256"]}
_SYSTEM = "http://terminology.hl7.org/CodeSystem"
_GRANTS = ("authorization_code", "client_credentials", "refresh_token")


@dataclass(frozen=True)
class Published:
    """A document, the FHIR base that serves it, and the other settings of a registration.

    `hosts` are the hosts of its endpoints in addition to the base's own. `vendor` includes some of
    them.
    """

    name: str
    base: str
    document: Mapping[str, Any]
    vendor: str = "generic"
    hosts: tuple[str, ...] = ()


def _endpoints(at: str, authorize: str, token: str, **more: str) -> dict[str, str]:
    return {
        "authorization_endpoint": f"{at}/{authorize}",
        "token_endpoint": f"{at}/{token}",
        **{name: f"{at}/{path}" for name, path in more.items()},
    }


def _types(levels: Sequence[str], *suffixes: str) -> list[str]:
    types = ("Patient", "Observation", "Condition", "MedicationRequest", "Encounter")
    return [f"{level}/{one}.{end}" for level in levels for one in types for end in suffixes]


_ATHENA = Published(
    "athenahealth",
    "https://api.platform.athenahealth.com/fhir/r4",
    {
        **_endpoints(
            "https://api.platform.athenahealth.com/oauth2/v1",
            "authorize",
            "token",
            revocation_endpoint="revoke",
            introspection_endpoint="introspect",
            jwks_uri="keys",
        ),
        # The issuer is on another host, and no scope is listed.
        "issuer": "https://athena.okta.com/oauth2/aus2hff5eqFb7Wqfh297",
        "grant_types_supported": [*_GRANTS[:2]],
        "response_types_supported": ["code", "token", "id_token", "code id_token token"],
        "token_endpoint_auth_methods_supported": [
            *("client_secret_basic", "client_secret_post", "client_secret_jwt"),
            *("private_key_jwt", "none"),
        ],
        "token_endpoint_auth_methods": ["client_secret_basic", "none"],
        "capabilities": [*_ALL, "health-cards"],
        **_PKCE,
    },
)
_MEDITECH = Published(
    "MEDITECH Greenfield",
    "https://greenfield-prod-apis.meditech.com/v2/uscore/STU6",
    {
        **_endpoints(
            "https://greenfield-prod-apis.meditech.com/oauth",
            "authorize",
            "token",
            jwks_uri="jwks",
            introspection_endpoint="introspect",
            revocation_endpoint="revoke",
            registration_endpoint="register",
        ),
        "issuer": "https://greenfield-prod-apis.meditech.com/",
        "management_endpoint": "https://greenfield-prod-apps.meditech.com/rest-user-profile",
        "grant_types_supported": [*_GRANTS],
        "token_endpoint_auth_methods_supported": [
            *("client_secret_post", "client_secret_basic", "private_key_jwt")
        ],
        "response_types_supported": ["code"],
        # Several hundred, most of them not from SMART.
        "scopes_supported": [
            *("phone", "profile", "fhirUser", "openid", "online_access", "offline_access"),
            *("launch/patient", "launch/location", "launch/encounter", "launch"),
            *("iops-ccda/*.*", "patient-record", "authn-realm/read", "infr-archive/*"),
            *("patient/*.read", "user/*.*", "user/metadata.read", "bulk-data-files.read"),
            *_types(("patient", "user"), "read"),
            *_types(("patient", "system", "user"), "rs", "crus"),
            f"patient/Condition.crs?category={_SYSTEM}/condition-category|problem-list-item",
        ],
        "capabilities": [*_ALL, "context-standalone-encounter"],
        **_PKCE,
    },
)
_ECLINICALWORKS = Published(
    "eClinicalWorks",
    "https://fhir4.eclinicalworks.com/fhir/r4/FEIGCD",
    {
        **_endpoints(
            "https://oauthserver.eclinicalworks.com/oauth/oauth2",
            "authorize",
            "token",
            jwks_uri="jwks",
        ),
        "issuer": "https://fhir4.eclinicalworks.com/fhir/r4/FEIGCD",
        "grant_types_supported": [*_GRANTS],
        "response_types_supported": ["code", "id_token"],
        "token_endpoint_auth_methods_supported": [
            *("client_secret_basic", "client_secret_post", "private_key_jwt"),
            "client_secret_jwt",
        ],
        # Separate letters of v2, and words that neither version has.
        "scopes_supported": [
            *("openid", "profile", "fhirUser", "offline_access", "launch", "launch/patient"),
            *("patient/*.*", "user/*.*", "patient/*.r", "user/ChargeItem.update"),
            *_types(("patient", "user", "system"), "read", "rs", "r", "c", "u"),
            f"patient/Observation.read?category={_SYSTEM}/observation-category|laboratory",
        ],
        "capabilities": [*_ALL, "context-passthrough-banner", "context-passthrough-style"],
        **_PKCE,
    },
    hosts=("oauthserver.eclinicalworks.com",),
)
_CANVAS = Published(
    "Canvas Medical",
    "https://fumage-apex.canvasmedical.com",
    {
        # A host other than the base's, paths with a final slash, and neither scopes nor methods.
        **_endpoints(
            "https://apex.canvasmedical.com/auth",
            "authorize/",
            "token/",
            jwks_uri=".well-known/jwks.json",
        ),
        "issuer": "https://apex.canvasmedical.com",
        "grant_types_supported": [*_GRANTS[:2]],
        "capabilities": [*_ALL],
        **_PKCE,
    },
    hosts=("apex.canvasmedical.com",),
)
_NEXTGEN = Published(
    "NextGen Enterprise",
    "https://fhir.nextgen.com/nge/prod/fhir-api-r4/fhir/r4",
    {
        **_endpoints(
            "https://fhir.nextgen.com/nge/prod",
            "patient-oauth/authorize",
            "patient-oauth/token",
            revocation_endpoint="patient-oauth/token/revoke",
            jwks_uri="fhir-api-r4/.well-known/jwks.json",
        ),
        "issuer": "https://fhir.nextgen.com/nge/prod/patient-oauth",
        "grant_types_supported": [*_GRANTS],
        # Only wildcards of v1.
        "scopes_supported": [
            *("openid", "offline_access", "launch", "launch/patient", "launch/encounter"),
            *("patient/*.*", "user/*.*"),
        ],
        "capabilities": [*_ALL, "context-standalone-encounter"],
        **_PKCE,
    },
)
_NEXTGEN_OFFICE = Published(
    "NextGen Office (Keycloak)",
    "https://fhir.meditouchehr.com/api/fhir/r4",
    {
        **_endpoints(
            "https://idp-prod.prod.ngo.nextgenaws.net/auth/realms/nextgen/protocol/openid-connect",
            "auth",
            "token",
            jwks_uri="certs",
            introspection_endpoint="token/introspect",
            revocation_endpoint="revoke",
        ),
        "issuer": "https://idp-prod.prod.ngo.nextgenaws.net/auth/realms/nextgen",
        "grant_types_supported": [*_GRANTS],
        "response_types_supported": ["code"],
        "token_endpoint_auth_methods_supported": [
            *("private_key_jwt", "client_secret_basic", "client_secret_post")
        ],
        "capabilities": [*_ALL, "context-standalone-encounter"],
        **_PKCE,
    },
    hosts=("idp-prod.prod.ngo.nextgenaws.net",),
)
_MEDPLUM = Published(
    "Medplum",
    "https://api.medplum.com/fhir/R4",
    {
        **_endpoints(
            "https://api.medplum.com",
            "oauth2/authorize",
            "oauth2/token",
            introspection_endpoint="oauth2/introspect",
            jwks_uri=".well-known/jwks.json",
        ),
        "issuer": "https://api.medplum.com/",
        "grant_types_supported": [*_GRANTS, "urn:ietf:params:oauth:grant-type:token-exchange"],
        "token_endpoint_auth_methods_supported": [
            *("client_secret_basic", "client_secret_post", "private_key_jwt")
        ],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "RS384", "ES384"],
        "scopes_supported": [
            *("patient/*.rs", "user/*.cruds", "openid", "fhirUser", "launch", "launch/patient"),
            *("offline_access", "online_access"),
        ],
        "response_types_supported": ["code"],
        "capabilities": [*_ALL],
        **_PKCE,
    },
)
_EPIC = Published(
    "Epic",
    "https://fhir.epic.com/interconnect-fhir-oauth/api/FHIR/R4",
    {
        **_endpoints("https://fhir.epic.com/interconnect-fhir-oauth/oauth2", "authorize", "token"),
        "issuer": "https://fhir.epic.com/interconnect-fhir-oauth/oauth2",
        "grant_types_supported": [*_GRANTS, "urn:ietf:params:oauth:grant-type:jwt-bearer"],
        # No resource scopes: those are agreed for each app.
        "scopes_supported": [
            "epic.scanning.dmsusername",
            "fhirUser",
            "launch",
            "openid",
            "profile",
        ],
        "capabilities": [*_ALL],
        **_PKCE,
    },
    vendor="epic",
)

NEW = (
    *(_ATHENA, _MEDITECH, _ECLINICALWORKS, _CANVAS),
    *(_NEXTGEN, _NEXTGEN_OFFICE, _MEDPLUM, _EPIC),
)
ALL = (
    *NEW,
    Published(
        "Oracle Health, clinicians",
        oracle_documents.PROVIDER_BASE,
        oracle_documents.provider(),
        "oracle",
    ),
    Published(
        "Oracle Health, patients",
        oracle_documents.PATIENT_BASE,
        oracle_documents.patient(),
        "oracle",
    ),
    Published(
        "Inferno's reference server",
        reference_documents.INFERNO_BASE,
        reference_documents.inferno(),
    ),
    Published("SMART launcher", reference_documents.LAUNCHER_BASE, reference_documents.launcher()),
)
