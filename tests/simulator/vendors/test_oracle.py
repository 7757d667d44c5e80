import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from simulator.oauth.registrations import Registration
from simulator.vendors.oracle import ORACLE, ORACLE_PATIENT
from simulator.vendors.oracle_addresses import TENANT
from tests.simulator.app_under_test import ALMA, ORIGIN, STATE, json_of, query_of
from tests.simulator.token_client import SCOPE, registration
from tests.simulator.vendor_app import VendorApp
from tests.support.tables import each

URN = "urn:cerner:error:authorization-server:"
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
JSON = "application/fhir+json"
RESOURCES = "patient/Patient.rs patient/Observation.rs"
PATIENT_SCOPES = (*SCOPE.split(), "launch/patient")


@pytest.fixture
def app() -> VendorApp:
    return VendorApp(profile=ORACLE, beside=(ORACLE_PATIENT,))


@pytest.fixture
def patient_app() -> VendorApp:
    client = registration(type="patient", scopes=PATIENT_SCOPES)
    return VendorApp(client, profile=ORACLE_PATIENT)


def refusal(app: VendorApp, launch: str | None, /, **changes: object) -> tuple[str, str]:
    """The OAuth error and the end of the URN; every other part must be as Oracle's."""
    answer = app.answer(launch, **changes)
    assert answer.keys() - {"state"} == {"error", "error_uri"}
    match = re.fullmatch(rf"{ORIGIN}/errors/([^/]+)/instances/{UUID}\?(.*)", answer["error_uri"])
    assert match is not None, answer["error_uri"]
    persona = app.profile.persona
    assert dict(parse_qsl(match[2])) == {
        "persona": persona,
        "client": app.client.client_id,
        "tenant": TENANT,
    }
    urn = unquote(match[1])
    assert ":" not in match[1]
    assert urn.startswith(URN)
    return answer["error"], urn.removeprefix(URN)


def test_the_discovery_document_says_and_omits_what_the_real_one_does(app: VendorApp) -> None:
    said = app.configuration()
    tenant = f"{ORIGIN}/oracle/tenants/{TENANT}"
    profile = "protocols/oauth2/profiles/smart-v1"
    assert said["issuer"] == tenant
    assert said["authorization_endpoint"] == f"{tenant}/{profile}/personas/provider/authorize"
    assert re.fullmatch(rf"{tenant}/hosts/[a-z.-]+/{profile}/token", said["token_endpoint"])
    assert said["revocation_endpoint"] == f"{tenant}/{profile}/token/revoke"
    assert said["jwks_uri"] == f"{ORIGIN}/oracle/jwk"
    assert said["token_endpoint_auth_methods_supported"] == [
        "client_secret_basic",
        "private_key_jwt",
    ]
    assert said["grant_types_supported"] == ["authorization_code", "client_credentials"]
    assert said["token_endpoint_auth_signing_alg_values_supported"] == ["RS384", "ES384"]
    assert "authorization_response_iss_parameter_supported" not in said
    assert "context-ehr-encounter" in said["capabilities"]
    assert "context-standalone-patient" not in said["capabilities"]
    scopes = set(said["scopes_supported"])
    assert {"launch", "patient/Observation.crus", "patient/Observation.read"} <= scopes
    assert "launch/patient" not in scopes
    assert not any("*" in one for one in scopes)


def test_the_patient_document_has_the_standalone_context(patient_app: VendorApp) -> None:
    said = patient_app.configuration()
    assert said["authorization_endpoint"].endswith("/personas/patient/authorize")
    assert "launch/patient" in said["scopes_supported"]
    assert "patient/Observation.s" in said["scopes_supported"]
    assert "context-standalone-patient" in said["capabilities"]
    assert "context-ehr-encounter" not in said["capabilities"]


def test_a_launch_is_answered_with_code_and_state_and_no_iss(app: VendorApp) -> None:
    answer = app.answer(app.launch())
    assert answer.keys() == {"state", "code"}
    assert answer["state"] == STATE


