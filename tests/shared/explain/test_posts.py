"""What people paste gets its first cause and its change, or the question that leads to one.

`data/launch_posts.json` and `launch_posts_2.json` hold 149 texts with what they should get.
"""

import json
import re
from pathlib import Path
from typing import Any

from shared.explain import Diagnosis, Registered, diagnose, parse
from shared.explain.parsing.claims import claims_in
from tests.support.ehr import ehr_messages
from tests.support.ehr.known_messages import MESSAGES, NEW
from tests.support.tables import each

_DATA = Path(__file__).parent / "data"
POSTS: list[dict[str, Any]] = [
    post
    for name in ("launch_posts.json", "launch_posts_2.json")
    for post in json.loads((_DATA / name).read_text(encoding="utf-8"))["posts"]
]
# Texts that are still misread: each gets a question or another change.
MISREAD = {"cj-server-token", "gen-next-long"}
KINDS = {"cause": "explained", "ehr": "ehr_side", "ask": "asks", "other": "not_a_launch"}


def ids(diagnosis: Diagnosis) -> list[str]:
    return [one.id for one in diagnosis.causes]


def wrong(post: dict[str, Any]) -> list[str]:
    """What a post gets that it should not, or does not get."""
    diagnosis = diagnose(parse(post["text"]))
    first = diagnosis.causes[0] if diagnosis.causes else None
    sure = {one.id for one in diagnosis.causes if one.certainty == "certain"}
    told = [
        ("kind", diagnosis.kind == KINDS[post["kind"]]),
        ("first", post["kind"] == "ask" or (first is not None and first.id in post["expected"])),
        ("not first", first is None or first.id not in post["not_first"]),
        ("certain", not sure & set(post["not_certain"])),
        ("ask", re.search(post["ask"], " ".join(diagnosis.ask), re.IGNORECASE)),
        ("asks or is sure", bool(diagnosis.ask) or diagnosis.kind != "asks"),
    ]
    if first is not None and post["kind"] != "ask":
        change = first.steps[0]
        told.append(("change", re.search(post["change"], change, re.IGNORECASE)))
        never = post["change_not"]
        told.append(("never", not never or not re.search(never, change, re.IGNORECASE)))
    return [name for name, holds in told if not holds]


def test_every_post_gets_its_cause_or_its_question() -> None:
    assert {post["id"] for post in POSTS if wrong(post)} == MISREAD


def test_no_explanation_says_a_sentence_twice_or_keeps_the_wildcard_it_refuses() -> None:
    for post in POSTS:
        diagnosis = diagnose(parse(post["text"]))
        for cause in diagnosis.causes:
            sentences = re.split(r"(?<=\.) ", cause.why)
            assert len(sentences) == len(set(sentences)), post["id"]
        if diagnosis.causes and diagnosis.causes[0].id == "scope_syntax":
            assert "/*.*" not in (diagnosis.corrected_request or {}).get("scope", ""), post["id"]


def test_every_entry_about_words_explains_two_independent_texts() -> None:
    """One of them may be the text that people search for."""
    for key in {key for key, _, _ in NEW}:
        texts = {re.sub(r"\W", "", text.lower()) for one, text, _ in MESSAGES if one == key}
        assert len(texts) > 1, key


