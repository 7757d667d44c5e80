"""Standalone launch: the app names a registration, the EHR asks for a patient (LAUNCH-05, 09)."""

import re
from html import unescape
from urllib.parse import quote, urlencode, urljoin

from tests.support.app.app import App
from tests.support.app.special_registrations import Special
from tests.support.browser.browser import NAVIGATION, Answer, Browser
from tests.support.tables import each

FORM = {**NAVIGATION, "Content-Type": "application/x-www-form-urlencoded"}


def _pick(app: App, browser: Browser, **decision: str) -> Answer:
    """Launch without a chart and answer the EHR's patient picker; its redirect back."""
    begun = browser.send("GET", f"{app.origin}/launch?ehr=simulated", NAVIGATION)
    picker = browser.send("GET", begun.location, NAVIGATION)
    assert picker.status == 200
    action = re.search(r'action="([^"]+)"', picker.text)
    token = re.search(r'name="form" value="([^"]+)"', picker.text)
    assert action is not None
    assert token is not None
    body = urlencode({"form": unescape(token[1]), **decision}).encode()
    return browser.send("POST", urljoin(picker.url, unescape(action[1])), FORM, body)


@each(("patient", "visit"), [("synthetic-alma", "synthetic-alma-enc-1"), ("synthetic-bruno", None)])
def test_the_patient_picked_at_the_ehr_is_told_to_the_page_with_the_visit_if_there_is_one(
    app: App, browser: Browser, patient: str, visit: str | None
) -> None:
    back = _pick(app, browser, patient=patient, decision="continue")
    handle = browser.get(back.location).location.rstrip("/").rpartition("/")[2]
    context = browser.fetch(f"{app.origin}/fhir_proxy/{handle}/session").json()
    assert (context["patient"], context["encounter"]) == (patient, visit)
    assert (context["ehr"], context["iss"]) == ("simulated", app.ehr_base)
    assert context["scope"]["requested"][:2] == ["launch/patient", "launch/encounter"]
    assert "launch" not in context["scope"]["requested"]
    assert context["scope"]["missing"] == []


def test_cancelling_at_the_picker_says_that_no_patient_was_chosen(
    app: App, browser: Browser
) -> None:
    answer = _pick(app, browser, decision="cancel")
    shown = browser.get(answer.location)
    assert (shown.status, shown.code) == (400, "ehr_error")
    assert not any(name.startswith("__Host-smart-") for name in browser.cookies())


def test_the_request_has_no_launch_and_asks_for_a_patient(app: App, browser: Browser) -> None:
    asked = browser.get(f"{app.origin}/launch?ehr=simulated").query
    assert "launch" not in asked
    assert asked["scope"].split() == [
        "launch/patient",
        "launch/encounter",
        "patient/Patient.rs",
        "patient/Observation.rs",
        "patient/Condition.rs",
    ]
    assert asked["aud"] == app.ehr_base
    assert asked["client_id"] == "smart-calc-demo"
    assert asked["redirect_uri"] == f"{app.origin}/callback/simulated"
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", asked["code_challenge"])
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", asked["state"])


def test_the_base_is_the_first_literal_iss(special: Special, browser: Browser) -> None:
    begun = browser.get(f"{special.origin}/launch?ehr=lists")
    assert begun.query["aud"] == special.lists.base
    assert begun.query["scope"] == "launch/patient openid patient/*.rs"
    assert "nonce" in begun.query


def test_a_patient_is_not_asked_for_where_the_ehr_does_not_list_it(
    special: Special, browser: Browser
) -> None:
    begun = browser.get(f"{special.origin}/launch?ehr=lists-not")
    assert begun.query["scope"] == "user/*.rs"


def test_a_registration_for_standalone_takes_ehr_launches_too(
    special: Special, browser: Browser
) -> None:
    iss = quote(special.lists.base, safe="")
    begun = browser.get(f"{special.origin}/launch?iss={iss}&launch=1")
    assert begun.query["scope"] == "launch openid patient/*.rs"
    assert begun.query["launch"] == "1"


def test_unknown_parameters_have_no_say(special: Special, browser: Browser) -> None:
    more = "&aud=https%3A%2F%2Fx.test&scope=user%2F*.cruds&patient=7&redirect_uri=x"
    begun = browser.get(f"{special.origin}/launch?ehr=lists-not{more}")
    assert begun.query["aud"] == special.lists_not.base
    assert begun.query["scope"] == "user/*.rs"
    assert "patient" not in begun.query
    assert begun.query["redirect_uri"] == f"{special.origin}/callback/lists-not"


def test_a_standalone_launch_is_bound_to_its_browser_too(
    special: Special, browser: Browser
) -> None:
    begun = browser.get(f"{special.origin}/launch?ehr=lists")
    url = f"{begun.query['redirect_uri']}?code=c&state={begun.query['state']}"
    stranger = Browser().get(url)
    assert (stranger.status, stranger.code) == (400, "cookie_missing")
    assert "in its own window" in stranger.text
    assert "chart" not in stranger.text
    assert browser.get(url).status == 303
