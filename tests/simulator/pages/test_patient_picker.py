import re

from tests.simulator.app_under_test import ALMA, BRUNO, ISSUER, STATE, App, json_of, query_of
from tests.support.tables import each


def form_of(app: App, **changes: str) -> tuple[str, str]:
    """Ask for a patient and return the form's address and token."""
    page = app.authorize(app.request(**changes))
    assert page.status_code == 200
    action = re.search(r'action="([^"]+)"', page.text)
    token = re.search(r'name="form" value="([^"]+)"', page.text)
    assert action is not None
    assert token is not None
    return action[1], token[1]


def test_the_picker_offers_every_patient_by_a_labelled_control(app: App) -> None:
    page = app.authorize(app.request()).text
    for patient, name in ((ALMA, "Alma Testpatient"), (BRUNO, "Bruno Testpatient")):
        assert re.search(
            rf'<label[^>]*><input type="radio"[^>]+value="{patient}"[^>]*><span>{name}', page
        )


def test_the_page_may_send_its_form_only_here_and_on_to_the_app(app: App) -> None:
    policy = app.authorize(app.request()).headers["Content-Security-Policy"]
    assert "form-action 'self' https://app.test;" in policy


@each("patient", [ALMA, BRUNO])
def test_the_chosen_patient_is_the_context(app: App, patient: str) -> None:
    action, token = form_of(app)
    response = app.http.post(
        action, data={"form": token, "patient": patient, "decision": "continue"}
    )
    answer = query_of(response.headers["Location"])
    assert (answer["state"], answer["iss"]) == (STATE, ISSUER)
    body = json_of(app.exchange(answer["code"]))
    assert body["patient"] == patient
    assert body["scope"] == "launch/patient patient/*.rs"
    assert "encounter" not in body


def test_cancel_is_access_denied(app: App) -> None:
    action, token = form_of(app)
    response = app.http.post(action, data={"form": token, "decision": "cancel"})
    answer = query_of(response.headers["Location"])
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", STATE, ISSUER)


def test_the_form_serves_once_and_for_five_minutes(app: App) -> None:
    action, token = form_of(app)
    fields = {"form": token, "patient": ALMA, "decision": "continue"}
    assert app.http.post(action, data=fields).status_code == 302
    assert app.http.post(action, data=fields).status_code == 400

    action, token = form_of(app)
    app.clock.now += 300
    assert app.http.post(action, data={**fields, "form": token}).status_code == 400


@each("fields", [{}, {"form": "guess"}, {"form": "guess", "decision": "cancel"}])
def test_a_form_without_its_token_redirects_nowhere(app: App, fields: dict[str, str]) -> None:
    form_of(app)
    response = app.http.post("/generic/authorize/patient", data=fields)
    assert (response.status_code, "Location" in response.headers) == (400, False)


def test_a_patient_that_the_ehr_has_not_is_refused(app: App) -> None:
    action, token = form_of(app)
    fields = {"form": token, "patient": "nobody", "decision": "continue"}
    assert app.http.post(action, data=fields).status_code == 400


def test_the_user_is_chosen_with_the_patient(app: App) -> None:
    page = app.authorize(app.request()).text
    assert '<input type="radio" name="user" value="clara" checked><span>Clara Testclinician' in page
    action, token = form_of(app)
    fields = {"form": token, "patient": ALMA, "decision": "continue", "user": "nobody"}
    assert app.http.post(action, data=fields).status_code == 400


@each("asked", ["launch/patient launch/encounter", "launch/encounter"])
def test_an_app_that_asks_for_the_encounter_gets_one_where_there_is_one(
    app: App, asked: str
) -> None:
    scope = f"{asked} patient/*.rs"
    for patient, encounter in ((ALMA, "synthetic-alma-enc-1"), (BRUNO, None)):
        assert "visit in progress" in app.authorize(app.request(scope=scope)).text
        action, token = form_of(app, scope=scope)
        fields = {"form": token, "patient": patient, "decision": "continue"}
        answer = query_of(app.http.post(action, data=fields).headers["Location"])
        assert json_of(app.exchange(answer["code"])).get("encounter") == encounter
