"""What a developer gets wrong is said in the trace, at the request that went wrong."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import pytest

from simulator.trace import Step
from simulator.vendors.epic import EPIC
from simulator.vendors.oracle import ORACLE
from simulator.vendors.profile import VendorProfile
from tests.simulator.app_under_test import ALMA, VERIFIER, json_of
from tests.simulator.token_client import SECRET, basic, registration
from tests.simulator.vendor_app import VendorApp
from tests.support.tables import each

BASE = "http://ehr.test/generic/fhir"
Send = Callable[[VendorApp], object]


def newest(app: VendorApp) -> dict[str, Any]:
    """The newest request of the trace."""
    return dict(json_of(app.http.get("/_trace"))["requests"][-1])


def wrong(app: VendorApp) -> dict[str, str]:
    """What was wrong in the newest request."""
    said: dict[str, str] = {}
    for line in newest(app)["checks"]:
        if line["mark"] == "wrong":
            said[line["about"]] = f"{said.get(line['about'], '')}{line['text']}\n"
    return said


def launched(**changes: Any) -> Send:
    """Send a correct authorization request from a chart, except for the changes."""
    return lambda app: app.authorize(app.launch(), **changes)


def exchanged(**changes: Any) -> Send:
    return lambda app: app.exchange(app.code(), **changes)


def fetched(path: str) -> Send:
    return lambda app: app.get(app.tokens()["access_token"], path, "application/fhir+json")


def twice(app: VendorApp) -> None:
    code = app.code()
    app.exchange(code)
    app.exchange(code)


def late(app: VendorApp) -> None:
    code = app.code()
    app.clock.now += 61
    app.exchange(code)


def launch_of_before(app: VendorApp) -> None:
    value = app.launch()
    app.authorize(value)
    app.authorize(value)


def launch_too_late(app: VendorApp) -> None:
    value = app.launch()
    app.clock.now += 301
    app.authorize(value)


def expired_token(app: VendorApp) -> None:
    token = app.tokens()["access_token"]
    app.clock.now += 3605
    app.get(token, f"/Patient/{ALMA}", "application/fhir+json")


def old_refresh_token(app: VendorApp) -> None:
    token = app.tokens()["refresh_token"]
    app.refresh(token)
    app.refresh(token)


def other_origin(app: VendorApp) -> None:
    path = f"/generic/fhir/Patient/{ALMA}"
    app.http.get(path, headers={"Origin": "https://stranger.test"})


AUTHORIZE: dict[str, tuple[Send, str, str]] = {
    "no aud": (launched(aud=None), "aud", f"differs: got nothing, expected {BASE}"),
    "aud with a slash": (launched(aud=f"{BASE}/"), "aud", f"got {BASE}/, expected {BASE}"),
    "no launch value": (
        lambda app: app.authorize(None),
        "launch",
        "is missing, although scope launch is requested",
    ),
    "no launch scope": (
        launched(scope="openid fhirUser patient/Patient.rs"),
        "scope",
        "launch is missing, although the launch parameter was sent",
    ),
    "launch value that lost its plus": (
        lambda app: app.authorize(app.launch().replace("+", " ")),
        "launch",
        "wasn't issued by this EHR",
    ),
    "launch value of before": (launch_of_before, "launch", "was already used"),
    "launch value too late": (launch_too_late, "launch", "expired 1 s ago; it's valid for 300 s"),
    "other redirect_uri": (
        launched(redirect_uri="https://app.test/callback/"),
        "redirect_uri",
        "got https://app.test/callback/, registered: https://app.test/callback",
    ),
    "unknown client": (launched(client_id="nobody"), "client_id", "nobody isn't registered"),
    "no code_challenge": (launched(code_challenge=None), "code_challenge", "is missing"),
    "plain PKCE": (
        launched(code_challenge_method="plain"),
        "code_challenge_method",
        "must be S256, got plain",
    ),
    "no state": (launched(state=None), "state", "is missing"),
    "commas between scopes": (
        launched(scope="launch,openid,patient/Patient.rs"),
        "scope",
        "launch,openid,patient/Patient.rs: separate scopes with spaces, not commas",
    ),
    "two blanks between scopes": (
        launched(scope="launch  patient/Patient.rs"),
        "scope",
        "must be scopes separated by single spaces",
    ),
    "scope that isn't a scope": (
        launched(scope="launch patient/Patient.rs patient.Observation.read"),
        "not granted",
        "patient.Observation.read",
    ),
    "scope that was not registered": (
        launched(scope="launch patient/Patient.rs patient/Observation.c"),
        "not granted",
        "patient/Observation.c: the client isn't registered for the full scope",
    ),
    "token instead of code": (
        launched(response_type="token"),
        "response_type",
        "must be code, got token",
    ),
    "parameter twice": (
        lambda app: app.authorize(app.launch(), scope=["launch", "openid"]),
        "scope",
        "was sent more than once",
    ),
}
TOKEN: dict[str, tuple[Send, str, str]] = {
    "other verifier": (
        exchanged(code_verifier="x" * 43),
        "code_verifier",
        "xxxxxx… doesn't match the code_challenge",
    ),
    "no verifier": (exchanged(code_verifier=None), "code_verifier", "is missing"),
    "other redirect_uri": (
        exchanged(redirect_uri="https://app.test/other"),
        "redirect_uri",
        "got https://app.test/other, expected https://app.test/callback",
    ),
    "code twice": (twice, "code", "was already used"),
    "code too late": (late, "code", "expired 1 s ago; it's valid for 60 s"),
    "invented code": (lambda app: app.exchange("guess"), "code", "wasn't issued by this EHR"),
    "unknown client": (exchanged(client_id="nobody"), "client", "isn't registered"),
    "secret of a public client": (
        exchanged(client_secret="a-secret-of-mine"),
        "client",
        "must authenticate with none (method used: client_secret_post)",
    ),
    "other grant_type": (exchanged(grant_type="password"), "grant_type", "is password"),
}
FHIR: dict[str, tuple[Send, str, str]] = {
    "no token": (
        lambda app: app.get(None, f"/Patient/{ALMA}", None),
        "access token",
        "is missing: the request has no `Authorization: Bearer` header",
    ),
    "invented token": (
        lambda app: app.get("guess-guess", f"/Patient/{ALMA}", None),
        "access token",
        "wasn't issued by this EHR",
    ),
    "expired token": (expired_token, "access token", "expired 5 s ago"),
    "token in the address": (
        fetched(f"/Patient?_id={ALMA}&access_token=secret-secret"),
        "access_token",
        "must be in the `Authorization: Bearer` header",
    ),
    "search out of scope": (
        fetched(f"/Condition?patient={ALMA}"),
        "scope",
        "no granted scope covers search of Condition. The request needs patient/Condition.s",
    ),
    "another app's origin": (
        other_origin,
        "Origin",
        "https://stranger.test belongs to no registered app",
    ),
}


def each_case(
    cases: dict[str, tuple[Send, str, str]],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return each(("send", "about", "text"), cases.values(), ids=cases)


@pytest.fixture(scope="module")
def generic() -> VendorApp:
    return VendorApp()


def says(app: VendorApp, send: Send, step: Step, about: str, text: str) -> None:
    send(app)
    assert newest(app)["step"] == step
    assert text in wrong(app)[about]
    shown = app.http.get("/trace").text
    assert f"<code>{about}</code>" in shown


@each_case(AUTHORIZE)
def test_a_mistake_in_an_authorization_request_is_named(
    generic: VendorApp, send: Send, about: str, text: str
) -> None:
    says(generic, send, "authorize", about, text)


@each_case(TOKEN)
def test_a_mistake_in_a_token_request_is_named(
    generic: VendorApp, send: Send, about: str, text: str
) -> None:
    says(generic, send, "token", about, text)


@each_case(FHIR)
def test_a_mistake_in_a_fhir_request_is_named(
    generic: VendorApp, send: Send, about: str, text: str
) -> None:
    says(generic, send, "fhir", about, text)


def test_a_refresh_with_a_token_that_was_replaced_is_named(generic: VendorApp) -> None:
    says(generic, old_refresh_token, "refresh", "refresh_token", "was already used")


@each(
    ("headers", "text"),
    [
        (basic(":".join(map(quote_plus, ("client one", "another secret")))), "secret is wrong"),
        (basic(f"client one:{SECRET}"), "must be form-encoded before base64"),
        ({"Authorization": "Basic ???"}, "aren't base64"),
        ({}, "must authenticate with client_secret_basic (method used: none)"),
    ],
    ids=["another secret", "not encoded", "no base64", "no header"],
)
def test_a_mistake_in_basic_credentials_is_named(headers: dict[str, str], text: str) -> None:
    app = VendorApp(registration("client_secret_basic"))
    app.exchange(app.code(), headers=headers, client_id="client one")
    assert text in wrong(app)["client"]


def test_epic_takes_basic_credentials_as_they_are_and_the_trace_says_so_of_encoded_ones() -> None:
    app = VendorApp(registration("client_secret_basic"), profile=EPIC)
    pair = ":".join(map(quote_plus, ("client one", SECRET)))
    app.exchange(app.code(), headers=basic(pair))
    assert "isn't registered with this EHR" in wrong(app)["client"]


@each("profile", [ORACLE, EPIC], ids=lambda one: one.key)
@each(
    ("changes", "about", "text"),
    [
        ({"aud": None}, "aud", "expected http://ehr.test/"),
        ({"aud": "https://other.test/fhir"}, "aud", "differs: got https://other.test/fhir"),
        ({"scope": "openid patient/Patient.rs"}, "scope", "launch is missing"),
        ({"redirect_uri": "https://app.test/"}, "redirect_uri", "registered: https://app.test"),
        ({"client_id": "nobody"}, "client_id", "nobody isn't registered with this EHR"),
        ({"code_challenge": None}, "code_challenge", "is missing"),
    ],
)
def test_the_mistake_that_a_vendor_refuses_without_a_word_is_named(
    profile: VendorProfile, changes: dict[str, Any], about: str, text: str
) -> None:
    app = VendorApp(profile=profile)
    app.authorize(app.launch(), **changes)
    assert text in wrong(app)[about]
    assert newest(app)["refused"]


@each("profile", [ORACLE, EPIC], ids=lambda one: one.key)
def test_a_launch_value_that_a_vendor_does_not_know_is_named(profile: VendorProfile) -> None:
    app = VendorApp(profile=profile)
    app.authorize("an invented value")
    assert "wasn't issued by this EHR" in wrong(app)["launch"]


def test_what_a_vendor_drops_without_a_word_is_said_too() -> None:
    app = VendorApp(registration(scopes=("launch", "patient/*.rs")), profile=ORACLE)
    app.authorize(app.launch(), scope="launch patient/Patient.rs patient/*.rs")
    text = wrong(app)["not granted"].rstrip()
    assert text == "patient/*.rs: this EHR doesn't grant it to this client in this form"
    assert not newest(app)["refused"]


def test_what_was_right_in_a_refused_request_is_said_beside_what_was_wrong() -> None:
    app = VendorApp()
    app.authorize(app.launch(), aud="https://other.test/fhir", code_challenge="short")
    marks = {line["about"]: line["mark"] for line in newest(app)["checks"]}
    assert {about for about, mark in marks.items() if mark == "wrong"} == {"aud", "code_challenge"}
    right = {"launch", "client_id", "redirect_uri", "response_type", "state", "scope"}
    assert right <= {about for about, mark in marks.items() if mark == "right"}


def test_a_code_that_was_not_form_encoded_is_taken_and_marked() -> None:
    app = VendorApp()
    response = app.exchange(app.code().replace("+", " "))
    assert response.status_code == 200
    weak = {line["about"]: line["text"] for line in newest(app)["checks"] if line["mark"] == "weak"}
    assert weak["code"].startswith("wasn't form-encoded")


def test_a_code_that_was_encoded_twice_is_refused() -> None:
    app = VendorApp()
    assert app.exchange(quote_plus(app.code())).status_code == 400
    assert "wasn't issued by this EHR" in wrong(app)["code"]


def test_a_good_verifier_is_not_taken_for_a_bad_one() -> None:
    app = VendorApp()
    assert app.exchange(app.code(), code_verifier=VERIFIER).status_code == 200
    assert wrong(app) == {}
