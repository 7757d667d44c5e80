from concurrent.futures import ThreadPoolExecutor

from tests.simulator.app_under_test import ALMA, APP, VERIFIER, App, json_of
from tests.support.tables import each


def test_the_answer_holds_what_smart_asks_for_and_something_unknown(app: App) -> None:
    response = app.exchange(app.code())
    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    body = json_of(response)
    assert len(body.pop("access_token")) >= 43
    assert body == {
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "launch patient/*.rs",
        "patient": ALMA,
        "encounter": "synthetic-alma-enc-1",
        "need_patient_banner": True,
        "simulated_ehr_extra": {"ignore": "me"},
    }


@each(
    ("changes", "status", "error"),
    [
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "refresh_token"}, 400, "invalid_request"),
        ({"grant_type": "client_credentials"}, 400, "unauthorized_client"),
        ({"client_id": None}, 400, "invalid_request"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": "ward"}, 400, "invalid_grant"),
        ({"client_id": ["app", "app"]}, 400, "invalid_request"),
        ({"client_secret": "x"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_assertion": "x"}, 401, "invalid_client"),
        ({"code": None}, 400, "invalid_request"),
        ({"code": "guess"}, 400, "invalid_grant"),
        ({"redirect_uri": None}, 400, "invalid_request"),
        ({"redirect_uri": APP.redirect_uris[1]}, 400, "invalid_grant"),
        ({"redirect_uri": APP.redirect_uris[0] + "/"}, 400, "invalid_grant"),
        ({"code_verifier": None}, 400, "invalid_request"),
        ({"code_verifier": VERIFIER + "x"}, 400, "invalid_grant"),
        ({"code_verifier": "short"}, 400, "invalid_grant"),
        ({"code_verifier": "ü" * 43}, 400, "invalid_grant"),
        ({"extra": ["1", "2"]}, 400, "invalid_request"),
    ],
)
def test_a_faulty_request_is_an_rfc_6749_error(
    app: App, changes: dict[str, object], status: int, error: str
) -> None:
    response = app.exchange(app.code(), **changes)
    assert (response.status_code, json_of(response)["error"]) == (status, error)
    assert response.headers["Cache-Control"] == "no-store"


def test_a_public_client_may_not_authenticate(app: App) -> None:
    response = app.http.post(
        "/generic/token", data={"code": app.code()}, headers={"Authorization": "Basic YTpi"}
    )
    assert (response.status_code, json_of(response)["error"]) == (401, "invalid_client")
    assert response.headers["WWW-Authenticate"].startswith("Basic")


def test_only_a_form_is_read(app: App) -> None:
    form = {"grant_type": "authorization_code", "client_id": "app", "code": app.code()}
    answers = [
        app.http.post("/generic/token", json=form),
        app.http.post("/generic/token", data=form, content_type="multipart/form-data"),
        app.http.post("/generic/token", query_string=form),
    ]
    assert [json_of(answer)["error"] for answer in answers] == ["invalid_request"] * 3


def test_other_methods_are_refused_in_json(app: App) -> None:
    response = app.http.get("/generic/token")
    assert (response.status_code, json_of(response)["error"]) == (405, "invalid_request")
    assert response.headers["Allow"] == "POST"


@each(("seconds", "status"), [(59, 200), (60, 400)])
def test_a_code_lives_a_minute(app: App, seconds: int, status: int) -> None:
    code = app.code()
    app.clock.now += seconds
    assert app.exchange(code).status_code == status


@each("seconds", [0, 61, 3000])
def test_a_second_use_of_a_code_revokes_the_token_of_the_first(app: App, seconds: int) -> None:
    code = app.code()
    token = json_of(app.exchange(code))["access_token"]
    assert app.get(token, f"/Patient/{ALMA}").status_code == 200
    app.clock.now += seconds
    assert json_of(app.exchange(code))["error"] == "invalid_grant"
    assert app.get(token, f"/Patient/{ALMA}").status_code == 401


def test_of_many_simultaneous_uses_one_succeeds_and_then_none_holds(app: App) -> None:
    code = app.code()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: app.beside().exchange(code), range(24)))
    (won,) = [answer for answer in answers if answer.status_code == 200]
    token = json_of(won)["access_token"]
    assert app.get(token, f"/Patient/{ALMA}").status_code == 401


def test_a_failed_attempt_spends_the_code(app: App) -> None:
    code = app.code()
    app.exchange(code, code_verifier=VERIFIER + "x")
    assert json_of(app.exchange(code))["error"] == "invalid_grant"
