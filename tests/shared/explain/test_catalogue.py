"""Every entry of the catalogue is found by a message such as its EHR sends."""

import json
import re
import time
from collections import Counter
from typing import get_args
from urllib.parse import quote

from shared.explain.catalogue import ENTRIES, causes, ours
from shared.explain.diagnosis import diagnose
from shared.explain.model import CauseId, Entry
from shared.explain.parsing import urns
from shared.explain.parsing.find import entries
from shared.explain.parsing.parse import parse
from tests.support import ehr_messages
from tests.support.tables import each

AS = "urn:cerner:error:authorization-server:"
RS = "urn:cerner:error:oauth2:resource-access:"
TENANT = "ec2458f2-1e24-41c8-b71b-0e701af7583d"
CLIENT = "f4e2294a-c9e7-4446-894c-0db869be4bfd"
INSTANCE = "dccf77c1-9bb9-43aa-82c1-b6b9c07c95e2"
HOST = "https://authorization.cerner.com"


def redirect(urn: str, error: str) -> str:
    """An answer at the redirect URI: the URI encoded once, the URN in it twice."""
    uri = (
        f"{HOST}/errors/{quote(urn, safe='')}/instances/{INSTANCE}"
        f"?persona=provider&client={CLIENT}&tenant={TENANT}"
    )
    return f"https://app.example.org/callback?state=S&error={error}&error_uri={quote(uri, safe='')}"


def token(urn: str, error: str, client: str = CLIENT) -> str:
    """Return a token response: the URN encoded once, no persona."""
    uri = (
        f"{HOST}/errors/{quote(urn, safe='')}/instances/{INSTANCE}?client={client}&tenant={TENANT}"
    )
    return json.dumps({"error": error, "error_uri": uri})


def page(urn: str) -> str:
    """A redirect to a page of the authorization server."""
    return f"HTTP/1.1 303 See Other\nLocation: /errors/{quote(urn, safe='')}/instances/{INSTANCE}"


def fhir(urn: str, status: int) -> str:
    """Return a FHIR server's refusal that isn't an OperationOutcome."""
    return json.dumps({"code": status, "message": f'code="{urn}"'})


def described(error: str, description: str) -> str:
    """An answer at the redirect URI that says why in words."""
    return f"https://app.example.org/callback?error={error}&error_description={quote(description)}"


def _epic_outcome(*issues: tuple[str, str]) -> str:
    """An OperationOutcome with codes of Epic's own, and what Epic displays with them: the last one
    failed the request, the others are information.
    """
    system = "urn:oid:1.2.840.114350.1.13.0.1.7.2.657369"
    severities = ["information"] * (len(issues) - 1) + ["fatal"]
    coded = [
        {
            "severity": severity,
            "details": {
                "coding": [{"system": system, "code": code, "display": said}],
                "text": said,
            },
        }
        for severity, (code, said) in zip(severities, issues, strict=True)
    ]
    return json.dumps({"resourceType": "OperationOutcome", "issue": coded}, indent=2)


GRANT, TOKEN, LAUNCH = f"{AS}oauth2:grant:", f"{AS}oauth2:token:", f"{AS}smart-v1:grant:launch:"
INSUFFICIENT = (
    '{"code":403,"message":"code=\\"urn:cerner:error:oauth2:resource-access:insufficient-scopes'
    '\\", error=\\"insufficient_scope\\", subcode=\\"no_scope_for_resource_path\\""}'
)

