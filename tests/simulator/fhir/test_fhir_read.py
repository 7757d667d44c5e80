from tests.simulator.app_under_test import ALMA, BRUNO, App, issue_of, json_of
from tests.support.tables import each


def test_a_read_gives_the_resource_with_its_version(app: App) -> None:
    response = app.get(app.token(), f"/Patient/{ALMA}")
    assert response.status_code == 200
    assert response.content_type == "application/fhir+json; charset=utf-8"
    assert response.headers["ETag"] == 'W/"1"'
    assert response.headers["Last-Modified"] == "Fri, 20 Nov 2026 15:00:00 GMT"
    assert json_of(response)["id"] == ALMA


@each(
    ("match", "status"),
    [('W/"1"', 304), ('"1"', 304), ('W/"0", W/"1"', 304), ("*", 304), ('W/"2"', 200)],
)
def test_a_conditional_read_is_answered_without_a_body(app: App, match: str, status: int) -> None:
    response = app.get(app.token(), f"/Patient/{ALMA}", **{"If-None-Match": match})
    assert response.status_code == status
    assert response.headers["ETag"] == 'W/"1"'
    assert (response.data == b"") is (status == 304)


@each("address", [f"/Patient/{ALMA}", "/Observation", "?_getpages=x&_page=1"])
@each(
    ("authorization", "challenge"),
    [
        ({}, 'Bearer realm="simulated EHR"'),
        ({"Authorization": "Basic YTpi"}, 'Bearer realm="simulated EHR"'),
        ({"Authorization": "Bearer"}, 'Bearer realm="simulated EHR"'),
        ({"Authorization": "Bearer guess"}, 'error="invalid_token"'),
    ],
)
def test_without_a_valid_token_there_is_no_data(
    app: App, address: str, authorization: dict[str, str], challenge: str
) -> None:
    response = app.http.get(f"/generic/fhir{address}", headers=authorization)
    assert (response.status_code, issue_of(response)) == (401, "login")
    assert response.headers["WWW-Authenticate"].endswith(challenge)


def test_a_token_in_the_address_does_not_count(app: App) -> None:
    query = {"access_token": app.token()}
    response = app.http.get(f"/generic/fhir/Patient/{ALMA}", query_string=query)
    assert response.status_code == 401


@each(
    ("scope", "address", "status"),
    [
        ("patient/Observation.r", "/Observation/synthetic-alma-obs-1", 200),
        ("patient/Observation.r", "/Observation", 403),
        ("patient/Observation.s", "/Observation", 200),
        ("patient/Observation.s", "/Observation/synthetic-alma-obs-1", 403),
        ("patient/Observation.read", "/Observation", 200),
        ("patient/Observation.read", "/Observation/synthetic-alma-obs-1", 200),
        ("patient/Observation.write", "/Observation/synthetic-alma-obs-1", 403),
        ("patient/Observation.cud", "/Observation", 403),
        ("patient/Observation.rs", f"/Patient/{ALMA}", 403),
        ("patient/Observation.rs", "/Condition", 403),
    ],
)
def test_scopes_decide_by_type_and_interaction(
    app: App, scope: str, address: str, status: int
) -> None:
    response = app.get(app.token(scope=f"launch {scope}"), address)
    assert response.status_code == status
    if status == 403:
        assert issue_of(response) == "forbidden"
        assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]


@each(
    "address",
    [
        f"/Patient/{ALMA}",
        "/Observation/synthetic-alma-obs-1",
        "/Condition/synthetic-alma-con-1",
        "/MedicationRequest/synthetic-alma-med-1",
        "/Encounter/synthetic-alma-enc-1",
    ],
)
def test_another_patients_resource_looks_like_one_that_is_not_there(app: App, address: str) -> None:
    own, other = app.token(ALMA), app.token(BRUNO)
    assert app.get(own, address).status_code == 200
    hidden = app.get(other, address)
    absent = app.get(other, address.rpartition("/")[0] + "/none")
    assert (hidden.status_code, issue_of(hidden)) == (404, "not-found")
    assert hidden.data == absent.data


def test_user_scopes_reach_every_patient(ward: App) -> None:
    token = ward.token(ALMA, "launch user/*.rs")
    for patient in (ALMA, BRUNO):
        assert ward.get(token, f"/Patient/{patient}").status_code == 200
    assert json_of(ward.get(token, "/Patient"))["total"] == 9


@each(
    ("accept", "status"),
    [
        ("application/fhir+json", 200),
        ("application/fhir+json; fhirVersion=4.0", 200),
        ("application/json", 200),
        ("*/*", 200),
        ("text/html, application/*;q=0.1", 200),
        ("application/fhir+xml", 406),
        ("text/html", 406),
        ("application/fhir+json;q=0", 406),
    ],
)
@each("address", [f"/Patient/{ALMA}", "/Patient", "/metadata"])
def test_only_json_is_offered(app: App, address: str, accept: str, status: int) -> None:
    response = app.get(app.token(), address, Accept=accept)
    assert response.status_code == status
    assert response.content_type == "application/fhir+json; charset=utf-8"


@each(
    ("method", "address", "status", "issue"),
    [
        ("GET", "/Device/1", 404, "not-supported"),
        ("GET", "/patient", 404, "not-supported"),
        ("GET", "/Patient/none", 404, "not-found"),
        ("GET", "/", 404, "not-found"),
        ("GET", "", 400, "invalid"),
        ("GET", "?_type=Patient", 400, "invalid"),
        ("GET", f"/Patient/{ALMA}?_summary=true", 400, "invalid"),
        ("POST", "", 405, "not-supported"),
        ("OPTIONS", "/Patient", 405, "not-supported"),
        ("PUT", "/Patient", 405, "not-supported"),
        ("DELETE", "/Patient?_id=x", 405, "not-supported"),
        ("POST", f"/Patient/{ALMA}", 405, "not-supported"),
        ("DELETE", f"/Patient/{ALMA}/_history/1", 405, "not-supported"),
        ("POST", "/Observation/_search", 415, "not-supported"),
    ],
)
def test_what_the_ehr_does_not_do_is_an_operation_outcome(
    app: App, method: str, address: str, status: int, issue: str
) -> None:
    response = app.http.open(
        f"/generic/fhir{address}", method=method, headers={"Authorization": f"Bearer {app.token()}"}
    )
    assert (response.status_code, issue_of(response)) == (status, issue)
    assert ("Allow" in response.headers) is (status == 405)
