"""Create, update, patch, delete and versions at the simulated EHR (FHIR R4, HTTP)."""

import json
from typing import Any

from werkzeug.test import TestResponse

from simulator.vendors.epic import EPIC
from simulator.vendors.generic import GENERIC
from simulator.vendors.oracle import ORACLE
from simulator.vendors.profile import VendorProfile
from tests.simulator.app_under_test import ALMA, BRUNO, WARD, App, ids, issue_of, json_of
from tests.simulator.token_client import TokenClient, registration
from tests.support.tables import each

FHIR_JSON = "application/fhir+json"
PATCH_JSON = "application/json-patch+json"
SCOPE = (
    "launch patient/Observation.cruds patient/Patient.cruds patient/Binary.cruds "
    "patient/DocumentReference.cruds"
)
OBSERVATION = "synthetic-alma-obs-1"


def document(content: object) -> dict[str, Any]:
    kind = {"coding": [{"system": "http://loinc.org", "code": "34746-8"}]}
    made = {"resourceType": "DocumentReference", "status": "current", "type": kind}
    return {**made, "subject": {"reference": f"Patient/{ALMA}"}, "content": content}


def observation(patient: str = ALMA, **more: Any) -> dict[str, Any]:
    reference = {"reference": f"Patient/{patient}"}
    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
    return {"resourceType": "Observation", "subject": reference, "code": code, **more}


def send(app: App, token: str, method: str, path: str, body: Any, **headers: str) -> TestResponse:
    media_type = PATCH_JSON if method == "PATCH" else FHIR_JSON
    sent = {"Authorization": f"Bearer {token}", "Content-Type": media_type, **headers}
    data = body if isinstance(body, str) else json.dumps(body)
    return app.http.open(f"/generic/fhir{path}", method=method, headers=sent, data=data)


def created(app: App, token: str, **more: Any) -> str:
    """Create an Observation and return its id."""
    return str(json_of(send(app, token, "POST", "/Observation", observation(**more)))["id"])


def test_what_was_created_can_be_read_searched_and_located(app: App) -> None:
    token = app.token(scope=SCOPE)
    text = json.dumps(observation(status="final"))[:-1] + ', "valueQuantity": {"value": 1.50}}'
    answer = send(app, token, "POST", "/Observation", text)
    assert (answer.status_code, answer.headers["ETag"]) == (201, 'W/"1"')
    made = json_of(answer)
    place = f"http://ehr.test/generic/fhir/Observation/{made['id']}"
    assert answer.headers["Location"] == f"{place}/_history/1"
    assert made["meta"] == {"versionId": "1", "lastUpdated": "2026-11-18T11:06:40Z"}
    read = app.get(token, place)
    assert '"value": 1.50' in read.text
    assert (json_of(read), read.headers["ETag"]) == (made, 'W/"1"')
    assert ids(json_of(app.get(token, f"/Observation?_id={made['id']}"))) == [made["id"]]


def test_an_update_makes_a_version_and_keeps_the_older_one(app: App) -> None:
    token = app.token(scope=SCOPE)
    fhir_id = created(app, token, status="preliminary")
    path = f"/Observation/{fhir_id}"
    body = observation(id=fhir_id, status="final")
    answer = send(app, token, "PUT", path, body, **{"If-Match": 'W/"1"'})
    assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"2"')
    assert json_of(app.get(token, path))["status"] == "final"
    assert json_of(app.get(token, f"{path}/_history/1"))["status"] == "preliminary"
    history = json_of(app.get(token, f"{path}/_history"))
    assert [entry["response"]["etag"] for entry in history["entry"]] == ['W/"2"', 'W/"1"']
    assert [entry["request"]["method"] for entry in history["entry"]] == ["PUT", "POST"]


@each(("version", "status"), [('W/"1"', 200), ('"1"', 200), ('W/"2"', 412)])
@each("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_is_held_to_the_version_it_names(
    app: App, method: str, version: str, status: int
) -> None:
    token = app.token(scope=SCOPE)
    fhir_id = created(app, token)
    body = {
        "PUT": observation(id=fhir_id),
        "PATCH": [{"op": "add", "path": "/status", "value": "final"}],
    }.get(method, "")
    answer = send(app, token, method, f"/Observation/{fhir_id}", body, **{"If-Match": version})
    assert answer.status_code == (204 if (method, status) == ("DELETE", 200) else status)
    if status == 412:
        assert issue_of(answer) == "conflict"
        assert "status" not in json_of(app.get(token, f"/Observation/{fhir_id}"))