def test_an_error_is_a_redirect_with_state_error_and_a_urn_encoded_twice(app: VendorApp) -> None:
    location = app.authorize(None).headers["Location"]
    assert re.fullmatch(
        rf"https://app\.test/callback\?state={STATE}&error=invalid_request"
        r"&error_uri=http%3A%2F%2Fehr\.test%2Ferrors%2Furn%253Acerner%253Aerror%253A"
        r"authorization-server%253Asmart-v1%253Agrant%253Alaunch%253Acode-required"
        rf"%2Finstances%2F{UUID}%3Fpersona%3Dprovider%26client%3Dclient%2Bone%26tenant%3D{TENANT}",
        location,
    )


LAUNCH = "smart-v1:grant:launch:"
GRANT = "oauth2:grant:"


@each(
    ("changes", "error", "tail"),
    [
        ({"launch": None}, "invalid_request", f"{LAUNCH}code-required"),
        ({"launch": ""}, "invalid_request", f"{LAUNCH}code-required"),
        (
            {"launch": None, "scope": f"launch/patient {RESOURCES}"},
            "invalid_request",
            f"{LAUNCH}code-required",
        ),
        # A launch value, but not the scope that makes Oracle look at it.
        ({"scope": f"launch/patient {RESOURCES}"}, "invalid_request", f"{LAUNCH}code-required"),
        ({"launch": "invented"}, "invalid_request", f"{LAUNCH}invalid-launch-code"),
        ({"aud": None}, "invalid_request", f"{LAUNCH}audience-required"),
        (
            {"aud": "https://fhir.other.test/r4"},
            "invalid_request",
            f"{LAUNCH}unknown-resource-server",
        ),
        (
            {"aud": f"{ORIGIN}/oracle/dstu2/{TENANT}"},
            "invalid_request",
            f"{LAUNCH}audience-not-white-listed",
        ),
        ({"launch": None, "scope": RESOURCES}, "access_denied", f"{GRANT}missing-patient"),
        ({"scope": RESOURCES}, "access_denied", f"{GRANT}missing-patient"),
        ({"launch": None, "aud": None, "scope": "openid"}, "invalid_request", None),
        ({"launch": None, "scope": "patient/*.rs"}, "access_denied", f"{GRANT}denied-by-server"),
        (
            {"launch": None, "scope": "user/Condition.rs"},
            "access_denied",
            f"{GRANT}denied-by-server",
        ),
        ({"response_type": "token"}, "unsupported_response_type", None),
        ({"state": None}, "invalid_request", f"{GRANT}invalid-request"),
        ({"code_challenge": None}, "invalid_request", f"{GRANT}invalid-request"),
        ({"nonce": ["1", "2"]}, "invalid_request", f"{GRANT}invalid-request"),
    ],
)
def test_a_provider_request_that_is_wrong_meets_its_urn(
    app: VendorApp, changes: dict[str, object], error: str, tail: str | None
) -> None:
    launch = app.launch()
    told = refusal(app, None, **{"launch": launch, **changes})
    other = {"unsupported_response_type": f"{GRANT}unsupported-response-type"}
    assert told == (error, tail or other.get(error, f"{GRANT}invalid-request"))


def test_the_slash_at_the_end_of_aud_makes_no_difference(app: VendorApp) -> None:
    assert "code" in app.answer(app.launch(), aud=f"{app.at.fhir_base}/")


@each(
    ("changes", "urn"),
    [
        ({"client_id": "nobody"}, "unknown-client"),
        ({"client_id": "for patients"}, "client-persona-mismatch"),
        ({"redirect_uri": "https://app.test/other"}, "invalid-redirect-uri"),
        ({"redirect_uri": "https://app.test/callback/"}, "invalid-redirect-uri-trailing-slash"),
        ({"redirect_uri": "/callback"}, "redirect-uri-not-absolute"),
        ({"redirect_uri": None}, "redirect-uri-not-registered"),
        ({"client_id": ["client one", "client one"]}, "invalid-request"),
    ],
)
def test_what_the_app_is_not_told_is_a_page_with_a_correlation_id(
    changes: dict[str, object], urn: str
) -> None:
    other = registration(client_id="for patients", type="patient")
    app = VendorApp(profile=ORACLE, others=(other,))
    response = app.authorize(app.launch(), **changes)
    assert response.status_code == 303
    location = response.headers["Location"]
    match = re.fullmatch(r"/errors/urn%3Acerner%3Aerror%3A[^/]+/instances/([^/?]+)", location)
    assert match is not None, location
    page = app.http.get(location)
    assert page.mimetype == "text/html"
    assert f"{URN}oauth2:grant:{urn}<" in page.text
    assert match[1] in page.text
    _, shown, why = page.text.partition("This EHR is simulated, so it shows the reason: ")
    assert shown
    assert len(why.partition(".</p>")[0]) > 20
    assert 'href="/trace"' in why


