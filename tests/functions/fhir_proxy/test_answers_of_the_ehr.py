"""The proxy relays, converts or refuses the EHR's responses (contract, 7)."""

import json
import time
from collections.abc import Iterator

from tests.support.app.app import App
from tests.support.app.in_process import InProcess
from tests.support.app.proxy import (
    FORM,
    about,
    asked,
    launched,
    post_search,
    raw_exchange,
    relaunched,
    searchset,
)
from tests.support.browser.browser import OWN_FETCH
from tests.support.ehr.scripted_ehr import FHIR_JSON, HANG_UP, Scripted, as_fhir, as_json
from tests.support.tables import each

OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "x", "diagnostics": "1.50"}],
}
PATIENT = {"resourceType": "Patient", "id": "p1"}


def _json(body: bytes, media_type: str = FHIR_JSON) -> Scripted:
    return Scripted(200, {"Content-Type": media_type}, body)


UNUSABLE = {
    "html": Scripted(200, {"Content-Type": "text/html"}, b"<script>alert(1)</script>"),
    "json called html": _json(json.dumps(PATIENT).encode(), "text/html"),
    "xml": _json(b'<Patient xmlns="http://hl7.org/fhir"/>', "application/fhir+xml"),
    "xml called json": _json(b'<Patient xmlns="http://hl7.org/fhir"/>'),
    "svg": _json(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    "no media type": Scripted(200, {}, json.dumps(PATIENT).encode()),
    "nothing": _json(b""),
    "truncated": _json(b'{"resourceType":"Patient","id":"p1"'),
    "trailing garbage": _json(b'{"resourceType":"Patient","id":"p1"}<!-- -->'),
    "two documents": _json(b'{"resourceType":"Patient","id":"p1"}{}'),
    "NaN": _json(b'{"resourceType":"Patient","id":"p1","x":NaN}'),
    "Infinity": _json(b'{"resourceType":"Patient","id":"p1","x":-Infinity}'),
    "byte order mark": _json(b'\xef\xbb\xbf{"resourceType":"Patient","id":"p1"}'),
    "latin-1": _json('{"resourceType":"Patient","id":"p1","x":"ë"}'.encode("latin-1")),
    "utf-16": _json('{"resourceType":"Patient","id":"p1"}'.encode("utf-16")),
    "repeated member": _json(b'{"resourceType":"Patient","id":"p2","id":"p1"}'),
    "10,000 deep": _json(
        b'{"resourceType":"Patient","id":"p1","x":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    ),
    "array": _json(b"[]"),
    "null": _json(b"null"),
    "no resourceType": _json(b'{"id":"p1"}'),
    "resourceType no text": _json(b'{"resourceType":["Patient"],"id":"p1"}'),
    "wrong type": as_fhir(about("Observation", "p1", "p1")),
    "an outcome": as_fhir(OUTCOME),
    **{f"status {status}": as_fhir(PATIENT, status) for status in (201, 202, 203, 206)},
    "status 204": Scripted(204),
    "status 304 unasked": Scripted(304),
    **{f"failure {status}": as_fhir(OUTCOME, status) for status in (500, 501, 502, 504, 599)},
}


@each("answer", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_an_answer_that_is_not_the_fhir_json_asked_for_is_invalid(
    here: InProcess, answer: Scripted
) -> None:
    launch, tenant = relaunched(here)
    tenant.on("/Patient/p1", answer)
    got = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1")
    assert (got.status, got.code) == (502, "upstream_invalid")
    assert got.header("Content-Type") == FHIR_JSON
    assert "p1" not in got.text
    assert "script" not in got.text
    assert len(asked(tenant)) == 1


@each("more", ['"x":1,"x":2', f'"x":{"1" * 5_000}'], ids=["a member twice", "5,000 digits"])
def test_what_no_check_looks_at_passes_as_it_came(here: InProcess, more: str) -> None:
    launch, tenant = relaunched(here)
    body = f'{{"resourceType":"Patient","id":"p1",{more}}}'.encode()
    tenant.on("/Patient/p1", Scripted(200, {"Content-Type": FHIR_JSON}, body))
    got = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1")
    assert (got.status, got.body) == (200, body)


WRONG_BUNDLES = {
    "a resource": about("Observation", "o", "p1"),
    "entries no list": searchset() | {"entry": {}},
    "entry null": searchset() | {"entry": [None]},
    "entry without resource": searchset() | {"entry": [{"fullUrl": "x"}]},
    "resource without type": searchset({"id": "o"}),
    "resource type no text": searchset({"resourceType": ["Observation"], "id": "o"}),
    "resource type an object": searchset({"resourceType": {"x": "Patient"}, "id": "o"}),
}


@each("bundle", WRONG_BUNDLES.values(), ids=WRONG_BUNDLES.keys())
@each(("group", "scope"), [("a", "patient/*.rs"), ("u", "user/*.rs")])
def test_a_search_answered_by_something_else_is_invalid(
    here: InProcess, group: str, scope: str, bundle: dict[str, object]
) -> None:
    launch, tenant = relaunched(here, group, scope=scope)
    tenant.on("/Observation", as_fhir(bundle))
    got = launch.browser.fetch(f"{launch.fhir_base}/Observation?patient=p1")
    assert (got.status, got.code) == (502, "upstream_invalid")


def test_metadata_must_be_a_capability_statement(here: InProcess) -> None:
    launch, tenant = launched(here)
    tenant.on("/metadata", as_fhir(PATIENT))
    got = launch.browser.fetch(f"{launch.fhir_base}/metadata")
    assert (got.status, got.code) == (502, "upstream_invalid")


@each(
    "media_type",
    [
        "application/fhir+json",
        "application/fhir+json; charset=utf-8",
        "application/fhir+json;fhirVersion=4.0",
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/vnd.ehr+json",
    ],
)
def test_json_media_types_are_taken_and_become_ours(here: InProcess, media_type: str) -> None:
    launch, tenant = relaunched(here)
    tenant.on("/Patient/p1", as_json(PATIENT, 200, media_type))
    got = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1")
    assert (got.status, got.header("Content-Type"), got.json()) == (200, FHIR_JSON, PATIENT)


@each("status", [301, 302, 303, 307, 308])
@each("target", ["stranger", "other path", "itself by https", "relative"])
def test_a_redirect_is_not_followed(app: App, status: int, target: str) -> None:
    launch, tenant = relaunched(app)
    stranger = app.scripted.tenant()
    location = {
        "stranger": stranger.base.replace("127.0.0.1", "localhost") + "/Patient/p1",
        "other path": f"{stranger.base}/Patient/p1",
        "itself by https": f"{tenant.base}/Patient/p1".replace("http:", "https:"),
        "relative": "/elsewhere",
    }[target]
    answer = as_fhir(PATIENT, status, Location=location)
    tenant.on("/Patient/p1", answer)
    tenant.on("/Patient/_search", answer)
    strangers = len(app.scripted.strangers)
    for got in (
        launch.browser.fetch(f"{launch.fhir_base}/Patient/p1"),
        post_search(launch, "Patient", b"_id=p1"),
    ):
        assert (got.status, got.code) == (502, "upstream_invalid")
        assert got.header("Location") is None
    assert len(asked(tenant)) == 2
    assert stranger.received == []
    assert app.scripted.strangers[strangers:] == []


@each("spare", [0, 1])
def test_20_megabytes_are_the_most(app: App, spare: int) -> None:
    launch, tenant = relaunched(app)
    head, tail = b'{"resourceType":"Patient","id":"p1","x":"', b'"}'
    body = head + b"x" * (20_000_000 + spare - len(head) - len(tail)) + tail
    tenant.on("/Patient/p1", _json(body))
    got = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1")
    if spare:
        assert (got.status, got.code) == (502, "upstream_invalid")
    else:
        assert (got.status, len(got.body)) == (200, 20_000_000)


def _broken_off() -> Iterator[bytes]:
    yield b'{"resourceType":"Patient",'


def test_a_connection_that_breaks_is_unreachable(app: App) -> None:
    launch, tenant = launched(app)
    headers = {"Content-Type": FHIR_JSON, "Content-Length": "100"}
    tenant.on("/Patient/p1", lambda _: Scripted(200, headers, _broken_off()))
    tenant.on("/Patient/_search", HANG_UP)
    for got in (
        launch.browser.fetch(f"{launch.fhir_base}/Patient/p1"),
        post_search(launch, "Patient", b"_id=p1"),
    ):
        assert (got.status, got.code) == (502, "upstream_unreachable")
    # Neither is repeated: the first response had started, and the EHR may have processed the POST.
    assert len(asked(tenant)) == 2


# 401 of the launch's own Patient ends a session: tests/functions/sessions/test_refused_access.py.
RELAYED = [400, 402, 403, 404, 405, 406, 409, 410, 412, 415, 422, 429, 451, 503]
BODIES = {
    "html": Scripted(0, {"Content-Type": "text/html"}, b"<h1>sentinel</h1>"),
    "text": Scripted(0, {"Content-Type": "text/plain"}, b"sentinel at Foo.java:1"),
    "oauth": Scripted(0, {"Content-Type": "application/json"}, b'{"error":"sentinel"}'),
    "patient": Scripted(0, {"Content-Type": FHIR_JSON}, b'{"resourceType":"Patient","id":"s"}'),
    "broken": Scripted(0, {"Content-Type": FHIR_JSON}, b'{"resourceType":"OperationOutcome"'),
    "nothing": Scripted(0),
}


@each("status", RELAYED)
def test_an_outcome_of_the_ehr_is_relayed_with_its_status_byte_for_byte(
    here: InProcess, status: int
) -> None:
    launch, tenant = relaunched(here)
    body = b'{ "resourceType" : "OperationOutcome", "x":1.50, "issue":[{"code":"\\u0078"}] }\n'
    tenant.on("/Patient/p1", Scripted(status, {"Content-Type": FHIR_JSON}, body))
    got = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1")
    assert (got.status, got.body, got.header("Content-Type")) == (status, body, FHIR_JSON)
    assert len(asked(tenant)) == 1


def test_the_log_says_what_an_error_of_the_ehr_means_and_nothing_else_of_its_words(
    app: App,
) -> None:
    launch, tenant = launched(app)
    urn = "urn:cerner:error:oauth2:resource-access:user-not-authorized"
    body = f'{{"code":403,"message":"{urn}","note":"sentinel"}}'.encode()
    tenant.on("/Patient/p1", Scripted(403, {"Content-Type": "application/json"}, body))
    got = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1")
    (line,) = [
        one
        for one in app.log_lines()
        if one.get("correlation_id") == got.header("X-Correlation-Id")
    ]
    assert (line["event"], line["status"], line["urn"]) == ("fhir_request", 403, urn)
    assert line["causes"] == ["user_not_permitted"]
    assert line["severity"] == "WARNING"
    assert line["cause"]
    assert line["fix"]
    assert "sentinel" not in str(line)


@each("status", RELAYED)
def test_any_other_body_becomes_an_outcome(here: InProcess, status: int) -> None:
    launch, tenant = relaunched(here)
    for name, answer in BODIES.items():
        tenant.on("/Patient/p1", Scripted(status, answer.headers, answer.body))
        got = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1")
        assert got.status == status, name
        assert got.header("Content-Type") == FHIR_JSON
        document = got.json()
        assert document["resourceType"] == "OperationOutcome"
        assert document["issue"][0]["severity"] == "error"
        assert str(status) in document["issue"][0]["diagnostics"]
        assert "sentinel" not in got.text


@each("status", [429, 503])
@each("value", ["120", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_retry_after_is_relayed_in_both_forms(here: InProcess, status: int, value: str) -> None:
    launch, tenant = relaunched(here)
    tenant.on("/Patient/p1", as_fhir(OUTCOME, status, **{"Retry-After": value}))
    got = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1")
    assert (got.status, got.all("Retry-After"), got.json()) == (status, [value], OUTCOME)
    assert len(asked(tenant)) == 1


@each(
    "accept",
    [
        "text/html",
        "application/fhir+xml",
        "application/xml, text/html;q=0.9",
        "image/*",
        "application/fhir+json;q=0",
        "application/fhir+json; q=0",
        "text/turtle",
    ],
)
def test_only_json_is_offered(here: InProcess, accept: str) -> None:
    launch, tenant = relaunched(here)
    got = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1", {"Accept": accept})
    assert (got.status, got.code, asked(tenant)) == (406, "not_acceptable", [])


@each(
    "accept",
    [
        "*/*",
        "application/*",
        "application/json",
        "application/fhir+json",
        "application/fhir+json; charset=utf-8",
        "application/fhir+json;fhirVersion=4.0;q=0.9, text/html",
        "text/html, */*;q=0.1",
    ],
)
def test_whoever_takes_json_gets_it(here: InProcess, accept: str) -> None:
    launch, tenant = relaunched(here)
    got = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1", {"Accept": accept})
    assert (got.status, got.header("Content-Type")) == (200, FHIR_JSON)
    assert asked(tenant)[0].headers["Accept"] == FHIR_JSON


@each("path", ["Patient/p1", "Patient", "metadata"])
@each("value", ["xml", "html", "ttl", "", "json,xml", "application/fhir%2Bxml"])
def test_another_format_in_the_query_is_not_acceptable(
    here: InProcess, path: str, value: str
) -> None:
    launch, tenant = relaunched(here)
    got = launch.browser.fetch(f"{launch.fhir_base}/{path}?_format=json&_format={value}")
    assert (got.status, got.code, asked(tenant)) == (406, "not_acceptable", [])


@each("value", ["json", "application/json", "application/fhir%2Bjson;x=y"])
def test_json_as_format_is_left_out(here: InProcess, value: str) -> None:
    launch, tenant = relaunched(here)
    assert launch.browser.fetch(f"{launch.fhir_base}/Patient/p1?_format={value}").status == 200
    assert asked(tenant)[0].query == ""


@each("media_type", ["", "text/plain", "multipart/form-data", "application/json", f"{FORM}x"])
def test_a_search_by_post_is_a_form(here: InProcess, media_type: str) -> None:
    launch, tenant = relaunched(here)
    got = post_search(launch, "Patient", b"_id=p1", media_type=media_type)
    assert (got.status, got.code, asked(tenant)) == (415, "media_type_unsupported", [])


@each(
    "query",
    [
        "access_token=x",
        "_id=p1&access_token=",
        "_getpages=1",
        "_getpages=1&_getpagesoffset=10",
        "x=%ff",
        "x=%c3%28",
        "&".join(f"x{n}=1" for n in range(201)),
        "_page=x",
        "_page=",
        "_page=x&_page=x",
        "_page=x&_id=p1",
    ],
    ids=lambda query: query[:40],
)
def test_parameters_that_cannot_be_served_are_invalid(here: InProcess, query: str) -> None:
    launch, tenant = relaunched(here)
    got = launch.browser.fetch(f"{launch.fhir_base}/Patient?{query}")
    assert (got.status, got.code, asked(tenant)) == (400, "parameter_invalid", [])


@each("form", [b"access_token=x", b"x=\xff", b"_id=p1&x=%ff", b"_page=x"])
def test_parameters_of_a_form_are_judged_alike(here: InProcess, form: bytes) -> None:
    launch, tenant = relaunched(here)
    got = post_search(launch, "Patient", form)
    assert (got.status, got.code, asked(tenant)) == (400, "parameter_invalid", [])


def test_a_request_over_10_megabytes_is_too_large(app: App) -> None:
    launch, tenant = launched(app)
    announced = {**OWN_FETCH, "Content-Type": FORM, "Content-Length": "10000001"}
    got = launch.browser.send("POST", f"{launch.fhir_base}/Patient/_search", announced)
    assert (got.status, got.code, asked(tenant)) == (413, "too_large", [])


def test_a_request_of_unknown_length_is_measured(app: App) -> None:
    launch, tenant = launched(app)
    tenant.on("/Patient/_search", as_fhir(searchset()))
    cookies = "; ".join(f"{name}={value}" for name, value in launch.browser.cookies().items())
    path = launch.fhir_base.removeprefix(app.origin)
    head = (
        f"POST {path}/Patient/_search HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\n"
        f"X-Smart-Proxy: 1\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n"
        "Connection: close\r\n\r\n"
    )
    for length, status in ((10_000_000, b"200"), (10_000_001, b"413")):
        body = b"_id=p1&x=".ljust(length, b"y")
        chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (length, body)
        answer = raw_exchange(app.origin, head.encode() + chunked)
        assert answer.split(b" ")[1] == status
    assert [len(request.body) for request in asked(tenant)] == [10_000_000]


def test_a_session_ends_with_the_access_it_was_given(app: App) -> None:
    launch, tenant = launched(app, expires_in=1)
    url = f"{launch.fhir_base}/Patient/p1"
    until = time.monotonic() + 5
    while (got := launch.browser.fetch(url)).status == 200 and time.monotonic() < until:
        time.sleep(0.1)
    assert (got.status, got.code) == (401, "session_expired")
    assert "launch" in got.text
    before = len(asked(tenant))
    assert launch.browser.fetch(url).code == "session_expired"
    assert launch.browser.fetch(f"{launch.fhir_base}/session").code == "session_expired"
    assert len(asked(tenant)) == before
