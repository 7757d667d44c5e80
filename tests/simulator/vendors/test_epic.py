import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from simulator.vendors.epic import EPIC
from tests.simulator.app_under_test import ALMA, ORIGIN, STATE, json_of, query_of
from tests.simulator.token_client import registration
from tests.simulator.vendor_app import VendorApp
from tests.support.tables import each

JSON = "application/fhir+json"
FHIR = "{http://hl7.org/fhir}"


@pytest.fixture
def app() -> VendorApp:
    return VendorApp(profile=EPIC)


@pytest.fixture
def token(app: VendorApp) -> str:
    return str(app.tokens()["access_token"])


def test_the_discovery_document_names_the_endpoints(app: VendorApp) -> None:
    said = app.configuration()
    assert said["issuer"] == f"{ORIGIN}/epic/oauth2"
    assert said["authorization_endpoint"] == f"{ORIGIN}/epic/oauth2/authorize"
    assert said["token_endpoint"] == f"{ORIGIN}/epic/oauth2/token"
    assert app.at.fhir_base == f"{ORIGIN}/epic/api/FHIR/R4"
    assert "authorization_response_iss_parameter_supported" not in said


def test_scopes_are_granted_one_letter_each(app: VendorApp) -> None:
    assert app.granted(scope="launch patient/Patient.rs patient/Observation.r") == [
        "launch",
        "patient/Patient.r",
        "patient/Patient.s",
        "patient/Observation.r",
    ]


def test_an_app_of_smart_v1_is_granted_v1_scopes() -> None:
    client = registration(smart_version=1, scopes=("launch", "patient/Patient.read"))
    app = VendorApp(client, profile=EPIC)
    asked = "launch patient/Patient.read"
    assert app.granted(scope=asked) == asked.split(" ")


def test_an_unknown_client_gets_a_page_with_http_200(app: VendorApp) -> None:
    response = app.authorize(app.launch(), client_id="nobody")
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert "<title>OAuth2 Error</title>" in response.text


@each(
    "changes",
    [
        {"redirect_uri": "https://app.test/callback/"},
        {"redirect_uri": None},
        {"launch": None},
        {"launch": "invented"},
        {"aud": None},
        {"aud": "https://fhir.other.test/r4"},
        {"state": None},
        {"response_type": "token"},
        {"code_challenge": None},
        {"scope": "launch patient/*.read"},
        {"scope": "launch patient/Patient.read"},
        {"scope": "launch/patient"},
    ],
)
def test_every_other_mistake_is_a_page_that_does_not_say_which(
    app: VendorApp, changes: dict[str, str | None]
) -> None:
    sent = {"launch": app.launch(), **changes}
    response = app.authorize(sent.pop("launch"), **sent)
    assert (response.status_code, response.mimetype) == (400, "text/html")
    assert "Location" not in response.headers
    assert "<title>Invalid OAuth 2.0 request</title>" in response.text
    assert "<p>The request is invalid.</p>" in response.text


def test_the_app_is_told_that_its_user_said_no() -> None:
    client = registration(scopes=("launch/patient", "patient/Patient.rs"))
    app = VendorApp(client, profile=EPIC)
    page = app.authorize(None, scope="launch/patient patient/Patient.rs").text
    form = re.search(r'name="form" value="([^"]+)"', page)
    action = re.search(r'action="([^"]+)"', page)
    assert form is not None
    assert action is not None
    denied = app.http.post(action[1], data={"form": form[1], "decision": "cancel"})
    answer = query_of(denied.headers["Location"])
    assert (answer["error"], answer["state"]) == ("access_denied", STATE)


@each("accept", [None, "*/*", "application/fhir+xml", "text/html, */*;q=0.8"])
def test_a_client_that_names_no_json_gets_xml(
    app: VendorApp, token: str, accept: str | None
) -> None:
    response = app.get(token, f"/Patient/{ALMA}", accept)
    assert response.content_type == "application/fhir+xml; charset=utf-8"
    root = ET.fromstring(response.text)
    assert root.tag == f"{FHIR}Patient"
    birth = root.find(f"{FHIR}birthDate")
    assert birth is not None
    assert birth.get("value") == "1968-03-14"


def test_a_bundle_in_xml_holds_the_same_resources_and_digits(app: VendorApp, token: str) -> None:
    search = f"/Observation?patient={ALMA}&code=http://loinc.org|2160-0"
    bundle = json_of(app.get(token, search, JSON))
    root = ET.fromstring(app.get(token, search, None).text)
    ids = root.iterfind(f"{FHIR}entry/{FHIR}resource/{FHIR}Observation/{FHIR}id")
    assert [one.get("value") for one in ids] == [
        entry["resource"]["id"] for entry in bundle["entry"]
    ]
    values = root.iterfind(f".//{FHIR}valueQuantity/{FHIR}value")
    assert "1.60" in [one.get("value") for one in values]


