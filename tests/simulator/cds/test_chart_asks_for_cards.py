"""A chart is a CDS client: what it sends when it opens, and what a clinician then sees."""

import json
import re
from typing import Any

import jwt
import pytest
from werkzeug.test import TestResponse

from simulator.cds.http_client import Answer
from simulator.common.addresses import path_of
from simulator.ehr import VENDOR_PROFILES
from simulator.vendors.epic import EPIC
from simulator.vendors.generic import GENERIC
from simulator.vendors.oracle import ORACLE
from simulator.vendors.oracle_addresses import TENANT
from simulator.vendors.profile import VendorProfile
from tests.simulator.app_under_test import ALMA, BRUNO, App, json_of, query_of
from tests.simulator.cds_service import (
    BASE,
    DISCOVERY,
    PREFETCH,
    SERVICE,
    Call,
    CdsService,
    ChartApp,
    card,
    followed_link,
    installed,
)
from tests.support.tables import each

CLIENTS = [one for one in VENDOR_PROFILES if one.addresses("").cds_keys]
every_client = each("profile", CLIENTS, ids=lambda one: one.key)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> CdsService:
    return installed(monkeypatch)


@every_client
def test_the_token_is_signed_by_a_key_that_the_ehr_publishes(
    service: CdsService, profile: VendorProfile
) -> None:
    app = ChartApp(profile)
    assert app.chart().status_code == 200
    call = service.asked
    assert call.header["jku"] == app.at.cds_keys
    assert call.header["typ"] == "JWT"
    assert call.header["alg"] == {"epic": "RS384"}.get(profile.key, "ES384")
    keys = json_of(app.http.get(path_of(app.at.cds_keys)))["keys"]
    (key,) = [one for one in keys if one["kid"] == call.header["kid"]]
    assert "d" not in key
    claims = jwt.decode(
        call.token,
        jwt.PyJWK(key).key,
        algorithms=[call.header["alg"]],
        audience=SERVICE,
        issuer=app.at.cds_issuer,
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )
    assert claims["iat"] == int(app.clock.now)
    assert claims["exp"] - claims["iat"] == {"epic": 900}.get(profile.key, 300)


def test_each_vendor_names_itself_in_its_own_way(service: CdsService) -> None:
    by_vendor = {}
    for profile in CLIENTS:
        ChartApp(profile).chart()
        by_vendor[profile.key] = service.asked
    epic, oracle, generic = (by_vendor[one].claims for one in ("epic", "oracle", "generic"))
    assert (epic["sub"], epic["iat"] - epic["nbf"]) == ("client one", 300)
    assert epic["iss"].endswith("/epic/api/FHIR/R4")
    assert all(one in by_vendor["epic"].header["kid"] for one in "+/=")
    assert oracle["tenant"] == TENANT
    assert {"sub", "nbf", "tenant"}.isdisjoint(generic)
    assert len({one.claims["jti"] for one in by_vendor.values()}) == 3


@every_client
def test_the_call_has_what_the_hook_asks_for(service: CdsService, profile: VendorProfile) -> None:
    app = ChartApp(profile)
    app.chart(user="conrad")
    body = service.asked.body
    assert body["hook"] == "patient-view"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", body["hookInstance"])
    assert body["fhirServer"] == app.at.fhir_base
    assert body["context"]["patientId"] == ALMA
    assert body["context"]["userId"] == "Practitioner/synthetic-conrad"
    granted = body["fhirAuthorization"]
    assert granted["token_type"] == "Bearer"
    assert granted["subject"] == "client one"
    assert granted["patient"] == ALMA
    assert ("patient/Observation.rs" in granted["scope"]) is (profile.key != "epic")


