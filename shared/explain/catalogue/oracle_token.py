"""Oracle Health: errors of its token endpoint about codes, clients and scopes."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry
from shared.findings import ByFlow
from shared.vendors import oracle_console

_TOKEN = oracle_console.AUTHORIZATION_SERVER + "oauth2:token:"
_NEW_TOKEN = ByFlow(
    "Launch the app again. For a backend service, request a new token.",
    backend="Request a new token.",
)

_entry = partial(entry, where="token endpoint", source=sources.URN_LIST)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "oracle/code-invalid-or-expired",
        "The authorization code isn't valid: it was already used, is too old, or isn't "
        "from this server.",
        causes.code_expired_or_used(
            "likely",
            "A code works for only one exchange, and only for a short time. The callback page "
            "was reloaded or opened twice, or the exchange came too late.",
            source=f"{sources.URN_LIST}; {sources.LAB}; {sources.AUTHORIZATION}",
        ),
        causes.pkce_mismatch(
            "possible",
            "For example, the page and the server each created their own verifier.",
            source=sources.inferred("RFC 7636; Oracle Health publishes no error for it"),
        ),
        urns=(_TOKEN + "code-invalid-or-expired",),
        patterns=(r"oauth2?:token:code:invalid\b",),
        source=f"{sources.AUTHORIZATION}; {sources.URN_LIST} (as code:invalid)",
    ),
    _entry(
        "oracle/code-client-mismatch",
        "The code was issued to a different client ID than the one that exchanges it.",
        causes.client_id_mismatch(
            "certain",
            "The launch and the callback run with different configurations.",
            "Deploy `launch` and `callback` with the same smart.toml.",
            oracle_console.COMPARE_CLIENT_ID,
            causes.RELAUNCH,
        ),
        urns=(_TOKEN + "code:client:mismatch",),
        patterns=("token:code:client:mismatch",),
    ),
    _entry(
        "oracle/code-tenant-mismatch",
        "The code was issued for a different tenant than the one whose token endpoint was called.",
        causes.tenant_mismatch(
            "certain",
            "For example, a fixed token URL is configured.",
            oracle_console.USE_DISCOVERED,
            oracle_console.COMPARE_TENANT,
            causes.RELAUNCH,
        ),
        urns=(_TOKEN + "code:tenant:mismatch",),
        patterns=("token:code:tenant:mismatch",),
    ),
    _entry(
        "oracle/code-tenant-terminated",
        "The app is no longer allowed to access this tenant.",
        causes.client_not_enabled_at_site(
            "certain",
            "The site revoked the app's access between sign-in and token exchange, or before.",
            oracle_console.ENABLE_AT_SITE,
            causes.RELAUNCH,
        ),
        urns=(_TOKEN + "code:tenant-terminated",),
        patterns=("token:code:tenant-terminated",),
    ),
    _entry(
        "oracle/code-tenant-invalid",
        "The tenant that a token was requested for isn't registered.",
        causes.tenant_mismatch(
            "likely",
            "The token endpoint's URL names a tenant that this server doesn't have.",
            oracle_console.USE_DISCOVERED,
            oracle_console.COMPARE_TENANT,
        ),
        urns=(_TOKEN + "code:tenant-invalid",),
        patterns=("token:code:tenant-invalid",),
    ),
    _entry(
        "oracle/token-invalid-tenant",
        "The token endpoint doesn't recognize the tenant in its own URL.",
        causes.tenant_mismatch(
            "likely",
            "The tenant ID in the URL is mistyped (in the only known report, it has one letter "
            "too many), or belongs to a different host.",
            oracle_console.USE_DISCOVERED,
            oracle_console.COMPARE_TENANT,
            "If the tenant is a UUID, count its characters: a UUID has 36 (8-4-4-4-12).",
            source=f"{sources.FORUM_TENANT}; the interpretation: inferred",
        ),
        causes.client_not_enabled_at_site(
            "possible",
            "The tenant is a non-production domain that isn't enabled for apps.",
            oracle_console.ENABLE_AT_SITE,
            source=sources.INFERRED,
        ),
        urns=(_TOKEN + "invalid-tenant",),
        source=sources.FORUM_TENANT,
    ),
    _entry(
        "oracle/token-invalid-redirect-uri",
        "The redirect URI in the token request isn't the same as the one in the authorization "
        "request.",
        causes.redirect_uri_mismatch(
            "certain",
            "Both requests must name the same redirect URI. If the authorization request left "
            "out `redirect_uri`, the token request must leave it out too.",
            "Send the same `redirect_uri` in both requests.",
            ByFlow(
                "If `public_url` or `redirect_path` in smart.toml was just changed, launch again.",
                backend=None,
            ),
        ),
        urns=(_TOKEN + "invalid-redirect-uri",),
        source=f"{sources.URN_LIST}; {sources.AUTHORIZATION}",
    ),
    _entry(
        "oracle/invalid-client-credentials",
        "The app didn't prove its identity. `client=unknown` in the error is normal here: the "
        "server doesn't trust a client ID before the client is authenticated.",
        causes.client_auth_wrong(
            "likely",
            "The secret is wrong, or it belongs to another account. Otherwise, a public client "
            "sent an Authorization header or an empty secret, or a confidential client sent no "
            "secret.",
            oracle_console.CHECK_PRIVACY,
            "For a public client, send `client_id` in the form body and no Authorization header.",
            (
                "For a confidential client, copy the secret again from the system account for "
                "this Client ID, and store it where `client_secret` in smart.toml points."
            ),
            causes.BASIC_FORM,
            source=f"{sources.URN_LIST}; {sources.FORUM_CREDENTIALS}; "
            "the public client's header: inferred",
        ),
        causes.client_id_mismatch(
            "possible",
            "The client ID and the secret belong to two different apps, or one is for the "
            "sandbox and the other for production.",
            oracle_console.COMPARE_CLIENT_ID,
            source=sources.INFERRED,
        ),
        urns=(_TOKEN + "invalid-client-credentials",),
        patterns=("token:invalid[-_]client[-_]credentials",),
        source=f"{sources.FORUM_CREDENTIALS}; {sources.URN_LIST}",
    ),
    _entry(
        "oracle/invalid-authorization-header",
        "The token request's Authorization header is malformed or has an unknown scheme.",
        causes.client_auth_wrong(
            "likely",
            "A signed assertion was sent as `Authorization: Bearer`, or a tool set its own header. "
            "Only Basic credentials belong in that header. An assertion goes into the body.",
            (
                "Send the assertion as `client_assertion`, with `client_assertion_type`, in "
                'the form body. `client_auth = "private_key_jwt"` in smart.toml does this.'
            ),
            "If you use a secret, send only Basic credentials in the header.",
            oracle_console.CHECK_PRIVACY,
        ),
        urns=(_TOKEN + "invalid-authorization-header",),
        patterns=("token:invalid[-_]authorization[-_]header",),
        source=f"{sources.FORUM_JWT}; {sources.FORUM_POSTMAN}; {sources.URN_LIST}",
    ),
    _entry(
        "oracle/empty-scopes",
        "None of the requested scopes is left, so the token would have no scope. To tell the "
        "first two causes apart, open the app's page in the code console, which shows the app's "
        "SMART Version and resources.",
        causes.scope_syntax(
            "likely",
            "The scopes are written for SMART v1 (`.read`), but the app is registered for v2 "
            "(`.rs`), or the reverse.",
            oracle_console.CHECK_SMART_VERSION,
            _NEW_TOKEN,
            source=sources.THE_MAP,
        ),
        causes.scope_not_registered(
            "likely",
            "The app has none of these scopes, according to the vendor's reply to the only known "
            "report.",
            oracle_console.CHECK_SCOPES,
            "For `system/` scopes, add the resources to the system app's registration.",
            oracle_console.WAIT_A_QUARTER,
            source=f"{sources.GROUP_EMPTY}; {sources.URN_LIST}",
        ),
        causes.client_not_enabled_at_site(
            "possible",
            "If this was a refresh, the app's scopes were revoked after the launch.",
            oracle_console.ENABLE_AT_SITE,
            causes.RELAUNCH,
            source=sources.URN_LIST,
            at_refresh=True,
        ),
        urns=(_TOKEN + "empty-scopes",),
        source=f"{sources.THE_MAP}; {sources.GROUP_EMPTY}; {sources.URN_LIST}",
    ),
    _entry(
        "oracle/unsupported-grant-type",
        "The token endpoint received no `grant_type` that it recognizes.",
        causes.request_malformed(
            "likely",
            "The body was sent as JSON, so the server couldn't read `grant_type`, or `grant_type` "
            "is mistyped.",
            (
                "Send the body as `application/x-www-form-urlencoded`, with "
                "`grant_type=authorization_code` or `refresh_token`."
            ),
            source=sources.inferred(sources.URN_LIST),
        ),
        urns=(_TOKEN + "unsupported-grant-type",),
        lacks=("grant_type",),
    ),
    _entry(
        "oracle/terminated-client",
        "The app is no longer registered.",
        causes.client_unknown(
            "certain",
            "The registration was deleted or ended after this launch or session started.",
            (
                "In the code console, check whether the app is still there. If it isn't, "
                "register it again, and set `client_id` in smart.toml to its Client ID."
            ),
        ),
        urns=(_TOKEN + "terminated-client",),
    ),
    _entry(
        "oracle/patient-scope-requires-one-patient-id",
        "Scopes that begin with `patient/` require exactly one patient.",
        causes.patient_context_missing("certain"),
        urns=(_TOKEN + "patient-scope-requires-one-patient-id",),
        patterns=("patient-scope-requires-one-patient-id",),
    ),
    _entry(
        "oracle/testing-token",
        "The request was for a test token, a feature for the vendor's own tests.",
        causes.client_not_enabled_at_site(
            "likely",
            "The tenant or app isn't enabled for test tokens, or the combination of "
            "scopes and patients can't occur with real users.",
            ByFlow("Launch the app from the chart or the code console instead.", None),
        ),
        urns=(
            _TOKEN + "tenant-not-enabled-for-testing",
            _TOKEN + "client-not-enabled-for-testing",
            _TOKEN + "invalid-testing-scenario",
        ),
        patterns=("(?:tenant|client)-not-enabled-for-testing", "invalid-testing-scenario"),
    ),
    _entry(
        "oracle/refresh-token-invalid",
        "The refresh token is no longer valid, or the user revoked it.",
        causes.session_ended(
            "likely",
            "The grant ended: the user revoked it, it was unused for three months "
            "(`offline_access`), or it was suspended because the app's certificate or DNS changed.",
            causes.RELAUNCH,
            (
                "If the error URL lets the user approve the app again, ask the user to do that. "
                "An approval restores suspended grants."
            ),
        ),
        urns=(_TOKEN + "refresh-token:token-invalid",),
        source=f"{sources.URN_LIST}; {sources.AUTHORIZATION}",
    ),
    _entry(
        "oracle/refresh-session-invalid",
        "The refresh token was issued for `online_access`, and the user's session has ended.",
        causes.session_ended(
            "certain",
            "The user signed out of the EHR or was idle too long. With `online_access`, the "
            "app's access ends with the session.",
            causes.RELAUNCH,
            (
                "A job that runs without a user can't use `online_access`. Such a job needs a "
                "system account and `system/` scopes, or `offline_access` if the app's Type of "
                "Access allows it."
            ),
            source=f"{sources.URN_LIST}; {sources.AUTHORIZATION}; {sources.LAB}",
        ),
        urns=(_TOKEN + "refresh-token:session-invalid",),
        source=f"{sources.URN_LIST}; {sources.AUTHORIZATION}",
    ),
    _entry(
        "oracle/refresh-tenant-terminated",
        "The app is no longer allowed to access this tenant, so its grants there have ended.",
        causes.client_not_enabled_at_site(
            "certain",
            "The site revoked the app's access.",
            oracle_console.ENABLE_AT_SITE,
            causes.RELAUNCH,
        ),
        urns=(_TOKEN + "refresh-token:tenant-terminated",),
    ),
)