# (entry, message): Oracle Health's errors, in the shape of the place where each shows.
ORACLE = [
    ("code-required", redirect(f"{LAUNCH}code-required", "invalid_request")),
    ("code-required", f"{LAUNCH}launch-code-required"),
    ("code-required", "Oracle Health: grant:launch:code-required, what is missing?"),
    ("code-required", "Cerner sandbox says Launch Code Required"),
    ("invalid-launch-code", redirect(f"{LAUNCH}invalid-launch-code", "invalid_request")),
    ("invalid-launch-code", f"{LAUNCH}invalid-code"),
    ("invalid-launch-code", "Cerner: Access denied, invalid launch code"),
    ("invalid-launch-code", "urn:com:cerner:authorization:error:launch:invalid_launch_code"),
    ("mismatched-identity", redirect(f"{LAUNCH}mismatchted-identity", "access_denied")),
    ("mismatched-identity", f"{LAUNCH}mismatched-identity"),
    ("mismatched-identity", "grant:launch:mismatchted-identity in the Cerner sandbox"),
    (
        "mismatched-identity",
        "urn:com:cerner:authorization:error:launch:mismatch-identity-subject",
    ),
    ("audience-required", redirect(f"{LAUNCH}audience-required", "invalid_request")),
    ("unknown-resource-server", redirect(f"{LAUNCH}unknown-resource-server", "invalid_request")),
    (
        "audience-not-white-listed",
        redirect(f"{LAUNCH}audience-not-white-listed", "invalid_request"),
    ),
    ("unsupported-version", redirect(f"{LAUNCH}unsupported-version", "server_error")),
    ("unregistered-service", redirect(f"{LAUNCH}unregistered-service", "server_error")),
    ("launch-unspecified", redirect(f"{LAUNCH}unspecified", "server_error")),
    ("launch-unspecified", "urn:com:cerner:authorization:error:launch:unspecified-error"),
    ("launch-invalid-tenant", "urn:com:cerner:authorization:error:launch:invalid-tenant"),
    ("missing-patient", redirect(f"{GRANT}missing-patient", "access_denied")),
    ("invalid-patient-id", redirect(f"{GRANT}invalid-patient-id", "access_denied")),
    ("denied-by-server", redirect(f"{GRANT}denied-by-server", "access_denied")),
    ("denied-by-user", redirect(f"{GRANT}denied-by-user", "access_denied")),
    ("unknown-client", page(f"{GRANT}unknown-client")),
    ("unknown-client", "Cerner page: The application isn't currently registered."),
    ("client-persona-mismatch", page(f"{GRANT}client-persona-mismatch")),
    ("unknown-tenant", page(f"{GRANT}unknown-tenant")),
    ("tenant-not-configured", page(f"{GRANT}tenant-not-configured")),
    (
        "unauthorized-client-for-tenant",
        redirect(f"{GRANT}unauthorized-client-for-tenant", "unauthorized_client"),
    ),
    ("invalid-request", redirect(f"{GRANT}invalid-request", "invalid_request")),
    (
        "unsupported-response-type",
        redirect(f"{GRANT}unsupported-response-type", "unsupported_response_type"),
    ),
    ("csrf-security-failure", redirect(f"{GRANT}csrf-security-failure", "access_denied")),
    ("server-error", redirect(f"{GRANT}server-error", "server_error")),
    ("server-error", page(f"{AS}server-error")),
    (
        "authentication-cancelled",
        redirect(f"{AS}grant:session-service:authentication:cancelled", "access_denied"),
    ),
    (
        "authentication-error",
        redirect(f"{AS}grant:session-service:authentication:error", "server_error"),
    ),
    (
        "authorized-representative-server-error",
        redirect(f"{GRANT}authorized-representative-server-error", "server_error"),
    ),
    (
        "authorized-representative-server-error",
        page(f"{AS}unregistered-authorized-representatives-server"),
    ),
    ("invalid-redirect-uri", page(f"{GRANT}invalid-redirect-uri")),
    (
        "invalid-redirect-uri-trailing-slash",
        page(f"{GRANT}invalid-redirect-uri-trailing-slash"),
    ),
    ("redirect-uri-not-absolute", page(f"{AS}oauth:grant:redirect-uri-not-absolute")),
    ("redirect-uri-not-registered", page(f"{GRANT}redirect-uri-not-registered")),
    ("preauthentication", page(f"{AS}preauthentication")),
    (
        "session-api-bad-request",
        f"HTTP/1.1 400 Bad Request\n{HOST}/session-api/realm/{TENANT}?to=x&forceAuthn=true",
    ),
    ("too-many-scopes", "Cerner answers: too many scopes"),
    ("code-invalid-or-expired", token(f"{TOKEN}code-invalid-or-expired", "invalid_grant")),
    ("code-invalid-or-expired", token(f"{TOKEN}code:invalid", "invalid_grant")),
    ("code-client-mismatch", token(f"{AS}oauth:token:code:client:mismatch", "invalid_grant")),
    ("code-tenant-mismatch", token(f"{TOKEN}code:tenant:mismatch", "invalid_grant")),
    ("code-tenant-terminated", token(f"{TOKEN}code:tenant-terminated", "invalid_grant")),
    ("code-tenant-invalid", token(f"{TOKEN}code:tenant-invalid", "invalid_grant")),
    ("token-invalid-tenant", token(f"{TOKEN}invalid-tenant", "invalid_grant")),
    ("token-invalid-redirect-uri", token(f"{TOKEN}invalid-redirect-uri", "invalid_grant")),
    (
        "invalid-client-credentials",
        token(f"{TOKEN}invalid-client-credentials", "invalid_client", "unknown"),
    ),
    ("invalid-client-credentials", f"{TOKEN}invalid_client_credentials"),
    (
        "invalid-authorization-header",
        token(f"{TOKEN}invalid-authorization-header", "invalid_client", "unknown"),
    ),
    ("invalid-authorization-header", f"{TOKEN}invalid_authorization_header"),
    ("empty-scopes", token(f"{TOKEN}empty-scopes", "invalid_scope")),
    ("unsupported-grant-type", token(f"{TOKEN}unsupported-grant-type", "unsupported_grant_type")),
    ("terminated-client", token(f"{TOKEN}terminated-client", "invalid_client")),
    (
        "patient-scope-requires-one-patient-id",
        token(f"{TOKEN}patient-scope-requires-one-patient-id", "invalid_scope"),
    ),
    ("testing-token", token(f"{TOKEN}tenant-not-enabled-for-testing", "invalid_request")),
    ("testing-token", token(f"{TOKEN}client-not-enabled-for-testing", "invalid_request")),
    ("testing-token", token(f"{TOKEN}invalid-testing-scenario", "invalid_request")),
    ("refresh-token-invalid", token(f"{TOKEN}refresh-token:token-invalid", "invalid_grant")),
    ("refresh-session-invalid", token(f"{TOKEN}refresh-token:session-invalid", "invalid_grant")),
    (
        "refresh-tenant-terminated",
        token(f"{TOKEN}refresh-token:tenant-terminated", "invalid_grant"),
    ),
    ("insufficient-scopes", INSUFFICIENT),
    ("insufficient-scopes", '{"code":403,"message":"insufficient-scopes"}'),
    ("token-required", fhir(f"{RS}token-required", 401)),
    ("token-expired", fhir(f"{RS}expired", 401)),
    ("tenant-mismatch", fhir(f"{RS}tenant-mismatch", 401)),
    ("user-not-authorized", fhir(f"{RS}user-not-authorized", 403)),
    ("token-not-authorized", fhir(f"{RS}token-not-authorized", 403)),
    ("encounter-required", fhir(f"{RS}encounter-required", 403)),
    ("profile-not-supported", fhir(f"{RS}profile-not-supported", 401)),
    ("issuer-not-trusted", fhir(f"{RS}issuer-not-trusted", 401)),
    ("signature", fhir(f"{RS}signature-verification-failed", 401)),
    ("signature", fhir(f"{RS}signature-keys-unavailable", 500)),
    ("resource-server-error", fhir(f"{RS}server-error", 500)),
    (
        "search-parameter-required",
        "https://fhir-ehr-code.cerner.com/r4/T/Patient: no supported search parameters provided",
    ),
    (
        "search-parameter-required",
        "Cerner: at least one of _id, identifier, name is required",
    ),
    ("tenant-not-accessible", '{"code":403,"message":"Tenant not valid or accessible"}'),
    ("forbidden-resource", '{"statusCode":403,"message":"Forbidden resource"}'),
    (
        "not-found",
        (
            '{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found",'
            '"details":{"text":"Not Found"}}]}'
        ),
    ),
    ("not-acceptable", "fhir-ehr-code.cerner.com: 406 Not Acceptable"),
    ("not-acceptable", "GET https://fhir-ehr-code.cerner.com/r4/T/Patient/1 gives HTTP/1.1 406"),
    ("gateway-timeout", "fhir-ehr-code.cerner.com: 504 Gateway Time-out"),
    ("gateway-timeout", "GET https://fhir-ehr-code.cerner.com/r4/T/Patient/1 gives HTTP/1.1 504"),
    ("plain-link", "https://app.example.org/launch?PAT_PersonId=1&VIS_EncntrId=2"),
    ("plain-link", "https://app.example.org/launch?VIS_EncntrId=2"),
    ("plain-link", "https://app.example.org/launch?fhirServiceUrl=https://fhir.example.org"),
    ("powerchart-blank", "Site not loading in PowerChart"),
    ("powerchart-blank", "In PowerChart the window stays blank"),
    ("identity-provider-page", "HTTP/1.1 200 OK\n<html class=IdentityProviderRedirectPage>"),
]