@every_client
def test_the_prefetch_is_what_the_fhir_server_would_answer(
    service: CdsService, profile: VendorProfile
) -> None:
    app = ChartApp(profile)
    app.chart()
    prefetch = service.asked.body["prefetch"]
    assert prefetch.keys() == PREFETCH.keys()
    assert prefetch["patient"]["id"] == ALMA
    labs = [one["resource"] for one in prefetch["labs"]["entry"]]
    codes = {coding["code"] for one in labs for coding in one["code"]["coding"]}
    assert {"2160-0", "2951-2"} & codes
    base = f"{app.at.fhir_base}/" if profile is EPIC else ""
    assert {one["subject"]["reference"] for one in labs} == {f"{base}Patient/{ALMA}"}


@every_client
def test_numbers_keep_their_digits(service: CdsService, profile: VendorProfile) -> None:
    ChartApp(profile).chart()
    sent = re.findall(r'"value": ?([\d.]+)', service.asked.text)
    assert [one for one in sent if "." in one and one.endswith("0")]


def test_an_empty_search_at_epic_holds_an_outcome(service: CdsService) -> None:
    ChartApp(EPIC).chart(patient="synthetic-bruno")
    ChartApp(EPIC).chart(patient="synthetic-falk")
    bundle = service.asked.body["prefetch"]["conditions"]
    assert [one["search"]["mode"] for one in bundle["entry"]] == ["outcome"]


def test_the_access_token_opens_this_chart_during_the_call_and_not_after(
    service: CdsService,
) -> None:
    app = ChartApp(GENERIC)
    statuses: list[int] = []

    def read(call: Call) -> None:
        token = call.body["fhirAuthorization"]["access_token"]
        statuses.extend(
            app.get(token, f"/Patient/{patient}", None).status_code for patient in (ALMA, BRUNO)
        )

    service.during = read
    app.chart()
    assert statuses == [200, 404]
    read(service.asked)
    assert statuses[2:] == [401, 401]


def test_a_next_link_of_the_prefetch_can_be_followed_with_the_token(service: CdsService) -> None:
    app = ChartApp(GENERIC)
    pages: list[int] = []

    def follow(call: Call) -> None:
        (link,) = [
            one["url"] for one in call.body["prefetch"]["labs"]["link"] if one["relation"] == "next"
        ]
        token = call.body["fhirAuthorization"]["access_token"]
        pages.append(app.get(token, link.removeprefix(app.at.fhir_base), None).status_code)

    service.during = follow
    app.chart(fault="cds-prefetch-next")
    assert pages == [200]


def test_cards_stand_by_urgency_and_say_where_they_come_from(service: CdsService) -> None:
    service.cards = [card(1, indicator="info", summary="FIB-4 2.9: high"), card(2)]
    page = ChartApp(GENERIC).chart().text
    assert page.index("eGFR 27") < page.index("FIB-4 2.9")
    assert "From smart-calc: eGFR" in page
    assert "<strong>Result</strong>" in page


def test_the_detail_is_markdown_and_never_html(service: CdsService) -> None:
    service.cards = [card(detail="<script>alert(1)</script> [x](javascript:alert(1)) **bold**")]
    page = ChartApp(GENERIC).chart().text
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "&lt;script&gt;" in page
    assert "<strong>bold</strong>" in page


def test_the_detail_has_the_lists_tables_and_code_of_markdown(service: CdsService) -> None:
    detail = "1. one\n   - two\n\n| a | b |\n|---|:-:|\n| 1 | 2 |\n\n```\n**code**\n```"
    service.cards = [card(detail=detail)]
    page = re.sub(r"\s", "", ChartApp(GENERIC).chart().text)
    assert "<ol><li>one<ul><li>two</li></ul></li></ol>" in page
    assert '<thead><tr><thscope="col">a</th><thscope="col">b</th></tr></thead>' in page
    assert "<pre><code>**code**</code></pre>" in page
    assert "style=" not in page


(SMART,) = card()["links"]
SUGGESTION = {"label": "x", "actions": [{"type": "delete", "description": "x", "resourceId": "a"}]}
ABSOLUTE = {"label": "Guideline", "type": "absolute", "url": "https://guideline.example.org/af"}


