"""The app's own refusals, as the user, the administrator and the log see them."""

import re
from urllib.parse import quote

import pytest

from shared.errors import LATE, TokenError
from simulator.vendors.oracle import ORACLE
from tests.support.browser.browser import NAVIGATION, Answer, Browser
from tests.support.ehr.three_ehrs import ThreeEhrs, in_words
from tests.support.tables import each

STRANGER = "https://stranger.example/fhir"


def opened(app: ThreeEhrs, url: str) -> Answer:
    return Browser().send("GET", url, NAVIGATION)


def parts(page: Answer) -> tuple[str, str]:
    """Return the page's text for the user who launched the app, and its text for others."""
    said = in_words(page.text)
    mine, heading, others = said.partition("For the administrator")
    assert heading
    return mine, others


def test_an_ehr_that_is_not_configured_is_shown_beside_those_that_are(
    either: ThreeEhrs, full: ThreeEhrs
) -> None:
    app = either
    page = opened(app, f"{app.origin}/launch?iss={quote(STRANGER, safe='')}&launch=x1")
    mine, others = parts(page)
    (line,) = app.log_of(page)
    configured = ORACLE.addresses(app.ehr_origin).fhir_base
    assert "give the correlation id below to your administrator" in mine
    assert "smart.toml" not in mine
    assert "add its FHIR base to iss" in others
    assert line["iss"] == STRANGER
    assert configured in line["iss_configured"].split()
    assert (f"iss of the launch: {STRANGER}" in others) is (app is full)
    assert (configured in others) is (app is full)


def test_a_cookie_that_does_not_come_back_names_the_address_to_allow(either: ThreeEhrs) -> None:
    app = either
    iss = quote(ORACLE.addresses(app.ehr_origin).fhir_base, safe="")
    begun = Browser().get(f"{app.origin}/launch?iss={iss}&launch=x1").query
    page = opened(app, f"{begun['redirect_uri']}?state={begun['state']}&code=c1")
    mine, others = parts(page)
    assert "Launch the app again from the chart, in its own window" in mine
    assert f"allow cookies from {app.origin}, including partitioned third-party cookies" in others
    (line,) = app.log_of(page)
    assert (line["code"], line["causes"]) == ("cookie_missing", ["cookies_blocked"])
    # It has no data of the launch, because a browser without the cookie may be another user's.
    assert begun["state"] not in page.text
    assert not [one for one in ("client_id", "Scopes", "patient/") if one in mine + others]


@pytest.mark.calculators
def test_a_launch_without_a_patient_says_to_open_a_chart(either: ThreeEhrs) -> None:
    app = either
    page = app.page(app.walk("generic", "token-no-patient"))
    assert "Open a patient's chart in the EHR and launch the app from there" in in_words(page.text)
    assert [line["code"] for line in app.log_of(page) if "code" in line] == ["patient_missing"]


def test_a_launch_value_that_this_app_sent_is_not_said_to_have_been_left_out(
    full: ThreeEhrs,
) -> None:
    page = full.walk("oracle", "oracle-code-required").end
    said = in_words(page.text)
    assert "This app did send the launch value that it received" in said
    assert "carried no launch value" not in said


def test_a_standalone_launch_that_fails_says_which_address_to_open_again(either: ThreeEhrs) -> None:
    app = either
    address = f"{app.origin}/launch?ehr=simulated"
    browser = Browser()
    begun = browser.get(address)
    answered = f"{begun.query['redirect_uri']}?state={begun.query['state']}&error=access_denied"
    iss = quote(f"{app.ehr_origin}/generic/fhir", safe="")
    page = browser.send("GET", f"{answered}&iss={iss}", NAVIGATION)
    said = in_words(page.text)
    assert f"start over at {address}" in said
    assert "from the patient's chart" not in said.partition("For support")[0]


def test_a_missing_cookie_on_this_machine_says_to_use_the_one_name(full: ThreeEhrs) -> None:
    begun = Browser().get(f"{full.origin}/launch?ehr=simulated")
    answered = f"{begun.query['redirect_uri']}?state={begun.query['state']}&code=c1"
    said = in_words(Browser().send("GET", answered, NAVIGATION).text)
    assert f"Use the app only at {full.origin}." in said
    assert "such as 127.0.0.1 instead of localhost" in said


def test_a_clinician_has_one_line_to_give_to_support(brief: ThreeEhrs) -> None:
    page = brief.walk("oracle", "oracle-denied-by-server").end
    copied = page.text.partition('<pre class="copy"')[2].partition(">")[2].partition("</pre>")[0]
    assert copied.count("\n") == 0
    assert copied.startswith("smart-calc. Error code: ehr_error. Correlation id: ")
    assert str(page.header("X-Correlation-Id")) in copied


