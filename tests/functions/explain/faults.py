"""What each fault of the simulated EHR comes to: the table that tests/functions/explain walks.

The EHR is `oracle` for errors that only Oracle Health tells apart, `generic` where all EHRs have
the fault and nothing else is said.
"""

from collections.abc import Mapping

from simulator.faults.cds_faults import CDS_FAULTS
from simulator.faults.named import FAULTS

# Faults that make the app refuse a request: its error code and the most probable cause. If the EHR
# lacks something that this app sent, the cause is on the EHR's side.
REFUSED: Mapping[str, tuple[str, str]] = {
    "token-400": ("token_error", "request_malformed"),
    "token-401": ("token_error", "client_auth_wrong"),
    "token-403-text": ("token_error", "ehr_side"),
    "token-429": ("token_error", "ehr_side"),
    "token-500": ("token_error", "ehr_side"),
    "token-503": ("token_error", "ehr_side"),
    "token-redirect": ("token_error", "ehr_side"),
    "token-hang": ("token_error", "ehr_side"),
    "token-reply-lost": ("token_error", "ehr_side"),
    "token-not-json": ("token_invalid", "ehr_side"),
    "token-cut": ("token_invalid", "ehr_side"),
    "token-list": ("token_invalid", "ehr_side"),
    "token-huge": ("token_invalid", "ehr_side"),
    "token-no-access-token": ("token_invalid", "ehr_side"),
    "token-bad-access-token": ("token_invalid", "ehr_side"),
    "token-no-type": ("token_invalid", "ehr_side"),
    "token-type-mac": ("token_invalid", "ehr_side"),
    "token-bad-patient": ("token_invalid", "ehr_side"),
    "token-patient-object": ("token_invalid", "ehr_side"),
    "token-code-invalid-or-expired": ("token_error", "code_expired_or_used"),
    "token-code-client-mismatch": ("token_error", "ehr_side"),
    "token-code-tenant-mismatch": ("token_error", "ehr_side"),
    "token-code-tenant-terminated": ("token_error", "client_not_enabled_at_site"),
    "token-code-tenant-invalid": ("token_error", "client_not_enabled_at_site"),
    "token-invalid-tenant": ("token_error", "client_not_enabled_at_site"),
    "token-invalid-redirect-uri": ("token_error", "ehr_side"),
    "token-invalid-client-credentials": ("token_error", "client_auth_wrong"),
    "token-invalid-authorization-header": ("token_error", "client_auth_wrong"),
    "token-empty-scopes": ("token_error", "scope_not_registered"),
    "token-unsupported-grant-type": ("token_error", "ehr_side"),
    "token-terminated-client": ("token_error", "client_unknown"),
    "token-patient-scope-requires-one-patient-id": ("token_error", "patient_context_missing"),
    "id-token-unknown-kid": ("id_token_invalid", "ehr_side"),
    "id-token-bad-signature": ("id_token_invalid", "ehr_side"),
    "id-token-unsigned": ("id_token_invalid", "ehr_side"),
    "id-token-wrong-nonce": ("id_token_invalid", "ehr_side"),
    "id-token-wrong-issuer": ("id_token_invalid", "tenant_mismatch"),
    "id-token-wrong-audience": ("id_token_invalid", "client_id_mismatch"),
    "id-token-expired": ("id_token_invalid", "clock_skew"),
    "id-token-future": ("id_token_invalid", "clock_skew"),
    "id-token-no-subject": ("id_token_invalid", "ehr_side"),
    "id-token-wrong-at-hash": ("id_token_invalid", "ehr_side"),
    "oracle-code-required": ("ehr_error", "ehr_side"),
    "oracle-launch-code-required": ("ehr_error", "ehr_side"),
    "oracle-invalid-launch-code": ("ehr_error", "launch_value_invalid"),
    "oracle-mismatched-identity": ("ehr_error", "user_mismatch"),
    "oracle-audience-required": ("ehr_error", "ehr_side"),
    "oracle-unknown-resource-server": ("ehr_error", "aud_wrong"),
    "oracle-audience-not-white-listed": ("ehr_error", "aud_wrong"),
    "oracle-unsupported-version": ("ehr_error", "ehr_side"),
    "oracle-unregistered-service": ("ehr_error", "ehr_side"),
    "oracle-launch-unspecified": ("ehr_error", "ehr_side"),
    "oracle-missing-patient": ("ehr_error", "patient_context_missing"),
    "oracle-invalid-patient-id": ("ehr_error", "user_not_permitted"),
    "oracle-denied-by-server": ("ehr_error", "scope_not_registered"),
    "oracle-denied-by-user": ("ehr_error", "user_declined"),
    "oracle-tenant-not-configured": ("ehr_error", "persona_mismatch"),
    "oracle-unauthorized-client-for-tenant": ("ehr_error", "client_not_enabled_at_site"),
    "oracle-invalid-request": ("ehr_error", "request_malformed"),
    "oracle-unsupported-response-type": ("ehr_error", "ehr_side"),
    "oracle-csrf-security-failure": ("ehr_error", "user_mismatch"),
    "oracle-server-error": ("ehr_error", "ehr_side"),
    "oracle-fatal-server-error": ("ehr_error", "ehr_side"),
    "oracle-login-cancelled": ("ehr_error", "user_declined"),
    "oracle-login-error": ("ehr_error", "ehr_side"),
    "oracle-representative-server-error": ("ehr_error", "ehr_side"),
    "oracle-unregistered-representatives-server": ("ehr_error", "ehr_side"),
    "error-uri-encoded-once": ("ehr_error", "launch_value_invalid"),
    "error-uri-encoded-thrice": ("ehr_error", "launch_value_invalid"),
    "error-uri-not-encoded": ("ehr_error", "launch_value_invalid"),
    "error-uri-without-query": ("ehr_error", "launch_value_invalid"),
    "error-uri-client-unknown": ("ehr_error", "launch_value_invalid"),
    "error-uri-other-client": ("ehr_error", "launch_value_invalid"),
    "error-uri-other-tenant": ("ehr_error", "launch_value_invalid"),
    "access-denied": ("ehr_error", "user_declined"),
    "access-denied-bare": ("ehr_error", "user_declined"),
    "server-error": ("ehr_error", "ehr_side"),
    "temporarily-unavailable": ("ehr_error", "ehr_side"),
    "unauthorized-client": ("ehr_error", "client_not_enabled_at_site"),
    "invalid-scope": ("ehr_error", "scope_not_registered"),
    "invalid-request": ("ehr_error", "launch_value_invalid"),
    "athena-scope-not-authorized": ("ehr_error", "scope_not_registered"),
    "launcher-invalid-launch-options": ("ehr_error", "launch_value_invalid"),
    "launcher-missing-aud": ("ehr_error", "ehr_side"),
    "launcher-bad-audience": ("ehr_error", "aud_wrong"),
    "launcher-missing-challenge": ("ehr_error", "ehr_side"),
    "launcher-challenge-method": ("ehr_error", "ehr_side"),
    "launcher-unauthorized": ("ehr_error", "user_declined"),
    "launcher-invalid-client": ("ehr_error", "client_id_mismatch"),
    "launcher-invalid-scope": ("ehr_error", "scope_not_registered"),
    "keycloak-other-audience": ("ehr_error", "aud_wrong"),
    "keycloak-no-audience": ("ehr_error", "ehr_side"),
    "keycloak-ehr-launch": ("ehr_error", "ehr_side"),
    "keycloak-standalone-launch": ("ehr_error", "ehr_side"),
    "keycloak-launch-context": ("ehr_error", "user_mismatch"),
    "error-with-markup": ("ehr_error", "user_declined"),
    "error-very-long": ("ehr_error", "ehr_side"),
    "answer-wrong-iss": ("issuer_mismatch", "tenant_mismatch"),
    "answer-without-iss": ("issuer_mismatch", "tenant_mismatch"),
    "answer-wrong-state": ("state_unknown", "code_expired_or_used"),
    "answer-without-state": ("state_missing", "redirect_uri_mismatch"),
    "answer-without-code": ("parameter_invalid", "ehr_side"),
}