ACCOUNTS = """\
endpoint_wrong: POST https://ehr.example.org/oauth2/token returned 404
request_malformed: POST https://ehr.example.org/oauth2/token -> 415
client_not_enabled_at_site: It works in the sandbox. In production we get error=invalid_scope
scope_trimmed: The token by client_credentials works, but GET /api/FHIR/R4/Patient?_id=x returns \
403 insufficient scope
access_token_expired: It works for ten minutes, then 401 Unauthorized
results_limited: The search returns an empty Bundle with 200
endpoint_wrong: smart-configuration has token_endpoint http://h.example.org/token, we serve https
user_not_permitted: error=access_denied but nobody pressed deny
assertion_key_unknown: {"error":"invalid_client","error_description":"jku is not the registered \
URL"}
aud_wrong: Epic shows its OAuth2 Error page unless I remove the slash at the end of aud
fhir_base_wrong: We get a white page with an error, the log has GET https://https://h.example.org
client_auth_wrong: {"error":"invalid_client"}. The secret is in the body. Registered: \
client_secret_basic
assertion_claims_wrong: {"error":"invalid_client"}, our client_assertion is signed with HS256
assertion_claims_wrong: {"error":"invalid_client"} since we cache the signed JWT
assertion_key_unknown: Since we changed the JWKS URL we get {"error":"invalid_client"}
grant_not_enabled: {"error":"unsupported_grant_type"} for grant_type=password
scope_syntax: 403 permission denied. Our token has system/*.rs. With system/*.read it works
launch_scope_missing: In an EHR launch the token has no patient. scope=openid patient/Patient.read
refresh_not_granted: We have an error: after a refresh, the refresh_token is None
redirect_uri_mismatch: It says 'The callback address supplied isn't on the list' after our login
client_auth_wrong: curl -d client_secret=b /token gives invalid_client, and curl -u a:b works. Why?
scope_not_requested: With patient/*.read we read Patient/12, but Patient/45 gives 403 Forbidden
aud_wrong: error=invalid_request&error_description=The+aud+does+not+identify+a+known+FHIR+endpoint
launch_value_invalid: We refresh the page and get 'The launch token has already been redeemed'
token_not_in_header: It works in Postman, but our app's search returns 401 Unauthorized
access_token_expired: After lunch our next search gives error invalid_token
results_limited: We only ever receive 10 of the 57 lab results
user_not_permitted: Our nurses get 'You do not have security to view this patient'
launch_scope_missing: A patient picker appears although we launch from the chart. Bug?
token_not_in_header: We have our token, but how do we add it to the FHIR client? We get no data
network_unreachable: net/http: TLS handshake timeout (Client.Timeout exceeded)
user_credentials_wrong: {"error_description":"Resource owner authentication failed","error":"x"}
launch_scope_missing: We get no patient in the token response of https://e.org/authorize?client_id=1\
&response_type=code&scope=openid%20fhirUser&launch=x
assertion_claims_wrong: Invalid iss/sub claims when we get a token. The API answers "Invalid \
'iss'/'sub' claims in client_assertion JWT"
state_unknown: Since we run two instances, we often get the error "state mismatch"
launch_parameter_missing: We get 'launch scope requires launch parameter'
request_malformed: The EHR redirects to https://a.example/cb#code=x, so our server has no code
ehr_side: Is it down? Each authorize call returns 503 Service Unavailable
fhir_base_wrong: 404 on https://h.example.org/fhir//Patient/1
patient_context_missing: Our launch works, but 'encounter' is not in the token response
refresh_reused: Our cron job refreshes every hour. The first refresh works, then we get \
{"error":"invalid_grant"} at each refresh
refresh_not_granted: Our refresh tokens are missing with grant_type=client_credentials. We get \
{"iss":"https://a.org/","jti":"1","exp":1522342320,"iat":1522338720}
scope_not_requested: ?error=invalid_request&error_description=Missing+openid+scope
token_of_another_server: JWT validation failed: issuer mismatch, expected https://a.example/r but \
token has http://a.example/r
token_of_another_server: With the token from Postman our API says 200, with our app's 401 \
Unauthorized
fhir_request_invalid: IllegalArgumentException: Unknown search parameter 'nam' for type Patient
clock_skew: Sometimes our callback fails with JsonWebTokenError: jwt not active for the id_token
endpoint_wrong: From another computer the login goes to http://localhost:8080/realms/x/protocol
token_of_another_server: We get a token, but Azure answers GET https://h/fhir/Patient with 401
session_ended: {"error":"invalid_client","error_description":"The refresh token can't be mapped"}
client_unknown: The login page fails. https://h.example.org/authorize?client_id=undefined&scope=launch
redirect_uri_mismatch: error=invalid_request for /authorize?redirect_uri=%2fepic%2fcallback&aud=x
client_auth_wrong: We have an error: the refresh request is missing its Authorization header
aud_wrong: We send aud=https://h.example.org/r4/ to https://h.example.org/r4. Invalid audience
client_auth_wrong: It's set to public. We send a client_secret, and get {"error":"invalid_client"}
not_propagated_yet: The app was enabled this morning, but we still get "unauthorized_client"
token_of_another_server: We send the sandbox token to the production FHIR server and get 401
patient_context_missing: TypeError: Cannot read properties of undefined (reading 'patient')
scope_trimmed: HTTP 403 {"resourceType":"OperationOutcome","diagnostics":"The client lacks a scope"}
endpoint_wrong: POST https://h/oauth/token gives 404, discovery says /oauth2/token
redirect_uri_mismatch: nginx in front. The request has redirect_uri=http://app.example.org/callback
launch_parameter_missing: Our load balancer redirects to https, the query string is lost, /launch \
has no iss
cookies_blocked: In the EHR's iframe localStorage throws SecurityError: The operation is insecure
session_ended: {"error":"invalid_grant"} when refreshing after lunch
ehr_side: HTTP/1.1 500 from https://h/oauth2/authorize?client_id=a&response_type=code&scope=launch
redirect_uri_mismatch: {"error":"invalid_client","error_description":"Client authentication \
failed"} #1 Grant.php: AbstractGrant->validateRedirectUri('https://h')
aud_wrong: ?error=access_denied&error_description=Service%20not%20enabled%20within%20domain%3A%20x
assertion_claims_wrong: private_key_jwt to fhir.epic.com, "iat":1760000000,"exp":1760003600. \
{"error":"invalid_client","error_description":null}
fhir_request_invalid: GET https://h/fhir/Patient: error: the "Content-Type" header is not supported
client_auth_wrong: POST https://h/oauth2/token Authorization: Basic x {"message":"Bad credentials"}
client_auth_wrong: The client ID is required in the Authorization header
not_a_launch_problem: {"severity":"error","diagnostics":"export operation failed for reason: 403"}
request_malformed: <detail>No client_id</detail> https://h/oauth2/authorize?client_id=&scope=launch
aud_wrong: https://h/auth?aud=https://h.example.org&client_id=a&scope=openid gives invalid_request
aud_wrong: Invalid audience\\n\\nGET https://h/fhir/Patient fails\\nInvalid audience parameter \
https://h.example.org/fhir
assertion_claims_wrong: {"error":"invalid_client"}. Our client_assertion has an exp 1 hour from now
refresh_reused: A refresh gives {"error":"invalid_grant"}. We don't store the new refresh_token
token_of_another_server: We got the JWT token, but GET https://h/fhir/Patient gives 401Unauthorized
client_auth_wrong: Entra seems to require a client secret for our single-page app
patient_context_missing: Is it an error to have the patient only in the JWT, not beside it?
patient_context_missing: {"error":"invalid_grant","error_description":"no patient identifier was \
found for this code"}
redirect_uri_mismatch: Cognito sends us to https://a.example.org/?code=x. POST /oauth2/token \
redirect_uri=https%3A%2F%2Fa.example.org client_id={{id}} code={{c}} {"error":"unauthorized_client"}
ehr_side: Our redirect URL gets these parameters: error: invalid_client, error_description: \
Public key not found
state_unknown: authlib.integrations.base_client.errors.MismatchingStateError: State not equal
signing_key_unknown: RPError: unexpected JWT alg received, expected RS256, got: HS256
scope_not_registered: Epic says the request is invalid. Without that scope the login works
aud_wrong: invalid_request with aud=https://h.example.org/dstu2/x and iss=https://h.example.org/r4/x
cookies_blocked: In the embedded browser the callback says "session not found"
redirect_uri_mismatch: The page says "redirect_uri_mismatch" and nothing else
scope_not_requested: GET Observation returns 403 but GET Patient works. scope=patient/Patient.read
assertion_claims_wrong: invalid_client. Our JWT has aud = https://h.example.org/api/FHIR/R4
persona_mismatch: The provider login page appears in front of our app for patients
session_ended: invalid_grant on refresh after the user logged out of the EHR
refresh_reused: Two workers refresh at the same time and one of them gets invalid_grant
flow_misused: After login the app redirects to the login page again and again
fhir_version_mismatch: Our client is built for DSTU2, the server says fhirVersion 4.0.1
user_mismatch: The login shows the account of another colleague who used this PC before
parameter_not_recognised: unknown parameter 'x' in the authorization request
scope_syntax: The scope patient/X.rs is not a valid scope. Supported: patient/X.read
token_not_in_header: {"statusCode":401,"message":"Access denied due to missing subscription key."}
fhir_base_wrong: Error: getaddrinfo ENOTFOUND fhir-open.example.com
token_of_another_server: {"code":"X","message":"Access token validation failure. Invalid audience."}
results_limited: GET /Observation?_count=1000 returns only 50 entries although there are 300
client_id_mismatch: The token endpoint says "code was not issued to this client"
user_not_permitted: 403 break-the-glass is required for this patient
session_ended: refresh works during the day, but next morning: invalid_grant
scope_not_requested: 403 on /Condition. Requested scopes: launch openid patient/Patient.read
persona_mismatch: Patients can log in, but clinicians can't
patient_context_missing: launch context not provided in the token request
user_not_permitted: With my admin account I can read Observation, with a nurse account I get 403
client_unknown: https://a.example.org/cb?error=invalid_client&error_description=Client+is+invalid&state=x
redirect_uri_mismatch: redirect_uri must not contain a fragment
launch_parameter_missing: The launch URL in the registration is index.html instead of launch.html
launch_parameter_missing: The test tool is waiting for the EHR to launch it. What starts that?
fhir_base_wrong: https://a.example.org/launch?iss=http%3A%2F%2Flocalhost%3A80%2Ffhir&launch=x fails
network_unreachable: The EHR's login page never loads at one customer
cookies_blocked: The sign-in does nothing in Safari, and it works in Chrome
redirect_uri_mismatch: On Android, the sign-in page stays open and doesn't return to the app
idp_policy: User is not in the group that is allowed to use this client
user_not_permitted: Reading the patient: 403 "The user is not part of the care team"
request_malformed: 400 invalid_request: duplicate parameter client_id
client_auth_wrong: invalid_request: multiple client authentication methods
fhir_version_mismatch: The server only supports DSTU2, and our R4 app fails to parse it
clock_skew: Our clock is 5 seconds behind, and the sign-in fails
tls_untrusted: The root CA is trusted, but: PKIX path building failed
session_ended: "error_description" = "Token is not active", invalid_grant, with AppAuth
network_unreachable: InternalOAuthError\\n    at TLSSocket.socketErrorListener (_http_client.js)
redirect_uri_mismatch: redirectUri is set to http, never https, behind our proxy
content_blocked: The authorize page redirects to http although we use https
content_blocked: At https://a.example.org the app can't connect to http://b.example.org/fhir
client_auth_wrong: Tokens for this client-type may only be redeemed via cross-origin requests
client_unknown: An EHR's page tells our app: client not found
token_of_another_server: 401 from HAPI with "Failed to verify JWT: issuer mismatch"
user_not_permitted: 403, the token has no role claim that the policy needs
client_unknown: No client with requested id: abc
session_ended: Our silent sign-in asks for prompt=none, and its callback has no code
launch_value_invalid: The launch parameter has a "+", and our app gets a blank in its place
access_token_expired: Some workers get HTTP 401 from FHIR, others succeed with the new token
ehr_side: FHIR calls with a Bearer token are redirected (302) to the login page of our SSO
token_not_in_header: 401 Unauthorized from FHIR: our client never sends the Authorization header
assertion_key_unknown: POST /token: 500 TypeError: jwks.keys is not iterable
access_token_expired: Our worker is fine until it has been up for two hours. Then each call fails
token_not_in_header: The Redux state has no token: 401 from https://h/fhir/Patient
refresh_not_granted: Our service account gets no refresh token, and after an hour we get 401
access_token_expired: The FHIR server and a token of grant_type=client_credentials: we get 401
client_not_enabled_at_site: access_denied, the practice hasn't enabled our app
assertion_key_unknown: Signature verification failed for the client assertion with RS384
assertion_claims_wrong: Invalid jti: already used
fhir_request_invalid: _sort is not supported
cors_blocked: No CORS headers on .well-known/smart-configuration
session_ended: Your session has timed out, please log in again
user_not_permitted: Our FHIR requests fail with 403 only for some users
code_expired_or_used: Our token request is sent twice, and the second one fails
token_of_another_server: Our GET https://h/fhir/Patient fails with 401 Unauthorized
tenant_mismatch: invalid issuer http://h.example.org in discovery document. nginx serves https
user_not_permitted: ?error=access_denied&error_description=Member+eligibility+failed&state=1
scope_syntax: Oracle Health, the app is registered SMART v2.\\nRequested: patient/Patient.read \
launch/patient openid\\nGranted: launch/patient openid
clock_skew ehr_side: {"event": "callback_failed", "code": "token_error", "causes": ["clock_skew", \
"ehr_side"]}
clock_skew ehr_side: Error code: ehr_error\\nCorrelation id: 12ab\\nCauses: clock_skew, ehr_side
launch_parameter_missing client_id_mismatch: urn:cerner:error:authorization-server:smart-v1:grant:\
launch:code-required client=c1-seen Client ID: c2-ours scopes: launch openid
client_auth_wrong: HTTP/1.1 401 Unauthorized\\n\\n{"error": "invalid_client"}
code_expired_or_used: HTTP/1.1 401 Unauthorized\\n\\n{"error": "invalid_grant"}
scope_not_registered: oauth2:token:empty-scopes scopes: openid patient/A.rs patient/B.rs
scope_syntax: oauth2:token:empty-scopes scopes: openid patient/A.read patient/B.read
refresh_reused: client.refresh(token) works once. The second call gives {"error":"invalid_grant"}
request_malformed: {"error":"invalid_grant"}. The form has grant_type=authorization_code&code=&x=y
request_malformed: {"error":"invalid_grant"}, unless we decode the code with decodeURIComponent
token_of_another_server: JwtError: token use not allowed: id. Our GET https://h/fhir/Patient fails
token_of_another_server: JsonWebTokenError: invalid algorithm, for the access token from Okta
client_auth_wrong: invalid_client, unless the secret is sent in the body
assertion_key_unknown: {"error":"invalid_client"}. Each start makes a new RSA key pair
fhir_version_mismatch: X.readFrom() did not return a CapabilityStatement instance but <Resource>
token_not_in_header: { status: 400 }, config: { url: 'https://h/R4/X', headers: undefined }
discovery_missing: FHIRNotFoundException: https://id.example.org/oauth2/.well-known/\
smart-configuration
tenant_mismatch: jose.exceptions.JWTClaimsError: Invalid issuer, when our app parses the ID token
token_of_another_server: Our API refuses access tokens and accepts id tokens
"""


