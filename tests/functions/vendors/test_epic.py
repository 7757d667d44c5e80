"""What is particular to Epic, at its simulated EHR (docs/epic.md): launch, tokens, FHIR calls."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import Browser
from tests.support.clinics import ALMA, Practice, practice
from tests.support.registered import SCOPES, Registration
from tests.support.tables import each

SECRET = "a+/:%é"
WIDE = "openid fhirUser patient/*.rs"
V1 = "openid fhirUser patient/Patient.read"


def _secret(folder: Path) -> str:
    (folder / "secret").write_text(SECRET, encoding="utf-8")
    return f'client_auth = "client_secret_basic"\nclient_secret = "file:{folder}/secret"\n'


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    folder = tmp_path_factory.mktemp("epic")
    at_ehr = {"client_auth": "client_secret_basic", "client_secret": SECRET}
    client = Registration("epic", "epic-client", WIDE, WIDE, _secret(folder), at_ehr)
    with practice(folder, client) as running:
        yield running


def test_scopes_that_are_granted_letter_by_letter_miss_nothing(app: Practice) -> None:
    scope = app.launch("epic").context()["scope"]
    assert scope["requested"] == ["launch", *WIDE.split()]
    assert {"patient/*.r", "patient/*.s"} <= set(scope["granted"])
    assert (scope["missing"], scope["causes"]) == ([], {})


@pytest.mark.calculators
def test_json_is_named_in_every_call_so_nothing_comes_as_xml(app: Practice) -> None:
    before, opened = app.clinics.number(), app.launch("epic")
    opened.browser.open(opened.callback.location)
    for path in (f"Patient/{ALMA}", "Observation?category=laboratory", "metadata"):
        answer = opened.read(path)
        assert (answer.status, answer.header("Content-Type")) == (200, "application/fhir+json")
    base = app.clinics.addresses("epic").fhir_base
    calls = app.clinics.requests(base, before, below=True)
    assert len(calls) > 4
    fhir = {one.headers["Accept"] for one in calls if "/.well-known/" not in one.path}
    assert fhir == {"application/fhir+json"}
    (token,) = app.clinics.requests(app.clinics.addresses("epic").token, before)
    assert token.headers["Accept"] == "application/json"


def test_discovery_and_metadata_alone_carry_epics_header_with_the_client_id(app: Practice) -> None:
    opened = app.launch("epic")
    assert (opened.read("metadata").status, opened.read(f"Patient/{ALMA}").status) == (200, 200)
    base = app.clinics.addresses("epic").fhir_base
    calls = app.clinics.requests(base, 0, below=True)
    named = {
        (one.path.rpartition("/")[2], one.headers["Epic-Client-Id"])
        for one in calls
        if "Epic-Client-Id" in one.headers
    }
    assert named == {("smart-configuration", "epic-client"), ("metadata", "epic-client")}


def test_a_page_of_the_web_server_for_an_unknown_type_reaches_the_app_as_an_outcome(
    app: Practice,
) -> None:
    answer = app.launch("epic").read("Coverage/1")
    assert (answer.status, answer.header("Content-Type")) == (404, "application/fhir+json")
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert "404" in outcome["issue"][0]["diagnostics"]
    assert "Server Error" not in answer.text


def test_an_error_with_epics_own_code_is_relayed_as_it_is(app: Practice) -> None:
    answer = app.launch("epic").read("Observation/nobody")
    assert answer.status == 404
    (issue,) = answer.json()["issue"]
    assert issue["details"]["coding"] == [
        {"system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.657369", "code": "59008"}
    ]


def test_without_a_refresh_token_a_refused_access_token_is_told_as_401(app: Practice) -> None:
    opened = app.launch("epic")
    app.clinics.control("epic", expire_access_tokens=True)
    before = app.clinics.number()
    answer = opened.read(f"Patient/{ALMA}")
    assert answer.status == 401
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.header("WWW-Authenticate") is None
    assert app.clinics.requests(app.clinics.addresses("epic").token, before) == []


def test_a_bare_invalid_client_is_explained_by_what_can_be_wrong_with_the_way(
    app: Practice,
) -> None:
    answer = app.arrive(Browser(), app.click("epic", fault="token-401"))
    assert (answer.status, answer.code) == (502, "token_error")
    (line,) = app.log_lines(answer)
    assert line["oauth_error"] == "invalid_client"
    assert line["client_auth"] == "client_secret_basic"
    assert line["causes"][0] == "client_auth_wrong"


def test_an_answer_that_promises_no_issuer_is_taken_at_the_redirect_path_of_its_own(
    app: Practice,
) -> None:
    before = app.clinics.number()
    opened = app.launch("epic")
    assert opened.callback.url.startswith(f"{app.origin}/callback/epic?")
    assert "iss=" not in opened.callback.url
    (token,) = app.clinics.requests(app.clinics.addresses("epic").token, before)
    assert token.form["redirect_uri"] == f"{app.origin}/callback/epic"


def test_a_user_who_says_no_is_no_failure_of_the_app(app: Practice) -> None:
    browser = Browser()
    picker = browser.get(browser.get(app.click("epic", flow="standalone")).location)
    assert "Choose a patient" in picker.text
    answer = app.decline(browser, picker)
    assert (answer.status, answer.code) == (400, "ehr_error")
    (line,) = app.log_lines(answer)
    assert "user_declined" in line["causes"]


@each(
    ("known", "scopes", "status", "title"),
    [(False, SCOPES, 200, "OAuth2 Error"), (True, V1, 400, "Invalid OAuth 2.0 request")],
)
def test_an_unknown_client_and_a_wrong_request_end_at_a_page_of_epics(
    tmp_path_factory: pytest.TempPathFactory, known: bool, scopes: str, status: int, title: str
) -> None:
    elsewhere: dict[str, object] = {} if known else {"ehrs": ["generic"]}
    client = Registration("epic", "epic-client", scopes, SCOPES, at_ehr=elsewhere)
    with practice(tmp_path_factory.mktemp("epic-page"), client) as running:
        browser, before = Browser(), running.clinics.number()
        page = running.arrive(browser, running.click("epic", flow="standalone"))
        assert page.url.startswith(running.clinics.addresses("epic").authorize)
        assert (page.status, title in page.text) == (status, True)
        assert running.clinics.requests(running.clinics.addresses("epic").token, before) == []
