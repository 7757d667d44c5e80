"""The refusals of Oracle Health's authorization server, by name, with the ends of their URNs (list
of 2016 and later reports; README.md). Data only.
"""

from collections.abc import Mapping

_LAUNCH = "smart-v1:grant:launch"
_GRANT = "oauth2:grant"
_SESSION = "grant:session-service:authentication"

# name, error, end of the URN, meaning. If no source states the error, this is the closest one in
# RFC 6749.
REFUSALS = (
    ("oracle-code-required", "invalid_request", f"{_LAUNCH}:code-required", "no launch value"),
    (
        "oracle-launch-code-required",
        "invalid_request",
        f"{_LAUNCH}:launch-code-required",
        "no launch value, in the spelling of 2016",
    ),
    (
        "oracle-invalid-launch-code",
        "invalid_request",
        f"{_LAUNCH}:invalid-launch-code",
        "an unknown launch value",
    ),
    (
        "oracle-mismatched-identity",
        "invalid_request",
        f"{_LAUNCH}:mismatched-identity",
        "the authenticated user isn't the one who launched the app",
    ),
    ("oracle-audience-required", "invalid_request", f"{_LAUNCH}:audience-required", "no aud"),
    (
        "oracle-unknown-resource-server",
        "invalid_request",
        f"{_LAUNCH}:unknown-resource-server",
        "aud isn't a FHIR base URL",
    ),
    (
        "oracle-audience-not-white-listed",
        "invalid_request",
        f"{_LAUNCH}:audience-not-white-listed",
        "aud isn't approved",
    ),
    (
        "oracle-unsupported-version",
        "server_error",
        f"{_LAUNCH}:unsupported-version",
        "this launch version isn't supported",
    ),
    (
        "oracle-unregistered-service",
        "server_error",
        f"{_LAUNCH}:unregistered-service",
        "the tenant has no launch service",
    ),
    (
        "oracle-launch-unspecified",
        "server_error",
        f"{_LAUNCH}:unspecified",
        "the launch couldn't be resolved",
    ),
    ("oracle-missing-patient", "access_denied", f"{_GRANT}:missing-patient", "no patient is open"),
    (
        "oracle-invalid-patient-id",
        "access_denied",
        f"{_GRANT}:invalid-patient-id",
        "the user isn't allowed to see the patient",
    ),
    (
        "oracle-denied-by-server",
        "access_denied",
        f"{_GRANT}:denied-by-server",
        "none of the scopes can be granted to the client",
    ),
    (
        "oracle-denied-by-user",
        "access_denied",
        f"{_GRANT}:denied-by-user",
        "the user denied access",
    ),
    (
        "oracle-tenant-not-configured",
        "server_error",
        f"{_GRANT}:tenant-not-configured",
        "the tenant has no login for this persona",
    ),
    (
        "oracle-unauthorized-client-for-tenant",
        "unauthorized_client",
        f"{_GRANT}:unauthorized-client-for-tenant",
        "the site hasn't activated the app",
    ),
    (
        "oracle-invalid-request",
        "invalid_request",
        f"{_GRANT}:invalid-request",
        "the request is malformed",
    ),
    (
        "oracle-unsupported-response-type",
        "unsupported_response_type",
        f"{_GRANT}:unsupported-response-type",
        "response_type isn't code",
    ),
    (
        "oracle-csrf-security-failure",
        "access_denied",
        f"{_GRANT}:csrf-security-failure",
        "the consent page was stale",
    ),
    ("oracle-server-error", "server_error", f"{_GRANT}:server-error", "a server error"),
    ("oracle-fatal-server-error", "server_error", "server-error", "a fatal server error"),
    (
        "oracle-login-cancelled",
        "access_denied",
        f"{_SESSION}:cancelled",
        "the login was canceled",
    ),
    ("oracle-login-error", "server_error", f"{_SESSION}:error", "the login failed"),
    (
        "oracle-representative-server-error",
        "server_error",
        f"{_GRANT}:authorized-representative-server-error",
        "the service for patients' representatives failed",
    ),
    (
        "oracle-unregistered-representatives-server",
        "server_error",
        "unregistered-authorized-representatives-server",
        "there is no service for patients' representatives",
    ),
)

PAGES = (
    ("oracle-page-unknown-client", f"{_GRANT}:unknown-client", "the client isn't registered"),
    (
        "oracle-page-client-persona-mismatch",
        f"{_GRANT}:client-persona-mismatch",
        "the app is for the other persona",
    ),
    ("oracle-page-unknown-tenant", f"{_GRANT}:unknown-tenant", "the tenant is unknown"),
    (
        "oracle-page-tenant-not-configured",
        f"{_GRANT}:tenant-not-configured",
        "the tenant has no login for this persona",
    ),
    (
        "oracle-page-invalid-redirect-uri",
        f"{_GRANT}:invalid-redirect-uri",
        "the redirect URI isn't registered",
    ),
    (
        "oracle-page-redirect-uri-trailing-slash",
        f"{_GRANT}:invalid-redirect-uri-trailing-slash",
        "the redirect URI differs by a trailing slash",
    ),
    (
        "oracle-page-redirect-uri-not-absolute",
        f"{_GRANT}:redirect-uri-not-absolute",
        "the redirect URI isn't absolute",
    ),
    (
        "oracle-page-redirect-uri-not-registered",
        f"{_GRANT}:redirect-uri-not-registered",
        "no redirect URI is registered",
    ),
    ("oracle-page-invalid-request", f"{_GRANT}:invalid-request", "the request is malformed"),
    ("oracle-page-server-error", f"{_GRANT}:server-error", "a server error"),
    ("oracle-page-preauthentication", "preauthentication", "the EHR login wasn't handed over"),
    (
        "oracle-page-bad-request",
        "bad-request",
        "Bad Request, for example for a very long list of scopes",
    ),
)

# The meaning of each, by the end of its URN.
MEANINGS: Mapping[str, str] = {
    **{tail: meaning for _, _, tail, meaning in REFUSALS},
    **{tail: meaning for _, tail, meaning in PAGES},
}