@each(("first", "text"), [line.split(": ", 1) for line in ACCOUNTS.splitlines()])
def test_what_is_told_counts(first: str, text: str) -> None:
    causes = first.split()
    assert ids(diagnose(parse(text.replace("\\n", "\n"))))[: len(causes)] == causes


# Words of what to paste next, and a text that fits several causes or none. What couldn't connect
# is explained and asked about.
ASKED = """\
`aud`: We get a token, then GET https://h/fhir/Patient/1 gives 401 Unauthorized
`aud`: Body: HTTP 401 Unauthorized. The token is new and has system/Patient.read.
WWW-Authenticate: GET https://h/fhir/Patient/1: Error: 17 is odd
token endpoint's response: POST https://h/oauth2/token\\nError: 17 is odd
code_verifier: /callback?code=abc123&state=s1, then {"error":"invalid_grant"}
console: In the EHR's iframe it doesn't start
console: GET https://app.example.org/static/app.js 404 (Not Found)\\nThe launch page is blank
console: The user doesn't have to choose a patient. In Hyperspace the page stays white.
console: GET https://app.example.org/fhir/main.css 403 (Forbidden)\\nThe page stays white
authorize URL: The server was not found when the launch began
authorize URL: ?error=odd_condition&state=s
step that fails: smart.authProperties.embedded = true. It gives me "an invalid address error".
step that fails: SMART.authorize({ redirectUri: 'http://localhost:3000/smart' }) opens, then nothing
step that fails: We did JWKS + JWT. Though we are getting the access token, there is no info for us.
step that fails: 404
step that fails: launch openid fhirUser patient/Patient.read
step that fails: brand_new_error: xyz_unknown
curl: connect ETIMEDOUT 10.0.0.5:443
"""


