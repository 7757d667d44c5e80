"""Requests that start nothing: what they answer, to people and to programs (contract 2 and 7)."""

from html import unescape
from urllib.parse import quote

from shared import legacy_launch
from tests.support.app.app import App
from tests.support.app.special_registrations import Pending, Special
from tests.support.browser.browser import NAVIGATION, Browser
from tests.support.tables import each

# {b} is an allowed `iss`, encoded.
REFUSED = [
    ("", "iss_missing"),
    ("?", "iss_missing"),
    ("?launch=1", "iss_missing"),
    ("?iss=&launch=1", "iss_missing"),
    ("?iss&launch=1", "iss_missing"),
    ("?patient=1", "iss_missing"),
    ("?ISS={b}&LAUNCH=1", "iss_missing"),
    ("?iss={b}", "launch_parameter_missing"),
    ("?iss={b}&launch=", "launch_parameter_missing"),
    ("?iss={b}&launch", "launch_parameter_missing"),
    ("?iss={b}&Launch=1", "launch_parameter_missing"),
    ("?fhirServiceUrl={b}&patientId=77", "launch_parameter_missing"),
    ("?PAT_PersonId=77.00&VIS_EncntrId=78.00", "launch_parameter_missing"),
    ("?iss={b}&iss={b}&launch=1", "parameter_repeated"),
    ("?iss={b}&iss=https%3A%2F%2Fx.test&launch=1", "parameter_repeated"),
    ("?iss={b}&%69ss={b}&launch=1", "parameter_repeated"),
    ("?iss={b}&launch=a&launch=b", "parameter_repeated"),
    ("?iss={b}&launch=a&launch=", "parameter_repeated"),
    ("?ehr=simulated&ehr=simulated", "parameter_repeated"),
    ("?ehr=simulated&iss={b}", "parameter_invalid"),
    ("?ehr=simulated&iss=", "parameter_invalid"),
    ("?ehr=simulated&iss={b}&launch=1", "parameter_invalid"),
    ("?ehr=simulated&launch=1", "parameter_invalid"),
    ("?ehr=scripted", "parameter_invalid"),  # it allows no standalone launch
    ("?ehr=nobody", "parameter_invalid"),
    ("?ehr=", "parameter_invalid"),
    ("?ehr=https%3A%2F%2Fx.test%2Ffhir", "parameter_invalid"),
    ("?iss={b}" + "x" * 2000 + "&launch=1", "parameter_invalid"),
    ("?iss={b}&launch=" + "l" * 8193, "parameter_invalid"),
    ("?iss={b}&launch=" + "l" * 60_000, "parameter_invalid"),
]


def _name(value: str) -> str:
    return value if len(value) < 60 else f"{value[:30]}({len(value)})"


@each(("query", "code"), REFUSED, ids=_name)
def test_a_refused_launch_starts_nothing(
    app: App, browser: Browser, pending: Pending, query: str, code: str
) -> None:
    tenant = app.scripted.tenant()
    before = pending.count()
    answer = browser.get(f"{app.origin}/launch{query.format(b=quote(tenant.base, safe=''))}")
    assert (answer.status, answer.code) == (400, code)
    assert (answer.header("Location"), answer.all("Set-Cookie")) == (None, [])
    assert (tenant.received, pending.count()) == ([], before)


def test_a_launch_value_of_8_kb_is_let_in(app: App, browser: Browser) -> None:
    value = "l" * 8192
    answer = app.begin(app.scripted.tenant(), browser, value)
    assert answer.query["launch"] == value


@each("name", legacy_launch.NAMES)
def test_a_legacy_launch_is_told_from_a_smart_one_by_any_of_its_parameters(
    app: App, browser: Browser, name: str
) -> None:
    problem = browser.get(f"{app.origin}/launch?{name}=sentinel-77")
    assert problem.code == "launch_parameter_missing"
    assert f"The app was opened with {name} instead" in problem.text


@each(
    ("query", "named"),
    [
        ("fhirServiceUrl={b}&patientId=sentinel-77", ["fhirServiceUrl", "patientId"]),
        ("PAT_PersonId=sentinel-77&USR_PersonId=1", ["PAT_PersonId", "USR_PersonId"]),
        ("iss={b}&PAT_PersonId=sentinel-77", ["PAT_PersonId"]),
        ("iss={b}&launch=&VIS_EncntrId=sentinel-77", ["VIS_EncntrId"]),
    ],
)
def test_what_arrived_instead_of_a_launch_is_named_but_not_its_value(
    app: App, browser: Browser, query: str, named: list[str]
) -> None:
    base = quote(app.scripted.tenant().base, safe="")
    url = f"{app.origin}/launch?{query.format(b=base)}"
    problem = browser.get(url)
    page = browser.send("GET", url, NAVIGATION)
    assert problem.code == "launch_parameter_missing"
    for answer in (problem, page):
        assert [name for name in named if name not in answer.text] == []
        assert "sentinel-77" not in answer.text
    (line,) = _lines(app, problem.header("X-Correlation-Id"))
    assert line["arrived"] == ", ".join(named)
    assert "sentinel-77" not in app.server.log.read_text()


