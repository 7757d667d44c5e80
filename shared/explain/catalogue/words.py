"""Any EHR: what servers, libraries, networks and browsers say, whatever words they choose.

The entries are in the order of their precision: the first one that a sentence fits explains it.
RFC 6749, RFC 6750, RFC 7521, RFC 7523, RFC 7636, OpenID Connect Core 1.0, FHIR R4.
"""

from functools import partial

from shared.explain.catalogue import causes, sources
from shared.explain.catalogue.entry import entry
from shared.explain.catalogue.generic_token import SAME_REDIRECT_URI
from shared.explain.model import Entry

_BAD = "missing|unknown|mismatch|invalid|denied|expired"
_ASSERTED = "assertion|=invalid_client|@token"

_at_authorize = partial(entry, where="authorize redirect", source=sources.RFC_6749)
_at_token = partial(entry, where="token endpoint", source=sources.RFC_6749)
_at_fhir = partial(entry, where="FHIR answer", source=sources.RFC_6750)

ENTRIES: tuple[Entry, ...] = (
    _at_authorize(
        "generic/uri-too-long",
        "The authorization request is too long for the EHR, or for a server in front of it.",
        causes.request_too_long("likely", source=sources.inferred(sources.FORUM_BAD_REQUEST)),
        says="414 URI Too Long / Request-URI Too Large",
        where="error page",
        patterns=(r"\bur[il] too (?:long|large)\b|header fields? too large",),
        alone=True,
        source=sources.RFC_9110,
    ),
    _at_authorize(
        "generic/server-failed",
        "The server failed, and doesn't say more.",
        causes.ehr_side("likely"),
        says="An unexpected error occurred / internal error / try again later",
        where="error page",
        about=("broken !client_auth !by:writer",),
        source=sources.INFERRED,
    ),
    _at_token(
        "generic/grant-not-enabled",
        "The server recognizes the client, but the client isn't registered to get a token this "
        "way.",
        causes.grant_not_enabled("likely"),
        says="grant type is not allowed for this client",
        about=(
            "grant_type denied|unknown|mismatch !=unsupported_grant_type !scope !refresh !redirect",
            "grant_type invalid =unauthorized_client",
        ),
    ),
    _at_authorize(
        "generic/consent",
        "The identity provider has its own rule, which this user or app doesn't meet.",
        causes.idp_policy("likely"),
        says="consent required / needs admin approval / user isn't assigned to the application",
        where="error page",
        about=(
            "consent missing|denied|invalid|unknown !declined",
            "user client denied !scope !by:writer !=invalid_client !@FHIR",
        ),
        source=sources.OPENID,
    ),
    _at_authorize(
        "generic/user-declined",
        "The user chose not to sign in, or not to consent.",
        causes.user_declined("likely"),
        says="The user denied the request / the sign-in was canceled",
        about=("declined user|consent|patient !server_default",),
    ),
    _at_authorize(
        "generic/user-credentials",
        "The server refused the user's sign-in.",
        causes.user_credentials_wrong("likely"),
        says="Invalid username or password / Invalid user credentials",
        where="error page",
        about=("password invalid|mismatch|expired|denied|unknown|missing !client_auth",),
        source=sources.INFERRED,
    ),
    _at_token(
        "generic/refresh-reused",
        "The refresh token that was sent has been replaced or withdrawn.",
        causes.refresh_reused("likely"),
        causes.session_ended("possible", source=sources.RFC_6749),
        says="Refresh token has been revoked / already used / reuse detected",
        about=("refresh used",),
        source=sources.RFC_9700,
    ),
    _at_token(
        "generic/refresh-not-allowed",
        "The client isn't registered for refresh tokens.",
        causes.grant_not_enabled(
            "likely",
            None,
            "In the app's registration, allow the grant type `refresh_token` (offline access).",
        ),
        causes.refresh_not_granted("possible"),
        says="grant type refresh_token isn't allowed for this client",
        about=("refresh grant_type denied|invalid",),
    ),
    _at_token(
        "generic/refresh-expired",
        "The refresh token isn't valid anymore.",
        causes.session_ended(
            "likely",
            "A refresh token ends with the user's session, after a time without use, when a new "
            "one replaces it, or when the grant is withdrawn.",
            title="The refresh token is no longer valid.",
        ),
        causes.refresh_reused("possible"),
        says="Refresh token is invalid or expired / Token is not active / Session not active",
        about=(
            "refresh expired|invalid|unknown|mismatch",
            "session expired|unknown @token|@refresh",
        ),
    ),
    _at_token(
        "generic/refresh-absent",
        "There's no refresh token.",
        causes.refresh_not_granted("likely"),
        says="no refresh_token in the token response / Unable to refresh",
        about=("refresh missing|denied",),
    ),
    _at_token(
        "generic/pkce-text",
        "PKCE, the proof that the callback and the launch belong together, is missing or wrong.",
        causes.pkce_mismatch("likely", source=sources.RFC_7636),
        says="PKCE verification failed / code_verifier does not match",
        about=(f"pkce {_BAD}|long",),
        source=sources.RFC_7636,
    ),
    _at_token(
        "generic/token-redirect-uri-text",
        "The redirect URI in the token request doesn't match the one in the authorization request.",
        causes.redirect_uri_mismatch(
            "likely",
            "The token request must repeat the redirect URI of the authorization request, byte "
            "for byte. The two differ if two parts of an app, or two deployments, each have "
            "their own redirect URI.",
            *SAME_REDIRECT_URI,
        ),
        causes.code_expired_or_used("possible"),
        says="invalid_grant with a message about redirect_uri",
        about=(
            "redirect mismatch|invalid|unknown =invalid_grant",
            "redirect mismatch|invalid|unknown @token !=invalid_request",
        ),
    ),
    _at_authorize(
        "generic/redirect-uri-missing",
        "The request doesn't name a redirect URI.",
        causes.request_malformed(
            "likely",
            "`redirect_uri` is missing, or it isn't a URL.",
            "Send `redirect_uri`, exactly as it's registered, in both requests.",
        ),
        causes.redirect_uri_mismatch("possible"),
        says="redirect_uri is missing",
        about=("redirect missing !mismatch !unknown !invalid !denied",),
    ),
    _at_authorize(
        "generic/redirect-uri-text",
        "The redirect URI isn't the registered one.",
        causes.redirect_uri_mismatch("likely", source=sources.HEALTH_GORILLA),
        says="redirect_uri mismatch / invalid redirect URI",
        where="error page",
        about=("redirect missing|unknown|mismatch|invalid|denied",),
        source=sources.HEALTH_GORILLA,
    ),
    _at_token(
        "generic/grant-type-missing",
        "The token endpoint couldn't read the parameters of the request.",
        causes.request_malformed(
            "likely",
            "The body wasn't sent as a form, or a required parameter is missing from it.",
            "Send the parameters in the body as `application/x-www-form-urlencoded`.",
        ),
        says="Missing parameter: grant_type",
        about=("grant_type missing|invalid", "media invalid|denied|missing @token"),
    ),
    _at_token(
        "generic/client-auth-text",
        "The client didn't authenticate with the method that it's registered for.",
        causes.client_auth_wrong("likely"),
        causes.client_unknown("possible"),
        says="client_secret or client_assertion is missing or invalid",
        about=(
            f"secret {_BAD} !password",
            "assertion missing !claim !key !signature",
            "client_auth missing|invalid|mismatch|denied|unknown !key !claim !@FHIR",
            "header missing|invalid @token !media !origin",
        ),
    ),
    _at_token(
        "generic/assertion-claims",
        "The server read the client's signed assertion, but refused a claim in it.",
        causes.assertion_claims_wrong("likely"),
        causes.clock_skew("possible"),
        says="client assertion: aud, exp, jti, iss or sub is wrong",
        about=(
            f"times|assertion|access long {_ASSERTED} !scope",
            "times long !@FHIR !id_token !refresh !code !scope",
            (
                f"jti|alg|claim used|missing|mismatch|invalid|denied|unknown {_ASSERTED} !@FHIR "
                f"!future"
            ),
            (
                f"audience|issuer missing|mismatch|invalid|unknown {_ASSERTED} !@FHIR !code "
                f"!refresh "
                "!id_token !resource"
            ),
        ),
        source=sources.RFC_7523,
    ),
    _at_token(
        "generic/clock-text",
        "The times in a signed token don't match the recipient's clock.",
        causes.clock_skew(
            "likely", source=sources.inferred(f"{sources.RFC_7523}; {sources.OPENID}")
        ),
        causes.assertion_claims_wrong("possible", source=sources.INFERRED),
        says="token is not yet valid / issued in the future / assertion expired",
        about=("times|access|id_token|claim|assertion future", "assertion expired"),
        source=sources.inferred(
            f"{sources.RFC_7523}; no launch report was found that blames a clock"
        ),
    ),
    _at_fhir(
        "generic/opaque-token",
        "The app tries to read the access token, which only the FHIR server should read.",
        causes.opaque_token_decoded("likely", source=sources.RFC_6749),
        says="jwt malformed / Not enough segments, on an access token",
        alone=True,
        patterns=(
            (
                r"(?:decod\w{1,20}|pars\w{1,20}|jwt (?:malformed|\S{1,20} error))[^\n]{0,50}access"
                r"[_ ]?token[^\n]{0,80}|access[_ ]?token[^\n]{0,60}(?:jwt malformed|(?:not|n't)"
                r" (?:a (?:valid )?)?jwt|decod\w{1,20}|segments|malformed|jwt\.io)[^\n]{0,40}"
            ),
        ),
        where="token endpoint",
    ),
    _at_token(
        "generic/no-id-token",
        "The EHR issued an access token, but didn't say who signed in.",
        causes.scope_trimmed(
            "likely",
            "`openid` wasn't requested, or it was requested but not granted.",
            "Request `openid` and `fhirUser`, and select both in the EHR's registration.",
            causes.RELAUNCH,
        ),
        says="no id_token in the token response",
        about=("id_token missing !key !claim !signature",),
        source=sources.FORUM_OPENID,
    ),
    _at_token(
        "generic/signing-key",
        "The app can't check the signature of a token with the keys that it has.",
        causes.signing_key_unknown("likely"),
        says="id_token: could not find key ID … in available keys / unknown kid",
        about=(
            "id_token key|signature unknown|mismatch|invalid",
            "key|signature unknown|mismatch|invalid by:library !assertion !=invalid_client !@token",
        ),
        source=sources.OPENID,
    ),
    _at_authorize(
        "generic/server-key",
        "The server couldn't check a signature, before the app has signed anything.",
        causes.ehr_side("likely", source=sources.INFERRED),
        causes.client_unknown("possible", source=sources.INFERRED),
        says="Public key not found, at the authorization endpoint",
        about=("key|signature unknown|invalid|mismatch @authorize !=invalid_grant !assertion",),
        source=sources.INFERRED,
    ),
    _at_token(
        "generic/assertion-key",
        "The server can't check the client's signed assertion with the keys that it has.",
        causes.assertion_key_unknown("likely"),
        causes.not_propagated_yet("possible", source=sources.INFERRED),
        says="JWT key ID does not match any key in JWKS / Unable to load public key",
        about=(
            "key|signature missing|unknown|mismatch|invalid !@FHIR !id_token",
            "key denied|expired !client !@FHIR !id_token",
        ),
        source=sources.RFC_7523,
    ),
    _at_authorize(
        "generic/issuer-in-discovery",
        "The issuer that the app is configured with isn't the one in the discovery document.",
        causes.tenant_mismatch(
            "likely",
            "The two are compared as text, so that a slash at the end, the scheme, the host or the "
            "realm matters.",
            "Write the issuer exactly as `issuer` in the discovery document has it.",
        ),
        says="invalid issuer in discovery document / issuer did not match",
        where="launch",
        about=("issuer mismatch|invalid|unknown|missing discovery !#401 !access",),
        source=sources.OPENID,
    ),
    _at_fhir(
        "generic/token-of-another",
        "The FHIR server doesn't accept the token's issuer or audience.",
        causes.token_of_another_server("likely"),
        causes.aud_wrong("possible", source=sources.INFERRED),
        says="The issuer is invalid / audience validation failed (FHIR 401)",
        about=(
            "issuer|audience|claim missing|mismatch|invalid|unknown @FHIR|=invalid_token",
            (
                "issuer|audience mismatch|invalid|unknown !@authorize !@token !search !launch "
                "!=invalid_request !tenant"
            ),
            "key|signature unknown|mismatch|invalid @FHIR",
        ),
    ),
    _at_token(
        "generic/code-text",
        "The authorization code is too old or was already exchanged.",
        causes.code_expired_or_used("likely", source=sources.HEALTH_GORILLA),
        says="authorization code expired or already used",
        about=(
            "code expired|used",
            "auth_code invalid|unknown !client !redirect !@FHIR",
            "code invalid|unknown @token|=invalid_grant !client !redirect",
        ),
        source=sources.HEALTH_GORILLA,
    ),
    _at_token(
        "generic/code-missing",
        "The token request has no `code`.",
        causes.request_malformed(
            "likely",
            "The code wasn't passed from the callback to the token request, or the body isn't "
            "form-encoded.",
            "Send `code` form-encoded in the body.",
        ),
        says="Missing parameter: code",
        about=("code missing @token|=invalid_request|=invalid_client !client !redirect !pkce",),
    ),
    _at_token(
        "generic/code-of-another-client",
        "The code was issued to another client than the one that exchanges it.",
        causes.client_id_mismatch("likely"),
        says="authorization code was issued to another client",
        about=("code client mismatch !redirect",),
    ),
    _at_authorize(
        "generic/state",
        "The page that completes a launch can't find the launch that it should complete.",
        causes.state_unknown("likely", source=f"{sources.RFC_6749}; {sources.GROWTH_62}"),
        causes.cookies_blocked("likely", source=sources.INFERRED),
        causes.launch_parameter_missing("possible"),
        says="No 'state' parameter found / state mismatch",
        where="launch",
        about=("state|nonce missing|unknown|mismatch|invalid|expired !=login_required",),
        source=sources.GROWTH_62,
    ),
    _at_authorize(
        "generic/resource-text",
        "The server has no resource with the name given in `aud`, `resource` or the scopes.",
        causes.aud_wrong("likely"),
        causes.tenant_mismatch("possible", source=sources.INFERRED),
        says="invalid audience parameter / invalid_target / resource principal not found",
        oauth_errors=("invalid_target", "invalid_resource"),
        about=(
            (
                "resource unknown|invalid|mismatch|missing tenant|audience|=invalid_target"
                "|=invalid_resource"
            ),
            "audience missing|unknown|mismatch|invalid|denied !@FHIR !=invalid_token !access",
        ),
        source=sources.inferred("RFC 8707"),
    ),
    _at_fhir(
        "generic/scope-not-covered",
        "The token's scopes don't cover this request.",
        causes.scope_trimmed("likely"),
        causes.scope_not_registered("possible"),
        causes.user_not_permitted("possible"),
        says="insufficient scope / permission is not granted by any of the scopes",
        about=(
            "scope denied @FHIR !=invalid_scope !user",
            "scope missing|invalid field @FHIR !=invalid_scope !user",
        ),
    ),
    _at_authorize(
        "generic/scope-text",
        "According to the server, a scope is missing, unknown or not allowed for the app.",
        causes.scope_not_registered("likely"),
        causes.scope_syntax("possible", source=sources.INFERRED),
        says="Invalid scopes: … / scope is not allowed for the client",
        about=("scope denied|unknown|invalid|missing|mismatch !user !refresh !context",),
    ),
    _at_token(
        "generic/response-type-text",
        "The server doesn't offer this `response_type` to the app.",
        causes.request_malformed(
            "likely",
            "The request asks for something else than a code.",
            "Send `response_type=code`, and allow the authorization code flow in the registration.",
        ),
        says="response_type is not supported",
        about=("response_type denied|invalid|missing|unknown",),
        where="authorize redirect",
    ),
    _at_fhir(
        "generic/patient-unknown",
        "There's no patient in the token or in the launch.",
        causes.patient_context_missing("likely"),
        says="patient is null / Patient is not available / cannot resolve the launch context",
        about=(
            "patient|context missing|unknown by:library !state",
            "context missing|unknown|invalid !session !state !launch",
            "patient context missing|unknown|invalid",
        ),
    ),
    _at_authorize(
        "generic/iss-not-given",
        "The launch page was opened without the `iss` and `launch` that an EHR adds.",
        causes.launch_parameter_missing(
            "likely",
            None,
            causes.launch_parameter_missing.steps[0],
            "If you don't have an EHR, enter the app's launch URL in a sandbox or in the SMART "
            "launcher (`launch.smarthealthit.org`), and launch from there.",
            *causes.launch_parameter_missing.steps[1:],
            source=f"{sources.SMART}; {sources.CENTILES_4}",
        ),
        says="Failed to discover authorization URL given: undefined / No server url found",
        where="launch",
        about=("iss_parameter|launch missing !audience !session !@token !@FHIR !access !id_token",),
        source=sources.CENTILES_4,
    ),
    _at_authorize(
        "generic/launch-value",
        "The server doesn't recognize the `launch` value.",
        causes.launch_value_invalid("likely"),
        says="invalid launch / unknown launch context",
        about=("launch invalid|unknown|expired|mismatch !discovery",),
        source=sources.SMART,
    ),
    _at_authorize(
        "generic/not-enabled",
        "The server recognizes the app, but this site hasn't turned it on.",
        causes.client_not_enabled_at_site("likely"),
        says="app_not_activated / app not activated / not enabled for this organization",
        about=("client denied|expired !user !@FHIR !redirect", "tenant denied client|access"),
        source=sources.INFERRED,
    ),
    _at_authorize(
        "generic/client-unknown-text",
        "The server doesn't recognize the client ID.",
        causes.client_unknown("likely"),
        causes.not_propagated_yet("possible"),
        says="client not found / Unknown client / invalid client_id",
        where="error page",
        about=(
            "client unknown !user !claim !resource",
            "client_id missing|invalid|mismatch !claim",
        ),
    ),
    _at_authorize(
        "generic/tenant-text",
        "The server doesn't know the tenant, or it's another one than expected.",
        causes.tenant_mismatch("likely"),
        says="tenant not found / realm does not exist",
        where="error page",
        about=("tenant unknown|mismatch|invalid !user !client !scope",),
    ),
    _at_authorize(
        "generic/user-text",
        "The server doesn't let this user in, or doesn't know them.",
        causes.user_not_permitted("likely"),
        causes.user_mismatch("possible"),
        says="User not found / user is not authorized / account is locked",
        about=("user unknown|denied|invalid|expired !session !client_auth !declined",),
    ),
    _at_fhir(
        "generic/token-not-sent",
        "The FHIR server received no access token.",
        causes.token_not_in_header("likely"),
        says="Missing Authorization header / Full authentication is required",
        alone=True,
        patterns=(
            (
                r"full authentication is required|authentication token (?:is )?missing"
                r"|[?&]access_token="
            ),
        ),
        about=(
            "header missing|denied|invalid !media !origin !=invalid_client !@token !@discovery",
            "access missing @FHIR !claim !refresh",
        ),
    ),
    _at_fhir(
        "generic/access-token-expired",
        "The access token has expired.",
        causes.access_token_expired("likely"),
        causes.clock_skew("possible", source=sources.INFERRED),
        says="The access token expired / jwt expired",
        about=("access expired !refresh !code !session !assertion",),
    ),
    _at_authorize(
        "generic/discovery-missing",
        "The document that lists the authorize and token URLs wasn't found.",
        causes.discovery_missing("likely"),
        causes.fhir_base_wrong("possible", source=sources.INFERRED),
        says=".well-known/smart-configuration 404 / could not fetch the well-known JSON",
        where="launch",
        alone=True,
        patterns=(
            r"(?:smart|openid)-configuration\b[^\n]{0,90}\b(?:404|not found)\b",
            r"\b404\b[^\n]{0,90}(?:smart|openid)-configuration",
        ),
        about=("discovery unknown|missing|invalid !#401 !#403 !#5xx !version",),
        source=sources.SMART,
    ),
    _at_authorize(
        "generic/endpoint-text",
        "The server has nothing at this URL.",
        causes.endpoint_wrong("likely"),
        causes.fhir_base_wrong("possible"),
        says="Could not find resource for full path / 404 from the authorize or token URL",
        where="error page",
        about=("endpoint unknown !@FHIR !#5xx", "type unknown @authorize|@token !patient"),
        source=sources.RFC_9110,
    ),
    _at_fhir(
        "generic/fhir-version",
        "The client can't read the server's response, because their FHIR versions differ.",
        causes.fhir_version_mismatch("likely"),
        says='expected "Conformance" but found "CapabilityStatement"',
        alone=True,
        patterns=(
            (
                r"expected \W?conformance\W? but found|unsupported fhir version|fhir ?version "
                r"(?:mismatch|is not supported|does not match)|\b(?:dstu2|stu3|r4b?|r5) (?:client"
                r"|library|model)s? (?:with|against|and) (?:an? )?(?:dstu2|stu3|r4b?|r5)\b"
            ),
        ),
        source=sources.INFERRED,
    ),
    _at_fhir(
        "generic/fhir-request-text",
        "The FHIR server doesn't accept the request: a parameter, a type or a format.",
        causes.fhir_request_invalid("likely"),
        says="Unknown resource type / unknown search parameter / unsupported media type",
        about=(
            "search|type|media unknown|denied|missing|invalid|mismatch @FHIR !scope !user !access",
        ),
        source=sources.INFERRED,
    ),
    _at_fhir(
        "generic/token-refused-text",
        "The FHIR server doesn't accept the access token, and doesn't say why.",
        causes.token_of_another_server("possible"),
        causes.access_token_expired("possible"),
        causes.token_not_in_header("possible"),
        says="Invalid access token / the token cannot be validated",
        about=("access invalid|denied|mismatch !@token !@authorize !@refresh !claim !by:writer",),
    ),
    _at_fhir(
        "generic/fhir-refused-text",
        "The FHIR server refuses this request, and doesn't say why.",
        causes.user_not_permitted("possible"),
        causes.scope_trimmed("possible"),
        causes.client_not_enabled_at_site("possible"),
        says="Not authorized / access is denied, from FHIR",
        about=("denied @FHIR field #none",),
    ),
)