@each(("asked", "text"), [line.split(": ", 1) for line in ASKED.splitlines()])
def test_a_text_that_fits_several_causes_is_asked_about(asked: str, text: str) -> None:
    diagnosis = diagnose(parse(text.replace("\\n", "\n")))
    of_any_step = asked == "step that fails"
    assert (diagnosis.kind == "asks") is (asked != "curl")
    assert asked in " ".join(diagnosis.ask)
    assert len(diagnosis.ask) <= 2 + of_any_step
    assert not (of_any_step and diagnosis.causes)


# Each clue that decides a case without a server message, and its cause; then two or more texts by
# different authors.
TOLD = """\
cors cors_blocked
  On passing the client secret the token API is throwing CORS issue
  The sync fails due to a strict CORS configuration of the EHR
storage_lost cookies_blocked
  EHR launch in an iframe: no session cookie at the callback
  In IE11 sessionStorage is empty at the redirect page
  On the iPad (Safari) the session cookie is missing at /callback
lasts access_token_expired
  After 10 mins we are getting unauthorized from the API
  Everything works for about an hour, then the calls fail
by_hand launch_parameter_missing
  I opened the launch page and see: No 'state' parameter found
  npm run serve. Error: No 'state' parameter found. Please (re)launch the app.
no_refresh_token refresh_not_granted
  Uncaught Error: Unable to refresh. No offline_access scope found.
  It works, and the token response does not contain a refresh_token
no_patient patient_context_missing
  The response doesn't contains the "patient" parameter
  Connection failed: token response did not include a patient id
  The token response omits the `patient` field
twice code_expired_or_used
  {"error":"invalid_grant"} and React StrictMode is on
  {"error":"invalid_grant"} whenever someone reloads the page
refreshing session_ended
  {"error":"invalid_grant"} for grant_type=refresh_token
  {"error":"invalid_grant"} when we refresh, the day after
loops flow_misused
  It keeps redirecting to the login
  ERR_TOO_MANY_REDIRECTS after the login
fewer_results results_limited
  GET Observation gives 200 with total: 0
  The search returns an empty Bundle
"""


