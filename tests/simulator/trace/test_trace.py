"""The trace: each step of a good launch is shown right, launch by launch, the newest first."""

import html
import json
import re
from typing import Any

from simulator.common.addresses import path_of
from simulator.trace import Notes
from simulator.trace.log import MOST_ENTRIES, TraceLog
from tests.simulator.app_under_test import ALMA, BRUNO, json_of, query_of
from tests.simulator.token_client import registration
from tests.simulator.vendor_app import VendorApp
from tests.support.tables import each

READ = "application/fhir+json"


def entries(app: VendorApp, after: int = 0) -> list[dict[str, Any]]:
    return list(json_of(app.http.get(f"/_trace?after={after}"))["requests"])


def launches(app: VendorApp, query: str = "") -> list[str]:
    """The launches of the page, each as text."""
    page = app.http.get(f"/trace{query}").text
    matches = re.findall(r'<article class="card".*?</article>', page, re.DOTALL)
    return [in_words(one) for one in matches]


def in_words(markup: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", markup))).strip()


def complete(app: VendorApp) -> None:
    """Discovery, a launch, tokens, a read, a refresh, the keys and a log-out."""
    app.configuration()
    answer = app.tokens()
    app.get(answer["access_token"], f"/Patient/{ALMA}", READ)
    renewed = json_of(app.refresh(answer["refresh_token"]))
    app.http.get(path_of(app.at.jwks))
    app.revoke(renewed["refresh_token"])


def test_each_step_of_a_good_launch_is_shown_right() -> None:
    app = VendorApp()
    complete(app)
    listed = entries(app)
    steps = ["discovery", "launch", "authorize", "token", "fhir", "refresh", "keys", "revoke"]
    assert [one["step"] for one in listed] == steps
    assert {check["mark"] for one in listed for check in one["checks"]} == {"right", "noted"}
    assert [one for one in listed if one["refused"] or one["status"] >= 400] == []
    by_step = {one["step"]: {check["about"] for check in one["checks"]} for one in listed}
    assert by_step["authorize"] >= {
        *("client_id", "redirect_uri", "response_type", "scope", "state", "aud", "launch"),
        *("code_challenge", "code_challenge_method", "granted"),
    }
    assert by_step["token"] == {"client", "code", "client_id", "redirect_uri", "code_verifier"}
    assert by_step["fhir"] == {"access token", "scope"}


def test_a_launch_stands_in_one_place_with_all_its_requests() -> None:
    app = VendorApp()
    complete(app)
    (launch,) = launches(app)
    titles = (
        "A chart launched the app",
        "The app requested authorization",
        "The app exchanged the code for tokens",
        f"FHIR: GET /Patient/{ALMA}",
        "The app refreshed its tokens",
        "The app fetched the signing keys",
        "The app revoked a token",
    )
    places = [launch.index(title) for title in titles]
    assert places == sorted(places)
    assert launch.startswith("Client for Alma Testpatient Generic SMART EHR, ")
    assert "Clara Testclinician, from a chart, client client one" in launch
    assert "Complete: 1 FHIR request, then logged out." in launch


def test_discovery_before_a_launch_belongs_to_none_and_after_it_is_placed_by_its_time() -> None:
    app = VendorApp()
    app.configuration()
    app.launch()
    app.configuration()
    before, launch, after = entries(app)
    assert (before["launch"], before["placed_by_time"]) == (None, False)
    assert (after["launch"], after["placed_by_time"]) == (launch["launch"], True)
    page = in_words(app.http.get("/trace").text)
    assert "Requests that don't belong to a launch" in page
    assert "assigned by time" in page


def test_a_request_to_an_endpoint_that_the_ehr_does_not_have_is_shown_refused() -> None:
    app = VendorApp()
    assert app.http.get("/generic/authorise").status_code == 404
    (entry,) = entries(app)
    assert entry["title"] == "No such endpoint: GET /generic/authorise"
    assert entry["answer"] == "404 Not Found"


def test_the_newest_launch_comes_first() -> None:
    app = VendorApp()
    app.tokens()
    app.start(patient=BRUNO)
    newest, older = launches(app)
    assert "for Bruno Testpatient" in newest
    assert "for Alma Testpatient" in older


def test_the_page_shows_30_launches_and_says_how_many_more_there_are() -> None:
    app = VendorApp()
    for _ in range(32):
        app.launch()
    assert len(launches(app)) == 30
    assert "2 older launches aren't shown" in in_words(app.http.get("/trace").text)


def test_the_page_can_show_one_app_alone() -> None:
    app = VendorApp(others=(registration(client_id="other", name="Other"),))
    app.launch()
    app.start(client="other")
    assert [one.partition(" for ")[0] for one in launches(app)] == ["Other", "Client"]
    assert [one.partition(" for ")[0] for one in launches(app, "?client=other")] == ["Other"]
    assert len(launches(app, "?client=nobody")) == 2


def test_an_empty_trace_says_where_to_begin() -> None:
    page = in_words(VendorApp().http.get("/trace").text)
    assert "No launches yet. Launch an app from a chart" in page


def test_the_list_goes_on_after_a_number_and_is_cleared_with_the_records() -> None:
    app = VendorApp()
    app.launch()
    (first,) = entries(app)
    app.configuration()
    assert [one["step"] for one in entries(app, first["number"])] == ["discovery"]
    assert first["number"] in {
        one["number"] for one in json_of(app.http.get("/_recorded"))["requests"]
    }
    app.http.delete("/_recorded")
    assert entries(app) == []


def test_the_newest_2000_requests_are_kept() -> None:
    log = TraceLog()
    for number in range(1, MOST_ENTRIES + 2):
        log.keep(Notes(step="keys", ehr="generic"), number, 200)
    kept = log.entries()
    assert (len(kept), kept[0].number) == (MOST_ENTRIES, 2)


def test_pages_and_requests_of_tests_are_not_in_the_trace() -> None:
    app = VendorApp()
    for address in ("/", "/trace", "/_trace", "/_faults", "/_recorded", "/nowhere"):
        app.http.get(address)
    app.control(faults="")
    assert entries(app) == []


def test_a_standalone_launch_has_its_own_place_and_gets_its_patients_name() -> None:
    app = VendorApp(registration(scopes=("launch/patient", "patient/Patient.rs")))
    picker = app.authorize(None, scope="launch/patient patient/Patient.rs").text
    (waiting,) = launches(app)
    assert "The EHR is waiting for the user to choose a patient." in waiting
    form = re.search(r'name="form" value="([^"]+)"', picker)
    assert form is not None
    chosen = {"form": html.unescape(form[1]), "decision": "continue", "patient": BRUNO}
    picked = app.http.post("/generic/authorize/patient", data=chosen)
    app.exchange(query_of(picked.headers["Location"])["code"])
    (launch,) = launches(app)
    assert launch.startswith("Client for Bruno Testpatient")
    assert "started by the app itself" in launch
    assert "The app has tokens, but hasn't read anything yet." in launch


def test_faults_in_force_for_all_requests_are_named_above_the_launches() -> None:
    app = VendorApp()
    app.control(faults="jwks-500")
    page = in_words(app.http.get("/trace").text)
    assert "Active for all requests to Generic SMART EHR: jwks-500 the keys can't" in page


def test_a_fault_that_was_asked_for_and_was_not_triggered_is_named_as_well() -> None:
    app = VendorApp()
    app.tokens(fault="fhir-500")
    (launch,) = launches(app)
    assert "Injected fault: fhir-500 returns 500. It hasn't been triggered yet." in launch


def test_what_a_sender_makes_endless_is_cut() -> None:
    app = VendorApp()
    app.authorize(app.launch(), aud="x" * 5000, client_id="y" * 5000)
    app.get(None, f"/Observation?{'&'.join(f'n{number}=v' for number in range(200))}", None)
    for one in entries(app):
        assert len(one["title"]) < 100
        assert len(one["client"]) <= 601
        assert len(one["checks"]) <= 60
        assert max(len(check["text"]) for check in one["checks"]) <= 601


def test_what_a_sender_wrote_is_text_and_not_markup() -> None:
    app = VendorApp()
    app.authorize(app.launch(), client_id="<script>alert(1)</script>")
    app.get(None, "/Observation?<b>=<i>", None)
    page = app.http.get("/trace").text
    assert "alert(1)</script" not in page
    assert page.count("<script") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt; isn&#39;t registered" in page
    assert "&lt;b&gt;" in page


@each("address", ["/trace?client=%00", "/_trace?after=x", "/_trace?after=-1"])
def test_a_query_that_means_nothing_is_answered_all_the_same(address: str) -> None:
    assert VendorApp().http.get(address).status_code == 200


def test_the_newest_launch_is_open_and_the_rest_are_folded() -> None:
    app = VendorApp()
    app.tokens()
    app.start(patient=BRUNO)
    whole = re.findall(r'<details class="whole"[^>]*>', app.http.get("/trace").text)
    assert [" open>" in one for one in whole] == [True, False]


def test_the_page_brings_itself_up_to_date_by_its_one_script() -> None:
    app = VendorApp()
    app.tokens()
    answer = app.http.get("/trace")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'sha256-" in policy
    assert "connect-src 'self'" in policy
    newest = int(re.search(r'data-newest="(\d+)"', answer.text)[1])  # type: ignore[index]
    assert json.loads(app.http.get(f"/_trace?after={newest}").text)["requests"] == []
    app.start(patient=BRUNO)
    assert json.loads(app.http.get(f"/_trace?after={newest}").text)["requests"]
