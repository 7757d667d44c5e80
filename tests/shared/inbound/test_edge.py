"""The edge that faces the browser: every response, regardless of what happens behind it."""

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import flask
import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from shared import pages
from shared.config.settings import Settings
from shared.errors import CodedError, EhrError, PatientDenied, UpstreamTimeout
from shared.inbound import compression, edge
from shared.inbound.edge import Call, Edge, Reply
from tests.support.app.app import App
from tests.support.app.edge import (
    FHIR_EDGE,
    HTML,
    PAGE_EDGE,
    Serve,
    failing,
    logged,
    respond,
    settings,
)
from tests.support.browser.browser import NAVIGATION, OWN_FETCH, Answer, Browser
from tests.support.ehr.sources import OUR_SOURCES
from tests.support.tables import each

HANDLE = "A" * 22
# A body in chunks, as Gunicorn gives it.
CHUNKED = {
    "wsgi.input_terminated": True,
    "CONTENT_LENGTH": "",
    "HTTP_TRANSFER_ENCODING": "chunked",
}


def test_only_the_beginning_of_a_repeated_header_is_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lines are joined, up to 800 kB, and the caches have room for 64 of these."""
    lengths: list[int] = []

    def noted(header: str) -> bool:
        lengths.append(len(header))
        return True

    monkeypatch.setattr(edge, "_accepts_json", noted)
    monkeypatch.setattr(compression, "taken", noted)
    long = ", ".join(["text/html"] * 10_000)

    def serve(_: Settings, call: Call) -> Reply:
        edge.require_json_accepted(call)
        return Reply(200, body=b"x" * 2000, compressible=True)

    respond(serve, headers={"Accept": long, "Accept-Encoding": long})
    assert lengths == [4096, 4096]


# The unexpected


@each("accept", [HTML, "application/json"])
@each("edge", [PAGE_EDGE, FHIR_EDGE])
def test_an_unexpected_exception_shows_its_text_to_nobody(
    edge: Edge, accept: str, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = "access-token-of-p1"

    def serve(_: Settings, __: Call) -> Reply:
        raise KeyError(secret) from ValueError(secret)

    given = settings('error_details = "full"')
    answer = respond(serve, edge=edge, given=given, headers={"Accept": accept})
    printed = capfd.readouterr()
    line = json.loads(printed.out)
    assert answer.status_code == 500
    assert b"internal_error" in answer.data
    assert secret not in answer.get_data(as_text=True) + printed.out + printed.err
    assert b"KeyError" not in answer.data
    assert b".py" not in answer.data
    assert (line["severity"], line["code"], line["exception"]) == (
        "ERROR",
        "internal_error",
        "KeyError",
    )
    assert line["stack_trace"].splitlines()[-1] == "KeyError"
    assert re.search(
        r'File "tests/shared/inbound/test_edge.py", line \d+, in serve\n', line["stack_trace"]
    )
    assert line["correlation_id"] == answer.headers["X-Correlation-Id"]


def test_without_configuration_a_request_answers_misconfigured() -> None:
    request = flask.Request(EnvironBuilder(headers=Headers({"Accept": HTML})).get_environ())
    answer = edge.answer(request, PAGE_EDGE, None, failing(AssertionError("not called")))
    assert answer.status_code == 500
    assert b"misconfigured" in answer.data
    assert "frame-ancestors" not in answer.headers["Content-Security-Policy"]


# Headers


def test_an_address_to_go_to_is_sent_as_it_was_made() -> None:
    """No code in between rewrites an EHR's URL, or a launch value in it."""
    address = "https://EHR.example:443/a/../b?launch=x%2fy^|`&scope=a%20b#f"
    answer = respond(lambda *_: Reply(302, {"Location": address}), headers={})
    for _ in range(2):
        assert answer.get_wsgi_headers({})["Location"] == address


@each("serve", [failing(EhrError()), lambda *_: Reply(200)])
def test_browsers_are_held_to_https_except_on_localhost(serve: Serve) -> None:
    for url, sent in (
        ("https://smart.example.org", ["max-age=31536000"]),
        ("https://app.localhost:8443", []),
        ("http://localhost:8080", []),
    ):
        answer = respond(serve, given=replace(settings(), public_url=url))
        assert answer.headers.getlist("Strict-Transport-Security") == sent


def test_each_request_has_its_own_correlation_id_and_never_the_callers() -> None:
    forged = {"X-Correlation-Id": "forged"}
    answers = [respond(failing(EhrError()), headers=forged) for _ in range(50)]
    ids = {one for answer in answers for one in answer.headers.getlist("X-Correlation-Id")}
    assert (len(ids), "forged" in ids) == (50, False)


TRACE = "105445aa7843bc8bf206b12000100000"


