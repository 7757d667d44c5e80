"""Oracle Health: failures that it shows on its own page and that never reach the app."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry
from shared.findings import ByFlow
from shared.vendors import oracle_console

_SERVER = oracle_console.AUTHORIZATION_SERVER
_GRANT = _SERVER + "oauth2:grant:"

_entry = partial(entry, where="error page")

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "oracle/invalid-redirect-uri",
        "The redirect URI in the request isn't the registered one.",
        causes.redirect_uri_mismatch(
            "certain",
            "The host, path, port or case is different. Query parameters in addition to the "
            "registered ones are allowed, but a `#` isn't.",
            oracle_console.CHECK_REDIRECT_URI,
            oracle_console.WAIT_A_QUARTER,
            source=f"{sources.URN_LIST}; {sources.LAB}; {sources.AUTHORIZATION}",
        ),
        causes.client_id_mismatch(
            "possible",
            "The client ID belongs to another app, which has another redirect URI.",
            oracle_console.COMPARE_CLIENT_ID,
            source=sources.INFERRED,
        ),
        urns=(_GRANT + "invalid-redirect-uri",),
        patterns=(r"grant:invalid-redirect-uri(?!-trailing)",),
        source=f"{sources.URN_LIST}; {sources.LAB}",
    ),
    _entry(
        "oracle/invalid-redirect-uri-trailing-slash",
        "The redirect URI differs from the registered one only in the trailing slash.",
        causes.redirect_uri_mismatch(
            "certain",
            "This app doesn't send a trailing slash.",
            "In the code console, remove the trailing slash from Redirect URI.",
            oracle_console.WAIT_A_QUARTER,
            source=f"{sources.URN_LIST}; {sources.AUTHORIZATION}",
        ),
        urns=(_GRANT + "invalid-redirect-uri-trailing-slash",),
        patterns=("invalid-redirect-uri-trailing-slash",),
        source=sources.URN_LIST,
    ),
    _entry(
        "oracle/redirect-uri-not-absolute",
        "The redirect URI in the request, or the registered one, isn't a full URL.",
        causes.redirect_uri_mismatch(
            "certain",
            "The scheme or host is missing. A custom scheme needs a host too: "
            "`app://callback`, not `app://`.",
            "In the code console, set Redirect URI to a full URL, with a scheme and a host.",
            "Set `public_url` in smart.toml to a full URL, with scheme and host.",
            source=f"{sources.URN_LIST}; {sources.AUTHORIZATION}",
        ),
        urns=(_GRANT + "redirect-uri-not-absolute",),
        patterns=("redirect-uri-not-absolute",),
        source=sources.URN_LIST,
    ),
    _entry(
        "oracle/redirect-uri-not-registered",
        "The app's registration doesn't have this redirect URI.",
        causes.redirect_uri_mismatch(
            "certain",
            "No redirect URI is registered, or several are and the request doesn't name one.",
            oracle_console.CHECK_REDIRECT_URI,
            "Send `redirect_uri` with every authorization request, as this app does.",
            oracle_console.WAIT_A_QUARTER,
        ),
        urns=(_GRANT + "redirect-uri-not-registered",),
        patterns=("redirect-uri-not-registered",),
        source=f"{sources.URN_LIST}; {sources.AUTHORIZATION}",
    ),
    _entry(
        "oracle/preauthentication",
        "The EHR couldn't hand its signed-in user over to the authorization server.",
        causes.ehr_side(
            "likely",
            "The handover from PowerChart failed. The app wasn't involved yet.",
            ByFlow(
                "Close the app and launch it again from the chart. Sign in if a login "
                "page appears.",
                standalone="Close the app and launch it again. Sign in if a login page appears.",
                backend=None,
            ),
            ByFlow("Ask the site whether other SMART apps start from the same chart.", None),
            oracle_console.ASK_SUPPORT,
        ),
        urns=(_SERVER + "preauthentication",),
        patterns=("authorization-server:preauthentication",),
        source=f"{sources.URN_LIST}; {sources.LAUNCH_SERVER}",
    ),
    _entry(
        "oracle/session-api-bad-request",
        "The login service refused the URL before anyone could sign in. In `to=`, the URL "
        "contains the whole authorization request, encoded again.",
        causes.request_too_long(
            "possible",
            "A long list of scopes makes the URL too long after it's encoded again. In the only "
            "known report, the list was very long.",
            "Remove the scopes that the app doesn't use from `scopes` in smart.toml.",
            "Run `make doctor CONFIG=smart.toml` and check `scope_count`.",
            causes.RELAUNCH,
            source=sources.inferred(sources.FORUM_BAD_REQUEST),
        ),
        causes.scope_not_registered(
            "possible",
            "The list of scopes in a user's sign-in included `system/` scopes, which are only "
            "for backend services.",
            "Remove every `system/` scope from `scopes` in smart.toml.",
            source=sources.inferred(sources.FORUM_BAD_REQUEST),
        ),
        causes.ehr_side(
            "possible",
            "The author of the report suspects `forceAuthn`, which the EHR itself adds.",
            oracle_console.ASK_SUPPORT,
            source=f"{sources.FORUM_BAD_REQUEST} (its author's suspicion; no answer known)",
        ),
        says="Bad Request at session-api/realm/TENANT?to=…&forceAuthn=true",
        patterns=("session-api/realm/", r"\A\s{0,9}(?:http )?(?:400 )?bad request\W{0,9}\Z"),
        alone=True,
        source=sources.FORUM_BAD_REQUEST,
    ),
    _entry(
        "oracle/too-many-scopes",
        "The token wouldn't fit into a request header, because Oracle Health writes the "
        "scopes into the token. The URN of this error isn't published.",
        causes.request_too_long(
            "certain",
            "The limit for headers is between 4 and 8 kB, and the token contains every granted "
            "scope.",
            "Remove the scopes that the app doesn't use from `scopes` in smart.toml.",
            causes.RELAUNCH,
        ),
        says="too many scopes",
        where="authorize redirect",
        patterns=(r"\btoo[ -]many[ -]scopes\b",),
        source=sources.AUTHORIZATION,
    ),
    _entry(
        "oracle/powerchart-blank",
        "The app's page stays blank inside PowerChart, but opens in a browser.",
        causes.ehr_side(
            "possible",
            "PowerChart needs a public https URL on port 443 with a certificate that the "
            "hospital's machines trust.",
            "Open the launch URL in the browser of a hospital workstation.",
            "Run `make doctor CONFIG=smart.toml` and check `public_url_unreachable`.",
            "Ask the site how the app is configured in PowerChart.",
            source=f"{sources.SMART_OVERVIEW}; {sources.FORUM_POWERCHART}; "
            "which of them applies is inferred",
            title="PowerChart can't reach the app's URL.",
        ),
        causes.cookies_blocked(
            "possible",
            "PowerChart shows apps in WebView2, or at older sites in Internet Explorer, which "
            "doesn't support partitioned cookies. Pop-ups don't share cookies with PowerChart's "
            "iframe.",
            source=sources.SMART_OVERVIEW,
        ),
        where="launch",
        says="site not loading in PowerChart",
        patterns=(r"not loading in powerchart", r"\bpowerchart\b[^\n]{0,60}\b(?:blank|white)\b"),
        source=f"{sources.FORUM_POWERCHART}; {sources.SMART_OVERVIEW}",
    ),
    _entry(
        "oracle/identity-provider-page",
        "Oracle Health uses a script in this page, not a redirect, to send the browser to the "
        "login page. The page doesn't mean that the request was accepted or refused.",
        causes.request_malformed(
            "possible",
            "A script or test sent the authorization request, but it can't sign in.",
            "Open the authorization request in a browser.",
            source=sources.inferred(f"{sources.SIGN_IN_CHECKER} and {sources.YOURPHR}"),
            title="A program called an endpoint that is meant for a browser.",
        ),
        says="HTTP 200 with IdentityProviderRedirectPage from the authorization endpoint",
        where="error page",
        patterns=("identityproviderredirectpage",),
        alone=True,
        source=f"{sources.SIGN_IN_CHECKER}; {sources.YOURPHR}",
    ),
)