@each(
    ("changes", "said"),
    [
        ({"indicator": "urgent"}, "indicator is &#39;urgent&#39;"),
        ({"summary": None}, "summary is missing"),
        ({"summary": "x" * 140}, "fewer than 140"),
        ({"detail": ""}, "detail is null or empty"),
        ({"source": {"url": "https://app.test"}}, "source.label is missing"),
        ({"source": {"label": "x", "url": "http://other.example"}}, "source.url is neither"),
        ({"source": {"label": "x", "topic": {"code": "x"}}}, "source.topic.system is missing"),
        ({"suggestions": [SUGGESTION]}, "selectionBehavior is None"),
        ({"suggestions": [{}], "selectionBehavior": "any"}, "suggestions[0].label is missing"),
        (
            {"suggestions": [{"label": "x", "actions": [{"type": "x"}]}]},
            "actions[0].type is &#39;x&#39;",
        ),
        ({"overrideReasons": [{"code": "a", "system": "b"}]}, "[0].display is missing"),
        ({"overrideReasons": ["known"]}, "overrideReasons is not a list of objects"),
        ({"links": [{**ABSOLUTE, "type": "x"}]}, "neither absolute nor smart"),
        ({"links": [{**ABSOLUTE, "url": "http://elsewhere.example"}]}, "nor on localhost"),
        ({"links": [{**ABSOLUTE, "appContext": "x"}]}, "appContext is allowed only in smart links"),
        ({"links": [{**SMART, "appContext": {"calculator": "x"}}]}, "appContext is not a string"),
    ],
)
def test_a_card_that_breaks_cds_hooks_is_a_fault_of_the_app(
    service: CdsService, changes: dict[str, Any], said: str
) -> None:
    service.cards = [card(**changes)]
    app = ChartApp(GENERIC)
    page = app.chart().text
    assert "App error" in page
    assert said in page
    (entry,) = json_of(app.http.get("/_trace"))["requests"]
    assert [one for one in entry["checks"] if one["mark"] == "wrong"]


@each(
    "changes",
    [
        {"indicator": "critical"},
        {"uuid": None, "overrideReasons": None, "links": None, "detail": None},
        {"uuid": "of-our-own", "summary": "Without a number"},
        {"suggestions": [SUGGESTION], "selectionBehavior": "at-most-one"},
        {"links": [ABSOLUTE, {**SMART, "appContext": "any text"}]},
        {"source": {"label": "x"}, "detail": "See https://guideline.example.org <b>now</b>"},
        {"extension": {"org.example": {"x": 1}}},
    ],
)
def test_a_card_of_another_app_that_keeps_to_cds_hooks_is_none(
    service: CdsService, changes: dict[str, Any]
) -> None:
    """This project's guarantees for its cards don't apply to other services."""
    service.cards = [card(**changes)]
    page = ChartApp(GENERIC).chart().text
    assert "App error" not in page
    # Feedback names a card by its uuid.
    assert ("Dismiss" in page) is ("uuid" in service.cards[0])
    assert (f'href="{ABSOLUTE["url"]}"' in page) is (ABSOLUTE in (changes.get("links") or ()))


def test_a_link_that_was_not_registered_is_hidden(service: CdsService) -> None:
    service.cards = [card(links=[{**SMART, "url": "https://app.test/launch?x=1"}])]
    page = ChartApp(GENERIC).chart().text
    assert "This EHR hides the link “Open this calculator”." in page
    assert "chart/follow" not in page
    assert "App error" not in page


def test_dismissing_preselects_no_reason(service: CdsService) -> None:
    page = ChartApp(GENERIC).chart().text
    first, *others = re.findall(r'<option value="([^"]*)"([^>]*)>', page)
    assert first == ("", "")
    assert others == [("known", ""), ("later", "")]


