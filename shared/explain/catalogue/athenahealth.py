"""athenahealth: what its authorization server says, from reports in its public tracker."""

from shared.explain.catalogue import causes, sources
from shared.explain.model import Entry

_REDIRECT = (
    "In athenahealth's developer portal, compare the app's redirect URIs with "
    "`https://HOST/callback` (`public_url` + `redirect_path` in smart.toml), letter by letter."
)

ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="athenahealth/unknown-client",
        says="Unknown client",
        where="error page",
        patterns=(r"\bunknown client\b",),
        meaning="The server found no client for this request. It says so too where only the "
        "redirect URI differs.",
        causes=(
            causes.redirect_uri_mismatch(
                "likely",
                why="The redirect URI was registered in lower case and sent with capital letters.",
                steps=(_REDIRECT, causes.RELAUNCH),
            ),
            causes.client_unknown(
                "possible",
                sources.INFERRED,
                why="The client id is mistyped, or belongs to another environment.",
            ),
        ),
        source=sources.ATHENA_7,
    ),
    Entry(
        key="athenahealth/redirect-uri",
        says="does not match the redirect URIs configured for the application",
        where="error page",
        patterns=("does not match the redirect uris? configured for the application",),
        meaning="The redirect URI is not among the registered ones.",
        causes=(
            causes.redirect_uri_mismatch(
                "certain",
                why="In the report, a stray slash after `/authorize/` changed the request.",
                steps=(
                    _REDIRECT,
                    "Take the authorization endpoint from discovery, without a slash added.",
                ),
            ),
        ),
        source=sources.ATHENA_242,
    ),
    Entry(
        key="athenahealth/oops",
        says="Oops! (page without further text)",
        where="error page",
        patterns=(r"\boops!",),
        meaning="The launch request was not understood. The page has no further text.",
        causes=(
            causes.request_malformed(
                "possible",
                sources.inferred(sources.ATHENA_267),
                why="A parameter of the authorization request is missing or wrong; the report does "
                "not say which.",
                steps=(
                    (
                        "Compare the request parameter by parameter with the list in "
                        "docs/troubleshooting.md; `aud` must be the FHIR base."
                    ),
                    (
                        "See that app and `scopes` are of the same SMART version: v1 and v2 are "
                        "separate products there."
                    ),
                ),
            ),
            causes.launch_value_invalid("possible", sources.inferred(sources.ATHENA_267)),
        ),
        source=sources.ATHENA_267,
    ),
    Entry(
        key="athenahealth/scope-not-authorized",
        says="unauthorized_client;Description=Requested scope not authorized",
        where="authorize redirect",
        oauth_errors=("unauthorized_client",),
        patterns=("requested scope not authorized",),
        meaning="The app may not ask for one of the scopes.",
        causes=(
            causes.scope_not_registered(
                "likely",
                why="A scope in the list is not approved for the app.",
                steps=(
                    (
                        "In the developer portal, compare the app's scopes with `scopes` in "
                        "smart.toml."
                    ),
                    "Apply for what is missing; scopes are approved one by one.",
                ),
            ),
            causes.scope_syntax(
                "possible",
                sources.inferred(sources.YOURPHR_ATHENA),
                why="v1 and v2 of SMART are separate products; scopes of the one are unknown to "
                "an app of the other.",
            ),
        ),
        source=sources.ATHENA_314,
    ),
    Entry(
        key="athenahealth/authorize-callback-500",
        says="HTTP 500 at /oauth2/authorize-callback",
        where="error page",
        patterns=("oauth2/authorize-callback",),
        meaning="The authorization server failed after the sign-in.",
        causes=(
            causes.ehr_side(
                "likely",
                why="The fault lies after the user's sign-in and before the way back to the app.",
            ),
        ),
        source=sources.ATHENA_157,
    ),
    Entry(
        key="athenahealth/pkce-web-app",
        says="token request of a Web app refused (invalid_client or invalid_request)",
        where="token endpoint",
        oauth_errors=("invalid_client",),
        meaning="A Web app is a confidential client there: it must prove itself by its secret.",
        causes=(
            causes.client_auth_wrong(
                "likely",
                f"{sources.YOURPHR_ATHENA}; that it leads to this code: inferred",
                why="The app was registered as Web and sends no secret, or is public and sends "
                "one.",
                steps=(
                    (
                        "In the developer portal, see the app's type. Web: set `client_auth` and "
                        "`client_secret` in smart.toml."
                    ),
                    "See that the FHIR base is the one of this practice: it differs by site.",
                ),
            ),
        ),
        source=sources.YOURPHR_ATHENA,
    ),
)
