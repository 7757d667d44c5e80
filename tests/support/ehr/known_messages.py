"""Messages of every entry of the catalogue, such as its EHR, server, browser or library sends."""

import json
from urllib.parse import quote

from shared.explain.catalogue import ENTRIES, entra, generic, ours, products
from shared.explain.model import Entry, Where
from shared.vendors import GENERIC, OWN, everyone
from tests.support.ehr import ehr_messages
from tests.support.ehr.ehr_messages import TENANT

CLIENT = "f4e2294a-c9e7-4446-894c-0db869be4bfd"
INSTANCE = "dccf77c1-9bb9-43aa-82c1-b6b9c07c95e2"
HOST = "https://authorization.cerner.com"


def named(urn: str, where: Where) -> str:
    """Return a message with an error's name, in the form of the place where it shows."""
    page = f"/errors/{quote(urn, safe='')}/instances/{INSTANCE}"
    uri = f"{HOST}{page}?client={CLIENT}&tenant={TENANT}"
    forms = {
        "authorize redirect": "https://app.example.org/callback?state=S&error=invalid_request"
        f"&error_uri={quote(f'{uri}&persona=provider', safe='')}",
        "error page": f"HTTP/1.1 303 See Other\nLocation: {page}",
        "token endpoint": json.dumps({"error": "invalid_grant", "error_uri": uri}),
        "FHIR answer": json.dumps({"code": 401, "message": f'code="{urn}"'}),
    }
    return forms[where]


def epic_outcome(*codes: str) -> str:
    """An OperationOutcome with Epic's codes: the last one failed the request."""
    system = "urn:oid:1.2.840.114350.1.13.0.1.7.2.657369"
    coded = [{"coding": [{"system": system, "code": code}]} for code in codes]
    issues = [{"severity": "information", "details": one} for one in coded]
    issues[-1]["severity"] = "fatal"
    return json.dumps({"resourceType": "OperationOutcome", "issue": issues}, indent=2)


