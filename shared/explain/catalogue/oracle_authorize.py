"""Oracle Health: errors of its authorization endpoint about client, tenant, user and scopes."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry
from shared.findings import ByFlow
from shared.vendors import oracle_console

_SERVER = oracle_console.AUTHORIZATION_SERVER
_GRANT = _SERVER + "oauth2:grant:"

_entry = partial(entry, where="authorize redirect", source=sources.URN_LIST)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "oracle/missing-patient",
        "Scopes that begin with `patient/` were requested, but there's no patient in context.",
        causes.patient_context_missing(
            "likely",
            ByFlow(
                "The app was opened without a chart.",
                standalone=causes.NEEDS_PATIENT,
            ),
            ByFlow("Open a patient's chart and launch the app from there.", causes.CHOOSE, None),
            (
                "If clinicians open the app on its own, add `user/` scopes to `scopes` in "
                "smart.toml. The app must then let them search for the patient."
            ),
        ),
        causes.launch_parameter_missing(
            "likely",
            "According to the vendor's reply to a report of this error, `launch` and `aud` "
            "weren't sent, so the server couldn't look up the patient.",
            oracle_console.LAUNCH_FROM_CONSOLE,
            "Send `launch` and `aud` exactly as received with the launch.",
        ),
        causes.launch_scope_missing(
            "possible",
            "A `launch` value was sent without the scope `launch`. In that case, the "
            "server doesn't look it up.",
            source=sources.inferred(sources.SPECIFICATION),
        ),
        urns=(_GRANT + "missing-patient",),
        source=sources.GROUP_MISSING_PATIENT,
    ),
    _entry(
        "oracle/invalid-patient-id",
        "The selected patient doesn't exist, or this user isn't allowed to see the record.",
        causes.user_not_permitted(
            "likely",
            "The user who signed in has no access to the selected patient's record.",
            "Open this patient's chart in the EHR as the same user.",
            "In the sandbox, choose a user and a patient who belong together.",
        ),
        causes.patient_context_missing("possible", "The patient doesn't exist in this tenant."),
        urns=(_GRANT + "invalid-patient-id",),
    ),
    _entry(
        "oracle/denied-by-server",
        "The app isn't allowed any of the scopes that it requested.",
        causes.scope_not_registered(
            "likely",
            "None of the resources in `scopes` is selected for the app in the code "
            "console, or the tenant didn't allow them.",
            oracle_console.CHECK_SCOPES,
            oracle_console.SUBSCRIBE_PRODUCT,
            oracle_console.WAIT_A_QUARTER,
        ),
        causes.scope_syntax(
            "likely",
            "All scopes are written in the other SMART version's syntax or with a wildcard. "
            "Oracle Health drops such scopes, so none are left.",
            oracle_console.CHECK_SMART_VERSION,
            causes.RELAUNCH,
            source=sources.inferred(f"{sources.YOURPHR} and {sources.THE_MAP}"),
        ),
        causes.client_not_enabled_at_site(
            "possible",
            "The site hasn't granted this app its scopes.",
            oracle_console.ENABLE_AT_SITE,
            causes.RELAUNCH,
            source=sources.inferred(sources.SMART_OVERVIEW),
        ),
        causes.not_propagated_yet(
            "possible",
            "A new or changed registration takes up to 15 minutes to reach the servers.",
            oracle_console.WAIT_A_QUARTER,
            source=sources.SMART_OVERVIEW,
        ),
        urns=(_GRANT + "denied-by-server",),
        source=f"{sources.URN_LIST}; {sources.AUTHORIZATION}",
    ),
    _entry(
        "oracle/denied-by-user",
        "The user declined, or navigated back from the login page.",
        causes.user_declined(
            "certain",
            None,
            *causes.user_declined.steps,
            (
                "In the app, tell the user that the sign-in was canceled, and offer to "
                "start it again. The registration doesn't have to change."
            ),
        ),
        urns=(_GRANT + "denied-by-user",),
        source=f"{sources.URN_LIST}; {sources.GROUP_DENIED}",
    ),
    _entry(
        "oracle/unknown-client",
        "No app is registered with this client ID.",
        causes.client_unknown(
            "likely",
            "A placeholder was left in the code, the Application ID was used as the "
            "Client ID, or the ID belongs to another region or environment.",
            oracle_console.COMPARE_CLIENT_ID,
            causes.RELAUNCH,
            source=f"{sources.URN_LIST}; {sources.TUTORIAL_123}; the Application ID: inferred",
        ),
        causes.not_propagated_yet(
            "possible",
            "A new registration takes up to 15 minutes to reach the servers.",
            oracle_console.WAIT_A_QUARTER,
            source=sources.SMART_OVERVIEW,
        ),
        where="error page",
        urns=(_GRANT + "unknown-client",),
        patterns=("the application isn.t currently registered",),
        source=f"{sources.URN_LIST}; {sources.TUTORIAL_123}; {sources.SIGN_IN_CHECKER}",
    ),
    _entry(
        "oracle/client-persona-mismatch",
        "The app is registered for patients but opened the clinicians' login page, or the reverse.",
        causes.persona_mismatch(
            "likely",
            "`personas/provider` belongs to hosts named `fhir-ehr…`, and `personas/patient` to "
            "`fhir-myrecord…`. The Application Type in the code console must match.",
            oracle_console.CHECK_APPLICATION_TYPE,
            (
                "Use the FHIR base of that persona as `iss` in smart.toml: `fhir-ehr…` for "
                "clinicians, `fhir-myrecord…` for patients."
            ),
            source=f"{sources.YOURPHR}; that it appears as a page is inferred",
        ),
        where="error page",
        urns=(_GRANT + "client-persona-mismatch",),
        patterns=("client-persona-mismatch",),
        source=sources.YOURPHR,
    ),
    _entry(
        "oracle/unknown-tenant",
        "This authorization server doesn't recognize the tenant.",
        causes.tenant_mismatch(
            "likely",
            "The request for this tenant was sent to the wrong host, or the tenant ID is "
            "mistyped. `authorization.cerner.com` and `authorization.sandboxcerner.com` have "
            "different tenants.",
            oracle_console.USE_DISCOVERED,
            oracle_console.COMPARE_TENANT,
        ),
        causes.client_not_enabled_at_site(
            "possible",
            "The app has no FHIR product in the code console.",
            oracle_console.SUBSCRIBE_PRODUCT,
            oracle_console.WAIT_A_QUARTER,
            source=f"{sources.YOURPHR} (its author's first diagnosis, later revised)",
        ),
        where="error page",
        urns=(_GRANT + "unknown-tenant",),
        source=f"{sources.URN_LIST}; {sources.YOURPHR}",
    ),
    _entry(
        "oracle/tenant-not-configured",
        "The server recognizes the tenant, but the tenant has no login for this persona.",
        causes.persona_mismatch(
            "likely",
            "Patients are sent to a tenant where only clinicians sign in, or the reverse.",
            "Use the FHIR base of the other persona as `iss` in smart.toml.",
            oracle_console.CHECK_APPLICATION_TYPE,
            source=sources.inferred(sources.URN_LIST),
        ),
        causes.ehr_side(
            "possible", "The tenant's identity provider isn't set up.", oracle_console.ASK_SUPPORT
        ),
        where="error page",
        urns=(_GRANT + "tenant-not-configured",),
    ),
    _entry(
        "oracle/unauthorized-client-for-tenant",
        "The app is registered, but this tenant hasn't enabled it.",
        causes.client_not_enabled_at_site(
            "certain",
            "Each organization decides which apps it allows, domain by domain. A registration "
            "in the code console covers only the sandbox.",
            oracle_console.ENABLE_AT_SITE,
            causes.RELAUNCH,
            source=f"{sources.URN_LIST}; {sources.SMART_OVERVIEW}",
        ),
        causes.not_propagated_yet(
            "possible",
            "The app was enabled within the last 15 minutes.",
            oracle_console.WAIT_A_QUARTER,
            source=sources.SMART_OVERVIEW,
        ),
        urns=(_GRANT + "unauthorized-client-for-tenant",),
        patterns=("unauthorized-client-for-tenant",),
    ),
    _entry(
        "oracle/invalid-request",
        "The authorization request couldn't be read.",
        causes.request_malformed(
            "certain",
            "A required parameter is missing or repeated, or the query is encoded incorrectly.",
            (
                "Send `response_type`, `client_id`, `redirect_uri`, `scope`, `state` and `aud` "
                "once each, and form-encode them only once."
            ),
            causes.RELAUNCH,
        ),
        urns=(_GRANT + "invalid-request",),
    ),
    _entry(
        "oracle/unsupported-response-type",
        "A `response_type` other than `code` was requested.",
        causes.request_malformed(
            "certain",
            "Oracle Health offers only `response_type=code`, and refuses `code id_token` and "
            "`token`.",
            "Send `response_type=code`. For an ID token, include `openid` in the scopes.",
            causes.RELAUNCH,
        ),
        urns=(_GRANT + "unsupported-response-type",),
        lacks=("response_type",),
    ),
    _entry(
        "oracle/csrf-security-failure",
        "The consent page was submitted with a token that doesn't belong to it.",
        causes.user_mismatch(
            "possible",
            "The consent page belongs to one launch. After another launch in the same "
            "browser, or a long wait, it no longer belongs to any launch.",
            "Close the other tabs of the app and of the login page.",
            causes.RELAUNCH,
            source=sources.inferred(sources.URN_LIST),
            title="Two launches ran at the same time in this browser, or a page was submitted "
            "late.",
            plainly="Two launches ran at the same time, or a page was left open too long.",
        ),
        causes.cookies_blocked(
            "possible",
            "The browser didn't keep the authorization server's cookies, so the server "
            "couldn't recognize its own page.",
            "Launch the app in its own window.",
            "Ask the administrator to allow the authorization server's cookies.",
            source=sources.inferred(sources.URN_LIST),
        ),
        urns=(_GRANT + "csrf-security-failure",),
        patterns=("csrf-security-failure",),
    ),
    _entry(
        "oracle/server-error",
        "The authorization server failed.",
        causes.ehr_side("certain", None, causes.AGAIN_LATER, oracle_console.ASK_SUPPORT),
        urns=(_GRANT + "server-error", _SERVER + "server-error"),
        patterns=("authorization-server:(?:oauth2:grant:)?server-error",),
    ),
    _entry(
        "oracle/authentication-cancelled",
        "The user or the identity provider canceled the sign-in.",
        causes.user_declined(
            "likely",
            "The user left the login page.",
            ByFlow("Launch the app again, and sign in.", backend=None),
        ),
        causes.ehr_side(
            "possible",
            "The site's identity provider aborted the sign-in.",
            "Ask the site whether this user is allowed to sign in with the identity provider.",
            oracle_console.ASK_SUPPORT,
        ),
        urns=(_SERVER + "grant:session-service:authentication:cancelled",),
        patterns=("session-service:authentication:cancelled",),
    ),
    _entry(
        "oracle/authentication-error",
        "The sign-in failed at the identity provider.",
        causes.ehr_side(
            "certain",
            "The server that signs users in failed.",
            causes.AGAIN_LATER,
            oracle_console.ASK_SUPPORT,
        ),
        urns=(_SERVER + "grant:session-service:authentication:error",),
        patterns=("session-service:authentication:error",),
    ),
    _entry(
        "oracle/authorized-representative-server-error",
        "The service that lists the people a user can act for has failed, or it isn't set up for "
        "this tenant.",
        causes.ehr_side(
            "certain",
            "The service is used only in patients' launches.",
            causes.AGAIN_LATER,
            oracle_console.ASK_SUPPORT,
        ),
        urns=(
            _GRANT + "authorized-representative-server-error",
            _SERVER + "unregistered-authorized-representatives-server",
        ),
        patterns=("authorized-representatives?-server",),
    ),
)
