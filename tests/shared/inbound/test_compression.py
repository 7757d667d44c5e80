"""Pages as gzip: who gets them so, whole and part by part, and what is never sent so."""

import gzip
import zlib
from collections.abc import Iterator

import pytest

from shared.errors import EhrError
from shared.inbound import compression
from shared.inbound.edge import Reply
from tests.support.app.app import App
from tests.support.app.edge import FHIR_EDGE, HTML, failing, respond
from tests.support.browser.browser import NAVIGATION, OWN_FETCH
from tests.support.tables import each

PAGE = b"<p>\xc3\xa9</p>" * 500
PAGE_HEADERS = {"Content-Type": "text/html; charset=utf-8"}
TAKES = {"Accept-Encoding": "gzip, deflate, br, zstd"}


def serving(body: bytes | Iterator[bytes], *, compressible: bool = True) -> Reply:
    return Reply(200, PAGE_HEADERS, body, compressible=compressible)


@each(
    ("header", "expected"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("gzip, deflate, br", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("gzip;q=0.001", True),
        (" gzip ; Q=0.5 ", True),
        ("*", True),
        ("br, *;q=0.1", True),
        ("gzip;q=0.5, identity;q=0.5", True),
        *(
            (header, False)
            for header in (
                *("", "br", "identity", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *"),
                *("x-gzip;q=0, *", "gzip;q=0.5, identity", "gzip;q=2", "gzip;q=-1"),
                *("gzip;q=0.0001", "gzip;q=nan", "gzip;q=", "gzip;level=9", "gzip x", "gzipped"),
                "x" * 1000 + ",gzip",
            )
        ),
    ],
)
def test_what_a_caller_takes_is_read_with_its_weights(header: str, expected: bool) -> None:
    assert compression.taken(header) is expected


def test_a_page_is_sent_as_gzip_to_who_takes_it() -> None:
    answer = respond(lambda _, __: serving(PAGE), headers=TAKES)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(PAGE) / 10
    assert gzip.decompress(answer.data) == PAGE
    head = respond(lambda _, __: serving(PAGE), headers=TAKES, method="HEAD")
    for name in ("Content-Encoding", "Content-Length", "Vary"):
        assert head.headers[name] == answer.headers[name]


@each(
    ("body", "accepted", "compressible", "vary"),
    [
        (PAGE, "gzip;q=0", True, "Accept-Encoding"),
        (b"<p>", "gzip", True, "Accept-Encoding"),
        (PAGE, "gzip", False, None),
    ],
    ids=["not taken", "too short", "not said that it may be"],
)
def test_other_pages_are_sent_as_they_are(
    body: bytes, accepted: str, *, compressible: bool, vary: str | None
) -> None:
    answer = respond(
        lambda _, __: serving(body, compressible=compressible),
        headers={"Accept-Encoding": accepted},
    )
    assert (answer.data, answer.headers.get("Content-Encoding")) == (body, None)
    assert answer.headers.get("Vary") == vary


def test_each_part_of_a_stream_can_be_read_when_it_comes() -> None:
    parts = [b"<head>" * 50, b"", b"<main>" * 50, b"<footer>"]
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    sent = respond(lambda _, __: serving(iter(parts)), headers=TAKES).response
    read = [reader.decompress(part) for part in sent]  # type: ignore[arg-type]
    assert read[: len(parts)] == parts
    assert b"".join(read) == b"".join(parts)
    assert reader.eof


def test_a_stream_whose_reader_goes_away_is_ended() -> None:
    ended = []

    def parts() -> Iterator[bytes]:
        try:
            while True:
                yield PAGE
        finally:
            ended.append(True)

    answer = respond(lambda _, __: serving(parts()), headers=TAKES)
    next(iter(answer.response))
    answer.close()
    assert ended == [True]


def test_a_page_of_an_error_is_compressed_and_its_json_is_not() -> None:
    page = respond(failing(EhrError()), headers={"Accept": HTML, **TAKES})
    assert page.headers["Content-Encoding"] == "gzip"
    assert b"ehr_error" in gzip.decompress(page.data)
    for edge, accept in ((FHIR_EDGE, HTML), (FHIR_EDGE, "*/*")):
        answer = respond(failing(EhrError()), edge=edge, headers={"Accept": accept, **TAKES})
        assert "Content-Encoding" not in answer.headers
    problem = respond(failing(EhrError()), headers={"Accept": "application/json", **TAKES})
    assert "Content-Encoding" not in problem.headers


# The functions


@pytest.mark.calculators
def test_the_calculators_page_is_compressed_and_nothing_of_the_request_stands_in_it(
    app: App,
) -> None:
    launched = app.launch_simulated("synthetic-bruno")
    url = f"{launched.callback.location}?sentinel-query=1"
    words = {"Referer": "http://sentinel.test", "User-Agent": "sentinel-agent", "X-A": "sentinel-a"}
    plain = launched.browser.send("GET", url, {**NAVIGATION, **words})
    packed = launched.browser.send("GET", url, {**NAVIGATION, **words, **TAKES})
    assert packed.header("Content-Encoding") == "gzip"
    assert packed.header("Transfer-Encoding") == "chunked"
    page = gzip.decompress(packed.body)
    assert len(packed.body) * 4 < len(page)
    assert len(page) > len(plain.body) / 2
    for body in (plain.body, page):
        assert b"sentinel" not in body
        secret = launched.browser.cookies()[f"__Host-smart-{launched.handle}"]
        assert secret.encode() not in body


@pytest.mark.calculators
def test_fhir_answers_and_what_holds_a_launchs_secrets_are_never_compressed(app: App) -> None:
    launched = app.launch_simulated("synthetic-bruno")
    for path in (
        "Patient/synthetic-bruno",
        "session",
        "Observation?patient=synthetic-bruno",
        "metadata",
        "Nonsense",
    ):
        answer = launched.browser.fetch(f"{launched.fhir_base}/{path}", {**OWN_FETCH, **TAKES})
        assert answer.header("Content-Encoding") is None, path
    app_page = f"{app.origin}/smart_calc/{launched.handle}"
    body = b'{"inputs":{}}'
    headers = {**OWN_FETCH, **TAKES, "Content-Type": "application/json"}
    computed = launched.browser.send("POST", f"{app_page}/bmi", headers, body)
    assert computed.header("Content-Encoding") is None