# Faults that end on the EHR's own page, without a response to the app: the most probable cause.
ON_A_PAGE: Mapping[str, str] = {
    "oracle-page-unknown-client": "client_unknown",
    "oracle-page-client-persona-mismatch": "persona_mismatch",
    "oracle-page-unknown-tenant": "tenant_mismatch",
    "oracle-page-tenant-not-configured": "persona_mismatch",
    "oracle-page-invalid-redirect-uri": "redirect_uri_mismatch",
    "oracle-page-redirect-uri-trailing-slash": "redirect_uri_mismatch",
    "oracle-page-redirect-uri-not-absolute": "redirect_uri_mismatch",
    "oracle-page-redirect-uri-not-registered": "redirect_uri_mismatch",
    "oracle-page-invalid-request": "request_malformed",
    "oracle-page-server-error": "ehr_side",
    "oracle-page-preauthentication": "ehr_side",
    "oracle-page-bad-request": "request_too_long",
    "page-oops": "request_malformed",
    "epic-unknown-client": "client_unknown",
    "epic-invalid-request": "redirect_uri_mismatch",
}

_LESS = "the EHR granted less than the app requested"
_UNNAMED = "the id_token lacks the nonce, but PKCE protects the code"

# Faults that don't stop the launch: the note in the log, or "" if there isn't one.
TOLERATED: Mapping[str, str] = {
    "token-slow": "",
    "token-dead": "",
    "token-life-1s": "",
    "token-life-5s": "",
    "token-life-30s": "",
    "token-type-lower": "",
    "token-no-expires-in": "",
    "token-expires-in-text": "",
    "token-expires-in-zero": "",
    "token-expires-in-negative": "",
    "token-expires-in-huge": "",
    "token-no-scope": "the EHR returned no scope",
    "token-empty-scope": _LESS,
    "token-trim-scopes": _LESS,
    "token-more-scopes": "",
    "token-no-refresh-token": "",
    "token-no-id-token": "openid was granted, but there was no id_token",
    "token-full-context": "",
    "token-fhir-context-texts": "",
    "token-app-context-object": "",
    "token-app-context-odd": "",
    "token-no-banner": "",
    "id-token-rs384": "",
    "id-token-es256": "",
    "id-token-es384": "",
    "id-token-no-kid": "",
    "id-token-no-nonce": _UNNAMED,
    "id-token-legacy-profile": "",
    "id-token-foreign-user": "",
    "id-token-new-key": "",
    "grant-without-resources": _LESS,
    "grant-without-observation": _LESS,
    "grant-without-openid": _LESS,
}

