from simulator.oauth.registrations import Registration
from tests.simulator.app_under_test import (
    ALMA,
    APP,
    BRUNO,
    CHALLENGE,
    ISSUER,
    STATE,
    WARD,
    App,
    json_of,
    query_of,
)
from tests.support.tables import each


def refusal(app: App, parameters: dict[str, object]) -> dict[str, str]:
    response = app.authorize(parameters)
    assert response.status_code == 302
    location = response.headers["Location"]
    assert location.startswith(f"{app.client.redirect_uris[0]}?")
    return query_of(location)


def test_an_ehr_launch_is_answered_at_once_with_code_state_and_issuer(app: App) -> None:
    response = app.authorize(app.request(app.launch()))
    assert response.status_code == 302
    answer = query_of(response.headers["Location"])
    assert answer.keys() == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == (STATE, ISSUER)
    assert response.headers["Cache-Control"] == "no-store"


def test_a_request_by_post_is_answered_like_one_by_get(app: App) -> None:
    response = app.http.post("/generic/authorize", data=app.request(app.launch()))
    assert response.status_code == 302
    assert "code" in query_of(response.headers["Location"])


def test_a_redirect_uri_keeps_its_own_query(app: App) -> None:
    uri = APP.redirect_uris[1]
    response = app.authorize(app.request(app.launch(), redirect_uri=uri))
    assert response.headers["Location"].startswith(f"{uri}&state=")


@each(
    "changes",
    [
        {"client_id": None},
        {"client_id": "other"},
        {"client_id": "App"},
        {"client_id": ["app", "app"]},
        {"redirect_uri": None},
        {"redirect_uri": ""},
        {"redirect_uri": "https://app.test/callback/"},
        {"redirect_uri": "https://APP.test/callback"},
        {"redirect_uri": "https://app.test/callback?a=1"},
        {"redirect_uri": "https://app.test:443/callback"},
        {"redirect_uri": "https://app.test/callback#"},
        {"redirect_uri": WARD.redirect_uris[0]},
        {"redirect_uri": [APP.redirect_uris[0], APP.redirect_uris[0]]},
    ],
)
def test_an_unknown_client_or_redirect_uri_gets_a_page_and_no_redirect(
    app: App, changes: dict[str, object]
) -> None:
    response = app.authorize(app.request(app.launch(), **changes))
    assert response.status_code == 400
    assert response.mimetype == "text/html"
    assert "Location" not in response.headers


def test_the_page_shows_what_was_sent_as_text(app: App) -> None:
    response = app.authorize(app.request(redirect_uri="https://x.test/<script>alert(1)</script>"))
    assert "https://x.test/&lt;script&gt;" in response.text
    assert "<script" not in response.text


