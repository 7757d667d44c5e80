"""Oracle Health: failures that show on a page of its own and never reach the app."""

from shared.explain.catalogue import causes, sources
from shared.explain.model import Entry
from shared.findings import ByFlow
from shared.vendors import oracle_console

_SERVER = oracle_console.AUTHORIZATION_SERVER
_GRANT = _SERVER + "oauth2:grant:"

ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="oracle/invalid-redirect-uri",
        where="error page",
        urns=(_GRANT + "invalid-redirect-uri",),
        patterns=(r"grant:invalid-redirect-uri(?!-trailing)",),
        meaning="The redirect URI of the request is not the registered one.",
        causes=(
            causes.redirect_uri_mismatch(
                "certain",
                f"{sources.URN_LIST}; {sources.LAB}; {sources.AUTHORIZATION}",
                why="Host, path, port or upper and lower case differ. Query parameters beyond the "
                "registered ones are allowed; a `#` is not.",
                steps=(oracle_console.CHECK_REDIRECT_URI, oracle_console.WAIT_A_QUARTER),
            ),
            causes.client_id_mismatch(
                "possible",
                sources.INFERRED,
                why="The client id is that of another app, which has another redirect URI.",
                steps=(oracle_console.COMPARE_CLIENT_ID,),
            ),
        ),
        source=f"{sources.URN_LIST}; {sources.LAB}",
    ),
    Entry(
        key="oracle/invalid-redirect-uri-trailing-slash",
        where="error page",
        urns=(_GRANT + "invalid-redirect-uri-trailing-slash",),
        patterns=("invalid-redirect-uri-trailing-slash",),
        meaning="The redirect URI differs from the registered one by the slash at its end.",
        causes=(
            causes.redirect_uri_mismatch(
                "certain",
                f"{sources.URN_LIST}; {sources.AUTHORIZATION}",
                why="One of the two ends in `/`, the other does not. This app sends no slash at "
                "the end.",
                steps=(
                    "In the code console, remove the slash at the end of Redirect URI.",
                    oracle_console.WAIT_A_QUARTER,
                ),
            ),
        ),
        source=sources.URN_LIST,
    ),
    Entry(
        key="oracle/redirect-uri-not-absolute",
        where="error page",
        urns=(_GRANT + "redirect-uri-not-absolute",),
        patterns=("redirect-uri-not-absolute",),
        meaning="The redirect URI of the request, or the registered one, is not a full address.",
        causes=(
            causes.redirect_uri_mismatch(
                "certain",
                f"{sources.URN_LIST}; {sources.AUTHORIZATION}",
                why="Scheme or host is missing; an own scheme needs a host too: `app://callback`, "
                "not `app://`.",
                steps=(
                    "In the code console, write Redirect URI with scheme and host.",
                    "Set `public_url` in smart.toml to scheme and host.",
                ),
            ),
        ),
        source=sources.URN_LIST,
    ),
    Entry(
        key="oracle/redirect-uri-not-registered",
        where="error page",
        urns=(_GRANT + "redirect-uri-not-registered",),
        patterns=("redirect-uri-not-registered",),
        meaning="The app has no such redirect URI in its registration.",
        causes=(
            causes.redirect_uri_mismatch(
                "certain",
                why="None is registered; or several are, and the request names none.",
                steps=(
                    oracle_console.CHECK_REDIRECT_URI,
                    "Send `redirect_uri` with every authorization request, as this app does.",
                    oracle_console.WAIT_A_QUARTER,
                ),
            ),
        ),
        source=f"{sources.URN_LIST}; {sources.AUTHORIZATION}",
    ),
    Entry(
        key="oracle/preauthentication",
        where="error page",
        urns=(_SERVER + "preauthentication",),
        patterns=("authorization-server:preauthentication",),
        meaning="The EHR could not hand its signed-in user over to the authorization server.",
        causes=(
            causes.ehr_side(
                "likely",
                why="The hand-over from PowerChart failed; the app is not involved yet.",
                steps=(
                    ByFlow(
                        "Close the app and launch it again from the chart; sign in where a sign-in "
                        "shows.",
                        standalone="Close the app and launch it again; sign in where a sign-in "
                        "shows.",
                        backend=None,
                    ),
                    ByFlow(
                        "Ask the site whether other SMART apps start from the same chart.", None
                    ),
                    oracle_console.ASK_SUPPORT,
                ),
            ),
        ),
        source=f"{sources.URN_LIST}; {sources.LAUNCH_SERVER}",
    ),
    Entry(
        key="oracle/session-api-bad-request",
        says="Bad Request at session-api/realm/TENANT?to=…&forceAuthn=true",
        where="error page",
        patterns=("session-api/realm/", r"\A\s{0,9}(?:http )?(?:400 )?bad request\W{0,9}\Z"),
        meaning="The sign-in service refused the address before anyone could sign in. It carries "
        "the whole authorization request, encoded once more, in `to=`.",
        causes=(
            causes.request_too_long(
                "possible",
                sources.inferred(sources.FORUM_BAD_REQUEST),
                why="A long list of scopes makes the address too long once it is encoded again. "
                "The one report had a very long list.",
                steps=(
                    "Take the scopes that the app does not use out of `scopes` in smart.toml.",
                    "Run `make doctor CONFIG=smart.toml` and see `scope_count`.",
                    causes.RELAUNCH,
                ),
            ),
            causes.scope_not_registered(
                "possible",
                sources.inferred(sources.FORUM_BAD_REQUEST),
                why="The list mixed `system/` scopes into the sign-in of a user. They belong to "
                "backend services only.",
                steps=("Take every `system/` scope out of `scopes` in smart.toml.",),
            ),
            causes.ehr_side(
                "possible",
                f"{sources.FORUM_BAD_REQUEST} (its author's suspicion; no answer known)",
                why="The author of the report suspects `forceAuthn`, which the EHR itself adds.",
                steps=(oracle_console.ASK_SUPPORT,),
            ),
        ),
        source=sources.FORUM_BAD_REQUEST,
    ),
    Entry(
        key="oracle/too-many-scopes",
        says="too many scopes",
        where="authorize redirect",
        patterns=(r"\btoo[ -]many[ -]scopes\b",),
        meaning="The token would not fit into a request header: Oracle Health writes the scopes "
        "into the token. The URN of this error is not published.",
        causes=(
            causes.request_too_long(
                "certain",
                why="Headers are limited to between 4 and 8 kB, and the token holds every granted "
                "scope.",
                steps=(
                    "Take the scopes that the app does not use out of `scopes` in smart.toml.",
                    causes.RELAUNCH,
                ),
            ),
        ),
        source=sources.AUTHORIZATION,
    ),
)
