"""MEDITECH (Greenfield): what its sandbox says."""

from shared.explain.catalogue import causes, sources
from shared.explain.model import Entry
from shared.findings import ByFlow

ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="meditech/access-denied",
        says="error=access_denied without a description (MEDITECH Greenfield)",
        where="authorize redirect",
        oauth_errors=("access_denied",),
        meaning="The sign-in worked, but the person isn't allowed to use this app.",
        causes=(
            causes.user_not_permitted(
                "likely",
                why="The Google account that signs in isn't bound to the client ID. MEDITECH "
                "binds them manually.",
                steps=(
                    (
                        "Write to MEDITECH's Greenfield team. Give them the client ID and the "
                        "Google account."
                    ),
                ),
            ),
            causes.user_declined("possible", sources.RFC_6749),
        ),
        source=sources.THE_MAP,
    ),
    Entry(
        key="meditech/pkce-required",
        says="invalid_request at the authorization endpoint without PKCE (MEDITECH)",
        where="authorize redirect",
        oauth_errors=("invalid_request",),
        meaning="MEDITECH requires PKCE with S256 and refuses requests without it.",
        causes=(
            causes.request_malformed(
                "possible",
                f"{sources.THE_MAP}; that it shows as this code: inferred",
                why="`code_challenge` or `code_challenge_method=S256` is missing. This app always "
                "sends both.",
                steps=("Send `code_challenge` and `code_challenge_method=S256`.",),
            ),
            causes.launch_parameter_missing(
                "possible",
                sources.inferred(sources.THE_MAP),
                why=ByFlow(
                    "Its capabilities list standalone launches but no EHR launch, so it might "
                    "not support a launch from a chart.",
                    standalone="Its capabilities list standalone launches but no EHR launch.",
                ),
                steps=("Set `standalone = true` in smart.toml and open `/launch?ehr=KEY`.",),
            ),
        ),
        source=sources.THE_MAP,
    ),
    Entry(
        key="meditech/invalid-client",
        says="invalid_client at the token endpoint (MEDITECH)",
        where="token endpoint",
        oauth_errors=("invalid_client",),
        meaning="MEDITECH accepts the secret in the form body, not in a Basic header.",
        causes=(
            causes.client_auth_wrong(
                "possible",
                f"{sources.THE_MAP}; that it leads to this code: inferred",
                steps=('Set `client_auth = "client_secret_post"` in smart.toml.',),
            ),
        ),
        source=sources.THE_MAP,
    ),
)