@each(
    ("answer", "said"),
    [
        (Answer(401, "application/fhir+json", b"{}"), "The service returned 401, without"),
        (Answer(0, problem="no response: refused"), "No response: refused. The"),
        (Answer(200, "application/json", b"<html>"), "isn&#39;t JSON"),
        (Answer(200, "application/json", b'{"card": []}'), "no list of cards"),
        (Answer(200, "text/plain", b'{"cards": []}'), "The media type is text/plain"),
    ],
)
def test_an_answer_that_is_none_is_said(service: CdsService, answer: Answer, said: str) -> None:
    service.answer = answer
    assert said in ChartApp(GENERIC).chart().text


def test_a_refuted_problem_is_none_of_the_patients(service: CdsService) -> None:
    service.cards = []
    page = ChartApp(GENERIC).chart().text
    assert "Chronic kidney disease, stage 3b" in page
    assert "Atrial fibrillation" not in page


def test_nothing_to_say_is_said(service: CdsService) -> None:
    service.cards = []
    page = ChartApp(ORACLE).chart().text
    assert "Calculators returned no cards for this patient." in page
    assert "App error" not in page


def test_a_link_launches_the_app_with_its_context(service: CdsService) -> None:
    app = ChartApp(GENERIC)
    token = json_of(app.exchange(app.answer(_launched(app))["code"]))
    assert token["appContext"] == '{"calculator":"egfr_ckd_epi_2021"}'
    assert token["patient"] == ALMA
    (told,) = service.told
    (entry,) = told.body["feedback"]
    assert (entry["card"], entry["outcome"]) == (card()["uuid"], "accepted")


def _launched(app: ChartApp, **query: str) -> str:
    """Follow the link of the first card and return the launch value."""
    return query_of(app.http.get(_followed(app, **query)).headers["Location"])["launch"]


def _followed(app: ChartApp, **query: str) -> str:
    return followed_link(app.chart(**query))


def test_a_link_in_a_frame_launches_the_app_below_the_patient(service: CdsService) -> None:
    app = ChartApp(GENERIC)
    page = app.http.get(_followed(app).replace("in=tab", "in=frame"))
    frame = re.search(r'<iframe [^>]*src="([^"]+)"', page.text)
    assert frame is not None
    launched = app.http.get(frame[1].replace("&amp;", "&"))
    assert launched.headers["Location"].startswith("https://app.test/launch?iss=")
    assert "frame-src 'self' https://app.test;" in page.headers["Content-Security-Policy"]


def test_a_context_that_is_not_passed_on_is_not_in_the_token_answer(service: CdsService) -> None:
    app = ChartApp(GENERIC)
    launch = _launched(app, fault="cds-no-app-context")
    assert "appContext" not in json_of(app.exchange(app.answer(launch)["code"]))


def test_a_link_to_another_address_is_not_followed(service: CdsService) -> None:
    service.cards = [card(links=[{**SMART, "url": "https://elsewhere.example/launch"}])]
    app = ChartApp(GENERIC)
    query = {"shown": _shown(app), "service": "0", "card": "0", "in": "tab"}
    assert app.http.get("/generic/chart/follow", query_string=query).status_code == 404


@each(
    ("profile", "member", "audience"),
    [(GENERIC, "overrideReason", f"{SERVICE}/feedback"), (EPIC, "overrideReasons", SERVICE)],
    ids=["generic", "epic"],
)
def test_a_dismissal_is_told_with_its_reason(
    service: CdsService, profile: VendorProfile, member: str, audience: str
) -> None:
    app = ChartApp(profile)
    answer = _dismiss(app, "known")
    assert answer.status_code == 303
    page = app.http.get(answer.headers["Location"]).text
    assert "Dismissed: Already known; feedback was sent." in page
    assert "<select" not in page
    told = service.told[-1]
    assert told.claims["aud"] == audience
    (entry,) = told.body["feedback"]
    assert entry["outcome"] == "overridden"
    assert entry[member]["reason"]["code"] == "known"


def _shown(app: ChartApp) -> str:
    """Open the chart and return the key of what is on the screen."""
    form = re.search(r'name="shown" value="([^"]+)"', app.chart().text)
    assert form is not None
    return form[1]