# A message a line: its entry; the vendor of the registration, if it matters; the code, if the words
# come to the redirect URI (`?`) or in a token response (`{}`); the words.
TOLD = """\
oracle/invalid-launch-code: Cerner: Access denied, invalid launch code
oracle/mismatched-identity: urn:com:cerner:authorization:error:launch:mismatch-identity-subject
oracle/code-invalid-or-expired: oauth2:token:code:invalid
oracle/unknown-client: Cerner page: The application isn't currently registered.
oracle/not-found: {"resourceType":"OperationOutcome","issue":[{"severity":"error","code":\
"not-found","details":{"text":"Not Found"}}]}
oracle/not-acceptable: fhir-ehr-code.cerner.com: 406 Not Acceptable
oracle/not-acceptable: GET https://fhir-ehr-code.cerner.com/r4/T/Patient/1 gives HTTP/1.1 406
oracle/gateway-timeout: fhir-ehr-code.cerner.com: 504 Gateway Time-out
oracle/gateway-timeout: GET https://fhir-ehr-code.cerner.com/r4/T/Patient/1 gives HTTP/1.1 504
oracle/plain-link: https://app.example.org/launch?PAT_PersonId=1&VIS_EncntrId=2
oracle/plain-link: https://app.example.org/launch?fhirServiceUrl=https://fhir.example.org
oracle/powerchart-blank: In PowerChart the window stays blank
oracle/session-api-bad-request: Bad Request
epic/wildcard-scope epic: https://app.example.org/callback?error=invalid_scope
epic/invalid-client epic: {"error": "invalid_client"}
epic/scopes-stripped: My Epic scopes are silently stripped
epic/invalid-token epic: HTTP/1.1 401\\nWWW-Authenticate: Bearer error="invalid_token"
epic/xml-answer epic: Content-Type: application/fhir+xml; charset=utf-8
epic/xml-answer epic: <OperationOutcome xmlns="http://hl7.org/fhir"><issue/>
epic/html-404 epic: IIS Detailed Error - 404.0 - Not Found
epic/frame: It fails only inside Hyperspace
epic/oauth2-error-page: Something went wrong trying to authorize the client.
athenahealth/scope-not-authorized athenahealth: https://app.example.org/callback?error=unauthorize\
d_client
meditech/pkce-required meditech: https://app.example.org/callback?error=invalid_request
eclinicalworks/invalid-request-page: Location: https://connect4.example.org/apps/jsp/fhir/error.jsp
smart-launcher/pkce-required: Unsupported code_challenge_method 'plain'. We support only 'S256'
smart-launcher/client-auth: {"error_description":"Invalid client_secret in the basic auth header"}
smart-launcher/client-assertion: No usable public keys found in the JWKS
smart-launcher/client-assertion: Multiple usable public keys found in the JWKS
smart-launcher/client-assertion: JWKS does not have a "keys" property
smart-launcher/client-assertion: Invalid JWKS json
smart-launcher/client-assertion: Failed to fetch JWKS from https://app/jwks
smart-launcher/simulated: Token expired (simulated error)
smart-launcher/simulated-option: The SMART launcher simulates an error
smart-launcher/simulated-option: The SMART launcher has the option token_expired_refresh_token
smart-launcher/simulated: Simulated invalid 'jti' value
generic/frame-refused: Refused to display 'https://app/' in a frame because it set \
'X-Frame-Options' to 'deny'.
generic/frame-refused: The page was blocked by X-Frame-Options in Firefox
smart-calc/cds-token epic: {"event": "cds_refused", "reason": "malformed"}
smart-calc/cds-client: {"event": "cds_refused", "reason": "client"}
smart-calc/cds-audience epic: {"event": "cds_refused", "reason": "audience"}
smart-calc/cds-time: {"event": "cds_refused", "reason": "time"}
smart-calc/cds-key: {"event": "cds_refused", "reason": "jku"}
generic/token-invalid-request: {"error":"invalid_request"}
generic/token-invalid-scope: {"error":"invalid_scope"}
generic/token-unauthorized-client: {"error": "unauthorized_client"}
generic/token-server-error: {"error":"temporarily_unavailable"}
generic/token-too-many-requests: POST /token: HTTP/1.1 429 Too Many Requests
generic/gateway-page: The requested URL was rejected. Your support ID is: 1.
generic/gateway-page: Request unsuccessful. Incapsula incident ID: 1-2
generic/gateway-page: upstream connect error or disconnect/reset before headers
generic/gateway-page: {"message":"no Route matched with those values"}
generic/gateway-page: Access Denied. You can't access this. Reference #18.1
generic/token-no-upstream: POST /token: 502 Bad Gateway
generic/token-redirect-uri-text {invalid_grant}: redirect_uri does not match
generic/fhir-401: 401 Unauthorized
generic/fhir-403: 403 Forbidden
generic/token-unavailable: POST /token: HTTP/1.1 503 Service Unavailable
generic/edge-access-denied: POST https://authorization.cerner.com/tenants/T/token\\nHTTP/2 403\\n\
Access denied
generic/code-text: Invalid authorization code
generic/request-object: ?error=request_not_supported
"""
# Messages of servers, browsers and libraries: two or more of each, in different wordings.
TOLD_BY_ANY = """\
generic/cors: The preflight is answered with 403
generic/cors: The gateway answers OPTIONS https://h.example.org/r4/Patient with 405
generic/scope-missing ?invalid_scope: The scope launch/patient is required
generic/cors: Cross-Origin Request Blocked: The Same Origin Policy disallows reading it
generic/cors: Reason: CORS header 'Access-Control-Allow-Origin' missing
generic/cors: The 'Access-Control-Allow-Origin' header contains multiple values '*, https://b'
generic/app-scheme: No Activity found to handle Intent { dat=x://cb }
generic/web-view: The sign-in page blocks embedded web views such as WKWebView
generic/stale-launch: In the second window, the app displays the data of the first patient
generic/cookie-refused: Cookie "sid" has been rejected because it is in a cross-site context
generic/signing-key: jose: JWKSNoMatchingKey: no applicable key found in the JSON Web Key Set
generic/key-set-unread: our jwks_url: 401 TypeError: Cannot read property 'keys' of undefined
generic/signing-key: PyJWKClientError: Unable to find a signing key that matches: "k1"
generic/tls-handshake: SSLHandshakeException: Remote host terminated the handshake
generic/signing-key: nimbus: Another algorithm expected, or no matching key(s) found
generic/jwt-audience: Nimbus: JWT audience rejected: [account]
generic/content-blocked: it violates the document's Content Security Policy
generic/html-answer: Cannot GET /fhir/R4/metadata
generic/frame-refused: X-Frame-Options: sameorigin
generic/no-answer: 502 - Web server received an invalid response while acting as a gateway
generic/export-not-async: The export needs a Prefer header with respond-async
generic/fhir-bad-request: GET https://h/fhir/Observation: HTTP/1.1 400
generic/fhir-bad-request: POST https://h/fhir/Patient: 400 Bad Request
generic/opaque-token: verifying the access token: JWTInvalid: Invalid Compact JWS, access_token
generic/tls: requests: SSL certificate problem
generic/host-unknown: curl: (6) Could not resolve host: fhir.example.org
generic/no-answer: curl: (28) Operation timed out after 20001 milliseconds with 0 bytes received
generic/content-blocked: Mixed Content: The page was loaded over HTTPS, but requested http://h
generic/content-blocked: Content-Security-Policy: The page's settings blocked the loading of a \
resource at https://h
generic/network-unreachable: [Errno 99] Cannot assign requested address
generic/network-unreachable: java.net.SocketTimeoutException: connect timed out
generic/not-a-launch: OSError: [Errno 98] Address already in use
generic/xml-answer: Unexpected token '<', "<Patient xm"... is not valid JSON
generic/xml-answer: Content-Type: application/fhir+xml
generic/html-answer: SyntaxError: Unexpected token '<', "<!DOCTYPE "... is not valid JSON
generic/html-answer: Unexpected token < in JSON at position 0
generic/iss-not-given: The launch parameter is missing
generic/iss-not-given: 400: missing query param 'iss'
generic/state: Error: state not found in the session
generic/discovery-missing: .well-known/smart-configuration returns a 302 redirect
generic/scope-missing: GET https://h/oauth2/userinfo HTTP/1.1 403
generic/discovery-missing: it answers 404 for .well-known/smart-configuration
generic/discovery-needs-token: GET https://h/fhir/metadata 401
generic/discovery-needs-token: GET https://h/r4/.well-known/smart-configuration gives a 403
generic/fhir-version: unsupported FHIR version 5.0
generic/html-answer: NonFhirResponseException: Response contains non FHIR Content-Type 'text/html'
generic/state: OmniAuth: csrf_detected | CSRF detected
generic/tls-server: requests.exceptions.SSLError: certificate verify failed: certificate has expired
generic/tls-server: SSLPeerUnverifiedException: Certificate for <h> doesn't match any of the names
generic/tls: x509: certificate signed by unknown authority
generic/tls-server: x509: certificate is valid for a.example.org, not b.example.org
generic/tls-server: NET::ERR_CERT_COMMON_NAME_INVALID
generic/clock-text: Cannot handle token prior to 2020-05-05T10:00:00+0000
generic/tls: Our client throws: unable to find valid certification path to requested target
generic/frame-refused: The login page refuses to load inside the EHR's iframe
generic/opaque-token: jwt.io says that the access token is invalid
generic/html-answer: GET /r4/Patient returns an HTML page
generic/frame-refused: Unsafe attempt to initiate navigation for frame with URL 'https://h'
generic/cookie-refused: Tracking Prevention blocked access to storage for https://h.
generic/tls: SEC_ERROR_UNKNOWN_ISSUER
generic/tls-handshake: SSL_ERROR_RX_RECORD_TOO_LONG
generic/rate-limit: HTTP 429 from GET https://h/fhir/Patient
generic/not-a-launch: Module not found: Error: Can't resolve 'url'
generic/not-a-launch: Permission run.services.get denied on resource
generic/not-a-launch: User: arn:x is not authorized to perform: s3:GetObject
generic/assertion-claims: client_assertion refused: jti already seen
generic/refresh-reused: The refresh token has already been used
generic/refresh-reused: Refresh token reuse was detected
generic/bulk-export: 403 at the kick-off of Patient/$export, with a token of client_credentials
generic/opaque-token: jwt.decode(access_token): Not enough segments
generic/not-enabled: FHIR app is not activated
generic/not-enabled: This client is not enabled for this organization
generic/client-auth-text: The request body must contain the parameter client_secret
generic/client-auth-text: client_secret is missing
generic/resource-text: The resource principal named https://x was not found in the tenant
generic/resource-text: An invalid audience was specified on the authorize request.
generic/server-failed ?server_error: An unexpected error occurred
generic/server-failed {invalid_request}: Something went wrong, please try again later
generic/user-declined ?access_denied: The user denied the request
generic/user-declined ?access_denied: Login canceled by the patient
generic/refresh-expired {invalid_grant}: The refresh token has expired
generic/refresh-expired {invalid_grant}: Session expired
generic/refresh-absent: Error: the response doesn't contain a refresh token
generic/refresh-absent: Unable to refresh, refresh_token is undefined
generic/code-missing {invalid_request}: The parameter code is missing
generic/code-missing {invalid_request}: code is required
generic/scope-not-covered: GET /fhir/Observation: error: permission denied, no scope covers it
generic/scope-not-covered: HTTP 403 from /fhir/Patient. Error: insufficient scope
generic/patient-unknown: Error: the patient context is missing
generic/patient-unknown: Invalid launch context: patient not found
generic/user-text ?access_denied: No eligible membership found
generic/user-text {invalid_grant}: Cannot find a valid patient identifier for this code
generic/endpoint-text: POST https://h/oauth2/token: error: unknown endpoint
generic/endpoint-text: Resource not found at https://h/oauth2/authorize
generic/fhir-request-text: GET https://h/fhir/Patient: error: unknown search parameter 'x'
generic/fhir-request-text: GET https://h/fhir/Foo: error: the resource type isn't supported
generic/issuer-in-discovery: Error: invalid issuer in discovery document
generic/issuer-in-discovery: openid-configuration: the issuer doesn't match
generic/fhir-refused-text: GET https://h/fhir/Patient/1: {"message": "Not authorized"}
generic/fhir-refused-text: https://h/fhir/Patient/1: <diagnostics value="Access is denied"/>
generic/discovery-failed: GET https://h/fhir/.well-known/smart-configuration: 502 Bad Gateway
generic/discovery-failed: GET https://h/fhir/metadata says 503 Service Unavailable
generic/fhir-not-accepted: GET https://h/fhir/Patient/1: HTTP/1.1 406
generic/fhir-not-accepted: POST https://h/fhir/Patient: HTTP/1.1 415
generic/fhir-failed: GET https://h/fhir/Patient/1: HTTP/1.1 500
generic/fhir-failed: GET https://h/fhir/Patient/1: 504 Gateway Timeout
generic/authorize-not-there: GET https://h/oauth2/authorize: HTTP/1.1 404
generic/authorize-not-there: GET https://h/oauth2/authorize: HTTP/1.1 405
"""


