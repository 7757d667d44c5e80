"""The refusals of Oracle Health's authorization server, by name, with the ends of their URNs (list
of 2016 and later reports; README.md). Data only.
"""

from collections.abc import Mapping

_LAUNCH = "smart-v1:grant:launch"
_GRANT = "oauth2:grant"
_SESSION = "grant:session-service:authentication"
_REPRESENTATIVE_ERROR = f"{_GRANT}:authorized-representative-server-error"
_NO_REPRESENTATIVES = "unregistered-authorized-representatives-server"

# The meaning of each refusal, by its error and the end of its URN. If no source states the error,
# it's the closest one in RFC 6749.
_REFUSALS: Mapping[str, Mapping[str, str]] = {
    "invalid_request": {
        f"{_LAUNCH}:code-required": "no launch value",
        f"{_LAUNCH}:launch-code-required": "no launch value, in the spelling of 2016",
        f"{_LAUNCH}:invalid-launch-code": "an unknown launch value",
        f"{_LAUNCH}:mismatched-identity": "the authenticated user didn't launch the app",
        f"{_LAUNCH}:audience-required": "no aud",
        f"{_LAUNCH}:unknown-resource-server": "aud isn't a FHIR base URL",
        f"{_LAUNCH}:audience-not-white-listed": "aud isn't approved",
        f"{_GRANT}:invalid-request": "the request is malformed",
    },
    "server_error": {
        f"{_LAUNCH}:unsupported-version": "this launch version isn't supported",
        f"{_LAUNCH}:unregistered-service": "the tenant has no launch service",
        f"{_LAUNCH}:unspecified": "the launch couldn't be resolved",
        f"{_GRANT}:tenant-not-configured": "the tenant has no login for this persona",
        f"{_GRANT}:server-error": "a server error",
        "server-error": "a fatal server error",
        f"{_SESSION}:error": "the login failed",
        _REPRESENTATIVE_ERROR: "the service for patients' representatives failed",
        _NO_REPRESENTATIVES: "there is no service for patients' representatives",
    },
    "access_denied": {
        f"{_GRANT}:missing-patient": "no patient is open",
        f"{_GRANT}:invalid-patient-id": "the user isn't allowed to see the patient",
        f"{_GRANT}:denied-by-server": "none of the scopes can be granted to the client",
        f"{_GRANT}:denied-by-user": "the user denied access",
        f"{_GRANT}:csrf-security-failure": "the consent page was stale",
        f"{_SESSION}:cancelled": "the login was canceled",
    },
    "unauthorized_client": {
        f"{_GRANT}:unauthorized-client-for-tenant": "the site hasn't activated the app"
    },
    "unsupported_response_type": {
        f"{_GRANT}:unsupported-response-type": "response_type isn't code"
    },
}
_PAGES: Mapping[str, str] = {
    f"{_GRANT}:unknown-client": "the client isn't registered",
    f"{_GRANT}:client-persona-mismatch": "the app is for the other persona",
    f"{_GRANT}:unknown-tenant": "the tenant is unknown",
    f"{_GRANT}:tenant-not-configured": "the tenant has no login for this persona",
    f"{_GRANT}:invalid-redirect-uri": "the redirect URI isn't registered",
    f"{_GRANT}:invalid-redirect-uri-trailing-slash": "the redirect URI differs by a trailing slash",
    f"{_GRANT}:redirect-uri-not-absolute": "the redirect URI isn't absolute",
    f"{_GRANT}:redirect-uri-not-registered": "no redirect URI is registered",
    f"{_GRANT}:invalid-request": "the request is malformed",
    f"{_GRANT}:server-error": "a server error",
    "preauthentication": "the EHR login wasn't handed over",
    "bad-request": "Bad Request, for example for a very long list of scopes",
}
# The names that don't consist of `oracle-` or `oracle-page-` and the last part of the URN.
_NAMES: Mapping[str, str] = {
    f"{_LAUNCH}:unspecified": "oracle-launch-unspecified",
    "server-error": "oracle-fatal-server-error",
    f"{_SESSION}:cancelled": "oracle-login-cancelled",
    f"{_SESSION}:error": "oracle-login-error",
    _REPRESENTATIVE_ERROR: "oracle-representative-server-error",
    _NO_REPRESENTATIVES: "oracle-unregistered-representatives-server",
    f"{_GRANT}:invalid-redirect-uri-trailing-slash": "oracle-page-redirect-uri-trailing-slash",
}

# Name, error, end of the URN, meaning.
REFUSALS = tuple(
    (_NAMES.get(tail, f"oracle-{tail.rpartition(':')[2]}"), error, tail, meaning)
    for error, meanings in _REFUSALS.items()
    for tail, meaning in meanings.items()
)
# Name, end of the URN, meaning.
PAGES = tuple(
    (_NAMES.get(tail, f"oracle-page-{tail.rpartition(':')[2]}"), tail, meaning)
    for tail, meaning in _PAGES.items()
)

# The meaning of each, by the end of its URN.
MEANINGS: Mapping[str, str] = {
    **{tail: meaning for _, _, tail, meaning in REFUSALS},
    **{tail: meaning for _, tail, meaning in PAGES},
}