def test_a_redirect_uri_may_have_a_query_that_is_not_registered(app: VendorApp) -> None:
    response = app.authorize(app.launch(), redirect_uri="https://app.test/callback?site=1")
    location = response.headers["Location"]
    assert location.startswith("https://app.test/callback?site=1&state=")


def test_the_address_of_an_error_opens_a_page_however_it_is_encoded(app: VendorApp) -> None:
    uri = app.answer(None)["error_uri"]
    for address in (uri, uri.replace("%3A", ":"), uri.replace("%3A", "%253A")):
        shown = app.http.get(urlsplit(address).path)
        assert f"{URN}smart-v1:grant:launch:code-required<" in shown.text
    assert app.http.get("/errors/urn%3Ax/instances/<b>").status_code == 404


V1 = "patient/Patient.read patient/Observation.read"


@each(
    ("client", "asked", "granted"),
    [
        ({}, f"launch {RESOURCES}", f"launch {RESOURCES}"),
        ({}, "launch patient/*.rs", "launch"),
        ({}, "launch openid patient/*.read system/Patient.rs no/such.scope", "launch openid"),
        ({}, f"launch {V1}", "launch"),
        ({}, f"launch launch/patient {RESOURCES}", f"launch {RESOURCES}"),
        ({}, "launch patient/Observation.crus", "launch patient/Observation.rs"),
        ({}, "launch patient/Observation.r", "launch patient/Observation.r"),
        ({"smart_version": 1, "scopes": ("launch", *V1.split())}, f"launch {V1}", f"launch {V1}"),
        ({"smart_version": 1, "scopes": ("launch", *V1.split())}, f"launch {RESOURCES}", "launch"),
        ({"scopes": ("launch", "patient/*.rs")}, f"launch {RESOURCES}", f"launch {RESOURCES}"),
    ],
)
def test_scopes_are_trimmed_without_a_word(
    client: dict[str, Any], asked: str, granted: str
) -> None:
    app = VendorApp(registration(**client), profile=ORACLE)
    assert app.granted(scope=asked) == granted.split(" ")


def test_the_token_answer_lives_570_seconds_and_has_oracles_members(app: VendorApp) -> None:
    answer = app.tokens()
    assert answer["expires_in"] == 570
    assert answer["tenant"] == TENANT
    assert {"user", "username", "need_patient_banner", "smart_style_url"} <= answer.keys()
    assert answer["patient"] == ALMA


def test_every_token_answer_has_a_correlation_id(app: VendorApp) -> None:
    code = app.code()
    answers = [app.exchange(code), app.exchange(code)]
    assert [one.status_code for one in answers] == [200, 400]
    ids = [one.headers["Cerner-Correlation-ID"] for one in answers]
    assert all(re.fullmatch(UUID, one) for one in ids)
    assert ids[1] in json_of(answers[1])["error_uri"]


def test_a_standalone_patient_chooses_and_is_the_user(patient_app: VendorApp) -> None:
    scope = f"launch/patient openid fhirUser {RESOURCES}"
    page = patient_app.authorize(None, scope=scope)
    assert 'name="user"' not in page.text
    form = re.search(r'name="form" value="([^"]+)"', page.text)
    action = re.search(r'action="([^"]+)"', page.text)
    assert form is not None
    assert action is not None
    fields = {"form": form[1], "patient": ALMA, "decision": "continue"}
    answer = query_of(patient_app.http.post(action[1], data=fields).headers["Location"])
    body = json_of(patient_app.exchange(answer["code"]))
    assert body["patient"] == ALMA
    assert set(body["scope"].split(" ")) == set(scope.split(" "))


