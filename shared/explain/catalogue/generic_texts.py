"""Any EHR: messages that state more than a bare code, regardless of the server."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry
from shared.findings import ByFlow

_WORDING = "wordings of several servers; no single source"

_entry = partial(entry, where="token endpoint")

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "generic/redirect-uri-text",
        "The redirect URI isn't the registered one.",
        causes.redirect_uri_mismatch("likely", source=f"{sources.HEALTH_GORILLA}; {_WORDING}"),
        says="redirect_uri mismatch / invalid redirect URI",
        where="error page",
        patterns=(
            r"redirect[_ -]uri[^\n]{0,30}(?:mismatch|does ?n.t match|not registered|is invalid)",
            r"(?:invalid|mismatch\w{0,5}|unregistered)[^\n]{0,20}redirect[_ -]ur[il]",
        ),
        source=sources.HEALTH_GORILLA,
    ),
    _entry(
        "generic/code-text",
        "The authorization code is too old or was already exchanged.",
        causes.code_expired_or_used("likely", source=f"{sources.HEALTH_GORILLA}; {_WORDING}"),
        says="authorization code expired or already used",
        patterns=(
            r"authorization code[^\n]{0,40}(?:expired|already|used|redeemed|not valid)",
            r"(?:expired|invalid)[^\n]{0,20}authorization code",
        ),
        source=sources.HEALTH_GORILLA,
    ),
    _entry(
        "generic/pkce-text",
        "PKCE, the proof that the callback and the launch belong together, is missing or wrong.",
        causes.pkce_mismatch("likely", source=f"{sources.RFC_7636}; {_WORDING}"),
        says="PKCE verification failed / code_verifier does not match",
        patterns=(
            (
                r"(?:\bpkce\b|proof key for code exchange)[^\n]{0,40}(?:fail|mismatch|invalid"
                r"|required)"
            ),
            r"code[_ ](?:verifier|challenge)[^\n]{0,40}(?:fail|mismatch|invalid|missing|match)",
            r"(?:invalid|missing)[^\n]{0,20}code[_ ](?:verifier|challenge)",
        ),
        source=sources.RFC_7636,
    ),
    _entry(
        "generic/clock-text",
        "The times in a signed token don't match the recipient's clock.",
        causes.clock_skew(
            "likely", source=sources.inferred(f"{sources.RFC_7523}; {sources.OPENID}")
        ),
        causes.client_auth_wrong(
            "possible",
            "The assertion's `exp` is more than five minutes ahead, or an assertion was "
            "used twice.",
            (
                "Create a new assertion for each token request, with `exp` at most five minutes "
                "ahead, as this app does."
            ),
            source=sources.INFERRED,
        ),
        says="token is not yet valid / issued in the future / assertion expired",
        patterns=(
            r"not (?:yet (?:valid|active)|(?:valid|active) yet)\b|\btoken is not active\b",
            r"(?:issued|iat|nbf)\b[^\n]{0,30}\bfuture\b",
            r"used before (?:it was )?issued",
            r"assertion[^\n]{0,30}\bexpired\b",
            r"\bclock skew\b",
        ),
        source=sources.inferred(
            f"{sources.RFC_7523}; no launch report was found that blames a clock"
        ),
    ),
    _entry(
        "generic/edge-access-denied",
        "Something in front of the token endpoint refused the request. The response is text, not "
        "an OAuth error in JSON.",
        causes.ehr_side(
            "possible",
            "The firewall or gateway might allow only certain networks, or reject the request's "
            "format.",
            (
                "Ask the EHR's operator whether this app's network is allowed to reach the token "
                "endpoint. Give them the time and the client ID."
            ),
            ByFlow(
                "If you can use another network, launch the app again from there.",
                backend="If you can use another network, try again from there.",
            ),
            source=sources.inferred(sources.DISCHARGE),
            title="A firewall or gateway in front of the EHR refused the request.",
            plainly="The app's request was refused.",
        ),
        causes.client_unknown(
            "possible",
            "The only known report is about Oracle Health's sandbox. The report's author guesses "
            "that an unused sandbox app had expired.",
            source=f"{sources.DISCHARGE} (its author's guess)",
        ),
        says="HTTP 403 Access denied, as text, from the token endpoint",
        statuses=(403,),
        patterns=(r"\b403\b[\s\S]{0,40}\baccess denied\b", r"\baccess denied\b[\s\S]{0,40}\b403\b"),
        source=sources.DISCHARGE,
    ),
    _entry(
        "generic/no-id-token",
        "The EHR issued an access token, but didn't say who signed in.",
        causes.scope_trimmed(
            "likely",
            "`openid` wasn't requested, or it was requested but not granted.",
            "Make sure that `openid` and `fhirUser` are in `scopes` in smart.toml.",
            "Select both in the EHR's registration.",
            causes.RELAUNCH,
        ),
        says="no id_token in the token response",
        patterns=(
            r"\bno id_token\b",
            r"\bid_token[^\n]{0,20}(?:is missing|not returned|missing)\b",
            r"\bmissing id_token\b",
        ),
        source=sources.FORUM_OPENID,
    ),
    _entry(
        "generic/uri-too-long",
        "The authorization request is too long for the EHR, or for a server in front of it.",
        causes.request_too_long("likely", source=sources.inferred(sources.FORUM_BAD_REQUEST)),
        says="414 URI Too Long / Request-URI Too Large",
        where="error page",
        patterns=(r"\burl? too long\b|\buri too (?:long|large)\b",),
        source=sources.RFC_9110,
    ),
    _entry(
        "generic/fhir-401",
        "The FHIR server doesn't accept the request's token.",
        causes.access_token_expired(
            "likely", source=f"{sources.RFC_6750}; {sources.HEALTH_GORILLA}"
        ),
        causes.tenant_mismatch(
            "possible",
            "The token belongs to a different FHIR base than the one that was called.",
            source=sources.FORUM_TENANT_MISMATCH,
        ),
        says="401 Unauthorized from FHIR, without details",
        where="FHIR answer",
        statuses=(401,),
        patterns=(r"\b401 unauthorized\b", r"http(?:/[\d.]{1,4})? 401\b"),
        source=sources.RFC_6750,
    ),
    _entry(
        "generic/fhir-403",
        "The token is valid, but doesn't allow this request.",
        causes.scope_trimmed("likely", source=f"{sources.RFC_6750}; {sources.FORUM_403}"),
        causes.user_not_permitted("possible", source=f"{sources.RFC_6750}; {sources.AZURE}"),
        says="403 Forbidden from FHIR, without details",
        where="FHIR answer",
        statuses=(403,),
        patterns=(r"\b403 forbidden\b", r"http(?:/[\d.]{1,4})? 403\b"),
        source=sources.RFC_6750,
    ),
)