def test_an_update_may_be_held_to_there_being_none(app: App) -> None:
    token = app.token(scope=SCOPE)
    path, body = "/Observation/new-one", observation(id="new-one")
    answers = [send(app, token, "PUT", path, body, **{"If-None-Match": "*"}) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 412]
    assert issue_of(answers[1]) == "conflict"


def test_a_patch_changes_a_chart_of_the_files_and_keeps_its_digits(app: App) -> None:
    token = app.token(scope=SCOPE)
    before = app.get(token, f"/Observation/{OBSERVATION}")
    patch = [{"op": "replace", "path": "/status", "value": "amended"}]
    answer = send(app, token, "PATCH", f"/Observation/{OBSERVATION}", patch)
    assert (answer.status_code, json_of(answer)["status"]) == (200, "amended")
    value = json.loads(before.text, parse_float=str, parse_int=str).get("valueQuantity")
    assert json.loads(answer.text, parse_float=str, parse_int=str).get("valueQuantity") == value


def test_what_was_deleted_is_gone_and_its_history_stays(app: App) -> None:
    token = app.token(scope=SCOPE)
    path = f"/Observation/{OBSERVATION}"
    assert send(app, token, "DELETE", path, "").status_code == 204
    gone = app.get(token, path)
    assert (gone.status_code, issue_of(gone)) == (410, "deleted")
    assert OBSERVATION not in ids(json_of(app.get(token, f"/Observation?_id={OBSERVATION}")))
    history = json_of(app.get(token, f"{path}/_history"))["entry"]
    assert ["resource" in entry for entry in history] == [False, True]
    assert app.get(token, f"{path}/_history/2").status_code == 410
    assert app.get(app.token(BRUNO, SCOPE), path).status_code == 404
    again = send(app, token, "PUT", path, observation(id=OBSERVATION))
    assert (again.status_code, again.headers["ETag"]) == (201, 'W/"3"')


@each(
    ("method", "path", "letter"),
    [("POST", "", "c"), ("PUT", "/x", "u"), ("PATCH", "/x", "u"), ("DELETE", "/x", "d")],
)
def test_each_write_needs_its_letter(app: App, method: str, path: str, letter: str) -> None:
    others = "".join(one for one in "cruds" if one != letter)
    token = app.token(scope=f"launch patient/Observation.{others}")
    answer = send(app, token, method, f"/Observation{path}", observation(id="x"))
    assert (answer.status_code, issue_of(answer)) == (403, "forbidden")


@each(
    ("method", "path", "body", "status"),
    [
        ("POST", "/Observation", observation(BRUNO), 403),
        ("PUT", "/Observation/x", observation(BRUNO, id="x"), 403),
        ("PUT", f"/Observation/{OBSERVATION}", observation(BRUNO, id=OBSERVATION), 403),
        ("PUT", "/Observation/synthetic-bruno-obs-1", observation(id="synthetic-bruno-obs-1"), 403),
        ("DELETE", "/Observation/synthetic-bruno-obs-1", "", 404),
        ("DELETE", "/Observation/none", "", 404),
        ("DELETE", f"/Patient/{ALMA}", "", 409),
        ("POST", "/Patient", {"resourceType": "Patient"}, 403),
        ("POST", "/Observation", observation("nobody"), 422),
        ("POST", "/Observation", {"resourceType": "Observation"}, 422),
        ("POST", "/Observation", observation(code="x"), 422),
        ("POST", "/Observation", observation(effectiveDateTime="yesterday"), 422),
        ("POST", "/DocumentReference", document(content=None), 422),
        ("POST", "/DocumentReference", document(content=[]), 422),
        ("POST", "/DocumentReference", document(content=[{}]), 422),
        ("POST", "/Observation", {"resourceType": "Patient"}, 400),
        ("POST", "/Observation", "{", 400),
        ("POST", "/Observation", '{"resourceType":"Observation","x":"\\u0000"}', 400),
        ("POST", "/Observation?code=x", observation(), 400),
        ("PUT", "/Observation/x", observation(id="y"), 400),
        ("PATCH", "/Observation/none", [], 404),
        ("PATCH", f"/Observation/{OBSERVATION}", {}, 422),
        ("PATCH", f"/Observation/{OBSERVATION}", [{"op": "remove", "path": "/none"}], 422),
        ("PATCH", f"/Observation/{OBSERVATION}", [{"op": "remove", "path": "/subject"}], 422),
        (
            "PATCH",
            f"/Observation/{OBSERVATION}",
            [{"op": "replace", "path": "/id", "value": "x"}],
            422,
        ),
        ("POST", "/Practitioner2", {}, 404),
    ],
)
def test_what_cannot_be_written_is_refused(
    app: App, method: str, path: str, body: Any, status: int
) -> None:
    answer = send(app, app.token(scope=SCOPE), method, path, body)
    assert answer.status_code == status
    issue_of(answer)