def test_a_patient_who_declines_is_denied_by_user(patient_app: VendorApp) -> None:
    page = patient_app.authorize(None, scope=f"launch/patient {RESOURCES}")
    form = re.search(r'name="form" value="([^"]+)"', page.text)
    action = re.search(r'action="([^"]+)"', page.text)
    assert form is not None
    assert action is not None
    fields = {"form": form[1], "decision": "cancel"}
    answer = query_of(patient_app.http.post(action[1], data=fields).headers["Location"])
    assert answer["error"] == "access_denied"
    assert "grant%3Adenied-by-user/instances" in answer["error_uri"]
    assert "persona=patient&client=client+one" in answer["error_uri"]


@each(
    ("changes", "tail"),
    [
        ({"scope": f"launch {RESOURCES}"}, f"{LAUNCH}code-required"),
        ({"scope": f"launch {RESOURCES}", "launch": "made-up"}, f"{LAUNCH}invalid-launch-code"),
        ({"scope": RESOURCES}, f"{GRANT}missing-patient"),
        ({"scope": f"launch/patient {RESOURCES}", "aud": None}, f"{LAUNCH}audience-required"),
    ],
)
def test_a_patient_request_that_is_wrong_meets_its_urn(
    patient_app: VendorApp, changes: dict[str, str], tail: str
) -> None:
    assert refusal(patient_app, None, **changes)[1] == tail


@pytest.fixture
def token(app: VendorApp) -> str:
    return str(app.tokens()["access_token"])


def test_a_request_beyond_the_scopes_is_the_gateways_own_403(app: VendorApp, token: str) -> None:
    response = app.get(token, f"/Condition?patient={ALMA}", JSON)
    assert (response.status_code, response.content_type) == (403, "application/json")
    assert json_of(response) == {
        "code": 403,
        "message": 'code="urn:cerner:error:oauth2:resource-access:insufficient-scopes", '
        'error="insufficient_scope", subcode="no_scope_for_resource_path"',
    }


@each(("token", "name"), [(None, "token-required"), ("invented", "expired")])
def test_a_request_without_a_valid_token_is_401_with_its_urn(
    app: VendorApp, token: str | None, name: str
) -> None:
    response = app.get(token, f"/Patient/{ALMA}", JSON)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")
    assert f'"urn:cerner:error:oauth2:resource-access:{name}"' in json_of(response)["message"]


@each("accept", ["application/fhir+xml", "text/html"])
def test_another_format_than_json_is_406_without_a_body(
    app: VendorApp, token: str, accept: str
) -> None:
    response = app.get(token, f"/Patient/{ALMA}", accept)
    assert (response.status_code, response.data) == (406, b"")


@each("path", [f"/Patient/{ALMA}", "/Patient/nobody", "/Nothing", "/a/b/c"])
def test_every_fhir_answer_carries_the_ids_that_support_asks_for(
    app: VendorApp, token: str, path: str
) -> None:
    headers = app.get(token, path, JSON).headers
    assert headers["X-Request-Id"]
    assert headers["opc-request-id"]


@each("path", ["/Patient/nobody", "/Nothing", "/a/b/c"])
def test_what_is_not_there_is_an_outcome_that_says_not_found(
    app: VendorApp, token: str, path: str
) -> None:
    response = app.get(token, path, JSON)
    issue = json_of(response)["issue"][0]
    assert (response.status_code, issue["code"]) == (404, "not-found")
    assert issue["details"] == {"text": "Not Found"}


def test_the_personas_do_not_know_each_others_tokens(app: VendorApp, token: str) -> None:
    response = app.http.get(
        f"/oracle/myrecord/r4/{TENANT}/Patient/{ALMA}", headers={"Authorization": f"Bearer {token}"}
    )
    assert response.status_code == 401


def test_a_launch_starts_only_from_a_providers_chart() -> None:
    client: Registration = replace(registration(), ehrs=("oracle-patient",))
    app = VendorApp(client, profile=ORACLE)
    assert app.start().status_code == 404