# Faults that affect a request after the launch: its status, our error code (None if the EHR's
# response is passed on), and the reason in the log.
LATER: Mapping[str, tuple[int, str | None, str]] = {
    "token-no-patient": (403, "patient_missing", ""),
    "grant-without-patient": (403, "patient_missing", ""),
    "refresh-invalid-grant": (401, "session_expired", "invalid_grant"),
    "refresh-invalid-grant-401": (401, "session_expired", "invalid_grant"),
    "refresh-invalid-grant-403": (401, "session_expired", "invalid_grant"),
    "refresh-token-invalid": (401, "session_expired", "invalid_grant"),
    "refresh-session-invalid": (401, "session_expired", "invalid_grant"),
    "refresh-tenant-terminated": (401, "session_expired", "invalid_grant"),
    "refresh-other-patient": (401, "session_expired", "patient_changed"),
    "refresh-other-subject": (401, "session_expired", "user_changed"),
    "refresh-401": (503, "refresh_failed", "token_refresh_failed"),
    "refresh-429": (503, "refresh_failed", "token_refresh_failed"),
    "refresh-500": (503, "refresh_failed", "token_refresh_failed"),
    "refresh-503": (503, "refresh_failed", "token_refresh_failed"),
    "refresh-hang": (503, "refresh_failed", "timeout"),
    "refresh-not-json": (503, "refresh_failed", "token_refresh_failed"),
    "refresh-reply-lost": (503, "refresh_failed", "token_refresh_failed"),
    "refresh-trim-scopes": (403, "scope_denied", "scope_not_registered"),
    "refresh-slow": (200, None, "token_refreshed"),
    "refresh-no-patient": (200, None, "token_refreshed"),
    "refresh-no-id-token": (200, None, "token_refreshed"),
    "refresh-id-token-no-audience": (200, None, "token_refreshed"),
    "refresh-no-expires-in": (200, None, "token_refreshed"),
    "refresh-no-scope": (200, None, "token_refreshed"),
    "refresh-no-rotation": (200, None, "token_refreshed"),
    "fhir-401": (401, None, "token_refreshed"),
    "fhir-403": (403, None, "fhir_request"),
    "fhir-429": (429, None, "fhir_request"),
    "fhir-500": (502, "upstream_invalid", ""),
    "fhir-503": (503, None, "fhir_request"),
    "fhir-hang": (502, "upstream_invalid", ""),
    "fhir-slow": (200, None, "fhir_request"),
    "fhir-small-pages": (200, None, "fhir_request"),
    "fhir-no-total": (200, None, "fhir_request"),
    "fhir-plain-json": (200, None, "fhir_request"),
    "fhir-tenant-mismatch": (401, None, "token_refreshed"),
    "fhir-issuer-not-trusted": (401, None, "token_refreshed"),
    "fhir-signature-verification-failed": (401, None, "token_refreshed"),
    "fhir-user-not-authorized": (403, None, "fhir_request"),
    "fhir-token-not-authorized": (403, None, "fhir_request"),
    "fhir-encounter-required": (403, None, "fhir_request"),
    "fhir-profile-not-supported": (403, None, "fhir_request"),
    "fhir-signature-keys-unavailable": (502, "upstream_invalid", ""),
    "fhir-server-error": (502, "upstream_invalid", ""),
    "revoke-400": (204, None, "false"),
    "revoke-503": (204, None, "false"),
    "revoke-hang": (204, None, "false"),
}