def test_the_token_endpoints_own_words_are_on_the_developers_page_alone(
    full: ThreeEhrs, brief: ThreeEhrs
) -> None:
    walk = full.walk("generic", "token-400")
    words = in_words(walk.end.text)
    (line,) = full.log_of(walk.end)
    shown = words.partition("The EHR's words error_description ")[2].partition(" For support")[0]
    assert shown
    assert shown not in str(line)
    assert shown not in in_words(brief.walk("generic", "token-400").end.text)


@pytest.mark.parametrize("query", ["error=access_denied&state=abc", "error=access_denied"])
def test_an_error_of_no_known_launch_is_not_said_to_be_a_launch_that_was_completed(
    either: ThreeEhrs, query: str
) -> None:
    page = opened(either, f"{either.origin}/callback?{query}")
    said = in_words(page.text)
    assert headline(page) == TokenError.title
    assert LATE in said
    assert "canceled" in said
    assert not re.search("completed|a second time|opened without", said)


def headline(page: Answer) -> str:
    return in_words(page.text.partition('<h1 id="what">')[2].partition("</h1>")[0])


# Words of the protocol, the configuration and the registration.
_JARGON = (
    r"`|\[\[|smart\.toml|launch URL|redirect URI|standalone|\bcode\b.*\berror\b|parameter|"
    r"public_url|client_id|\bheader\b"
)


@each(
    "address",
    [
        "/launch?ehr=nope",
        "/launch?ehr=simulated&launch=x",
        "/launch",
        "/launch?launch=x",
        "/launch?PAT_PersonId=1&fhirServiceUrl=https://ehr.example",
        "/launch?iss=a&iss=b",
        "/callback?state=abc",
        "/callback?state=abc&code=a&error=b",
        "/callback?state=abc&code=%00",
        "/callback?code=abc",
        "/callback/unheard-of?state=abc",
        "/launch/unheard-of",
        "/no-such-address",
    ],
)
def test_a_clinician_reads_no_word_of_the_configuration_or_the_protocol(
    brief: ThreeEhrs, address: str
) -> None:
    page = opened(brief, brief.origin + address)
    mine = in_words(page.text).partition("For the administrator")[0]
    shown = re.sub(r"Error code: \w+", "", mine)
    assert page.status >= 400
    assert not re.findall(_JARGON, shown)
    # These phrases refer to a title that isn't on this page.
    assert not re.search(r"It carries|once that is done", mine)
    assert "chart" in mine or "administrator" in mine


def test_an_app_that_is_opened_by_a_plain_link_is_for_the_administrator(brief: ThreeEhrs) -> None:
    page = opened(brief, f"{brief.origin}/launch?PAT_PersonId=1&fhirServiceUrl=https://e.example")
    mine, others = parts(page)
    assert "Give the correlation id below to your administrator" in mine
    assert "Open the app from the patient's chart" not in mine
    assert "set the launch type to SMART" in others


def test_a_clinician_whose_browser_is_somebody_elses_signs_out_before_the_next_launch(
    brief: ThreeEhrs,
) -> None:
    said = in_words(brief.walk("oracle", "oracle-mismatched-identity").end.text)
    assert "login session belongs" not in said
    first, step, _ = said.partition("Close this page and launch the app again")
    assert step
    assert "sign out of the EHR's login page in this browser" in first


@each(
    ("fault", "told"),
    [
        ("token-429", "The EHR is busy"),
        ("token-503", "The EHR is busy"),
        ("token-403-text", "The app's request was refused"),
    ],
)
def test_a_status_of_the_token_endpoint_without_an_error_code_has_its_cause(
    full: ThreeEhrs, brief: ThreeEhrs, fault: str, told: str
) -> None:
    clinicians = in_words(brief.walk("generic", fault).end.text)
    developers = in_words(full.walk("generic", fault).end.text)
    busy = "busy" in told
    assert f"Most probable cause: {told}" in clinicians
    assert ("Wait a minute. Close this page" in clinicians) is busy
    assert ("The cause: The EHR is busy" in developers) is busy
    assert ("A firewall or gateway in front of the EHR" in developers) is not busy


def test_two_launches_at_once_are_not_told_as_another_user(
    full: ThreeEhrs, brief: ThreeEhrs
) -> None:
    for app in (full, brief):
        said = in_words(app.walk("oracle", "oracle-csrf-security-failure").end.text)
        assert "Two launches ran at the same time" in said
        assert not re.search("[Aa]nother user|some(?:body|one) else|sign out", said)


def test_only_the_requests_that_were_made_are_spoken_of(full: ThreeEhrs) -> None:
    said = in_words(full.walk("generic", "keycloak-ehr-launch").end.text)
    assert "This app's request has none of the problems that the error mentions" in said
    assert "Both requests" not in said