def test_a_sign_decides_two_independent_texts() -> None:
    for told in re.split(r"\n(?! )", TOLD.strip()):
        head, *texts = told.split("\n  ")
        sign, first = head.split()
        assert len(texts) > 1
        for text in texts:
            said = parse(text)
            assert sign in claims_in(said.text).signs, text
            assert ids(diagnose(said))[:1] == [first], text


# Next to a post of launch_posts.json for each: another writer's words.
NAMED = """\
without credentials: blocked by CORS policy: Credential is not supported if the CORS header is '*'
ehr.example.org: HTTPSConnectionPool(host='ehr.example.org'): CERTIFICATE_VERIFY_FAILED
k-2024: {"error":"invalid_client","error_description":"kid not found"} {"kid": "k-2024"}
Copy the client secret again: {"error":"invalid_client"} We send the client_secret
`nbf`: nbf claim: token used before issued, nbf is in the future
In a container: request to http://localhost:80/fhir failed, reason: connect ECONNREFUSED 127.0.0.1
base64url: PKCE verification failed: challenge E9Mel+oa2Owv/rEMTJguCHaoeK1t8URWbuGJSstw/cM=
"""


@each(("named", "text"), [line.split(": ", 1) for line in NAMED.splitlines()])
def test_what_a_message_names_is_in_what_to_change(named: str, text: str) -> None:
    assert named in diagnose(parse(text)).causes[0].steps[0]


