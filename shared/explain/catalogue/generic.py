"""Any EHR: the codes of RFC 6749, RFC 6750 and OpenID Connect, and their causes."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.catalogue.generic_token import SAME_REDIRECT_URI
from shared.explain.model import Entry

_SIGN_IN = (
    "The EHR needs the user to sign in, choose an account or consent, but the request "
    "told it not to ask. This app never sends `prompt`."
)


def _sign_in(code: str) -> Entry:
    return _entry(
        f"generic/{code.replace('_', '-')}",
        "The EHR needs input from the user and couldn't ask for it.",
        causes.session_ended(
            "likely",
            _SIGN_IN,
            "Sign in to the EHR in this browser.",
            causes.RELAUNCH,
            "If the request has `prompt=none`, remove it.",
            source=sources.OPENID,
            title="The user isn't signed in to the EHR, or must choose an account or consent.",
        ),
        causes.cookies_blocked(
            "possible",
            "In an iframe, the browser didn't send the EHR's own cookies, so the EHR couldn't "
            "tell that the user was signed in.",
            source=sources.INFERRED,
        ),
        says=code,
        oauth_errors=(code,),
        source=sources.OPENID,
    )


_entry = partial(entry, where="authorize redirect", source=sources.RFC_6749)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "generic/access-denied",
        "The user or the EHR declined access.",
        causes.user_declined("likely"),
        causes.client_not_enabled_at_site("possible"),
        causes.user_not_permitted(
            "possible", "The EHR doesn't allow this user to use the app.", source=sources.RFC_6749
        ),
        causes.scope_not_registered("possible", source=sources.INFERRED),
        says="access_denied",
        oauth_errors=("access_denied",),
    ),
    _entry(
        "generic/invalid-request",
        "A parameter of the request is missing, repeated or wrong.",
        causes.launch_value_invalid(
            "possible",
            source=f"{sources.RFC_6749}; {sources.HEALTH_GORILLA}; {sources.FORUM_INVALID_LAUNCH}",
        ),
        causes.launch_parameter_missing("possible", source=sources.HEALTH_GORILLA),
        causes.launch_scope_missing("possible", source=sources.inferred(sources.SMART)),
        causes.aud_wrong("possible", source=f"{sources.SMART}; {sources.ONC_AUD}"),
        causes.redirect_uri_mismatch("possible", source=sources.HEALTH_GORILLA),
        causes.request_malformed("possible"),
        says="invalid_request",
        oauth_errors=("invalid_request",),
    ),
    _entry(
        "generic/invalid-scope",
        "A scope is unknown, malformed or not allowed for the app.",
        causes.scope_not_registered(
            "likely", source=f"{sources.RFC_6749}; {sources.HEALTH_GORILLA}"
        ),
        causes.scope_syntax("possible", source=f"{sources.THE_MAP}; {sources.PEERBITS}"),
        causes.launch_patient_scope_on_provider("possible", source=sources.inferred(sources.SMART)),
        causes.launch_scope_missing("possible", source=sources.inferred(sources.HEALTH_GORILLA)),
        says="invalid_scope",
        oauth_errors=("invalid_scope",),
    ),
    _entry(
        "generic/unauthorized-client",
        "The EHR recognizes the app, but doesn't allow it to make this kind of request.",
        causes.client_not_enabled_at_site(
            "likely", source=f"{sources.RFC_6749}; {sources.URN_LIST}"
        ),
        causes.persona_mismatch(
            "possible",
            "The app is registered as another kind of app: for patients, or as a backend service.",
            source=sources.inferred(sources.RFC_6749),
        ),
        causes.not_propagated_yet("possible", source=sources.SMART_OVERVIEW),
        says="unauthorized_client",
        oauth_errors=("unauthorized_client",),
    ),
    _entry(
        "generic/invalid-client",
        "The EHR doesn't recognize the client, or doesn't accept its authentication.",
        causes.client_auth_wrong(
            "likely", source=f"{sources.RFC_6749}; {sources.FORUM_CREDENTIALS}"
        ),
        causes.client_unknown("possible", source=f"{sources.RFC_6749}; {sources.HEALTH_GORILLA}"),
        causes.not_propagated_yet(
            "possible", source=f"{sources.SMART_OVERVIEW}; {sources.EPIC_SYNC}"
        ),
        causes.clock_skew(
            "possible",
            "With `private_key_jwt`, the assertion is valid for five minutes. If a clock is "
            "off, the assertion isn't valid yet or has already expired.",
            source=sources.inferred(sources.RFC_7523),
        ),
        says="invalid_client",
        where="token endpoint",
        oauth_errors=("invalid_client",),
    ),
    _entry(
        "generic/token-invalid-request",
        "The token endpoint didn't get a required parameter, or got one that is repeated "
        "or malformed.",
        causes.request_malformed(
            "likely",
            None,
            causes.Elsewhere(
                "In other software, send each parameter of the token request once, form-encoded in "
                "the body: `grant_type`, `code`, `redirect_uri`, `code_verifier` and, for a public "
                "client, `client_id`."
            ),
            *causes.request_malformed.steps[1:],
        ),
        causes.client_auth_wrong(
            "possible", "The client authenticates in two ways at once, or not at all."
        ),
        causes.pkce_mismatch(
            "possible",
            "`code_verifier` is missing, or it isn't in the form that PKCE requires.",
            source=sources.RFC_7636,
        ),
        says="invalid_request, from the token endpoint",
        where="token endpoint",
        oauth_errors=("invalid_request",),
    ),
    _entry(
        "generic/invalid-grant",
        "The code or the refresh token isn't valid, or belongs to another request or client.",
        causes.code_expired_or_used(
            "possible", source=f"{sources.RFC_6749}; {sources.HEALTH_GORILLA}"
        ),
        causes.redirect_uri_mismatch(
            "possible",
            "The token request names a different redirect URI than the authorization request.",
            *SAME_REDIRECT_URI,
        ),
        causes.pkce_mismatch("possible", source=sources.RFC_7636),
        causes.client_id_mismatch(
            "possible",
            "The code was issued to another client ID. The launch and the callback run with "
            "different configurations.",
        ),
        causes.session_ended(
            "possible",
            "If this was a refresh, the grant was withdrawn or the user's session has ended.",
            at_refresh=True,
        ),
        says="invalid_grant",
        where="token endpoint",
        oauth_errors=("invalid_grant",),
    ),
    _entry(
        "generic/unsupported-grant-type",
        "The token endpoint received no `grant_type` that it supports.",
        causes.request_malformed(
            "likely",
            "The body wasn't sent as a form, so the server couldn't read `grant_type`, or the "
            "server doesn't offer refresh tokens.",
            "Send the body as `application/x-www-form-urlencoded`.",
            source=f"{sources.RFC_6749}; the JSON body: inferred",
        ),
        says="unsupported_grant_type",
        where="token endpoint",
        oauth_errors=("unsupported_grant_type",),
        lacks=("grant_type",),
    ),
    _entry(
        "generic/unsupported-response-type",
        "The EHR doesn't offer this `response_type` to the app.",
        causes.request_malformed(
            "likely",
            "The request has something other than `response_type=code`. Some old servers "
            "required `code id_token`.",
            "Send `response_type=code`, as this app does.",
        ),
        causes.client_not_enabled_at_site(
            "possible",
            "The app is registered without the authorization code flow.",
            "In the registration, allow the authorization code flow (`authorization_code`).",
            causes.RELAUNCH,
            title="The app is registered for another kind of sign-in.",
        ),
        says="unsupported_response_type",
        oauth_errors=("unsupported_response_type",),
        lacks=("response_type",),
    ),
    _entry(
        "generic/server-error",
        "The EHR's authorization server failed.",
        causes.ehr_side("certain"),
        says="server_error",
        oauth_errors=("server_error",),
    ),
    _entry(
        "generic/temporarily-unavailable",
        "The EHR's authorization server is busy or down for maintenance.",
        causes.ehr_side("certain", "The server says that it can't respond right now."),
        says="temporarily_unavailable",
        oauth_errors=("temporarily_unavailable",),
    ),
    _sign_in("login_required"),
    _sign_in("interaction_required"),
    _sign_in("account_selection_required"),
    _sign_in("consent_required"),
    _entry(
        "generic/request-object",
        "The request was sent as a request object or by reference, and the EHR doesn't accept "
        "that.",
        causes.request_malformed(
            "certain",
            "The request has the parameter `request`, `request_uri` or `registration`, which "
            "this app never sends.",
            "Send the parameters themselves instead of `request` or `request_uri`.",
        ),
        says="request_not_supported, request_uri_not_supported, invalid_request_object",
        oauth_errors=(
            "request_not_supported",
            "request_uri_not_supported",
            "registration_not_supported",
            "invalid_request_object",
            "invalid_request_uri",
        ),
        source=sources.OPENID,
    ),
    _entry(
        "generic/invalid-token",
        "The FHIR server doesn't accept the access token.",
        causes.access_token_expired(
            "likely", source=f"{sources.RFC_6750}; {sources.HEALTH_GORILLA}"
        ),
        causes.session_ended(
            "possible", "The token was revoked: the user signed out or ended the app's access."
        ),
        causes.tenant_mismatch("possible", source=sources.inferred(sources.RFC_6750)),
        says='WWW-Authenticate: Bearer error="invalid_token"',
        where="FHIR answer",
        oauth_errors=("invalid_token",),
        source=sources.RFC_6750,
    ),
    _entry(
        "generic/insufficient-scope",
        "The request needs a scope that the token doesn't have.",
        causes.scope_trimmed("likely", source=f"{sources.RFC_6750}; {sources.HEALTH_GORILLA}"),
        causes.scope_not_registered("possible"),
        causes.user_not_permitted("possible", source=sources.HEALTH_GORILLA),
        says='WWW-Authenticate: Bearer error="insufficient_scope"',
        where="FHIR answer",
        oauth_errors=("insufficient_scope",),
        source=sources.RFC_6750,
    ),
    _entry(
        "generic/fhir-401",
        "The FHIR server doesn't accept the request's token.",
        causes.access_token_expired(
            "likely", source=f"{sources.RFC_6750}; {sources.HEALTH_GORILLA}"
        ),
        causes.tenant_mismatch(
            "possible",
            "The token belongs to a different FHIR base than the one that was called.",
            source=sources.FORUM_TENANT_MISMATCH,
        ),
        says="401 Unauthorized from FHIR, without details",
        where="FHIR answer",
        statuses=(401,),
        source=sources.RFC_6750,
    ),
    _entry(
        "generic/fhir-403",
        "The token is valid, but doesn't allow this request.",
        causes.scope_trimmed("likely", source=f"{sources.RFC_6750}; {sources.FORUM_403}"),
        causes.user_not_permitted("possible", source=f"{sources.RFC_6750}; {sources.AZURE}"),
        says="403 Forbidden from FHIR, without details",
        where="FHIR answer",
        statuses=(403,),
        source=sources.RFC_6750,
    ),
    _entry(
        "generic/fhir-not-accepted",
        "The FHIR server doesn't accept the format or the content of the request.",
        causes.fhir_request_invalid(
            "likely",
            None,
            "Send `Accept: application/fhir+json`, and for writes, send the same value as "
            "`Content-Type`.",
            "Read the OperationOutcome, if there is one.",
        ),
        says="406, 415 or 422 from FHIR",
        where="FHIR answer",
        statuses=(406, 415, 422),
        source=sources.RFC_9110,
    ),
    _entry(
        "generic/fhir-failed",
        "The FHIR server, or a proxy in front of it, failed.",
        causes.ehr_side("likely"),
        says="500, 502, 503 or 504 from FHIR",
        where="FHIR answer",
        statuses=(500, 502, 503, 504),
        source=sources.RFC_9110,
    ),
    _entry(
        "generic/discovery-failed",
        "The server, or a proxy in front of it, failed to return its configuration.",
        causes.ehr_side("likely"),
        says="500, 502, 503 or 504 from smart-configuration or metadata",
        where="launch",
        statuses=(500, 502, 503, 504),
        source=sources.RFC_9110,
    ),
    _entry(
        "generic/authorize-failed",
        "The authorization server, or a proxy in front of it, failed.",
        causes.ehr_side("likely"),
        says="500, 502, 503 or 504 from the authorization endpoint",
        statuses=(500, 502, 503, 504),
        source=sources.RFC_9110,
    ),
    _entry(
        "generic/authorize-not-there",
        "There's no authorization endpoint at this URL.",
        causes.endpoint_wrong("likely"),
        says="404 or 405 from the authorization endpoint",
        statuses=(404, 405),
        source=sources.RFC_9110,
    ),
)
