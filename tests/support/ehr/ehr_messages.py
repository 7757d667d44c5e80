"""Messages of EHRs as developers see them: from forums, documentation and captures, and the report
that this project addresses.

Ids come from the public posts, for the sandbox tenant. Codes and tokens are made up here.
"""

from urllib.parse import quote

from shared.explain import Registered

TENANT = "ec2458f2-1e24-41c8-b71b-0e701af7583d"
BASE = f"https://fhir-ehr-code.cerner.com/r4/{TENANT}"
LAUNCH = "urn:cerner:error:authorization-server:smart-v1:grant:launch:"
GRANT = "urn:cerner:error:authorization-server:oauth2:grant:"
TOKEN = "urn:cerner:error:authorization-server:oauth2:token:"
RESOURCE = "urn:cerner:error:oauth2:resource-access:"

# forums.oracle.com, access-denied-invalid-launch-code-error-being-redirected-f-6420.
INVALID_LAUNCH = (
    "myapp://smart-redirect/?state=launch_state&error=invalid_request&error_uri=https%3A%2F%2F"
    "authorization.cerner.com%2Ferrors%2Furn%253Acerner%253Aerror%253Aauthorization-server%253A"
    "smart-v1%253Agrant%253Alaunch%253Ainvalid-launch-code%2Finstances%2F"
    "dccf77c1-9bb9-43aa-82c1-b6b9c07c95e2%3Fpersona%3Dprovider%26client%3D"
    "f4e2294a-c9e7-4446-894c-0db869be4bfd%26tenant%3Dec2458f2-1e24-41c8-b71b-0e701af7583d"
)
# groups.google.com/g/cerner-fhir-developers/c/RnQ3xMboX0k, of 2017.
MISSING_PATIENT = (
    "http://localhost:8100/?error=access_denied&error_uri=https%3A%2F%2Fauthorization."
    "sandboxcerner.com%2Ferrors%2Furn%253Acerner%253Aerror%253Aauthorization-server%253Aoauth2"
    "%253Agrant%253Amissing-patient%2Finstances%2F047e9272-6dcb-4fa8-8ecb-426a81f671a4%3Fpersona"
    "%3Dprovider%26client%3D80c16a4d-10a3-47bd-9eba-07c3aebc25ae%26tenant%3D"
    "0b8a0111-e8e6-4c26-a91c-5069cbc6b1ca"
)
# Cerner's authorization documentation, 2024.
DENIED_BY_SERVER = (
    "https://example.com/callback?state=f09dcfff-95ff-4e86-a689-05c8dd9719a2&error=access_denied&"
    "error_uri=https%3A%2F%2Fauthorization.cerner.com%2Ferrors%2Furn%253Acerner%253Aerror%253A"
    "authorization-server%253Aoauth2%253Agrant%253Adenied-by-server%2Finstances%2F"
    "42925fc9-7a7e-4cb0-95e4-4d3f178f68b7%3Fpersona%3Dprovider%26client%3Ddevjs%26tenant%3D"
    "ec2458f2-1e24-41c8-b71b-0e701af7583d"
)
# forums.oracle.com, token-request-failing-with-invalid-client-after-successful-0040.
INVALID_CREDENTIALS = (
    '{ "error": "invalid_client", "error_uri": "https://authorization.cerner.com/errors/urn%3A'
    "cerner%3Aerror%3Aauthorization-server%3Aoauth2%3Atoken%3Ainvalid-client-credentials/instances/"
    "14c93355-be14-47c0-9f4a-132ef6124fe5?client=unknown&tenant=ec2458f2-1e24-41c8-b71b-"
    '0e701af7583d" }'
)
# github.com/mock-health/the-map, captured with its headers.
EMPTY_SCOPES = (
    "HTTP/1.1 400 Bad Request\nCerner-Correlation-ID: 6813f4e8-18a2-4745-941c-9898536f4585\n\n"
    '{"error":"invalid_scope","error_uri":"https://authorization.cerner.com/errors/urn%3Acerner%3A'
    "error%3Aauthorization-server%3Aoauth2%3Atoken%3Aempty-scopes/instances/6813f4e8-18a2-4745-941c"
    "-9898536f4585?client=aa35106b-e50c-4712-9250-9d405ec5b794&tenant=ec2458f2-1e24-41c8-b71b-"
    '0e701af7583d"}'
)
# groups.google.com/g/cerner-fhir-developers/c/v3AeGwBAVB0: parameters already decoded, shortened.
DENIED_BY_USER = (
    '{"state":"abc","error":"access_denied","error_uri":"https://authorization.cerner.com/errors/'
    "urn%3Acerner%3A…%3Agrant%3Adenied-by-user/instances/696ca944-e03a-45fd-a74d-091b2086da27"
    '?persona=patient&client=…&tenant=…"}'
)
# forums.oracle.com, smart-launch-successful-but-patient-read-scope-not-granted-8068.
INSUFFICIENT_SCOPES = (
    '{"code":403,"message":"code=\\"urn:cerner:error:oauth2:resource-access:insufficient-scopes\\",'
    ' error=\\"insufficient_scope\\", subcode=\\"no_scope_for_resource_path\\""}'
)
# Epic's response to an unknown token (github.com/mock-health/the-map).
EPIC_401 = (
    'HTTP/1.1 401 Unauthorized\nWWW-Authenticate: Bearer error="invalid_token", '
    'error_description="The access token provided is not valid"'
)
EPIC_OUTCOME = (
    '{"resourceType":"OperationOutcome","issue":[{"severity":"fatal","code":"not-found","details":'
    '{"coding":[{"system":"urn:oid:1.2.840.114350.1.13.0.1.7.2.657369","code":"59008"}],"text":'
    '"The FHIR ID provided was not found."},"diagnostics":"Invalid FHIR ID"}]}'
)
# The strings of the SMART launcher's source.
LAUNCHER = (
    "http://localhost:8080/callback?error=invalid_request&error_description=Bad+audience+value+"
    "%22https%3A%2F%2Fr4.smarthealthit.org%22.+Expected+%22https%3A%2F%2Flaunch.smarthealthit.org"
    "%2Fv%2Fr4%2Fsim%2Fabc%2Ffhir%22.&state=Zx9"
)
# forums.oracle.com, contact-cerner-developer-support-technical-issue-report-0473, retold.
FIRST_REPORT = f"""Technical issue report: OAuth 2.0 flow fails with code-required

App: smart-calc, public client. Launch URI and redirect URI registered.
Client ID: f010a897-b662-4152-bb22-b87bcd3cba54
FHIR base: {BASE}

Error: {LAUNCH}code-required
Error instance: 847e48ff-956f-4f96-8585-2d0ccb19d40a
Tenant: {TENANT}
Context: persona=provider&client=908d5cee-a54b-434d-847a-9765a9df9c53&tenant={TENANT}

What we confirmed: SMART App Launch 2.0 workflow, PKCE (S256), discovery by
.well-known/smart-configuration, all mandatory parameters: launch, aud, intent, state,
code_challenge.
Scopes: launch/patient openid fhirUser profile patient/Patient.read patient/Observation.read
patient/Condition.read patient/MedicationRequest.read online_access

Which "code" is missing?
"""
FIRST_SCOPES = (
    "launch/patient openid fhirUser profile patient/Patient.read patient/Observation.read "
    "patient/Condition.read patient/MedicationRequest.read online_access"
)
# The app's client ID, the one that the error names, and the registration.
CLIENT = "f010a897-b662-4152-bb22-b87bcd3cba54"
OTHER = "908d5cee-a54b-434d-847a-9765a9df9c53"
REGISTERED = Registered(
    key="oracle",
    vendor="oracle",
    client_id=CLIENT,
    scopes=tuple(FIRST_SCOPES.split()),
    iss=(BASE,),
    redirect_uri="https://smart.example.org/callback",
    client_auth="none",
)
# A token response that grants less than requested, as reported. The tokens are made up.
TRIMMED = (
    '{"access_token":"eyJraWQiOiJtYWRlLXVwIn0.eyJzdWIiOiJub2JvZHkifQ.c2lnbmF0dXJl","token_type":'
    '"Bearer","expires_in":570,"scope":"fhirUser launch online_access openid profile",'
    '"id_token":"eyJraWQiOiJtYWRlLXVwIn0.eyJzdWIiOiJub2JvZHkifQ.b3RoZXI","patient":"12724066"}'
)
AUTHORIZE = (
    "https://authorization.cerner.com/tenants/ec2458f2-1e24-41c8-b71b-0e701af7583d/protocols/oauth2"
    "/profiles/smart-v1/personas/provider/authorize?response_type=code&client_id="
    "f010a897-b662-4152-bb22-b87bcd3cba54&redirect_uri=https%3A%2F%2Fsmart.example.org%2Fcallback"
    f"&scope=launch%20openid%20patient%2FPatient.read&launch=&aud={quote(BASE, safe='')}&state=s1"
)

MESSAGES = (
    INVALID_LAUNCH,
    MISSING_PATIENT,
    DENIED_BY_SERVER,
    INVALID_CREDENTIALS,
    EMPTY_SCOPES,
    DENIED_BY_USER,
    INSUFFICIENT_SCOPES,
    EPIC_401,
    EPIC_OUTCOME,
    LAUNCHER,
    FIRST_REPORT,
    TRIMMED,
    AUTHORIZE,
)
