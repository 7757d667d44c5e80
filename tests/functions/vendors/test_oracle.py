"""What is particular to Oracle Health, at its simulated EHR (docs/oracle-health.md): launch,
tokens, identity, FHIR calls.
"""

import re
import time
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import parse_qsl, quote

import pytest

from shared.smart.launches import LONGEST_URL
from tests.support.browser import NAVIGATION, Browser
from tests.support.clinics import ALMA, Practice, practice
from tests.support.registered import SCOPES, Registration
from tests.support.tables import each

# The grantable scopes, a wildcard, and a scope in the syntax of the other SMART version.
MIXED = f"{SCOPES} patient/*.rs patient/Encounter.read"
LONG = " ".join(
    [
        SCOPES,
        *(f"user/ResourceOfAVeryLongName{number:03d}.rs" for number in range(LONGEST_URL // 40)),
    ]
)
# The last one adds keys, so that no kind has only one any more.
ID_TOKEN_FAULTS = (
    *("id-token-rs384", "id-token-es256", "id-token-es384", "id-token-legacy-profile"),
    *("id-token-es384,id-token-no-kid", "id-token-new-key"),
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    provider = Registration(
        "oracle", "provider-client", MIXED, f"{SCOPES} patient/*.rs patient/Encounter.rs"
    )
    patients = Registration("oracle-patient", "patient-client")
    with practice(tmp_path_factory.mktemp("oracle"), provider, patients) as running:
        yield running


@pytest.fixture(scope="module")
def long_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    provider = Registration("oracle", "provider-client", LONG, SCOPES)
    with practice(tmp_path_factory.mktemp("oracle-long"), provider) as running:
        yield running


@each("slash", ["", "/"])
def test_aud_is_the_launchs_iss_with_or_without_its_last_slash(app: Practice, slash: str) -> None:
    browser, base = Browser(), app.clinics.addresses("oracle").fhir_base
    started = browser.get(app.click("oracle"))
    launch = started.query["launch"]
    iss, before = quote(base + slash, safe=""), app.clinics.number()
    callback = app.arrive(browser, f"{app.origin}/launch?iss={iss}&launch={quote(launch, safe='')}")
    assert callback.status == 303
    (request,) = app.clinics.requests(app.clinics.addresses("oracle").authorize, before)
    sent = dict(parse_qsl(request.query))
    assert (sent["aud"], sent["launch"]) == (base + slash, launch)


def test_a_used_launch_value_is_explained(app: Practice) -> None:
    browser = Browser()
    click = browser.get(app.click("oracle")).location
    assert app.arrive(browser, click).status == 303
    answer = app.arrive(browser, click)
    assert (answer.status, answer.code) == (400, "ehr_error")
    (line,) = app.log_lines(answer)
    assert line["causes"][0] == line["cause_id"] == "launch_value_invalid"
    # What an alert counts by.
    assert (line["event"], line["ehr"]) == ("callback_failed", "oracle")
    assert line["urn"].endswith(":launch:invalid-launch-code")
    assert line["persona"] == "provider"


def test_a_long_request_goes_by_post_and_is_granted_as_any_other(long_app: Practice) -> None:
    browser, before = Browser(), long_app.clinics.number()
    page = browser.send("GET", browser.get(long_app.click("oracle")).location, NAVIGATION)
    assert page.status == 200
    assert len(page.text) > LONGEST_URL
    opened = long_app.launch("oracle")
    (request,) = long_app.clinics.requests(long_app.clinics.addresses("oracle").authorize, before)
    assert (request.query, request.form["scope"]) == ("", f"launch {LONG}")
    context = opened.context()
    assert (context["patient"], context["scope"]["granted"]) == (ALMA, ["launch", *SCOPES.split()])
    assert len(context["scope"]["missing"]) == LONGEST_URL // 40


@pytest.mark.calculators
def test_scopes_that_are_dropped_without_a_word_are_named_with_their_cause(app: Practice) -> None:
    opened = app.launch("oracle")
    scope = opened.context()["scope"]
    assert scope["requested"] == ["launch", *MIXED.split()]
    assert scope["granted"] == ["launch", *SCOPES.split()]
    assert scope["missing"] == ["patient/*.rs", "patient/Encounter.read"]
    assert scope["causes"] == {
        "patient/*.rs": "scope_syntax",
        "patient/Encounter.read": "scope_syntax",
    }
    page = opened.browser.open(opened.callback.location)
    assert "patient/Encounter.read" in page.text
    before = app.clinics.number()
    denied = opened.read("Encounter?status=finished")
    assert (denied.status, denied.code) == (403, "scope_denied")
    base = app.clinics.addresses("oracle").fhir_base
    assert app.clinics.requests(base, before, below=True) == []


@pytest.mark.calculators
def test_without_any_resource_scope_the_page_says_what_is_missing(app: Practice) -> None:
    opened = app.launch("oracle", fault="grant-without-resources")
    scope = opened.context()["scope"]
    assert scope["granted"] == ["launch", "openid", "fhirUser", "online_access"]
    assert scope["causes"].keys() == set(scope["missing"])
    page = opened.browser.open(opened.callback.location)
    assert page.status == 200
    assert "patient/Observation.rs" in page.text


def test_access_is_taken_for_the_570_seconds_that_it_lives(app: Practice) -> None:
    began = time.time()
    context = app.launch("oracle").context()
    ends = datetime.fromisoformat(context["access_expires_at"]).timestamp()
    assert began + 568 <= ends <= time.time() + 571


def test_members_of_the_token_answer_that_are_oracles_own_name_nobody(app: Practice) -> None:
    context = app.launch("oracle", fault="token-no-id-token").context()
    assert context["user"] is None
    assert context["tenant"] == app.clinics.addresses("oracle").fhir_base.rpartition("/")[2]
    assert context["smart_style_url"] == "https://smart.simulated.example/styles/smart-v1.json"
    assert context["need_patient_banner"] is True
    assert context["encounter"]
    assert {"username", "simulated_ehr_extra"}.isdisjoint(context)


def test_a_refresh_without_a_new_refresh_token_keeps_the_old_one(app: Practice) -> None:
    before, opened = app.clinics.number(), app.launch("oracle")
    for _ in range(2):
        app.clinics.control("oracle", expire_access_tokens=True)
        assert opened.read(f"Patient/{ALMA}").status == 200
    token = app.clinics.addresses("oracle").token
    _, *refreshes = app.clinics.requests(token, before)
    assert [one.status for one in refreshes] == [200, 200]
    assert len({one.form["refresh_token"] for one in refreshes}) == 1


@pytest.mark.calculators
def test_without_any_refresh_token_the_session_ends_and_says_to_launch_again(app: Practice) -> None:
    opened = app.launch("oracle", fault="token-no-refresh-token,token-life-5s")
    assert opened.read(f"Patient/{ALMA}").status == 200
    time.sleep(5.1)
    before = app.clinics.number()
    ended = opened.read(f"Patient/{ALMA}")
    assert (ended.status, ended.code) == (401, "session_expired")
    page = opened.browser.send("GET", opened.callback.location, NAVIGATION)
    assert page.status == 401
    assert re.search(r"(?i)(launch|open|start) .*again", page.text)
    assert app.clinics.requests(app.clinics.origin, before, below=True) == []


@each("fault", ID_TOKEN_FAULTS)
def test_keys_of_three_kinds_without_alg_and_use_verify_the_user(app: Practice, fault: str) -> None:
    published = Browser().get(app.clinics.addresses("oracle").jwks).json()["keys"]
    assert {(key["kty"], key.get("crv")) for key in published} == {
        ("RSA", None),
        ("EC", "P-256"),
        ("EC", "P-384"),
    }
    assert not [key for key in published if {"alg", "use"} & key.keys()]
    user = app.launch("oracle", fault=fault).context()["user"]
    assert user["sub"] == "simulated-user-1"
    assert user["fhirUser"].endswith("/Practitioner/synthetic-clara")


def test_a_403_in_oracles_own_json_reaches_the_app_as_an_outcome_and_its_ids_the_log(
    app: Practice,
) -> None:
    opened = app.launch("oracle", fault="fhir-403")
    answer = opened.read(f"Patient/{ALMA}")
    assert answer.status == 403
    assert answer.header("Content-Type") == "application/fhir+json"
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert "403" in outcome["issue"][0]["diagnostics"]
    (line,) = app.log_lines(answer)
    assert (line["event"], line["status"]) == ("fhir_request", 403)
    assert re.fullmatch(r"[0-9a-f-]{36}", line["x-request-id"])
    assert re.fullmatch(r"/[0-9A-F]{32}", line["opc-request-id"])


@pytest.mark.calculators
def test_fhir_is_asked_for_by_its_media_type_and_never_by_format_or_in_an_order(
    app: Practice,
) -> None:
    before, opened = app.clinics.number(), app.launch("oracle")
    opened.browser.open(opened.callback.location)
    for path in (f"Patient/{ALMA}", "Observation?category=laboratory&_format=json", "Condition"):
        assert opened.read(path).status == 200
    base = app.clinics.addresses("oracle").fhir_base
    calls = [
        one
        for one in app.clinics.requests(base, before, below=True)
        if "/.well-known/" not in one.path
    ]
    assert len(calls) > 4
    assert {one.headers["Accept"] for one in calls} == {"application/fhir+json"}
    assert {one.status for one in calls} == {200}
    sent = {name for one in calls for name, _ in parse_qsl(one.query)}
    assert {"_format", "_sort"}.isdisjoint(sent)


def test_a_provider_app_may_launch_without_a_chart_where_it_asks_no_patient(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    scopes = "openid fhirUser online_access user/Patient.rs"
    registration = Registration("oracle", "provider-client", scopes, scopes)
    with practice(tmp_path_factory.mktemp("oracle-user"), registration) as running:
        opened = running.launch("oracle", flow="standalone")
        context = opened.context()
        assert (context["patient"], context["user"]["sub"]) == (None, "simulated-user-1")
        assert context["scope"]["requested"] == scopes.split()
        assert opened.read(f"Patient/{ALMA}").status == 200
