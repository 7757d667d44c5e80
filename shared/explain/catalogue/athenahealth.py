"""athenahealth: errors of its authorization server, from reports in its public tracker."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry

_REDIRECT = (
    "In athenahealth's developer portal, compare the app's redirect URIs with "
    "`https://HOST/callback` (`public_url` + `redirect_path` in smart.toml), character by "
    "character."
)

_entry = partial(entry, where="error page")

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "athenahealth/unknown-client",
        "The server didn't find a client for this request. The server returns this error even if "
        "only the redirect URI differs.",
        causes.redirect_uri_mismatch(
            "likely",
            "The redirect URI was registered in lowercase but sent with capital letters.",
            _REDIRECT,
            causes.RELAUNCH,
        ),
        causes.client_unknown(
            "possible",
            "The client ID is mistyped, or belongs to another environment.",
            source=sources.INFERRED,
        ),
        says="Unknown client",
        patterns=(r"\bunknown client\b",),
        source=sources.ATHENA_7,
    ),
    _entry(
        "athenahealth/redirect-uri",
        "The redirect URI isn't one of the registered ones.",
        causes.redirect_uri_mismatch(
            "certain",
            "In one report, a stray slash after `/authorize/` changed the request.",
            _REDIRECT,
            "Use the authorization endpoint from discovery, without an added slash.",
        ),
        says="does not match the redirect URIs configured for the application",
        patterns=("does not match the redirect uris? configured for the application",),
        source=sources.ATHENA_242,
    ),
    _entry(
        "athenahealth/oops",
        "The server didn't understand the launch request. The page has no further text.",
        causes.request_malformed(
            "possible",
            "A parameter is missing or wrong. The known report doesn't say which one.",
            (
                "Compare the request parameter by parameter with the list in "
                "docs/troubleshooting.md. `aud` must be the FHIR base."
            ),
            (
                "Make sure the app and `scopes` use the same SMART version. At "
                "athenahealth, v1 and v2 are separate products."
            ),
            source=sources.inferred(sources.ATHENA_267),
        ),
        causes.launch_value_invalid("possible", source=sources.inferred(sources.ATHENA_267)),
        says="Oops! (page without further text)",
        patterns=(r"\boops!",),
        alone=True,
        source=sources.ATHENA_267,
    ),
    _entry(
        "athenahealth/scope-not-authorized",
        "The app isn't allowed to request one of the scopes.",
        causes.scope_not_registered(
            "likely",
            "A scope in the list isn't approved for the app.",
            "In the developer portal, compare the app's scopes with `scopes` in smart.toml.",
            "Apply for the missing scopes, which are approved one by one.",
        ),
        causes.scope_syntax(
            "possible",
            "SMART v1 and v2 are separate products. An app that is registered for one can't use "
            "the other's scopes.",
            source=sources.inferred(sources.YOURPHR_ATHENA),
        ),
        says="unauthorized_client;Description=Requested scope not authorized",
        where="authorize redirect",
        oauth_errors=("unauthorized_client",),
        patterns=("requested scope not authorized",),
        source=sources.ATHENA_314,
    ),
    _entry(
        "athenahealth/authorize-callback-500",
        "The authorization server failed after the sign-in.",
        causes.ehr_side(
            "likely",
            "The failure happens after the user's sign-in and before the redirect to the app.",
        ),
        says="HTTP 500 at /oauth2/authorize-callback",
        patterns=("oauth2/authorize-callback",),
        source=sources.ATHENA_157,
    ),
    _entry(
        "athenahealth/pkce-web-app",
        "At athenahealth, a Web app is a confidential client, so it must authenticate with its "
        "secret. It can't use PKCE, which this app always uses.",
        causes.client_auth_wrong(
            "likely",
            "The app was registered as Web and sends no secret, or it was registered as public "
            "and sends a secret.",
            (
                "In the developer portal, check the app's type. If it's Web, register the app as a "
                "type that allows PKCE. Then set `client_auth` in smart.toml, and `client_secret` "
                "only if that type has a secret."
            ),
            "Make sure the FHIR base belongs to this practice. Each site has its own FHIR base.",
            source=f"{sources.YOURPHR_ATHENA}; that it leads to this code is inferred",
        ),
        says="token request of a Web app refused (invalid_client or invalid_request)",
        where="token endpoint",
        oauth_errors=("invalid_client",),
        source=sources.YOURPHR_ATHENA,
    ),
)