@each(
    ("store", "header", "expected"),
    [
        ('kind = "firestore"\nproject = "p"', f"{TRACE}/1;o=1", f"projects/p/traces/{TRACE}"),
        ('kind = "firestore"\nproject = "p"', TRACE, f"projects/p/traces/{TRACE}"),
        ('kind = "firestore"\nproject = "p"', "../" + TRACE[3:], None),
        ('kind = "firestore"\nproject = "p"', TRACE + "0", None),
        ('kind = "firestore"\nproject = "p"', None, None),
        ('kind = "sqlite"', f"{TRACE}/1", None),
    ],
)
def test_google_clouds_trace_ties_the_line_to_its_request(
    store: str, header: str | None, expected: str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    headers = {} if header is None else {"X-Cloud-Trace-Context": header}
    respond(failing(EhrError()), given=settings(store=store), headers=headers)
    assert logged(capfd).get("logging.googleapis.com/trace") == expected


@each(
    ("error", "event", "severity"),
    [
        (PatientDenied(), "fhir_denied", "WARNING"),
        (UpstreamTimeout(), "fhir_request", "ERROR"),
    ],
)
def test_a_refusal_and_a_failure_are_events_of_their_own(
    error: CodedError, event: str, severity: str, capfd: pytest.CaptureFixture[str]
) -> None:
    respond(failing(error), edge=FHIR_EDGE)
    line = logged(capfd)
    assert (line["event"], line["severity"], line["code"]) == (event, severity, error.code)


# The request


def seen(**request: Any) -> Call:
    calls: list[Call] = []

    def serve(_: Settings, call: Call) -> Reply:
        calls.append(call)
        return Reply(200)

    respond(serve, **request)
    return calls[0]


@each(
    ("raw", "path"),
    [
        ("/launch?iss=x", "/"),
        ("/launch/?iss=x", "/"),
        ("/?iss=x", "/"),
        ("/launch/jwks.json", "/jwks.json"),
        ("/jwks.json", "/jwks.json"),
        ("/launchpad", "/launchpad"),
        ("/launch/launch", "/launch"),
        ("/a%2Fb//c/../d", "/a%2Fb//c/../d"),
        ("/launch//a", "//a"),
        ("//launch/a", "//launch/a"),
        ("http://smart.example.org/launch/a?iss=x", "/a"),
        ("HTTPS://[::1]:8443/launch/jwks.json", "/jwks.json"),
        ("http://smart.example.org/launch?iss=http://ehr.example/launch", "/"),
        ("http://smart.example.org", "/"),
        ("http://smart.example.org?iss=x", "/"),
        ("/launch/http://smart.example.org/a", "/http://smart.example.org/a"),
    ],
)
def test_the_path_is_raw_and_without_the_functions_name(raw: str, path: str) -> None:
    assert seen(environ_overrides={"RAW_URI": raw}).path == path


def test_a_path_that_only_the_decoded_form_tells_is_encoded_again() -> None:
    decoded_only = {"RAW_URI": "", "REQUEST_URI": ""}
    assert seen(path="/launch/a b", environ_overrides=decoded_only).path == "/a%20b"


def test_addresses_are_never_taken_from_host_or_forwarding_headers() -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Accept": HTML}
    answer = respond(failing(EhrError()), headers=headers)
    assert b"evil.example" not in answer.data
    assert "evil.example" not in str(answer.headers)


@each(("size", "fits"), [(0, True), (10_000_000, True), (10_000_001, False), (10_000_002, False)])
@each("chunked", [False, True])
def test_a_body_is_read_up_to_10_mb(size: int, fits: bool, chunked: bool) -> None:
    def serve(_: Settings, call: Call) -> Reply:
        return Reply(200, body=call.body())

    overrides = CHUNKED if chunked else {}
    answer = respond(serve, method="POST", data=bytes(size), environ_overrides=overrides)
    assert answer.status_code == (200 if fits else 413)
    assert not fits or answer.data == bytes(size)
    # As a server does: only then is the room for a large response free again.
    answer.close()


@each(
    ("headers", "ours"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, True),
        ({"Sec-Fetch-Site": "same-site", "Origin": "https://smart.example.org"}, False),
        ({"Sec-Fetch-Site": "cross-site", "X-Smart-Proxy": "1"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": ""}, False),
        ({"Origin": "https://smart.example.org"}, True),
        ({"Origin": "https://smart.example.org:444", "X-Smart-Proxy": "1"}, False),
        ({"Origin": "null", "X-Smart-Proxy": "1"}, False),
        ({"X-Smart-Proxy": "1"}, True),
        ({"X-Smart-Proxy": "0"}, False),
        ({}, False),
        # Only a script may fetch where nothing else should.
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": ""}, False),
    ],
)
def test_the_first_evidence_present_decides_whether_our_origin_asks(
    headers: dict[str, str], ours: bool
) -> None:
    def serve(given: Settings, call: Call) -> Reply:
        edge.require_own_origin(call, given)
        return Reply(200)

    assert respond(serve, headers=headers).status_code == (200 if ours else 403)


# The running functions

EVERYWHERE = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}


def assert_always(answer: Answer) -> None:
    for name, value in EVERYWHERE.items():
        assert answer.all(name) == [value]
    assert len(answer.all("X-Correlation-Id")) == 1
    assert answer.header("X-Frame-Options") is None


def assert_strict_page(answer: Answer) -> None:
    """A page that lets nothing run or load but what it names by hash."""
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    (policy,) = answer.all("Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(r"unsafe|\*|https?:|frame-ancestors", policy)
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert pages._hash(style) in policy
    for script in re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL):
        assert pages._hash(script) in policy


@each(
    "path",
    [
        *("/launch", "/launch?iss=https%3A%2F%2Fevil.example", "/launch/nothing", "/callback"),
        *("/callback?state=x&code=y", "/callback/nobody?state=x&code=y", f"/smart_calc/{HANDLE}/"),
        "/smart_calc/nothing",
    ],
)
def test_every_error_page_carries_the_headers_of_a_page(app: App, path: str) -> None:
    answer = Browser().send("GET", app.origin + path, NAVIGATION)
    assert 400 <= answer.status < 500
    assert_always(answer)
    assert_strict_page(answer)


@pytest.mark.calculators
def test_every_answer_of_a_launch_carries_the_headers_too(app: App) -> None:
    tenant = app.scripted.tenant()
    browser = Browser()
    begun = app.begin(tenant, browser)
    callback = app.answer(begun, tenant, browser)
    page = browser.open(callback.location)
    handle = urlsplit(callback.location).path.split("/")[2]
    read = browser.fetch(f"{app.origin}/fhir_proxy/{handle}/Patient/p1")
    assert [begun.status, callback.status, page.status, read.status] == [302, 303, 200, 200]
    for answer in (begun, callback, page, read):
        assert_always(answer)
    assert_strict_page(page)


@pytest.mark.calculators
@each(
    ("method", "path", "status"),
    [
        ("POST", "/launch", 405),
        ("PUT", "/callback", 405),
        ("DELETE", f"/smart_calc/{HANDLE}/", 405),
        ("GET", f"/fhir_proxy/{HANDLE}/Patient/p1", 401),
        ("LINK", f"/fhir_proxy/{HANDLE}/Patient/p1", 405),
    ],
)
def test_a_correlation_id_leads_to_the_line_in_the_log(
    app: App, method: str, path: str, status: int
) -> None:
    answer = Browser().send(method, app.origin + path, OWN_FETCH)
    assert answer.status == status
    correlation_id = answer.header("X-Correlation-Id")
    (line,) = [line for line in app.log_lines() if line.get("correlation_id") == correlation_id]
    assert line["code"] == answer.code
    assert line["severity"] == "WARNING"


HOSTILE_TEXT = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22'%26%0D%0ASet-Cookie:a=b%1B%5B31m"


def test_text_of_an_ehr_is_shown_as_text_and_logged_as_one_line(app: App) -> None:
    tenant = app.scripted.tenant()
    browser = Browser()
    begun = app.begin(tenant, browser)
    query = f"state={begun.query['state']}&error=access_denied&error_description={HOSTILE_TEXT}"
    uri = "&error_uri=https%3A%2F%2Fevil.example%2F%3Ca%20href%3D%22x"
    address = f"{begun.query['redirect_uri']}?{query}{uri}&iss={tenant.base}"
    answer = browser.send("GET", address, NAVIGATION)
    assert answer.status == 400
    assert "ehr_error" in answer.text
    assert "<script" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    # Its documents may be linked, never what an EHR said.
    assert set(re.findall(r"<a href=\"([^\"]*)\"", answer.text)) <= OUR_SOURCES
    assert all(cookie.startswith("__Host-launch-") for cookie in answer.all("Set-Cookie"))
    assert_strict_page(answer)
    lines = app.server.log.read_text(encoding="utf-8").split("\n")
    mine = [line for line in lines if str(answer.header("X-Correlation-Id")) in line]
    assert [json.loads(line)["code"] for line in mine] == ["ehr_error"]


def test_the_app_is_served_alike_behind_a_platform_that_strips_the_functions_name() -> None:
    stripped, whole = (
        respond(
            lambda _, call: Reply(200, body=call.path.encode()),
            edge=FHIR_EDGE,
            environ_overrides={"RAW_URI": f"{prefix}/{HANDLE}/Patient/p1?a=b"},
        )
        for prefix in ("", "/fhir_proxy")
    )
    assert stripped.data == whole.data == f"/{HANDLE}/Patient/p1".encode()
