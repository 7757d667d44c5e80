"""MEDITECH: errors of its sandbox, Greenfield."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry
from shared.findings import ByFlow

_entry = partial(entry, where="authorize redirect", source=sources.THE_MAP)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "meditech/access-denied",
        "The sign-in worked, but the person isn't allowed to use this app.",
        causes.user_not_permitted(
            "likely",
            "The Google account used to sign in isn't linked to the client ID. MEDITECH links "
            "them manually.",
            "Write to MEDITECH's Greenfield team. Give them the client ID and the Google account.",
        ),
        causes.user_declined("possible", source=sources.RFC_6749),
        says="error=access_denied without a description (MEDITECH Greenfield)",
        oauth_errors=("access_denied",),
    ),
    _entry(
        "meditech/pkce-required",
        "MEDITECH requires PKCE with S256 and refuses requests without it.",
        causes.request_malformed(
            "possible",
            "`code_challenge` or `code_challenge_method=S256` is missing. This app always sends "
            "both parameters.",
            "Send `code_challenge` and `code_challenge_method=S256`.",
            source=f"{sources.THE_MAP}; that it leads to this code is inferred",
        ),
        causes.launch_parameter_missing(
            "possible",
            ByFlow(
                "MEDITECH's capabilities list standalone launches but no EHR launch, so it "
                "might not support a launch from a chart.",
                standalone="MEDITECH's capabilities list standalone launches but no EHR launch.",
            ),
            "Set `standalone = true` in smart.toml and open `/launch?ehr=KEY`.",
            source=sources.inferred(sources.THE_MAP),
        ),
        says="invalid_request at the authorization endpoint without PKCE (MEDITECH)",
        oauth_errors=("invalid_request",),
    ),
    _entry(
        "meditech/invalid-client",
        "MEDITECH accepts the secret in the form body, not in a Basic header.",
        causes.client_auth_wrong(
            "possible",
            None,
            'Set `client_auth = "client_secret_post"` in smart.toml.',
            source=f"{sources.THE_MAP}; that it leads to this code is inferred",
        ),
        says="invalid_client at the token endpoint (MEDITECH)",
        where="token endpoint",
        oauth_errors=("invalid_client",),
    ),
)