@each("accept", [JSON, "application/json", "application/fhir+json, */*;q=0.1"])
def test_a_client_that_names_json_gets_json(app: VendorApp, token: str, accept: str) -> None:
    assert json_of(app.get(token, f"/Patient/{ALMA}", accept))["id"] == ALMA


@each("path", ["/Nothing", "/Nothing/1"])
def test_an_unknown_type_is_a_page_of_the_web_server(app: VendorApp, token: str, path: str) -> None:
    response = app.get(token, path, JSON)
    assert (response.status_code, response.mimetype) == (404, "text/html")


@each(
    ("path", "status", "code"),
    [
        ("/Patient/nobody", 404, "59008"),
        (f"/Observation?patient={ALMA}&date=yesterday&code=2160-0", 400, "59100"),
    ],
)
def test_an_error_has_a_code_of_epics_own(
    app: VendorApp, token: str, path: str, status: int, code: str
) -> None:
    response = app.get(token, path, JSON)
    coding = json_of(response)["issue"][0]["details"]["coding"][0]
    assert (response.status_code, coding["code"]) == (status, code)
    assert coding["system"] == "urn:oid:1.2.840.114350.1.13.0.1.7.2.657369"


def test_a_token_that_is_not_valid_is_401_with_the_reason_in_a_header(app: VendorApp) -> None:
    response = app.get("invented", f"/Patient/{ALMA}", JSON)
    assert (response.status_code, response.data) == (401, b"")
    assert response.headers["WWW-Authenticate"] == (
        'Bearer error="invalid_token", error_description="The access token provided is not valid"'
    )
    assert app.get(None, f"/Patient/{ALMA}", JSON).headers["WWW-Authenticate"] == "Bearer"


@each("more", ["_sort=date", "nothing=1", "subject:Patient=x"])
def test_what_is_not_known_is_ignored(app: VendorApp, token: str, more: str) -> None:
    search = f"/Observation?patient={ALMA}&category=laboratory&_count=5"
    plain = json_of(app.get(token, search, JSON))["entry"]
    assert json_of(app.get(token, f"{search}&{more}", JSON))["entry"] == plain


@each("asked", [f"patient={ALMA}", "date=ge2026", f"patient={ALMA}&_count=5"])
def test_observations_without_category_or_code_are_refused(
    app: VendorApp, token: str, asked: str
) -> None:
    response = app.get(token, f"/Observation?{asked}", JSON)
    assert (response.status_code, json_of(response)["issue"][0]["code"]) == (400, "required")


ORDERS = "patient/MedicationRequest.rs"


def orders(scopes: str, more: str = "") -> list[dict[str, Any]]:
    client = registration(scopes=("launch", *scopes.split()))
    app = VendorApp(client, profile=EPIC)
    token = app.tokens(f"launch {scopes}")["access_token"]
    response = app.get(token, f"/MedicationRequest?patient={ALMA}{more}", JSON)
    assert response.status_code == 200
    return list(json_of(response)["entry"])


def test_an_order_refers_to_its_drug_which_is_contained_or_elsewhere() -> None:
    drugs = [one["resource"]["medicationReference"] for one in orders(ORDERS)]
    assert [one["reference"] for one in drugs] == [
        "Medication/synthetic-alma-med-1-drug",
        "Medication/synthetic-alma-med-2-drug",
        "#drug",
        "#drug",
    ]
    assert drugs[0]["display"] == "lisinopril 20 MG Oral Tablet"
    contained = orders(ORDERS)[2]["resource"]["contained"][0]
    assert contained["code"]["text"] == "metformin 500 mg tablet"


INCLUDE = "&_include=MedicationRequest:medication"


@each(
    ("scopes", "more", "included"),
    [
        (f"{ORDERS} patient/Medication.rs", INCLUDE, 2),
        (f"{ORDERS} patient/Medication.rs", INCLUDE + "&status=stopped", 0),
        (f"{ORDERS} patient/Medication.rs", "&_include=MedicationRequest:subject", 0),
        (f"{ORDERS} patient/Medication.rs", "", 0),
        (ORDERS, INCLUDE, 0),
    ],
)
def test_drugs_come_along_where_they_are_asked_for_and_a_scope_covers_them(
    scopes: str, more: str, included: int
) -> None:
    entries = orders(scopes, more)
    along = [one for one in entries if one["search"]["mode"] == "include"]
    assert [one["resource"]["resourceType"] for one in along] == ["Medication"] * included
    assert len(entries) - len(along) == (1 if "stopped" in more else 4)


def test_the_capability_statement_offers_both_formats(app: VendorApp) -> None:
    statement = json_of(app.get(None, "/metadata", JSON))
    assert statement["format"] == ["application/fhir+xml", "application/fhir+json"]
    assert app.get(None, "/metadata", None).text.startswith("<?xml")
