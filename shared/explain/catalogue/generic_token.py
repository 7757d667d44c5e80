"""Any EHR: token endpoint errors whose codes other endpoints use too.

RFC 6749 5.2. `generic` has the meaning of these codes at the authorization endpoint.
"""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry
from shared.findings import ByFlow

_WAIT = (
    ByFlow(
        "Wait a minute, then launch the app again from the patient's chart.",
        standalone="Wait a minute, then launch the app again.",
        backend="Wait a minute.",
    ),
    (
        "If this continues, give the EHR's support the time and the client ID, and ask how many "
        "requests the EHR accepts from this app."
    ),
)

SAME_REDIRECT_URI = (
    "Send the same redirect URI in both requests, as this app does.",
    (
        "Make sure that the same deployment serves both `https://HOST/launch` and "
        "`https://HOST/callback`."
    ),
    causes.RELAUNCH,
)

_entry = partial(entry, where="token endpoint", source=sources.RFC_6749)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "generic/token-too-many-requests",
        "The EHR isn't accepting more requests at the moment, and it didn't process this one.",
        causes.ehr_side(
            "certain",
            "The EHR got too many requests in a short time, from this app or from others.",
            *_WAIT,
            title="The EHR is busy.",
            plainly="The EHR is busy. Try again in a minute.",
        ),
        says="429 Too Many Requests from the token endpoint",
        statuses=(429,),
        source=sources.RFC_6585,
    ),
    _entry(
        "generic/token-unavailable",
        "The EHR can't respond at the moment.",
        causes.ehr_side(
            "certain",
            "The EHR itself says that this is temporary. The app can't fix it.",
            *_WAIT,
            title="The EHR is busy or under maintenance.",
            plainly="The EHR is busy. Try again in a minute.",
        ),
        says="503 Service Unavailable from the token endpoint",
        statuses=(503,),
        source=sources.RFC_9110,
    ),
    _entry(
        "generic/token-invalid-scope",
        "No token was issued, because no scope could be granted or because a requested scope "
        "isn't in the original grant.",
        causes.scope_not_registered("likely"),
        causes.scope_syntax("possible", source=sources.INFERRED),
        says="invalid_scope from the token endpoint",
        oauth_errors=("invalid_scope",),
    ),
    _entry(
        "generic/token-unauthorized-client",
        "The EHR recognizes the client, but doesn't allow it to get a token this way.",
        causes.client_not_enabled_at_site(
            "likely",
            "The registration doesn't allow the authorization code flow or, if a token was being "
            "renewed, refresh tokens.",
            (
                "In the registration, check that the app can use the authorization code flow "
                "(`authorization_code`), and also refresh tokens if `scopes` in smart.toml has "
                "`online_access` or `offline_access`."
            ),
            causes.RELAUNCH,
            title="The app is registered for another kind of sign-in.",
        ),
        causes.client_auth_wrong("possible", source=sources.INFERRED),
        says="unauthorized_client from the token endpoint",
        oauth_errors=("unauthorized_client",),
    ),
    _entry(
        "generic/token-server-error",
        "The EHR's token endpoint failed. RFC 6749 defines these codes for the "
        "authorization endpoint, but some servers return them here too.",
        causes.ehr_side("likely"),
        says="server_error or temporarily_unavailable from the token endpoint",
        oauth_errors=("server_error", "temporarily_unavailable"),
        source=sources.INFERRED,
    ),
)
