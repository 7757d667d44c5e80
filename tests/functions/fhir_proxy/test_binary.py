"""Binary: JSON or the content itself, streamed, never active (FHIR R4 binary.html)."""

import base64
import gzip
import http.client
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.app.app import App, Launched
from tests.support.app.proxy import asked, launched, relaunched, unprotected
from tests.support.browser.browser import OWN_FETCH, Answer
from tests.support.ehr.scripted_ehr import HANG_UP, Scripted, Tenant, as_fhir
from tests.support.tables import each

CONTENT = bytes(range(256)) * 40
WRAPPED = {
    "resourceType": "Binary",
    "id": "b1",
    "contentType": "application/pdf",
    "data": base64.b64encode(CONTENT).decode(),
}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}


def _launched(app: App, answer: Scripted) -> tuple[Launched, Tenant]:
    launch, tenant = launched(app, "u", scope="user/Binary.r")
    tenant.on("/Binary/b1", answer)
    return launch, tenant


def _content(media_type: str, body: Any = CONTENT, **headers: str) -> Scripted:
    return Scripted(200, {"Content-Type": media_type, **headers}, body)


def _fetch(launch: Launched, accept: str | None = None) -> Answer:
    headers = {} if accept is None else {"Accept": accept}
    return launch.browser.fetch(f"{launch.fhir_base}/Binary/b1", headers)


@each(
    ("media_type", "told"),
    [
        ("application/pdf", "application/pdf"),
        ("Application/PDF; charset=utf-8; x=y", "application/pdf"),
        ("image/png", "image/png"),
        ("application/dicom", "application/dicom"),
        ("application/octet-stream", "application/octet-stream"),
        ("text/plain", "text/plain"),
        ("text/plain; charset=ISO-8859-1", "text/plain; charset=iso-8859-1"),
        ('text/plain; format=flowed; charset="utf-8"', "text/plain; charset=utf-8"),
        ("text/plain; charset=<script>", "text/plain"),
    ],
)
def test_the_content_comes_byte_for_byte_and_only_to_be_saved(
    app: App, media_type: str, told: str
) -> None:
    launch, tenant = _launched(app, _content(media_type, ETag='W/"1"', Link="<x>; rel=y"))
    answer = _fetch(launch)
    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.all("Content-Type") == [told]
    assert answer.all("Content-Disposition") == ["attachment"]
    assert answer.all("Content-Length") == [str(len(CONTENT))]
    assert (answer.header("ETag"), answer.header("Link")) == ('W/"1"', None)
    assert unprotected(answer) == {}
    (request,) = asked(tenant)
    assert (request.headers["Accept"], request.headers["Accept-Encoding"]) == ("*/*", "identity")


@each(
    "media_type",
    [
        "text/html",
        "text/html; charset=utf-8",
        "application/xhtml+xml",
        "image/svg+xml",
        "text/xml",
        "application/xml",
        "application/fhir+xml",
        "application/javascript",
        "text/javascript",
        "text/css",
        "multipart/form-data",
        "application/pdf, text/html",
        "",
    ],
)
def test_content_that_a_browser_may_run_is_not_passed_on(app: App, media_type: str) -> None:
    launch, _ = _launched(app, _content(media_type, b"<script>sentinel</script>"))
    answer = _fetch(launch)
    assert (answer.status, answer.code) == (502, "upstream_invalid")
    assert "sentinel" not in answer.text
    assert "application/fhir+json" in answer.text


@each(
    "accept",
    [
        "application/fhir+json",
        "application/json",
        "*/*;q=0.1, application/fhir+json;fhirVersion=4.0",
    ],
)
def test_who_names_json_gets_the_resource(app: App, accept: str) -> None:
    launch, tenant = _launched(app, as_fhir(WRAPPED))
    answer = _fetch(launch, accept)
    assert (answer.status, answer.json()) == (200, WRAPPED)
    assert answer.header("Content-Disposition") == "attachment"
    assert asked(tenant)[0].headers["Accept"] == "application/fhir+json"


def test_the_format_in_the_query_counts_more_than_what_is_accepted(app: App) -> None:
    launch, tenant = _launched(app, as_fhir(WRAPPED))
    url = f"{launch.fhir_base}/Binary/b1?_format=json"
    assert launch.browser.fetch(url).json() == WRAPPED
    assert asked(tenant)[0].headers["Accept"] == "application/fhir+json"


def test_an_ehr_that_answers_json_all_the_same_is_read_as_such(app: App) -> None:
    launch, tenant = _launched(app, as_fhir(WRAPPED))
    assert _fetch(launch).json() == WRAPPED
    tenant.on("/Binary/b1", as_fhir({"resourceType": "Patient", "id": "p2"}))
    assert _fetch(launch).code == "upstream_invalid"


@each(
    ("accept", "sent"),
    [
        ("application/pdf", "application/pdf"),
        ("image/*;q=0.8, application/pdf", None),
        ("image/png, text/html", "image/png"),
        ("*/*, application/fhir+json;q=0", "*/*"),
    ],
)
def test_only_types_that_the_caller_takes_are_asked_for(
    app: App, accept: str, sent: str | None
) -> None:
    launch, tenant = _launched(app, _content("image/png" if "png" in accept else "application/pdf"))
    assert _fetch(launch, accept).status == 200
    given = asked(tenant)[0].headers["Accept"]
    if sent is None:
        assert set(given.split(", ")) > {"application/pdf", "image/png"}
        assert "text/plain" not in given
    else:
        assert given == sent