# Messages of servers, browsers and libraries from any author: two or more of each, in different
# wordings.
NEW: list[tuple[str, str, None]] = [
    (f"generic/{key}", text, None)
    for key, texts in {
        "cors": (
            "Access to fetch from origin 'https://b' has been blocked by CORS policy",
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading it",
            "Reason: CORS header 'Access-Control-Allow-Origin' missing",
        ),
        "fetch-failed": (
            "Uncaught TypeError: Failed to fetch",
            "NetworkError when attempting to fetch resource.",
        ),
        "tls": (
            "ssl.SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
            "Error: unable to verify the first certificate",
            "javax.net.ssl.SSLHandshakeException: PKIX path building failed",
        ),
        "host-unknown": (
            "Error: getaddrinfo ENOTFOUND fhir.example.org",
            "connect ECONNREFUSED 10.0.0.1:8080",
        ),
        "iss-not-given": (
            "Failed to discover authorization URL given: undefined",
            "400: missing query param 'iss'",
        ),
        "state": (
            "No 'state' parameter found. Please (re)launch the app.",
            "omniauth: state mismatch in the callback",
        ),
        "discovery-missing": (
            "GET https://h/fhir/.well-known/smart-configuration 404",
            "it answers 404 for .well-known/smart-configuration",
            "Failed to fetch the well-known json",
        ),
        "discovery-needs-token": (
            "GET https://h/fhir/metadata 401",
            "GET https://h/r4/.well-known/smart-configuration gives a 403",
        ),
        "links-wrong": (
            "The next link is http://10.0.0.5/fhir?_getpages=1",
            "self https://h:443:443/fhir/Group",
        ),
        "fhir-version": (
            'expected "Conformance" but found "CapabilityStatement"',
            "unsupported FHIR version 5.0",
        ),
        "not-a-launch": (
            "Module not found: Error: Can't resolve 'url'",
            "Permission run.services.get denied on resource",
            "User: arn:x is not authorized to perform: s3:GetObject",
        ),
        "assertion-key": (
            "JWT key ID does not match any key in JWKS",
            "Unable to load public key",
            "invalid_client: Client assertion has an invalid signature",
        ),
        "assertion-claims": (
            "The client assertion has a wrong audience",
            "client_assertion refused: jti already seen",
            "exp must not be more than 5 minutes ahead",
        ),
        "signing-key": (
            "id_token rejected: could not find key ID 'k2'",
            "No suitable key found to verify the id_token",
        ),
        "refresh-reused": (
            "The refresh token has already been used",
            "Maximum allowed refresh token reuse exceeded",
        ),
        "grant-not-enabled": (
            "This grant type is not allowed for the client",
            "Client not enabled to retrieve service account",
        ),
        "user-credentials": ("Invalid username or password.", "Invalid user credentials"),
        "token-of-another": (
            "The audience 'api://x' is invalid",
            "JWT issuer did not match",
        ),
        "token-not-sent": (
            "Full authentication is required to access this resource",
            "Missing Authorization header",
        ),
        "opaque-token": (
            "jwt.decode(access_token): Not enough segments",
            "the access_token is not a JWT: jwt malformed",
        ),
        "not-enabled": (
            "FHIR app is not activated",
            "This client is not enabled for this organization",
        ),
        "client-auth-text": (
            "The request body must contain the parameter client_secret",
            "client_secret is missing",
        ),
        "scope-text": (
            "Invalid scopes: launch/patient openid",
            "read permission for 'Appointment' is not granted by any of the provided scopes",
        ),
        "resource-text": (
            "invalid_target",
            "The resource principal named https://x was not found in the tenant",
            "An invalid audience was specified on the authorize request.",
            "Auth request is failing with error - Invalid audience parameter https://h/fhir",
            "The Audience value is invalid. If you are simulating an EHR launch",
        ),
    }.items()
    for text in texts
]