def test_a_callback_with_a_code_says_that_the_ehr_did_its_part() -> None:
    came_back = "https://app.example.org/callback?code=abc123&state=s1 and then nothing"
    for text in (came_back, f"{ehr_messages.AUTHORIZE}\n{came_back}"):
        diagnosis = diagnose(parse(text))
        assert (diagnosis.kind, diagnosis.causes) == ("asks", ())
        assert "The failure came after that" in diagnosis.meaning
        assert any("token endpoint" in one for one in diagnosis.ask)


def test_the_issuer_of_a_callback_is_no_fhir_base() -> None:
    text = "https://a/cb?error=invalid_scope&state=s&iss=https%3A%2F%2Fsso.example.org%2Frealms%2Fx"
    mine = Registered(key="e", client_id="c", iss=("https://ehr.example.org/fhir",))
    diagnosis = diagnose(parse(text), None, [mine])
    assert "sso.example.org" not in str(diagnosis.corrected_request)


@each("configured", [None, "https://right.example.org/callback"])
def test_what_is_suspected_is_not_offered_for_copying(configured: str | None) -> None:
    text = (
        "Invalid redirect URI. We open https://ehr.example.org/authorize?response_type=code"
        "&client_id=c1&redirect_uri=https://wrong.example.org/cb&scope=launch&launch=x&state=s"
    )
    mine = [Registered(key="e", client_id="c1", redirect_uri=configured)] if configured else []
    diagnosis = diagnose(parse(text), None, mine)
    assert ids(diagnosis)[0] == "redirect_uri_mismatch"
    assert diagnosis.change is not None
    assert "wrong.example.org" not in diagnosis.change.line
    assert (configured or "<the registered") in diagnosis.change.line
