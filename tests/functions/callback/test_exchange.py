"""The exchange of the code: what is sent, and what becomes of a refusal or a failure."""

import base64
import hashlib
from html import escape
from urllib.parse import parse_qsl

from tests.support.app.app import App
from tests.support.app.callbacks import failed, launch, log_lines
from tests.support.browser.browser import NAVIGATION, Browser
from tests.support.ehr.scripted_ehr import HANG_UP, Scripted, as_json
from tests.support.tables import each

HTML = {"Content-Type": "text/html"}
JSON = {"Content-Type": "application/json"}


def test_the_token_request_of_a_public_client_holds_these_fields_and_no_others(
    app: App, browser: Browser
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    assert app.answer(begun, tenant, browser, "the-code").status == 303
    (request,) = tenant.hits("/auth/token")
    assert (request.method, request.query) == ("POST", "")
    fields = parse_qsl(request.body.decode("ascii"), strict_parsing=True)
    assert sorted(name for name, _ in fields) == [
        "client_id",
        "code",
        "code_verifier",
        "grant_type",
        "redirect_uri",
    ]
    form = request.form
    assert form["grant_type"] == "authorization_code"
    assert form["code"] == "the-code"
    assert form["redirect_uri"] == begun.query["redirect_uri"]
    assert form["client_id"] == begun.query["client_id"] == "scripted-client"
    digest = hashlib.sha256(form["code_verifier"].encode("ascii")).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert challenge == begun.query["code_challenge"]


def test_the_token_request_carries_no_authorization_cookie_or_header_of_the_browser(
    app: App, browser: Browser
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
    headers = {
        "Cookie": cookie,
        "Authorization": "Basic c2VudGluZWw=",
        "X-Forwarded-For": "192.0.2.1",
        "Referer": "https://ehr.example/",
    }
    url = f"{app.origin}/callback?code=c1&state={begun.query['state']}"
    assert browser.get(url, headers).status == 303
    (request,) = tenant.hits("/auth/token")
    assert {name.lower() for name in request.headers} == {
        "accept",
        "accept-encoding",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    }
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["Accept"] == "application/json"


@each("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_the_token_endpoint_is_not_followed(
    app: App, browser: Browser, status: int
) -> None:
    tenant, thief = app.scripted.tenant(), app.scripted.tenant()
    target = {"Location": f"{thief.base}/auth/token"}
    tenant.on("/auth/token", Scripted(status, target))
    line = failed(app, launch(app, tenant, browser), browser, "token_error")
    assert line["status"] == str(status)
    assert "redirects elsewhere" in str(line["cause"])
    assert thief.received == []
    assert len(tenant.hits("/auth/token")) == 1


REFUSALS: dict[str, tuple[Scripted, str | None]] = {
    "400 invalid_grant": (as_json({"error": "invalid_grant"}, 400), "invalid_grant"),
    "401 invalid_client": (as_json({"error": "invalid_client"}, 401), "invalid_client"),
    "403 invalid_grant": (as_json({"error": "invalid_grant"}, 403), "invalid_grant"),
    "429": (as_json({"error": "slow_down"}, 429), "slow_down"),
    "403 text": (Scripted(403, {"Content-Type": "text/plain"}, b"Access denied"), None),
    "400 without error": (as_json({"message": "no"}, 400), None),
    "400 odd error": (as_json({"error": {"code": 1}}, 400), None),
    "400 hostile error": (as_json({"error": "x\r\n<svg>"}, 400), None),
    "404": (Scripted(404), None),
    "500": (Scripted(500), None),
    "500 JSON": (as_json({"error": "server_error"}, 500), "server_error"),
    "502 HTML": (Scripted(502, HTML, b"<html><h1>Bad gateway</h1></html>"), None),
    "503": (Scripted(503, {"Retry-After": "1"}), None),
    "204": (Scripted(204), None),
    "no answer": (HANG_UP, None),
}


@each(("answer", "oauth_error"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_or_failed_exchange_is_reported_and_not_repeated(
    app: App, browser: Browser, answer: Scripted, oauth_error: str | None
) -> None:
    tenant = app.scripted.tenant()
    tenant.on("/auth/token", answer)
    line = failed(app, launch(app, tenant, browser), browser, "token_error")
    assert line.get("oauth_error") == oauth_error
    assert line.get("status") == (None if answer is HANG_UP else str(answer.status))
    assert len(tenant.hits("/auth/token")) == 1


def test_the_ehrs_sentence_is_logged_in_known_words_and_explained(
    app: App, browser: Browser
) -> None:
    said = "Token expiration is too far in the future and iat claim not present in token"
    strange = "Client smith-1 of Jane Doe (4711, 1950-02-09, 123456) is disabled: key a8Zk2."
    for words, logged, cause in (
        (said, said, "assertion_claims_wrong"),
        (strange, "Client … of … 4711 … is disabled key …", "client_auth_wrong"),
    ):
        tenant = app.scripted.tenant()
        refusal = {"error": "invalid_client", "error_description": words}
        tenant.on("/auth/token", as_json(refusal, 401))
        begun = app.begin(tenant, browser)
        url = f"{app.origin}/callback?code=c1&state={begun.query['state']}"
        page = browser.send("GET", url, NAVIGATION)
        (line,) = log_lines(app, page)
        assert (line["said"], line["cause_id"]) == (logged, cause)
        assert escape(words) in page.text


GATEWAYS = {
    "502": (Scripted(502, HTML, b"<title>502 Bad Gateway</title>"), "502 bad gateway", "ehr_side"),
    "firewall": (
        Scripted(403, HTML, b"<title>Request Rejected</title>The requested URL was rejected."),
        "request rejected",
        "ehr_side",
    ),
    "login": (Scripted(302, {"Location": "/login?next=1"}), None, "ehr_side"),
    "no route": (as_json({"message": "no Route matched"}, 404), "no … matched", "endpoint_wrong"),
    "401": (Scripted(401, HTML, b"<h1>No</h1>"), "no", "client_auth_wrong"),
    "API gateway": (as_json({"message": "Forbidden"}, 403), "forbidden", "ehr_side"),
}


@each(("answer", "logged", "cause"), GATEWAYS.values(), ids=GATEWAYS)
def test_what_a_proxy_returns_in_place_of_the_token_endpoint_is_explained_as_that(
    app: App, browser: Browser, answer: Scripted, logged: str | None, cause: str
) -> None:
    tenant = app.scripted.tenant()
    tenant.on("/auth/token", answer)
    line = failed(app, launch(app, tenant, browser), browser, "token_error")
    said = line.get("said")
    assert (said and str(said).lower(), line["cause_id"]) == (logged, cause)


XML = {"Content-Type": "application/xml"}
PAGES = {
    "login": (Scripted(200, HTML, b"\n<!doctype html><title>Sign in</title>"), True),
    "no media type": (Scripted(200, {}, b"<HTML><body>"), True),
    "its media type": (Scripted(200, HTML, b"<p>Sign in"), True),
    "XML": (
        Scripted(200, {"Content-Type": "application/xml"}, b"<?xml version='1.0'?><a/>"),
        False,
    ),
    "no markup": (Scripted(200, HTML, b"signed in"), False),
}


@each(("answer", "is_page"), PAGES.values(), ids=PAGES)
def test_only_a_web_page_with_status_200_is_called_one(
    app: App, browser: Browser, answer: Scripted, is_page: bool
) -> None:
    tenant = app.scripted.tenant()
    tenant.on("/auth/token", answer)
    line = failed(app, launch(app, tenant, browser), browser, "token_invalid")
    called = "a firewall or a login page" in str(line["cause"])
    assert called is is_page


def test_a_failed_exchange_is_a_page_for_people(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    tenant.on("/auth/token", Scripted(502, HTML, b"<h1>sentinel of the EHR</h1>"))
    begun = app.begin(tenant, browser)
    url = f"{app.origin}/callback?code=c1&state={begun.query['state']}"
    page = browser.send("GET", url, NAVIGATION)
    assert page.status == 502
    assert page.header("Content-Type") == "text/html; charset=utf-8"
    assert str(page.header("X-Correlation-Id")) in page.text
    assert "aunch the app again" in page.text
    assert "sentinel" not in page.text


def test_the_ehrs_own_id_of_a_refusal_is_logged_beside_ours(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    headers = {"Cerner-Correlation-Id": "ehr-id-1", "X-Request-Id": "ehr-id-2", **JSON}
    tenant.on("/auth/token", Scripted(400, headers, b'{"error":"invalid_grant"}'))
    line = failed(app, launch(app, tenant, browser), browser, "token_error")
    assert (line["cerner-correlation-id"], line["x-request-id"]) == ("ehr-id-1", "ehr-id-2")