# (entry, message, vendor of the registration or None if it's unknown)
OTHERS: list[tuple[str, str, str | None]] = [
    ("epic/oauth2-error-page", "<title>OAuth2 Error</title>", None),
    ("epic/invalid-oauth-request", "https://fhir.epic.com: Invalid OAuth 2.0 request", None),
    ("epic/invalid-oauth-request", "The request is invalid. (Epic)", "epic"),
    ("epic/invalid-oauth-request", "https://fhir.epic.com/login?error=4", None),
    (
        "epic/launch-parameters-required",
        "iss & launch query parameters are required and cannot be empty.",
        None,
    ),
    ("epic/wildcard-scope", described("invalid_scope", "Wildcard scope is not allowed"), "epic"),
    ("epic/wildcard-scope", "https://app.example.org/callback?error=invalid_scope", "epic"),
    ("epic/invalid-client", '{"error":"invalid_client","error_description":null}', None),
    ("epic/invalid-client", '{"error": "invalid_client"}', "epic"),
    ("epic/invalid-request-null", '{"error":"invalid_request","error_description":null}', None),
    ("epic/scopes-stripped", "Epic grants fewer scopes than requested", None),
    ("epic/scopes-stripped", "My Epic scopes are silently stripped", None),
    (
        "epic/invalid-token",
        (
            'HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Bearer error="invalid_token", '
            'error_description="The access token provided is not valid"'
        ),
        None,
    ),
    ("epic/invalid-token", 'HTTP/1.1 401\nWWW-Authenticate: Bearer error="invalid_token"', "epic"),
    ("epic/xml-answer", "Content-Type: application/fhir+xml; charset=utf-8", "epic"),
    ("epic/xml-answer", '<OperationOutcome xmlns="http://hl7.org/fhir"><issue/>', "epic"),
    ("epic/html-404", "404 - File or directory not found.", "epic"),
    ("epic/html-404", "IIS Detailed Error - 404.0 - Not Found", "epic"),
    (
        "epic/operation-outcome",
        (
            '{"resourceType":"OperationOutcome","issue":[{"details":{"coding":[{"system":'
            '"urn:oid:1.2.840.114350.1.13.0.1.7.2.657369","code":"4101"}]}}]}'
        ),
        None,
    ),
    ("epic/not-found", _epic_outcome(("59008", "The FHIR ID provided was not found.")), None),
    (
        "epic/business-rule",
        _epic_outcome(
            ("59100", "Content invalid against the specification or a profile."),
            ("59159", "The content/operation failed to pass a business rule, and so could not"),
        ),
        None,
    ),
    ("epic/content-invalid", "Epic answers 400 with the code 59100", None),
    (
        "epic/content-invalid",
        _epic_outcome(("59100", "Content invalid against the specification or a profile.")),
        None,
    ),
    ("epic/frame", "It fails only inside Hyperspace", None),
    ("athenahealth/unknown-client", "Unknown client", "athenahealth"),
    (
        "athenahealth/redirect-uri",
        (
            "athenahealth: The redirect URI does not match the redirect URIs configured for the "
            "application"
        ),
        None,
    ),
    ("athenahealth/oops", "Oops! (athenahealth)", None),
    (
        "athenahealth/scope-not-authorized",
        "error=unauthorized_client;Description=Requested scope not authorized",
        None,
    ),
    (
        "athenahealth/scope-not-authorized",
        "https://app.example.org/callback?error=unauthorized_client",
        "athenahealth",
    ),
    (
        "athenahealth/authorize-callback-500",
        "HTTP/1.1 500 https://api.preview.platform.athenahealth.com/oauth2/authorize-callback",
        None,
    ),
    ("athenahealth/pkce-web-app", '{"error":"invalid_client"}', "athenahealth"),
    (
        "meditech/access-denied",
        "https://app.example.org/callback?error=access_denied (MEDITECH Greenfield)",
        None,
    ),
    (
        "meditech/pkce-required",
        "https://app.example.org/callback?error=invalid_request",
        "meditech",
    ),
    ("meditech/invalid-client", '{"error":"invalid_client"}', "meditech"),
    ("eclinicalworks/invalid-request-page", "<title>healow - Invalid Request</title>", None),
    (
        "eclinicalworks/invalid-request-page",
        "Location: https://connect4.example.org/apps/jsp/fhir/error.jsp",
        None,
    ),
    (
        "eclinicalworks/launch-scope",
        "https://app.example.org/callback?error=invalid_scope",
        "eclinicalworks",
    ),
    (
        "smart-launcher/invalid-launch-options",
        described("invalid_request", "Invalid launch options: SyntaxError: Unexpected end"),
        None,
    ),
    (
        "smart-launcher/missing-redirect-uri",
        '{"error":"invalid_request","error_description":"Missing redirect_uri parameter"}',
        None,
    ),
    (
        "smart-launcher/missing-aud",
        described("invalid_request", "Missing aud parameter"),
        None,
    ),
    (
        "smart-launcher/bad-audience",
        described("invalid_request", 'Bad audience value "https://a/". Expected "https://a".'),
        None,
    ),
    (
        "smart-launcher/pkce-required",
        described("invalid_request", "Invalid code_challenge_method. Must be S256."),
        None,
    ),
    (
        "smart-launcher/pkce-required",
        described("invalid_request", "Missing code_challenge parameter"),
        None,
    ),
    (
        "smart-launcher/pkce-required",
        "Unsupported code_challenge_method 'plain'. We support only 'S256'",
        None,
    ),
    ("smart-launcher/declined", described("invalid_request", "Unauthorized"), None),
    (
        "smart-launcher/invalid-redirect-uri",
        described("invalid_request", "Invalid redirect_uri"),
        None,
    ),
    (
        "smart-launcher/invalid-client-id",
        described("invalid_client", 'Invalid client_id "one". Expected "two".'),
        None,
    ),
    (
        "smart-launcher/scope-not-granted",
        described(
            "invalid_scope",
            'Scope "launch" could not be granted. Your client is allowed to request "openid".',
        ),
        None,
    ),
    (
        "smart-launcher/missing-code",
        '{"error":"invalid_client","error_description":"Missing \'code\' parameter"}',
        None,
    ),
    (
        "smart-launcher/code-expired",
        (
            '{"error":"invalid_client","error_description":"Invalid token (supplied as code '
            'parameter in the POST body). jwt expired"}'
        ),
        None,
    ),
    (
        "smart-launcher/token-redirect-uri",
        '{"error":"invalid_request","error_description":"Invalid redirect_uri parameter"}',
        None,
    ),
    (
        "smart-launcher/pkce-verifier",
        (
            '{"error":"invalid_grant","error_description":"Invalid grant or Invalid PKCE Verifier, '
            "'a' vs 'b'.\"}"
        ),
        None,
    ),
    (
        "smart-launcher/pkce-verifier",
        '{"error":"invalid_request","error_description":"Missing code_verifier parameter"}',
        None,
    ),
    (
        "smart-launcher/refresh-token",
        '{"error":"invalid_grant","error_description":"Invalid refresh token"}',
        None,
    ),
    (
        "smart-launcher/client-auth",
        '{"error_description":"Basic authentication is required for confidential clients"}',
        None,
    ),
    (
        "smart-launcher/client-auth",
        '{"error_description":"Invalid client_secret in the basic auth header"}',
        None,
    ),
    (
        "smart-launcher/client-assertion",
        "{\"error_description\":\"Invalid token 'aud' value (a). Must be 'b'.\"}",
        None,
    ),
    (
        "smart-launcher/client-assertion",
        "None of the keys found in the JWKS have kid equal to key-1",
        None,
    ),
    ("smart-launcher/client-assertion", "No usable public keys found in the JWKS", None),
    ("smart-launcher/client-assertion", "No usable keys found", None),
    ("smart-launcher/client-assertion", "Multiple usable public keys found in the JWKS", None),
    ("smart-launcher/client-assertion", 'JWKS does not have a "keys" property', None),
    ("smart-launcher/client-assertion", "Invalid JWKS json", None),
    ("smart-launcher/client-assertion", "Failed to fetch JWKS from https://app/jwks", None),
    (
        "smart-launcher/simulated",
        described("invalid_scope", "Simulated invalid scope error"),
        None,
    ),
    ("smart-launcher/simulated", "Token expired (simulated error)", None),
    ("smart-launcher/simulated", "Simulated invalid redirect_uri parameter error", None),
    ("smart-launcher/simulated", "The launcher simulates an error, auth_invalid_scope", None),
    ("smart-launcher/simulated-token", "Simulated invalid token error", None),
    (
        "smart-launcher/simulated-token",
        '{"error":"invalid_scope","error_description":"Simulated invalid scope error"}',
        None,
    ),
    ("smart-launcher/simulated-token", "Simulated invalid client secret error", None),
    ("smart-launcher/simulated-token", "Simulated expired token error", None),
    ("smart-launcher/simulated-token", "Simulated invalid 'jti' value", None),
    ("smart-launcher/iframe", "It breaks with Simulate launch within the EHR user interface", None),
    (
        "keycloak/client-credentials",
        (
            '{"error":"unauthorized_client","error_description":'
            '"Unexpected error when authenticating client"}'
        ),
        None,
    ),
    (
        "keycloak/client-credentials",
        (
            '{"error":"unauthorized_client","error_description":'
            '"Invalid client or Invalid client credentials"}'
        ),
        None,
    ),
    (
        "keycloak/aud-required",
        described(
            "invalid_request",
            "A SMART on FHIR Request must include an 'aud', 'audience', or 'resource' parameter",
        ),
        None,
    ),
    (
        "keycloak/audience-not-allowed",
        described("invalid_request", "Requested audience 'https://fhir' is not allowed"),
        None,
    ),
    (
        "keycloak/invalid-launch-request",
        described("invalid_request", "Invalid EHR launch request!"),
        None,
    ),
    (
        "keycloak/launch-context",
        described(
            "server_error",
            "Could not resolve launch context parameter to any EHR Launch Context set in this "
            "user session",
        ),
        None,
    ),
    (
        "keycloak/patient-claims",
        (
            '{"resourceType":"OperationOutcome","issue":[{"diagnostics":"Cannot enforce '
            "'patient/*' claims without a launch context.\"}]}"
        ),
        None,
    ),
    ("azure/fhir-user", "403 from azurehealthcareapis.com without the role FHIR SMART User", None),
    ("azure/fhir-user", "Azure FHIR: 403, diagnostics: Authorization failed.", None),
    ("azure/fhir-user", 'azurehealthcareapis.com: the token has no "roles" claim', None),
    ("azure/more-scopes", "Azure: admin consent grants more scopes than asked", None),
    ("okta/redirect-uri", "Unable to validate the redirect_uri passed in.", None),
    (
        "generic/frame-refused",
        "Refused to display 'https://app/' in a frame because it set 'X-Frame-Options' to 'deny'.",
        None,
    ),
    (
        "generic/frame-refused",
        "Refused to frame 'https://app/': an ancestor violates the CSP directive",
        None,
    ),
    ("generic/frame-refused", "The page was blocked by X-Frame-Options in Firefox", None),
    *((entry.key, f"The page says {entry.says}.", "oracle") for entry in ours.ENTRIES),
    ("smart-calc/cds-token", "The answer says cds_token_invalid.", None),
    ("smart-calc/cds-token", '{"event": "cds_refused", "reason": "malformed"}', "epic"),
    ("smart-calc/cds-client", '{"event": "cds_refused", "reason": "client"}', None),
    ("smart-calc/cds-client", "cds_refused code=cds_token_invalid reason=unconfigured", None),
    ("smart-calc/cds-audience", '{"event": "cds_refused", "reason": "audience"}', "epic"),
    ("smart-calc/cds-time", '{"event": "cds_refused", "reason": "time"}', None),
    ("smart-calc/cds-key", '{"event": "cds_refused", "reason": "jku"}', None),
    ("smart-calc/cds-key", "The answer says cds_keys_unavailable.", "oracle"),
    ("smart-calc/cds-server-denied", "The answer says cds_server_denied.", None),
    ("smart-calc/cds-data-missing", "The answer says cds_data_missing.", "epic"),
    ("oracle/session-api-bad-request", "Bad Request", None),
    ("generic/token-invalid-request", '{"error":"invalid_request"}', None),
    ("generic/token-invalid-scope", '{"error":"invalid_scope"}', None),
    ("generic/token-unauthorized-client", '{"error": "unauthorized_client"}', None),
    ("generic/token-server-error", '{"error":"temporarily_unavailable"}', None),
    ("generic/token-too-many-requests", "token: HTTP/1.1 429 Too Many Requests", None),
    ("generic/token-unavailable", "token: HTTP/1.1 503 Service Unavailable", None),
    ("generic/gateway-page", "The requested URL was rejected. Your support ID is: 1.", None),
    ("generic/gateway-page", "Request unsuccessful. Incapsula incident ID: 1-2", None),
    ("generic/gateway-page", "upstream connect error or disconnect/reset before headers", None),
    ("generic/gateway-page", '{"message":"no Route matched with those values"}', None),
    ("generic/gateway-page", "Access Denied. You can't access this. Reference #18.1", None),
    ("generic/token-no-upstream", "POST /token: 502 Bad Gateway", None),
    (
        "generic/token-redirect-uri-text",
        '{"error":"invalid_grant","error_description":"redirect_uri does not match"}',
        None,
    ),
    (
        "generic/token-redirect-uri-text",
        '{"error":"invalid_grant","error_description":"Incorrect redirect_uri"}',
        None,
    ),
    ("generic/redirect-uri-text", "Redirect URI mismatch", None),
    ("generic/redirect-uri-text", "Invalid parameter: redirect_uri", None),
    ("generic/code-text", "Authorization code has expired", None),
    ("generic/code-text", "Invalid authorization code", None),
    ("generic/pkce-text", "PKCE verification failed", None),
    ("generic/pkce-text", "code_verifier does not match", None),
    ("generic/pkce-text", "Invalid code verifier", None),
    ("generic/clock-text", "The token is not yet valid", None),
    ("generic/clock-text", "iat is in the future", None),
    ("generic/clock-text", "Token used before issued", None),
    ("generic/clock-text", "client_assertion has expired", None),
    ("generic/clock-text", "is it clock skew?", None),
    (
        "generic/edge-access-denied",
        f"POST {HOST}/tenants/T/token\nHTTP/2 403\nAccess denied",
        None,
    ),
    ("generic/edge-access-denied", f"{HOST} answers Access denied (403)", None),
    ("generic/edge-access-denied", "Access denied (403)", "epic"),
    *NEW,
    ("generic/no-id-token", "There is no id_token in the answer", None),
    ("generic/no-id-token", "id_token is missing", None),
    ("generic/no-id-token", "missing id_token", None),
    ("generic/uri-too-long", "414 Request-URI Too Large", None),
    ("generic/fhir-401", "401 Unauthorized", None),
    ("generic/fhir-401", "HTTP/1.1 401", None),
    ("generic/fhir-403", "403 Forbidden", None),
    ("generic/fhir-403", "HTTP/2 403", None),
    ("generic/request-object", "?error=request_not_supported", None),
    *(
        (f"generic/{code.replace('_', '-')}", f"?error={code}&state=S", None)
        for code in (
            "access_denied",
            "invalid_request",
            "invalid_scope",
            "unauthorized_client",
            "invalid_client",
            "invalid_grant",
            "unsupported_grant_type",
            "unsupported_response_type",
            "server_error",
            "temporarily_unavailable",
            "login_required",
            "interaction_required",
            "account_selection_required",
            "consent_required",
            "invalid_token",
            "insufficient_scope",
        )
    ),
]
MESSAGES: list[tuple[str, str, str | None]] = [
    *((f"oracle/{name}", text, None) for name, text in ORACLE),
    *OTHERS,
]
# What a status, a call or a person's account tells, and no message of a server.
OF_AN_ACCOUNT = {
    *("flow_misused", "refresh_not_granted", "results_limited"),
    "scope_not_requested",
}
# The others are the meaning of a bare status, of whatever answered this app.
WORDED = [entry for entry in ENTRIES if entry.urns or entry.oauth_errors or entry.patterns]
BY_KEY = {entry.key: entry for entry in ENTRIES}
PATTERNS = [(entry.key, pattern) for entry in ENTRIES for pattern in entry.patterns]


