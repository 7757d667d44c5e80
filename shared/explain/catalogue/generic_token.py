"""Any EHR: what its token endpoint says beside the codes that it shares with no other place.

RFC 6749 5.2. The same codes mean something else at the authorization endpoint: there see `generic`.
"""

from shared.explain.catalogue import causes, sources
from shared.explain.model import Entry
from shared.findings import ByFlow

_WAIT = (
    ByFlow(
        "Wait a minute, then launch the app again from the patient's chart.",
        standalone="Wait a minute, then launch the app again.",
        backend="Wait a minute.",
    ),
    (
        "If it lasts, give the EHR's support the time and the client id, and ask how many requests "
        "it takes from this app."
    ),
)

ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="generic/token-too-many-requests",
        says="429 Too Many Requests from the token endpoint",
        where="token endpoint",
        statuses=(429,),
        patterns=(r"\b429\b[^\n]{0,20}\btoo many requests\b",),
        meaning="The EHR takes no more requests for the moment. This one was not looked at.",
        causes=(
            causes.ehr_side(
                "certain",
                title="The EHR is busy.",
                why="Too many requests came to it in a short time, from this app or from others.",
                steps=_WAIT,
                plainly="The EHR is busy; try again in a minute.",
            ),
        ),
        source=sources.RFC_6585,
    ),
    Entry(
        key="generic/token-unavailable",
        says="503 Service Unavailable from the token endpoint",
        where="token endpoint",
        statuses=(503,),
        patterns=(r"\b503\b[^\n]{0,20}\bservice (?:temporarily )?unavailable\b",),
        meaning="The EHR cannot answer for the moment.",
        causes=(
            causes.ehr_side(
                "certain",
                title="The EHR is busy, or under maintenance.",
                why="It says itself that this will pass. The app cannot mend it.",
                steps=_WAIT,
                plainly="The EHR is busy; try again in a minute.",
            ),
        ),
        source=sources.RFC_9110,
    ),
    Entry(
        key="generic/token-invalid-scope",
        says="invalid_scope from the token endpoint",
        where="token endpoint",
        oauth_errors=("invalid_scope",),
        patterns=(r'\{\s{0,9}"error"\s{0,3}:\s{0,3}"invalid_scope"',),
        meaning="No token was given: none of the scopes could be granted, or one of them is not "
        "among those granted before.",
        causes=(
            causes.scope_not_registered("likely"),
            causes.scope_syntax("possible", sources.INFERRED),
        ),
        source=sources.RFC_6749,
    ),
    Entry(
        key="generic/token-unauthorized-client",
        says="unauthorized_client from the token endpoint",
        where="token endpoint",
        oauth_errors=("unauthorized_client",),
        patterns=(r'\{\s{0,9}"error"\s{0,3}:\s{0,3}"unauthorized_client"',),
        meaning="The client is known, and may not use this way to get a token.",
        causes=(
            causes.client_not_enabled_at_site(
                "likely",
                title="The app is registered for another kind of sign-in.",
                why="The registration lacks the authorization code flow, or refresh tokens where "
                "a token was to be renewed.",
                steps=(
                    (
                        "In the registration, see that the app signs users in by an authorization "
                        "code (`authorization_code`), and that it may have refresh tokens if "
                        "`scopes` in smart.toml has `online_access` or `offline_access`."
                    ),
                    causes.RELAUNCH,
                ),
            ),
            causes.client_auth_wrong("possible", sources.INFERRED),
        ),
        source=sources.RFC_6749,
    ),
    Entry(
        key="generic/token-server-error",
        says="server_error or temporarily_unavailable from the token endpoint",
        where="token endpoint",
        oauth_errors=("server_error", "temporarily_unavailable"),
        patterns=(r'\{\s{0,9}"error"\s{0,3}:\s{0,3}"(?:server_error|temporarily_unavailable)"',),
        meaning="The EHR's token endpoint failed. RFC 6749 has these codes for the authorization "
        "endpoint; some servers give them here too.",
        causes=(causes.ehr_side("likely"),),
    ),
    Entry(
        key="generic/token-redirect-uri-text",
        says="invalid_grant with a text about redirect_uri",
        where="token endpoint",
        patterns=(
            r"invalid_grant[^\n]{0,80}redirect[_ -]ur[il][^\n]{0,40}",
            r"redirect[_ -]ur[il][^\n]{0,30}(?:mismatch|match|incorrect|invalid(?!_))",
            r"(?:invalid|incorrect|wrong|mismatch\w{0,5})[^\n]{0,20}redirect[_ -]ur[il]",
        ),
        meaning="The redirect URI of the token request is not the one of the authorization "
        "request.",
        causes=(
            causes.redirect_uri_mismatch(
                "likely",
                why="The token request must repeat the redirect URI of the authorization request, "
                "byte for byte. Two parts of an app, or two deployments, that each have their own "
                "do not fit.",
                steps=(
                    "Send the same redirect URI in both requests, as this app does.",
                    (
                        "See that one deployment answers at `https://HOST/launch` and at "
                        "`https://HOST/callback`."
                    ),
                    causes.RELAUNCH,
                ),
            ),
            causes.code_expired_or_used("possible"),
        ),
        source=sources.RFC_6749,
    ),
)
