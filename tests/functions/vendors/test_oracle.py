"""What is particular to Oracle Health, at its simulated EHR (docs/oracle-health.md): launch,
tokens, identity, FHIR calls.
"""

import time
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import parse_qsl

import pytest

from shared.smart.launches import LONGEST_URL
from tests.support.app.clinics import ALMA, Practice, practice
from tests.support.app.registered import SCOPES, Registration
from tests.support.browser.browser import NAVIGATION, Browser

# The grantable scopes, a wildcard, and a scope in the syntax of the other SMART version.
MIXED = f"{SCOPES} patient/*.rs patient/Encounter.read"
LONG = " ".join(
    [
        SCOPES,
        *(f"user/ResourceOfAVeryLongName{number:03d}.rs" for number in range(LONGEST_URL // 40)),
    ]
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