def texts_of(entry: Entry) -> list[str]:
    of_causes = [text for cause in entry.causes for text in (cause.title, cause.why, *cause.steps)]
    return [entry.says, entry.meaning, *of_causes]


@each(("key", "text", "vendor"), MESSAGES)
def test_a_message_is_explained_by_its_entry(key: str, text: str, vendor: str | None) -> None:
    said = parse(text)
    matching = entries(said, vendor or said.vendor)
    assert [entry.key for entry in matching][:1] == [key]
    if vendor is None:
        diagnosis = diagnose(said)
        assert diagnosis.meaning == BY_KEY[key].meaning
        assert {cause.id for cause in diagnosis.causes} & {c.id for c in BY_KEY[key].causes}


@each("code", ["59100", "59159"])
def test_an_epic_code_is_explained_as_what_it_is_without_another_one(code: str) -> None:
    diagnosis = diagnose(parse(_epic_outcome((code, "A display text."))))
    texts = [diagnosis.meaning, *(f"{one.title} {one.why} {one.fix}" for one in diagnosis.causes)]
    assert (diagnosis.causes[0].id, diagnosis.kind) == ("fhir_request_invalid", "explained")
    assert BY_KEY["epic/content-invalid" if code == "59100" else "epic/business-rule"].meaning in (
        texts
    )
    assert "59008" not in " ".join(texts)