def told(lines: str) -> list[tuple[str, str, str | None]]:
    """Return the entry, the message and the vendor of the registration, of each line."""
    rows: list[tuple[str, str, str | None]] = []
    for line in lines.splitlines():
        head, _, text = line.replace("\\n", "\n").partition(": ")
        key, *notes = head.split()
        vendor = None
        for note in notes:
            if note.startswith("?"):
                text = f"https://a/callback?error={note[1:]}&error_description={quote(text)}"
            elif note.startswith("{"):
                text = json.dumps({"error": note[1:-1], "error_description": text})
            else:
                vendor = note
        rows.append((key, text, vendor))
    return rows


_SIGNS = {one.name: (*one.signs.addresses, *one.signs.paths) for one in everyone()}
_ANYBODY = frozenset({GENERIC.name, OWN.name})


def spoken(entry: Entry, text: str) -> str:
    """Return a message with its speaker, unless only that speaker has these words."""
    signs = _SIGNS[entry.vendor]
    if entry.alone or entry.vendor in _ANYBODY or any(one in text.lower() for one in signs):
        return text
    return f"https://{signs[0]}/\n{text}" if signs else text


BY_KEY = {entry.key: entry for entry in ENTRIES}
# Entries whose text for searching isn't, or isn't only, what a server says.
UNQUOTED = """\
epic/frame epic/xml-answer generic/client-auth-text generic/code-missing generic/content-blocked
generic/endpoint-text generic/fhir-refused-text generic/fhir-request-text generic/frame-refused
generic/gateway-page generic/html-answer generic/iss-not-given generic/issuer-in-discovery
generic/no-answer generic/not-a-launch generic/not-enabled generic/opaque-token
generic/patient-unknown generic/refresh-absent generic/refresh-expired generic/refresh-reused
generic/request-object generic/resource-text generic/scope-not-covered generic/server-failed
generic/signing-key generic/state generic/token-invalid-request generic/token-invalid-scope
generic/token-redirect-uri-text generic/token-server-error generic/token-unauthorized-client
generic/user-declined generic/xml-answer meditech/pkce-required oracle/gateway-timeout
oracle/not-acceptable oracle/not-found oracle/plain-link smart-calc/cds-audience
smart-calc/cds-client smart-calc/cds-time smart-launcher/simulated
"""
_NUMBERED = {entry.key for entry in (*entra.ENTRIES, *products.ENTRIES)}