def _dismiss(app: ChartApp, reason: str, of_service: int = 0) -> TestResponse:
    fields = {"shown": _shown(app), "service": str(of_service), "card": "0", "reason": reason}
    return app.http.post(f"/{app.profile.key}/chart/dismiss", data=fields)


def test_a_dismissal_without_a_reason_has_none(service: CdsService) -> None:
    _dismiss(ChartApp(GENERIC), "")
    (entry,) = service.told[0].body["feedback"]
    assert entry.keys() == {"card", "outcome", "outcomeTimestamp"}


def test_each_service_for_the_hook_is_asked_and_told_of_its_own_cards(service: CdsService) -> None:
    other = {
        "id": "other",
        "hook": "patient-view",
        "description": "x",
        "prefetch": {
            "visit": "Encounter/{{context.encounterId}}",
            "user": "Practitioner/{{ userPractitionerId }}",
            "guardian": "RelatedPerson/{{userRelatedPersonId}}",
        },
    }
    services = [*DISCOVERY["services"], {**other, "hook": "order-select"}, other]
    service.discovery = {"services": services}
    app = ChartApp(GENERIC)
    assert app.chart().text.count("<article") == 2
    urls = [one.url.rpartition("/")[2] for one in service.calls]
    assert urls == ["cds-services", "calculators-patient-view", "other"]
    prefetch = service.calls[-1].body["prefetch"]
    assert {name: one["resourceType"] for name, one in prefetch.items()} == {
        "visit": "Encounter",
        "user": "Practitioner",
    }
    _dismiss(app, "known", of_service=1)
    assert service.told[-1].url == f"{BASE}/cds-services/other/feedback"


def test_epic_keeps_the_templates_that_were_typed_in(service: CdsService) -> None:
    def discoveries(profile: VendorProfile) -> int:
        service.calls.clear()
        app = ChartApp(profile)
        app.chart()
        app.chart()
        return [one.url for one in service.calls].count(f"{BASE}/cds-services")

    assert (discoveries(EPIC), discoveries(GENERIC)) == (1, 2)


def test_a_chart_without_a_service_is_a_chart(app: App) -> None:
    page = app.http.get(f"/generic/chart?patient={ALMA}").text
    assert "No CDS service is registered with this EHR." in page
    assert "Type 2 diabetes" in page


@each(
    ("address", "status"),
    [
        ("chart?patient=nobody", 404),
        (f"chart?patient={ALMA}&user=nobody", 404),
        (f"chart?patient={ALMA}&fault=nothing", 400),
        (f"chart?patient={ALMA}&fault=cds-stripped", 400),
        ("chart?shown=nothing", 404),
        ("chart/follow?shown=nothing", 404),
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(
    service: CdsService, address: str, status: int
) -> None:
    answer = ChartApp(GENERIC).http.get(f"/generic/{address}")
    assert (answer.status_code, answer.mimetype) == (status, "text/html")


def test_the_trace_groups_what_the_call_led_to(service: CdsService) -> None:
    app = ChartApp(GENERIC)

    def read(call: Call) -> None:
        app.get(call.body["fhirAuthorization"]["access_token"], f"/Patient/{ALMA}", None)
        app.http.get(path_of(app.at.cds_keys))

    service.during = read
    app.chart()
    entries = json_of(app.http.get("/_trace"))["requests"]
    assert {one["step"] for one in entries} == {"cds", "fhir", "keys"}
    assert len({one["launch"] for one in entries}) == 1
    page = app.http.get("/trace").text
    assert "a chart that requested cards" in page
    assert "The chart shows 1 card." in page


def test_the_trace_shows_no_token(service: CdsService) -> None:
    app = ChartApp(GENERIC)
    app.chart()
    shown = app.http.get("/trace").text + json.dumps(json_of(app.http.get("/_trace")))
    call = service.asked
    assert call.token not in shown
    assert call.body["fhirAuthorization"]["access_token"] not in shown