def test_every_entry_has_a_message() -> None:
    assert {key for key, _, _ in MESSAGES} == {entry.key for entry in WORDED}


@each("cause", get_args(CauseId))
def test_every_cause_has_its_text_and_an_error_that_leads_to_it(cause: CauseId) -> None:
    assert causes.KINDS[cause].id == cause
    told = any(cause == one.id for entry in ENTRIES for one in entry.causes)
    assert told is (cause not in OF_AN_ACCOUNT)


def test_keys_urns_and_codes_are_unique() -> None:
    keys = Counter(entry.key for entry in ENTRIES)
    named = Counter(urn for entry in ENTRIES for urn in entry.urns)
    codes = Counter(
        (entry.vendor, entry.where, code) for entry in ENTRIES for code in entry.oauth_errors
    )
    says = Counter(entry.says for entry in ENTRIES)
    assert [
        one for counter in (keys, named, codes, says) for one, n in counter.items() if n > 1
    ] == []


def test_every_urn_is_in_its_normal_form() -> None:
    written = [urn for entry in ENTRIES for urn in entry.urns]
    assert written == [urns.normal(urn) for urn in written]


@each("entry", ENTRIES, ids=lambda entry: entry.key)
def test_an_entry_is_complete_and_plain(entry: Entry) -> None:
    assert re.fullmatch(r"[a-z-]+/[a-z0-9-]+", entry.key)
    assert entry.urns or entry.oauth_errors or entry.patterns or entry.statuses
    assert entry.causes
    assert len({cause.id for cause in entry.causes}) == len(entry.causes)
    assert all(cause.steps and cause.source for cause in entry.causes)
    for text in texts_of(entry):
        assert text.strip() == text
        assert 3 <= len(text) <= 400
        assert not re.search(r"[<>]|https?://(?!HOST)", text)
        # Outside of code, the text has nothing that Markdown would read as markup. (GitHub ignores
        # underscores within a word.)
        prose = re.sub(r"`[^`]*`", "", text.replace(entry.says, ""))
        assert not re.search(r"[*|\[\]#~\\]|(?<!\w)_|_(?!\w)", prose)
        assert text.count("`") % 2 == 0
    assert "`" not in entry.says