def test_an_iss_alone_says_that_nothing_arrived_in_place_of_launch(
    app: App, browser: Browser
) -> None:
    base = quote(app.scripted.tenant().base, safe="")
    answer = browser.get(f"{app.origin}/launch?iss={base}")
    (line,) = _lines(app, answer.header("X-Correlation-Id"))
    assert (answer.code, line["arrived"]) == ("launch_parameter_missing", "nothing")


@each("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_than_get_start_nothing(
    app: App, browser: Browser, pending: Pending, method: str
) -> None:
    tenant, before = app.scripted.tenant(), pending.count()
    url = f"{app.origin}/launch?iss={quote(tenant.base, safe='')}&launch=1"
    answer = browser.send(method, url, body=b"" if method in {"POST", "PUT", "PATCH"} else None)
    assert (answer.status, answer.header("Allow")) == (405, "GET")
    if method != "HEAD":
        assert answer.code == "method_not_allowed"
    assert answer.all("Set-Cookie") == []
    assert (tenant.received, pending.count()) == ([], before)


@each("purpose", ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"])
def test_a_prefetch_starts_nothing(
    app: App, browser: Browser, pending: Pending, purpose: str
) -> None:
    tenant, before = app.scripted.tenant(), pending.count()
    url = f"{app.origin}/launch?iss={quote(tenant.base, safe='')}&launch=1"
    answer = browser.get(url, {"Sec-Purpose": purpose})
    assert (answer.status, answer.body, answer.all("Set-Cookie")) == (204, b"", [])
    assert (tenant.received, pending.count()) == ([], before)


@each("part", ["image", "script", "empty", "style", "object", "embed", ""])
def test_a_part_of_a_page_starts_nothing_and_clears_no_cookie(
    app: App, browser: Browser, pending: Pending, part: str
) -> None:
    tenant = app.scripted.tenant()
    for number in range(11):
        app.begin(tenant, browser, launch=f"launch-{number}")
    before, asked, cookies = pending.count(), len(tenant.received), dict(browser.cookies())
    url = f"{app.origin}/launch?iss={quote(tenant.base, safe='')}&launch=1"
    answer = browser.get(url, {"Sec-Fetch-Dest": part})
    assert (answer.status, answer.code) == (403, "not_a_navigation")
    assert answer.all("Set-Cookie") == []
    assert (pending.count(), len(tenant.received), browser.cookies()) == (before, asked, cookies)
    prefetch = browser.get(url, {"Sec-Fetch-Dest": part, "Sec-Purpose": "prefetch"})
    assert prefetch.status == 204


@each("part", ["document", "iframe", "frame"])
def test_a_window_or_frame_starts_a_launch(app: App, browser: Browser, part: str) -> None:
    tenant = app.scripted.tenant()
    url = f"{app.origin}/launch?iss={quote(tenant.base, safe='')}&launch=1"
    assert browser.get(url, {"Sec-Fetch-Dest": part}).status == 302


@each("path", ["/launch/x", "/launch/jwks.json", "/launch//", "/launch/launch", "/launch/%2e"])
def test_other_addresses_are_not_found(app: App, browser: Browser, path: str) -> None:
    tenant = app.scripted.tenant()
    answer = browser.get(f"{app.origin}{path}?iss={quote(tenant.base, safe='')}&launch=1")
    assert (answer.status, answer.code) == (404, "not_found")
    assert tenant.received == []


ALL_CODES = [
    ("/launch?iss={b}", "launch_parameter_missing"),
    ("/launch", "iss_missing"),
    ("/launch?iss=https%3A%2F%2Fx.test&launch=1", "iss_not_allowed"),
    ("/launch?iss={b}&launch=1&launch=2", "parameter_repeated"),
    ("/launch?ehr=nobody", "parameter_invalid"),
    ("/launch/x", "not_found"),
    ("/launch?iss={dead}&launch=1", "discovery_failed"),
    ("/launch?iss={broken}&launch=1", "discovery_invalid"),
]


@each(("path", "code"), ALL_CODES)
def test_every_refusal_is_one_log_line_and_the_same_in_both_forms(
    special: Special, browser: Browser, path: str, code: str
) -> None:
    broken = special.scripted.tenant("t")
    del broken.discovery["token_endpoint"]
    url = special.origin + path.format(
        b=quote(special.scripted.tenant("t").base, safe=""),
        dead=quote(special.dead_base, safe=""),
        broken=quote(broken.base, safe=""),
    )
    problem = browser.get(url)
    page = browser.send("GET", url, NAVIGATION)
    assert (problem.code, problem.status) == (code, page.status)
    assert problem.json()["title"] in unescape(page.text)
    for answer in (problem, page):
        mark = f'"correlation_id": "{answer.header("X-Correlation-Id")}"'
        lines = [line for line in special.server.log.read_text().splitlines() if mark in line]
        assert len(lines) == 1
        assert '"event": "launch_refused"' in lines[0]
        assert f'"code": "{code}"' in lines[0]
        assert answer.header("Cache-Control") == "no-store"
        assert answer.header("Referrer-Policy") == "no-referrer"
        assert answer.header("X-Content-Type-Options") == "nosniff"


def _lines(app: App, correlation_id: str | None) -> list[dict[str, object]]:
    return [line for line in app.log_lines() if line.get("correlation_id") == correlation_id]