@each(
    ("changes", "error", "described"),
    [
        ({"response_type": None}, "invalid_request", "response_type is missing"),
        ({"response_type": "token"}, "unsupported_response_type", "must be code"),
        ({"state": None}, "invalid_request", "state is missing"),
        ({"state": "s" * 22 + "\n"}, "invalid_request", "printable"),
        ({"aud": None}, "invalid_request", "aud is missing"),
        ({"aud": "http://ehr.test/generic/fhir/"}, "invalid_request", "aud must exactly equal"),
        ({"aud": "http://EHR.test/generic/fhir"}, "invalid_request", "aud must exactly equal"),
        ({"aud": ISSUER}, "invalid_request", "aud must exactly equal"),
        ({"code_challenge": None}, "invalid_request", "code_challenge is missing"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request", "43 characters"),
        ({"code_challenge": CHALLENGE[:-1] + "+"}, "invalid_request", "43 characters"),
        ({"code_challenge_method": None}, "invalid_request", "method is missing"),
        ({"code_challenge_method": "plain"}, "invalid_request", "must be S256"),
        ({"code_challenge_method": "s256"}, "invalid_request", "must be S256"),
        ({"scope": None}, "invalid_request", "scope is missing"),
        ({"scope": ""}, "invalid_request", "scope is missing"),
        ({"scope": "launch  patient/*.rs"}, "invalid_scope", "single spaces"),
        ({"scope": "patient/*.rs"}, "invalid_request", "without scope launch"),
        ({"scope": "launch/patient patient/*.rs"}, "invalid_request", "without scope launch"),
        ({"launch": None}, "invalid_request", "without the launch parameter"),
        ({"launch": ""}, "invalid_request", "without the launch parameter"),
        ({"launch": "never-issued"}, "invalid_request", "unknown launch"),
        ({"aud": ["http://ehr.test/generic/fhir"] * 2}, "invalid_request", "aud was sent more"),
        ({"nonce": ["1", "2"]}, "invalid_request", "nonce was sent more"),
        ({"<i>": ["1", "2"]}, "invalid_request", "a parameter was sent more"),
    ],
)
def test_any_other_fault_is_a_redirect_that_names_it(
    app: App, changes: dict[str, object], error: str, described: str
) -> None:
    answer = refusal(app, app.request(app.launch(), **changes))
    assert answer["error"] == error
    assert described in answer["error_description"]
    assert answer["iss"] == ISSUER
    assert answer.get("state") == changes.get("state", STATE)


def test_a_state_sent_twice_is_not_sent_back(app: App) -> None:
    answer = refusal(app, app.request(app.launch(), state=[STATE, STATE]))
    assert (answer["error"], "state" in answer) == ("invalid_request", False)


def test_a_parameter_in_address_and_body_counts_as_sent_twice(app: App) -> None:
    response = app.http.post(
        "/generic/authorize", query_string={"aud": "x"}, data=app.request(app.launch())
    )
    assert query_of(response.headers["Location"])["error"] == "invalid_request"


def test_a_launch_value_holds_characters_that_need_encoding(app: App) -> None:
    launches = [app.launch() for _ in range(20)]
    assert len(set(launches)) == 20
    assert all({"+", "/", "="} <= set(launch) for launch in launches)


def test_a_launch_value_serves_once(app: App) -> None:
    launch = app.launch()
    assert "code" in query_of(app.authorize(app.request(launch)).headers["Location"])
    assert refusal(app, app.request(launch))["error_description"] == "unknown launch"


@each(("seconds", "outcome"), [(299, "code"), (300, "error")])
def test_a_launch_value_lives_five_minutes(app: App, seconds: int, outcome: str) -> None:
    launch = app.launch()
    app.clock.now += seconds
    assert outcome in query_of(app.authorize(app.request(launch)).headers["Location"])


def test_a_launch_value_that_lost_its_encoding_is_unknown(app: App) -> None:
    launch = app.launch().replace("+", " ")
    assert refusal(app, app.request(launch))["error_description"] == "unknown launch"


def test_a_launch_value_serves_only_the_client_it_was_made_for(app: App) -> None:
    launch = app.launch()
    app.client = WARD
    assert refusal(app, app.request(launch))["error_description"] == "unknown launch"
    app.client = APP
    assert "code" in query_of(app.authorize(app.request(launch)).headers["Location"])


def test_a_faulty_request_does_not_use_up_its_launch_value(app: App) -> None:
    launch = app.launch()
    refusal(app, app.request(launch, aud="wrong"))
    assert "code" in query_of(app.authorize(app.request(launch)).headers["Location"])


@each(
    ("client", "scope", "granted"),
    [
        (APP, "launch patient/Observation.rs", "launch patient/Observation.rs"),
        (APP, "launch patient/Observation.read", "launch patient/Observation.read"),
        (APP, "launch openid fhirUser profile online_access offline_access", "launch openid"),
        (APP, "launch patient/Observation.rs no/such.scope x", "launch patient/Observation.rs"),
        (APP, "launch patient/Observation.rs?category=laboratory", "launch"),
        (APP, "launch launch/patient patient/*.r", "launch launch/patient patient/*.r"),
        (APP, "launch system/*.rs user/*.rs patient/*.s", "launch patient/*.s"),
        (WARD, "launch patient/*.cruds", "launch patient/Observation.rs"),
        (WARD, "launch patient/Patient.rs", "launch"),
    ],
)
def test_the_token_answer_names_what_was_granted(
    app: App, client: Registration, scope: str, granted: str
) -> None:
    app.client = client
    assert json_of(app.exchange(app.code(scope=scope)))["scope"] == granted


@each(
    ("client", "scope", "described"),
    [
        (APP, "fhirUser", "none of the requested scopes"),
        (APP, "unknown", "none of the requested scopes"),
        (APP, "patient/*.rs", "launch or launch/patient"),
        (WARD, "launch/patient user/*.rs", "isn't registered for scope launch/patient"),
    ],
)
def test_a_scope_that_cannot_be_granted_is_invalid_scope(
    app: App, client: Registration, scope: str, described: str
) -> None:
    app.client = client
    answer = refusal(app, app.request(scope=scope))
    assert answer["error"] == "invalid_scope"
    assert described in answer["error_description"]


def test_user_scopes_need_no_patient(ward: App) -> None:
    answer = query_of(ward.authorize(ward.request(scope="user/*.rs")).headers["Location"])
    body = json_of(ward.exchange(answer["code"]))
    assert (body["scope"], "patient" in body) == ("user/*.rs", False)


@each(("patient", "encounter"), [(ALMA, "synthetic-alma-enc-1"), (BRUNO, None)])
def test_the_launch_context_is_that_of_the_chart(
    app: App, patient: str, encounter: str | None
) -> None:
    body = json_of(app.exchange(app.code(patient)))
    assert (body["patient"], body.get("encounter")) == (patient, encounter)