@each("entry", ENTRIES, ids=lambda entry: entry.key)
def test_what_is_inferred_is_never_certain(entry: Entry) -> None:
    rank = {"certain": 0, "likely": 1, "possible": 2}
    assert [rank[one.certainty] for one in entry.causes] == sorted(
        rank[one.certainty] for one in entry.causes
    )
    for cause in entry.causes:
        if cause.certainty == "certain":
            assert not cause.source.startswith("inferred")


@each(("key", "pattern"), PATTERNS)
def test_a_pattern_speaks_of_its_entry_and_ends_soon(key: str, pattern: str) -> None:
    """Use 50 kB of text that almost matches, and measure only this process's time."""
    match = next(
        (
            match
            for one, text, _ in MESSAGES
            if one == key
            for level in (text, parse(text).description or "")
            if (match := re.search(pattern, level, re.IGNORECASE))
        ),
        None,
    ) or re.search(pattern, parse_all(key), re.IGNORECASE)
    assert match is not None
    for part in (match[0][:-1], match[0][: len(match[0]) // 2 + 1]):
        hostile = part * (50_000 // len(part))
        assert any(_seconds(pattern, hostile) < 0.25 for _ in range(3))


def parse_all(key: str) -> str:
    return "\n".join(parse(text).text for one, text, _ in MESSAGES if one == key)


def _seconds(pattern: str, text: str) -> float:
    begun = time.process_time()
    re.search(pattern, text, re.IGNORECASE)
    return time.process_time() - begun


def test_what_an_answer_calls_certain_is_not_told_as_a_guess() -> None:
    guesses = re.compile(r"\b(?:seems?|perhaps|probably|may be because)\b")
    diagnosis = diagnose(parse(ehr_messages.FIRST_REPORT))
    certain = [one for one in diagnosis.causes if one.certainty == "certain"]
    certain += [one for entry in ENTRIES for one in entry.causes if one.certainty == "certain"]
    assert certain
    assert [one.why for one in certain if guesses.search(one.why)] == []
