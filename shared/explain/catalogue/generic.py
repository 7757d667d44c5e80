"""Any EHR: the codes of RFC 6749, RFC 6750 and OpenID Connect, with the causes behind them."""

from shared.explain.catalogue import causes, sources
from shared.explain.model import Entry

_SIGN_IN = (
    "The EHR needs the user to sign in, choose an account or consent, but the request told it "
    "not to show a page for that. This app never sends `prompt`."
)


def _sign_in(code: str) -> Entry:
    return Entry(
        key=f"generic/{code.replace('_', '-')}",
        says=code,
        where="authorize redirect",
        oauth_errors=(code,),
        meaning="The EHR needs input from the user and couldn't ask for it.",
        causes=(
            causes.session_ended(
                "likely",
                sources.OPENID,
                title="The user isn't signed in to the EHR, or has to choose or consent there.",
                why=_SIGN_IN,
                steps=(
                    "Sign in to the EHR in this browser.",
                    causes.RELAUNCH,
                    "If `prompt=none` is sent, remove it.",
                ),
            ),
            causes.cookies_blocked(
                "possible",
                sources.INFERRED,
                why="In an iframe, the browser didn't send the EHR's own cookies, so the EHR "
                "couldn't see that the user is signed in.",
            ),
        ),
        source=sources.OPENID,
    )


ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="generic/access-denied",
        says="access_denied",
        where="authorize redirect",
        oauth_errors=("access_denied",),
        meaning="The user or the EHR declined access.",
        causes=(
            causes.user_declined("likely"),
            causes.client_not_enabled_at_site("possible"),
            causes.user_not_permitted(
                "possible", sources.RFC_6749, why="The EHR doesn't let this user use the app."
            ),
            causes.scope_not_registered("possible", sources.INFERRED),
        ),
        source=sources.RFC_6749,
    ),
    Entry(
        key="generic/invalid-request",
        says="invalid_request",
        where="authorize redirect",
        oauth_errors=("invalid_request",),
        meaning="A parameter of the request is missing, repeated or wrong.",
        causes=(
            causes.launch_value_invalid(
                "possible",
                f"{sources.RFC_6749}; {sources.HEALTH_GORILLA}; {sources.FORUM_INVALID_LAUNCH}",
            ),
            causes.launch_parameter_missing("possible", sources.HEALTH_GORILLA),
            causes.launch_scope_missing("possible", sources.inferred(sources.SMART)),
            causes.aud_wrong("possible", f"{sources.SMART}; {sources.ONC_AUD}"),
            causes.redirect_uri_mismatch("possible", sources.HEALTH_GORILLA),
            causes.request_malformed("possible"),
        ),
        source=sources.RFC_6749,
    ),
    Entry(
        key="generic/invalid-scope",
        says="invalid_scope",
        where="authorize redirect",
        oauth_errors=("invalid_scope",),
        meaning="A scope is unknown, malformed, or more than the app may have.",
        causes=(
            causes.scope_not_registered("likely", f"{sources.RFC_6749}; {sources.HEALTH_GORILLA}"),
            causes.scope_syntax("possible", f"{sources.THE_MAP}; {sources.PEERBITS}"),
            causes.launch_patient_scope_on_provider("possible", sources.inferred(sources.SMART)),
            causes.launch_scope_missing("possible", sources.inferred(sources.HEALTH_GORILLA)),
        ),
        source=sources.RFC_6749,
    ),
    Entry(
        key="generic/unauthorized-client",
        says="unauthorized_client",
        where="authorize redirect",
        oauth_errors=("unauthorized_client",),
        meaning="The EHR recognizes the app, but doesn't allow it to do this.",
        causes=(
            causes.client_not_enabled_at_site("likely", f"{sources.RFC_6749}; {sources.URN_LIST}"),
            causes.persona_mismatch(
                "possible",
                sources.inferred(sources.RFC_6749),
                why="The app is registered for another kind of launch: for patients, or as a "
                "backend service.",
            ),
            causes.not_propagated_yet("possible", sources.SMART_OVERVIEW),
        ),
        source=sources.RFC_6749,
    ),
    Entry(
        key="generic/invalid-client",
        says="invalid_client",
        where="token endpoint",
        oauth_errors=("invalid_client",),
        meaning="The EHR doesn't recognize the client, or doesn't accept its authentication.",
        causes=(
            causes.client_auth_wrong("likely", f"{sources.RFC_6749}; {sources.FORUM_CREDENTIALS}"),
            causes.client_unknown("possible", f"{sources.RFC_6749}; {sources.HEALTH_GORILLA}"),
            causes.not_propagated_yet("possible", f"{sources.SMART_OVERVIEW}; {sources.EPIC_SYNC}"),
            causes.clock_skew(
                "possible",
                sources.inferred(sources.RFC_7523),
                why="If you use `private_key_jwt`: the assertion is valid for five minutes, and "
                "a clock that is off makes it too early or too late.",
            ),
        ),
        source=sources.RFC_6749,
    ),
    Entry(
        key="generic/token-invalid-request",
        says="invalid_request, from the token endpoint",
        where="token endpoint",
        oauth_errors=("invalid_request",),
        patterns=(r'\{\s{0,9}"error"\s{0,3}:\s{0,3}"invalid_request"',),
        meaning="The token endpoint didn't get a required parameter, or got one that is repeated "
        "or malformed.",
        causes=(
            causes.request_malformed("likely"),
            causes.client_auth_wrong(
                "possible", why="The client authenticates in two ways at once, or in none."
            ),
            causes.pkce_mismatch(
                "possible",
                sources.RFC_7636,
                why="`code_verifier` is missing, or doesn't have the form that PKCE requires.",
            ),
        ),
        source=sources.RFC_6749,
    ),
    Entry(
        key="generic/invalid-grant",
        says="invalid_grant",
        where="token endpoint",
        oauth_errors=("invalid_grant",),
        meaning="The code or the refresh token isn't valid, or belongs to something else.",
        causes=(
            causes.code_expired_or_used(
                "possible", f"{sources.RFC_6749}; {sources.HEALTH_GORILLA}"
            ),
            causes.redirect_uri_mismatch(
                "possible",
                why="The token request names a different redirect URI than the authorization "
                "request.",
            ),
            causes.pkce_mismatch("possible", sources.RFC_7636),
            causes.client_id_mismatch(
                "possible",
                why="The code was issued to another client ID. Launch and callback run with "
                "different configurations.",
            ),
            causes.session_ended(
                "possible",
                why="At a refresh: the grant was withdrawn, or the user's session has ended.",
                at_refresh=True,
            ),
        ),
        source=sources.RFC_6749,
    ),
    Entry(
        key="generic/unsupported-grant-type",
        says="unsupported_grant_type",
        where="token endpoint",
        oauth_errors=("unsupported_grant_type",),
        lacks=("grant_type",),
        meaning="The token endpoint didn't see a `grant_type` that it offers.",
        causes=(
            causes.request_malformed(
                "likely",
                f"{sources.RFC_6749}; the JSON body: inferred",
                why="The body wasn't sent as a form, so `grant_type` wasn't seen, or the server "
                "doesn't offer refresh.",
                steps=("Send the body as `application/x-www-form-urlencoded`.",),
            ),
        ),
        source=sources.RFC_6749,
    ),
    Entry(
        key="generic/unsupported-response-type",
        says="unsupported_response_type",
        where="authorize redirect",
        oauth_errors=("unsupported_response_type",),
        lacks=("response_type",),
        meaning="The EHR doesn't offer this `response_type` to the app.",
        causes=(
            causes.request_malformed(
                "likely",
                why="The request has something other than `response_type=code`. Some old servers "
                "required `code id_token`.",
                steps=("Send `response_type=code`, as this app does.",),
            ),
            causes.client_not_enabled_at_site(
                "possible", why="The app is registered without the authorization code flow."
            ),
        ),
        source=sources.RFC_6749,
    ),
    Entry(
        key="generic/server-error",
        says="server_error",
        where="authorize redirect",
        oauth_errors=("server_error",),
        meaning="The EHR's authorization server failed.",
        causes=(causes.ehr_side("certain"),),
        source=sources.RFC_6749,
    ),
    Entry(
        key="generic/temporarily-unavailable",
        says="temporarily_unavailable",
        where="authorize redirect",
        oauth_errors=("temporarily_unavailable",),
        meaning="The EHR's authorization server is busy or down for maintenance.",
        causes=(causes.ehr_side("certain", why="The server states that it can't respond now."),),
        source=sources.RFC_6749,
    ),
    _sign_in("login_required"),
    _sign_in("interaction_required"),
    _sign_in("account_selection_required"),
    _sign_in("consent_required"),
    Entry(
        key="generic/request-object",
        says="request_not_supported, request_uri_not_supported, invalid_request_object",
        where="authorize redirect",
        oauth_errors=(
            "request_not_supported",
            "request_uri_not_supported",
            "registration_not_supported",
            "invalid_request_object",
            "invalid_request_uri",
        ),
        meaning="The request was sent as an object or by reference, which the EHR doesn't accept.",
        causes=(
            causes.request_malformed(
                "certain",
                why="`request`, `request_uri` or `registration` was sent. This app doesn't send "
                "any of them.",
                steps=("Send the parameters themselves instead of `request` or `request_uri`.",),
            ),
        ),
        source=sources.OPENID,
    ),
    Entry(
        key="generic/invalid-token",
        says='WWW-Authenticate: Bearer error="invalid_token"',
        where="FHIR answer",
        oauth_errors=("invalid_token",),
        meaning="The FHIR server doesn't accept the access token.",
        causes=(
            causes.access_token_expired("likely", f"{sources.RFC_6750}; {sources.HEALTH_GORILLA}"),
            causes.session_ended(
                "possible",
                why="The token was revoked: the user signed out or ended the app's access.",
            ),
            causes.tenant_mismatch("possible", sources.inferred(sources.RFC_6750)),
        ),
        source=sources.RFC_6750,
    ),
    Entry(
        key="generic/insufficient-scope",
        says='WWW-Authenticate: Bearer error="insufficient_scope"',
        where="FHIR answer",
        oauth_errors=("insufficient_scope",),
        meaning="The request needs a scope that the token doesn't have.",
        causes=(
            causes.scope_trimmed("likely", f"{sources.RFC_6750}; {sources.HEALTH_GORILLA}"),
            causes.scope_not_registered("possible"),
            causes.user_not_permitted("possible", sources.HEALTH_GORILLA),
        ),
        source=sources.RFC_6750,
    ),
)