# Faults of the SMART configuration, before the app knows the launch: the code and the most probable
# cause, or None if the launch continues.
DISCOVERY: Mapping[str, tuple[str, str] | None] = {
    "discovery-404": ("discovery_invalid", "tenant_mismatch"),
    "discovery-500": ("discovery_failed", "ehr_side"),
    "discovery-not-json": ("discovery_invalid", "ehr_side"),
    "discovery-slow": None,
    "discovery-hang": ("discovery_failed", "ehr_side"),
    "discovery-no-token-endpoint": ("discovery_invalid", "ehr_side"),
    "discovery-no-pkce": None,
    "discovery-foreign-token-host": ("discovery_invalid", "ehr_side"),
    "discovery-foreign-authorize-host": ("discovery_invalid", "ehr_side"),
}

# Faults of the signing keys, which apply to all requests at an EHR: the EHR, the code and the most
# probable cause.
KEYS: Mapping[str, tuple[str, tuple[str, str]]] = {
    "jwks-500": ("generic", ("id_token_invalid", "ehr_side")),
    "jwks-empty": ("oracle", ("id_token_invalid", "ehr_side")),
    "jwks-redirect": ("epic", ("id_token_invalid", "ehr_side")),
}

# Faults of a chart that asks for cards: no launch meets them, but the CDS service does.
OF_CHARTS = frozenset(CDS_FAULTS)

OF_LAUNCHES = frozenset({*REFUSED, *ON_A_PAGE, *TOLERATED, *LATER})
COVERED = OF_LAUNCHES | {*DISCOVERY, *KEYS} | OF_CHARTS
# They change the EHR's keys or make the app read them again, which it does only at intervals. So
# each uses an EHR that no other key test uses.
_ABOUT_KEYS = {"id-token-new-key": "oracle", "id-token-unknown-kid": "epic"}
_OF_ORACLE = ("exchange", "refresh")


def ehr_of(name: str) -> str:
    """The EHR at which a fault is walked."""
    fault = FAULTS[name]
    if name in _ABOUT_KEYS:
        return _ABOUT_KEYS[name]
    if fault.place in _OF_ORACLE and "returns 40" in fault.title:
        return "oracle"
    return "generic" if "generic" in fault.ehrs else fault.ehrs[0]
