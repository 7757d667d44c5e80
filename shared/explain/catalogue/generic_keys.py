"""Any EHR: messages of servers and libraries about keys, claims, tokens and grants."""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.model import Entry

_NOT = (
    r"(?:not (?:allowed|enabled|authorized|permitted|granted|registered|supported|approved|valid)"
)

_entry = partial(entry, where="token endpoint", source=sources.RFC_6749)

ENTRIES: tuple[Entry, ...] = (
    _entry(
        "generic/assertion-key",
        "The server can't check the client's signed assertion with the keys that it has.",
        causes.assertion_key_unknown("likely"),
        causes.not_propagated_yet("possible", source=sources.INFERRED),
        says="JWT key ID does not match any key in JWKS / Unable to load public key",
        patterns=(
            (
                r"(?:client_assertion\W[^\n]{0,20})?\b(?:kid|key id)\b[^\n]{0,40}(?:mismatch"
                r"|not found|unknown|invalid|(?:do|did|does) not match|no match)[^\n]{0,40}"
            ),
            (
                r"(?:unable to|failed to|could not|cannot|error)[^\n]{0,60}\b(?:jwks|jwk set"
                r"|public key)\b"
                r"|public key not found|jwks\b[^\n]{0,30}(?:unreachable|returned an error)"
            ),
            (
                r"(?:assertion|client)[^\n]{0,40}invalid signature|invalid signature"
                r"[^\n]{0,30}assertion|signature[^\n]{0,30}client[_ ](?:jwt|assertion)|client"
                r" signed jwt[^\n]{0,20}signature|signature on jwt token[^\n]{0,30}"
            ),
        ),
        source=sources.RFC_7523,
    ),
    _entry(
        "generic/assertion-claims",
        "The server read the client's signed assertion, but refused a claim in it.",
        causes.assertion_claims_wrong("likely"),
        causes.clock_skew("possible"),
        says="client assertion: aud, exp, jti, iss or sub is wrong",
        patterns=(
            (
                r"(?:assertion|client jwt)[^\n]{0,50}\b(?:aud|audience|issuer|subject|jti|iat"
                r"|lifetime|exp)\b[^\n]{0,60}|\b(?:aud|iss|sub|jti|exp|iat)\b[^\n]{0,40}client[_"
                r" ]assertion[^\n]{0,60}|invalid token audience|missing (?:id|jti|exp|iat) (?:on"
                r"|in) the token"
            ),
            (
                r"\bexp\w{0,20}[^\n]{0,40}(?:too far|more than (?:5|five) minutes"
                r"|exceeds)[^\n]{0,30}"
                r"|\bjti\b[^\n]{0,30}(?:already|reuse|replay|unique)|token reuse detected"
            ),
        ),
        source=sources.RFC_7523,
    ),
    _entry(
        "generic/signing-key",
        "The app can't check the signature of a token with the keys that it has.",
        causes.signing_key_unknown("likely"),
        says="id_token: could not find key ID … in available keys / unknown kid",
        patterns=(
            (
                r"(?:id[_ -]?token|access[_ -]?token|jwtverifier|jwt"
                r" validation)[^\n]{0,80}(?:could not find|no "
                r"matching|unknown|unable to find|no)\b[^\n]{0,30}\b(?:key|kid)[^\n]{0,80}"
            ),
            (
                r"(?:key|kid)[^\n]{0,80}(?:in (?:the )?available keys|verif\w{1,20} (?:the )?(?:id"
                r"|access)[_ ]token)|jwks?no\w{0,20}matching\w{0,20}key|(?:no suitable|find a"
                r" signing) key[^\n]{0,40}"
            ),
        ),
        source=sources.OPENID,
    ),
    _entry(
        "generic/refresh-reused",
        "The refresh token that was sent has been replaced or withdrawn.",
        causes.refresh_reused("likely"),
        causes.session_ended("possible", source=sources.RFC_6749),
        says="Refresh token has been revoked / already used / reuse detected",
        patterns=(
            (
                r"refresh[ _]token[^\n]{0,40}(?:already|reus\w{1,20}|revoked|rotated|been used"
                r"|consumed)[^\n]{0,20}|allowed refresh token reuse|stale token"
            ),
        ),
        source=sources.RFC_9700,
    ),
    _entry(
        "generic/grant-not-enabled",
        "The server recognizes the client, but the client isn't registered to get a token this "
        "way.",
        causes.grant_not_enabled("certain"),
        says="grant type is not allowed for this client",
        patterns=(
            rf"\bgrant(?:[ _]types?)?\b[^\n]{{0,60}}{_NOT}|disabled|unauthorized)[^\n]{{0,30}}",
            (
                rf"{_NOT}|unauthorized)[^\n]{{0,40}}(?:grant(?:[ _]type)?\b|service account"
                rf"|client credentials)"
                r"[^\n]{0,20}"
            ),
        ),
    ),
    _entry(
        "generic/user-credentials",
        "The server refused the user's sign-in.",
        causes.user_credentials_wrong("likely"),
        says="Invalid username or password / Invalid user credentials",
        where="error page",
        patterns=(
            (
                r"(?:invalid|incorrect|wrong|bad) (?:user ?(?:name)?(?: or |/| and )password"
                r"|user credentials|"
                r"password|login)|\bbad credentials\b|(?:user ?name|password) is (?:invalid"
                r"|incorrect)|aadsts50126|account (?:is )?locked"
            ),
        ),
        source=sources.INFERRED,
    ),
    _entry(
        "generic/token-of-another",
        "The FHIR server doesn't accept the token's issuer or audience.",
        causes.token_of_another_server("likely"),
        causes.aud_wrong("possible", source=sources.INFERRED),
        says="The issuer is invalid / audience validation failed (FHIR 401)",
        where="FHIR answer",
        patterns=(
            (
                r"\b(?:the |jwt )?(?:issuer|audience)\b(?: '[^'\n]{1,200}')? (?:is )?(?:invalid"
                r"|not trusted|untrusted|validation failed|did not match|does ?n[o'].?t match)"
                r"|\binvalid (?:issuer|audience)\b(?! (?:was specified|param))"
            ),
        ),
        source=sources.RFC_6750,
    ),
    _entry(
        "generic/token-not-sent",
        "The FHIR server received no access token.",
        causes.token_not_in_header("likely"),
        says="Missing Authorization header / Full authentication is required",
        where="FHIR answer",
        patterns=(
            (
                r"(?:missing|no|without)\b[^\n]{0,12}\W?authorization\W{1,2}header|no (?:bearer"
                r"|access|auth) token"
                r"|full authentication is required|authentication required|[?&]access_token="
            ),
        ),
        source=sources.RFC_6750,
    ),
    _entry(
        "generic/opaque-token",
        "The app tries to read the access token, which only the FHIR server should read.",
        causes.opaque_token_decoded("likely"),
        says="jwt malformed / Not enough segments, on an access token",
        patterns=(
            (
                r"(?:decod\w{1,20}|pars\w{1,20}|jwt (?:malformed|\S{1,20} error))[^\n]{0,50}access"
                r"[_ ]?token[^\n]{0,80}|access[_ ]?token[^\n]{0,60}(?:jwt malformed|(?:not|n't)"
                r" (?:a (?:valid )?)?jwt|decod\w{1,20}|segments|malformed|jwt\.io)[^\n]{0,40}"
            ),
        ),
    ),
    _entry(
        "generic/not-enabled",
        "The server recognizes the app, but this site hasn't turned it on.",
        causes.client_not_enabled_at_site("likely"),
        says="app_not_activated / app not activated / not enabled for this organization",
        where="authorize redirect",
        patterns=(
            (
                r"\b(?:app|application|client)\b[^\n]{0,30}\bnot (?:been )?(?:activated|enabled"
                r"|approved|active)\b(?! to)[^\n]{0,40}|not (?:activated|enabled|approved"
                r"|authorized) (?:for|at|by|in) (?:this|the|your) (?:practice|site|organi\w{1,20}"
                r"|tenant|customer)"
            ),
        ),
        source=sources.INFERRED,
    ),
    _entry(
        "generic/client-auth-text",
        "The client didn't authenticate with the method that it's registered for.",
        causes.client_auth_wrong("likely"),
        says="client_secret or client_assertion is missing or invalid",
        patterns=(
            (
                r"client[_ ](?:secret|assertion\w{0,20}|authentication(?! with signed jwt))\b"
                r"(?!s?\.)[^\n]{0,40}"
                r"(?:missing|required|must|invalid|not provided|failed|incorrect)"
            ),
            (
                r"(?:must contain|missing|requires?|invalid)\b[^\n\"}]{0,50}client[_ ](?:"
                r"secret|assertion)\w{0,20}"
            ),
        ),
    ),
    _entry(
        "generic/scope-text",
        "According to the server, a scope is missing, unknown or not allowed for the app.",
        causes.scope_not_registered("likely"),
        causes.scope_syntax("possible", source=sources.INFERRED),
        says="Invalid scopes: … / permission is not granted by any of the scopes",
        where="authorize redirect",
        patterns=(
            (
                r"\binvalid scopes?: ?[^\n]{0,200}|\bscopes?\b[^\n]{0,80}"
                rf"{_NOT}|not (?:recognized|found)|unsupported|unknown)"
            ),
            r"permission for '[^'\n]{1,60}' is not granted by any[^\n]{0,80}",
        ),
    ),
    _entry(
        "generic/resource-text",
        "The server has no resource with the name given in `aud`, `resource` or the scopes.",
        causes.aud_wrong("likely"),
        causes.tenant_mismatch("possible", source=sources.INFERRED),
        says="invalid audience parameter / invalid_target / resource principal not found",
        where="authorize redirect",
        oauth_errors=("invalid_target", "invalid_resource"),
        patterns=(
            r"resource principal named[^\n]{0,200}",
            r"\binvalid[ _](?:target|resource)\b(?! ?type)",
            r"\binvalid audience (?:was specified|param)[^\n]{0,40}|\baudience value is invalid\b",
        ),
        source=sources.inferred("RFC 8707"),
    ),
)