@each("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_fhir_json_is_taken(app: App, media_type: str) -> None:
    token = app.token(scope=SCOPE)
    answer = send(app, token, "POST", "/Observation", observation(), **{"Content-Type": media_type})
    assert answer.status_code == 415


def test_a_conditional_create_is_refused(app: App) -> None:
    token = app.token(scope=SCOPE)
    condition = {"If-None-Exist": "code=x"}
    assert send(app, token, "POST", "/Observation", observation(), **condition).status_code == 400


def test_user_scopes_write_for_every_patient_but_move_nothing() -> None:
    client = registration(scopes=(*WARD.scopes, "user/*.cruds"))
    there = TokenClient(client)
    token = there.tokens("launch user/*.cruds")["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": FHIR_JSON}

    def put(patient: str) -> int:
        body = json.dumps(observation(patient, id="x"))
        return there.http.put("/generic/fhir/Observation/x", data=body, headers=headers).status_code

    assert [put(BRUNO), put(BRUNO), put(ALMA)] == [201, 200, 409]


@each(
    ("preference", "body"), [("return=minimal", ""), ("return=OperationOutcome", "informational")]
)
def test_the_client_chooses_what_comes_back(app: App, preference: str, body: str) -> None:
    token = app.token(scope=SCOPE)
    answer = send(app, token, "POST", "/Observation", observation(), Prefer=preference)
    assert answer.status_code == 201
    assert body in answer.text if body else answer.data == b""


def test_a_binary_comes_as_content_or_as_json(app: App) -> None:
    token = app.token(scope=SCOPE)
    for name, media_type, start in (
        ("pdf", "application/pdf", b"%PDF-"),
        ("text", "text/plain; charset=utf-8", b"Synthetic"),
    ):
        path = f"/Binary/{ALMA}-document-{name}"
        for accept in ("*/*", "application/pdf", "text/plain"):
            answer = app.get(token, path, Accept=accept)
            assert (answer.status_code, answer.content_type) == (200, media_type)
            assert answer.data.startswith(start)
        assert json_of(app.get(token, path, Accept=FHIR_JSON))["contentType"] == media_type
        assert app.get(app.token(BRUNO, SCOPE), path).status_code == 404


@each("profile", [GENERIC, ORACLE, EPIC], ids=lambda one: one.key)
def test_each_ehr_keeps_what_was_written_until_it_is_told_to_forget(profile: VendorProfile) -> None:
    client = registration(scopes=("launch", "patient/Observation.cruds"))
    there = TokenClient(client, profile)
    base = there.at.fhir_base.removeprefix("http://ehr.test")
    token = there.tokens("launch patient/Observation.cruds")["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": FHIR_JSON, "Accept": FHIR_JSON}
    url = f"{base}/Observation/x"
    body = json.dumps(observation(id="x"))
    assert there.http.put(url, data=body, headers=headers).status_code == 201
    assert there.http.get(url, headers=headers).status_code == 200
    refused = there.http.put(url, data=json.dumps(observation(BRUNO, id="x")), headers=headers)
    assert refused.status_code == 403
    assert ("insufficient-scopes" in refused.text) is (profile is ORACLE)
    assert there.control(forget_writes=False).status_code == 400
    assert there.control(forget_writes=True).status_code == 204
    assert there.http.get(url, headers=headers).status_code == 404


def test_what_is_written_at_one_ehr_is_not_at_another(app: App) -> None:
    created(app, app.token(scope=SCOPE))
    other = App()
    assert other.get(other.token(scope=SCOPE), f"/Observation/{OBSERVATION}").status_code == 200
    before = json_of(other.get(other.token(scope=SCOPE), "/Observation?_count=0"))["total"]
    after = json_of(app.get(app.token(scope=SCOPE), "/Observation?_count=0"))["total"]
    assert after == before + 1