@each("accept", ["text/html", "application/fhir+xml", "application/pdf;q=0"])
def test_who_takes_nothing_that_is_served_is_told_so(app: App, accept: str) -> None:
    launch, tenant = _launched(app, _content("application/pdf"))
    answer = _fetch(launch, accept)
    assert (answer.status, answer.code, asked(tenant)) == (406, "not_acceptable", [])


def test_a_type_that_was_not_asked_for_is_not_passed_on(app: App) -> None:
    launch, _ = _launched(app, _content("image/png"))
    assert _fetch(launch, "application/pdf").code == "upstream_invalid"


@each("status", [400, 401, 403, 404, 406, 410, 429, 503])
def test_the_ehrs_refusal_is_relayed(app: App, status: int) -> None:
    launch, _ = _launched(app, as_fhir(OUTCOME, status))
    answer = _fetch(launch)
    assert (answer.status, answer.json()) == (status, OUTCOME)


def test_unchanged_content_is_not_sent_again(app: App) -> None:
    launch, tenant = _launched(app, Scripted(304, {"ETag": 'W/"1"'}))
    url = f"{launch.fhir_base}/Binary/b1"
    assert launch.browser.fetch(url, {"If-None-Match": 'W/"1"'}).status == 304
    assert asked(tenant)[0].headers["If-None-Match"] == 'W/"1"'


@each(
    ("answer", "code"),
    [
        (HANG_UP, "upstream_unreachable"),
        (Scripted(500), "upstream_invalid"),
        (Scripted(302, {"Location": "/elsewhere"}), "upstream_invalid"),
        (_content("application/pdf", **{"Content-Encoding": "br"}), "upstream_invalid"),
        (_content("application/pdf", **{"Content-Length": "10000001"}), "upstream_invalid"),
    ],
)
def test_what_fails_before_the_content_is_told(app: App, answer: Scripted, code: str) -> None:
    launch, _ = _launched(app, answer)
    assert _fetch(launch).code == code


def test_10_megabytes_are_the_most(app: App) -> None:
    launch, _ = _launched(app, _content("application/pdf", bytes(10_000_000)))
    assert len(_fetch(launch).body) == 10_000_000


def test_compression_that_nobody_asked_for_is_undone(app: App) -> None:
    packed = gzip.compress(CONTENT)
    launch, _ = _launched(app, _content("application/pdf", packed, **{"Content-Encoding": "gzip"}))
    answer = _fetch(launch)
    assert (answer.status, answer.body, answer.header("Content-Encoding")) == (200, CONTENT, None)


def _breaking() -> Iterator[bytes]:
    yield bytes(500_000)


BROKEN: dict[str, Scripted] = {
    "cut": _content("application/pdf", _breaking, **{"Content-Length": "1000000"}),
    "over 10 MB": _content("application/pdf", lambda: iter([bytes(1_000_000)] * 11)),
    "a bomb": _content(
        "application/pdf",
        lambda: iter([gzip.compress(bytes(11_000_000))]),
        **{"Content-Encoding": "gzip"},
    ),
}


@each("answer", BROKEN.values(), ids=BROKEN.keys())
def test_content_that_breaks_off_never_looks_whole(app: App, answer: Scripted) -> None:
    launch, tenant = relaunched(app, "u", scope="user/Binary.r")
    body: Any = answer.body
    tenant.on("/Binary/b1", lambda _: Scripted(200, answer.headers, body()))
    before = len(app.log_lines())
    with pytest.raises(http.client.IncompleteRead):
        _fetch(launch)
    until = time.monotonic() + 60
    while not (errors := _errors(app, before)) and time.monotonic() < until:
        time.sleep(0.05)
    assert errors[-1]["event"] == "fhir_request"
    assert errors[-1]["code"] in {"upstream_invalid", "upstream_unreachable"}
    # The server's own, of which each line is one of its log: ours is a JSON object.
    assert "\nTraceback" not in app.server.log.read_text(encoding="utf-8")


def _errors(app: App, after: int) -> list[dict[str, object]]:
    return [line for line in app.log_lines()[after:] if line["severity"] == "ERROR"]


def test_content_goes_on_while_it_still_comes(app: App) -> None:
    """The second half is sent by the EHR only after the browser has the first one."""
    launch, tenant = launched(app, "u", scope="user/Binary.r")
    has_first: list[bool] = []

    def halves() -> Iterator[bytes]:
        yield b"a" * 65536
        until = time.monotonic() + 60
        while not has_first and time.monotonic() < until:
            time.sleep(0.01)
        yield b"b" * 65536

    tenant.on("/Binary/b1", lambda _: _content("application/pdf", halves()))
    cookies = "; ".join(f"{name}={value}" for name, value in launch.browser.cookies().items())
    headers = {**OWN_FETCH, "Cookie": cookies}
    address = f"{launch.fhir_base}/Binary/b1"
    with requests.get(address, headers=headers, timeout=120, stream=True) as answer:
        assert answer.raw.read(65536) == b"a" * 65536
        has_first.append(True)
        assert answer.raw.read() == b"b" * 65536


def test_patient_scopes_reach_no_binary(app: App) -> None:
    """It names no patient, and its content can't be checked."""
    launch, tenant = launched(app, scope="patient/*.rs")
    for accept in ("*/*", "application/pdf", "application/fhir+json"):
        answer = _fetch(launch, accept)
        assert (answer.status, answer.code, asked(tenant)) == (403, "patient_denied", [])
