"""Any EHR: wordings of any server that state more than a bare code."""

from shared.explain.catalogue import causes, sources
from shared.explain.model import Entry
from shared.findings import ByFlow

_WORDING = "wordings of several servers; no single source"

ENTRIES: tuple[Entry, ...] = (
    Entry(
        key="generic/redirect-uri-text",
        says="redirect_uri mismatch / invalid redirect URI",
        where="error page",
        patterns=(
            r"redirect[_ -]uri[^\n]{0,30}(?:mismatch|does ?n.t match|not registered|is invalid)",
            r"(?:invalid|mismatch\w{0,5}|unregistered)[^\n]{0,20}redirect[_ -]ur[il]",
        ),
        meaning="The redirect URI isn't the registered one.",
        causes=(causes.redirect_uri_mismatch("likely", f"{sources.HEALTH_GORILLA}; {_WORDING}"),),
        source=sources.HEALTH_GORILLA,
    ),
    Entry(
        key="generic/code-text",
        says="authorization code expired or already used",
        where="token endpoint",
        patterns=(
            r"authorization code[^\n]{0,40}(?:expired|already|used|redeemed|not valid)",
            r"(?:expired|invalid)[^\n]{0,20}authorization code",
        ),
        meaning="The authorization code is too old or was already exchanged.",
        causes=(causes.code_expired_or_used("likely", f"{sources.HEALTH_GORILLA}; {_WORDING}"),),
        source=sources.HEALTH_GORILLA,
    ),
    Entry(
        key="generic/pkce-text",
        says="PKCE verification failed / code_verifier does not match",
        where="token endpoint",
        patterns=(
            (
                r"(?:\bpkce\b|proof key for code exchange)[^\n]{0,40}(?:fail|mismatch|invalid"
                r"|required)"
            ),
            r"code[_ ](?:verifier|challenge)[^\n]{0,40}(?:fail|mismatch|invalid|missing|match)",
            r"(?:invalid|missing)[^\n]{0,20}code[_ ](?:verifier|challenge)",
        ),
        meaning="The proof that callback and launch belong together (PKCE) is missing or wrong.",
        causes=(causes.pkce_mismatch("likely", f"{sources.RFC_7636}; {_WORDING}"),),
        source=sources.RFC_7636,
    ),
    Entry(
        key="generic/clock-text",
        says="token is not yet valid / issued in the future / assertion expired",
        where="token endpoint",
        patterns=(
            r"not (?:yet (?:valid|active)|(?:valid|active) yet)\b|\btoken is not active\b",
            r"(?:issued|iat|nbf)\b[^\n]{0,30}\bfuture\b",
            r"used before (?:it was )?issued",
            r"assertion[^\n]{0,30}\bexpired\b",
            r"\bclock skew\b",
        ),
        meaning="The times in a signed token don't match the reader's clock.",
        causes=(
            causes.clock_skew("likely", sources.inferred(f"{sources.RFC_7523}; {sources.OPENID}")),
            causes.client_auth_wrong(
                "possible",
                sources.INFERRED,
                why="The assertion's `exp` is more than five minutes ahead, or an assertion was "
                "used twice.",
            ),
        ),
        source=sources.inferred(
            f"{sources.RFC_7523}; no launch report was found that blames a clock"
        ),
    ),
    Entry(
        key="generic/edge-access-denied",
        says="HTTP 403 Access denied, as text, from the token endpoint",
        where="token endpoint",
        statuses=(403,),
        patterns=(r"\b403\b[\s\S]{0,40}\baccess denied\b", r"\baccess denied\b[\s\S]{0,40}\b403\b"),
        meaning="Something in front of the token endpoint refused the request: the response is "
        "text, not the JSON of an OAuth error.",
        causes=(
            causes.ehr_side(
                "possible",
                sources.inferred(sources.DISCHARGE),
                title="A firewall or gateway in front of the EHR refused the request.",
                why="It might allow only certain networks, or reject the form of the request.",
                steps=(
                    (
                        "Ask the EHR's operator whether this app's network is allowed to reach "
                        "the token endpoint. Give the time and the client ID."
                    ),
                    ByFlow(
                        "Launch the app again from another network, if there is one.",
                        backend="Try from another network, if there is one.",
                    ),
                ),
                plainly="The app's request was refused.",
            ),
            causes.client_unknown(
                "possible",
                f"{sources.DISCHARGE} (its author's guess)",
                why="The one report of this is about Oracle Health's sandbox. Its author guesses "
                "that an unused sandbox app had expired.",
            ),
        ),
        source=sources.DISCHARGE,
    ),
    Entry(
        key="generic/no-id-token",
        says="no id_token in the token response",
        where="token endpoint",
        patterns=(
            r"\bno id_token\b",
            r"\bid_token[^\n]{0,20}(?:is missing|not returned|missing)\b",
            r"\bmissing id_token\b",
        ),
        meaning="The EHR issued an access token, but doesn't say who signed in.",
        causes=(
            causes.scope_trimmed(
                "likely",
                why="`openid` was requested and not granted, or it wasn't requested.",
                steps=(
                    "Make sure that `openid` and `fhirUser` are in `scopes` in smart.toml.",
                    "Select both in the EHR's registration.",
                    causes.RELAUNCH,
                ),
            ),
        ),
        source=sources.FORUM_OPENID,
    ),
    Entry(
        key="generic/uri-too-long",
        says="414 URI Too Long / Request-URI Too Large",
        where="error page",
        patterns=(r"\burl? too long\b|\buri too (?:long|large)\b",),
        meaning="The authorization request is longer than a server in between accepts.",
        causes=(causes.request_too_long("likely", sources.inferred(sources.FORUM_BAD_REQUEST)),),
        source=sources.RFC_9110,
    ),
    Entry(
        key="generic/fhir-401",
        says="401 Unauthorized from FHIR, without more",
        where="FHIR answer",
        statuses=(401,),
        patterns=(r"\b401 unauthorized\b", r"http(?:/[\d.]{1,4})? 401\b"),
        meaning="The FHIR server doesn't accept the request's token.",
        causes=(
            causes.access_token_expired("likely", f"{sources.RFC_6750}; {sources.HEALTH_GORILLA}"),
            causes.tenant_mismatch(
                "possible",
                sources.FORUM_TENANT_MISMATCH,
                why="The token belongs to a different FHIR base than the one that was called.",
            ),
        ),
        source=sources.RFC_6750,
    ),
    Entry(
        key="generic/fhir-403",
        says="403 Forbidden from FHIR, without more",
        where="FHIR answer",
        statuses=(403,),
        patterns=(r"\b403 forbidden\b", r"http(?:/[\d.]{1,4})? 403\b"),
        meaning="The token is valid, but doesn't allow this request.",
        causes=(
            causes.scope_trimmed("likely", f"{sources.RFC_6750}; {sources.FORUM_403}"),
            causes.user_not_permitted("possible", f"{sources.RFC_6750}; {sources.AZURE}"),
        ),
        source=sources.RFC_6750,
    ),
)