# The others are the meaning of a bare status, of whatever answered this app.
WORDED = [one for one in ENTRIES if one.urns or one.oauth_errors or one.patterns or one.about]
NEW = told(TOLD_BY_ANY)
MESSAGES: list[tuple[str, str, str | None]] = [
    *((entry.key, named(urn, entry.where), None) for entry in ENTRIES for urn in entry.urns),
    ("oracle/insufficient-scopes", ehr_messages.INSUFFICIENT_SCOPES, None),
    *((key, spoken(BY_KEY[key], text), vendor) for key, text, vendor in told(TOLD)),
    *NEW,
    *(
        (entry.key, spoken(entry, f"It ends with: {one}" if entry.key in _NUMBERED else one), None)
        for entry in WORDED
        if entry.key not in UNQUOTED.split() and entry not in ours.ENTRIES
        for one in entry.says.replace("…", "x").split(" / ")
    ),
    ("epic/not-found", epic_outcome("59008"), None),
    ("epic/content-invalid", epic_outcome("59100"), None),
    ("epic/business-rule", epic_outcome("59100", "59159"), None),
    *((entry.key, f"Error code: {entry.says}", "oracle") for entry in ours.ENTRIES),
    *(
        (entry.key, f"?error={code}&state=S", None)
        for entry in generic.ENTRIES
        for code in entry.oauth_errors
        if entry.key == f"generic/{code.replace('_', '-')}" and entry.where != "token endpoint"
    ),
]
