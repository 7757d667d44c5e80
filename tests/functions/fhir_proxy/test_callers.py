"""Who may call, in which order refusals come, and what every answer carries (contract, 6)."""

from collections.abc import Callable

import pytest

from tests.support.app.app import App, Launched
from tests.support.app.proxy import FORM, about, asked, launched, searchset, unprotected
from tests.support.browser.browser import OWN_FETCH, Answer, Browser
from tests.support.ehr.scripted_ehr import Scripted, Tenant, as_fhir
from tests.support.tables import each

OWN = "{own}"
STRANGERS = [
    "https://evil.example",
    "null",
    "",
    "{own}/",
    "{own}.evil.example",
    "http://app.localhost:{port}",
    "https://localhost:{port}",
    "http://127.0.0.1:{port}",
    "http://localhost",
    "http://LOCALHOST:{port}",
    "{own} {own}",
]
MAY_CALL = [
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null", "X-Smart-Proxy": "0"},
    {"Origin": OWN},
    {"Origin": OWN, "Sec-Fetch-Dest": "empty"},
    {"Origin": OWN, "X-Smart-Proxy": "0"},
    {"X-Smart-Proxy": "1"},
    {"X-Smart-Proxy": "1", "Sec-Fetch-Dest": "empty"},
]
MAY_NOT = [
    {},
    *(
        {"Sec-Fetch-Site": site, **more}
        for site in ("cross-site", "same-site", "none", "", "Same-Origin", "same-origin, none")
        for more in ({}, {"Origin": OWN}, {"X-Smart-Proxy": "1"})
    ),
    *({"Origin": origin, **more} for origin in STRANGERS for more in ({}, {"X-Smart-Proxy": "1"})),
    *({"X-Smart-Proxy": value} for value in ("0", "", "true", "11", "1, 1")),
    *(
        {**proof, "Sec-Fetch-Dest": destination}
        for destination in ("document", "iframe", "image", "script", "worker", "", "Empty")
        for proof in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": OWN}, {"X-Smart-Proxy": "1"})
    ),
]


@pytest.fixture(scope="module")
def kept(app: App) -> tuple[Launched, Tenant]:
    """A launch that no test changes."""
    launch, tenant = launched(app)
    tenant.on("/metadata", as_fhir({"resourceType": "CapabilityStatement"}))
    return launch, tenant


def _filled(app: App, headers: dict[str, str]) -> dict[str, str]:
    port = app.origin.rpartition(":")[2]
    return {
        name: value.replace("{own}", app.origin).replace("{port}", port)
        for name, value in headers.items()
    }


@each("headers", MAY_CALL, ids=str)
def test_our_own_origin_may_call(
    app: App, kept: tuple[Launched, Tenant], headers: dict[str, str]
) -> None:
    launch, _ = kept
    answer = launch.browser.get(f"{launch.fhir_base}/Patient/p1", _filled(app, headers))
    assert answer.status == 200


@each("headers", MAY_NOT, ids=str)
def test_nobody_else_may_call(
    app: App, kept: tuple[Launched, Tenant], headers: dict[str, str]
) -> None:
    launch, tenant = kept
    before = len(tenant.received)
    answer = launch.browser.get(f"{launch.fhir_base}/Patient/p1", _filled(app, headers))
    assert (answer.status, answer.code) == (403, "cross_site")
    assert len(tenant.received) == before


@each(
    ("method", "path"),
    [("GET", "/session"), ("GET", "/metadata"), ("GET", "/Patient"), ("POST", "/Patient/_search")],
)
def test_the_caller_is_checked_at_every_address(
    app: App, kept: tuple[Launched, Tenant], method: str, path: str
) -> None:
    launch, tenant = kept
    before = len(tenant.received)
    headers = {"Sec-Fetch-Site": "cross-site", "Content-Type": FORM}
    answer = launch.browser.send(method, launch.fhir_base + path, headers)
    assert (answer.status, answer.code) == (403, "cross_site")
    assert len(tenant.received) == before


def test_options_gets_405_and_no_cors_header(app: App, kept: tuple[Launched, Tenant]) -> None:
    launch, _ = kept
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    answer = launch.browser.send("OPTIONS", f"{launch.fhir_base}/Patient/p1", headers)
    assert answer.status == 405
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}
TEXT = {"Content-Type": "text/plain"}
JSON = {"Content-Type": "application/fhir+json"}
# method, path, headers, whether the cookie is sent, status, code: all later faults are there too.
ORDER = [
    ("TRACE", "/../x", CROSS_SITE, False, 405, "method_not_allowed"),
    ("GET", "/Patient/_history", CROSS_SITE, False, 405, "method_not_allowed"),
    ("PUT", "/../x", CROSS_SITE, False, 403, "cross_site"),
    ("DELETE", "/../x", OWN_FETCH, False, 400, "path_invalid"),
    ("DELETE", "/Condition/c1", CROSS_SITE, False, 403, "cross_site"),
    ("PUT", "/Condition/c1", {**OWN_FETCH, **TEXT}, False, 401, "session_missing"),
    ("POST", "/Condition", {**OWN_FETCH, **TEXT}, True, 415, "media_type_unsupported"),
    ("POST", "/Condition", {**OWN_FETCH, **JSON}, True, 403, "scope_denied"),
    ("POST", "/Nonsense", CROSS_SITE, False, 403, "cross_site"),
    ("GET", "/../x", CROSS_SITE, False, 403, "cross_site"),
    ("POST", "/Nonsense/_search", {**CROSS_SITE, **TEXT}, False, 403, "cross_site"),
    ("GET", "/../x", OWN_FETCH, False, 400, "path_invalid"),
    ("GET", "/Condition?patient=p2", OWN_FETCH, False, 401, "session_missing"),
    ("POST", "/Condition/_search", {**OWN_FETCH, **TEXT}, False, 401, "session_missing"),
    ("GET", "/Condition/c1", {**OWN_FETCH, "Accept": "text/html"}, False, 401, "session_missing"),
    ("GET", "/Condition?patient=p2", OWN_FETCH, True, 403, "scope_denied"),
    ("GET", "/Observation?patient=p2", OWN_FETCH, True, 403, "patient_denied"),
    ("GET", "/Observation?patient=p1", OWN_FETCH, True, 502, "upstream_invalid"),
]


@pytest.fixture(scope="module")
def faulty(app: App) -> tuple[Launched, Tenant]:
    """A launch only for Observations, at an EHR that fails."""
    launch, tenant = launched(app, scope="patient/Observation.rs")
    tenant.on("/Observation", Scripted(500))
    return launch, tenant


@each(("method", "path", "headers", "cookie", "status", "code"), ORDER)
def test_refusals_come_in_the_order_promised(
    faulty: tuple[Launched, Tenant],
    method: str,
    path: str,
    headers: dict[str, str],
    cookie: bool,
    status: int,
    code: str,
) -> None:
    launch, tenant = faulty
    before = len(asked(tenant))
    browser = launch.browser if cookie else Browser()
    answer = browser.send(method, launch.fhir_base + path, headers)
    assert (answer.status, answer.code) == (status, code)
    assert len(asked(tenant)) - before == (1 if status == 502 else 0)


def test_no_session_is_told_and_never_sent_to_a_login(kept: tuple[Launched, Tenant]) -> None:
    launch, tenant = kept
    # From now on the session is cached, and its secret is checked nevertheless.
    assert launch.browser.fetch(f"{launch.fhir_base}/Patient/p1").status == 200
    before = len(tenant.received)
    name, value = next(iter(launch.browser.cookies().items()))
    other_secret = f"{value[:-43]}{'A' * 43}"
    cookies = ["", f"{name}=", f"{name}=x", f"{name}={other_secret}", f"{name}={value}; {name}=x"]
    cookies += [f"{name}={value}; {name}={value}", f"{name.lower()}={value}", f"{name}={value}x"]
    cookies += [f"{name}={first}; {name}={value}" for first in ("", other_secret)]
    for cookie in cookies:
        headers = {**OWN_FETCH, "Cookie": cookie}
        answer = Browser().get(f"{launch.fhir_base}/Patient/p1", headers)
        assert (answer.status, answer.code) == (401, "session_missing"), cookie
        assert answer.header("Location") is None
    assert len(tenant.received) == before


def test_a_session_that_the_store_does_not_know_is_over(app: App) -> None:
    handle = "A" * 22
    cookie = f"__Host-smart-{handle}=t0.-.{'A' * 43}"
    url = f"{app.origin}/fhir_proxy/{handle}/Patient/p1"
    answer = Browser().get(url, {**OWN_FETCH, "Cookie": cookie})
    assert (answer.status, answer.code) == (401, "session_expired")


Ask = Callable[[Launched, Tenant], Answer]


def _fetch(path: str, **headers: str) -> Ask:
    def ask(launch: Launched, tenant: Tenant) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return launch.browser.fetch(launch.fhir_base + path, sent)

    return ask


def _send(method: str, path: str, **headers: str) -> Ask:
    def ask(launch: Launched, tenant: Tenant) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return launch.browser.send(method, launch.fhir_base + path, {**OWN_FETCH, **sent})

    return ask


def _at(path: str, answer: Scripted, ask: Ask | None = None) -> Ask:
    def prepared(launch: Launched, tenant: Tenant) -> Answer:
        tenant.on(path, answer)
        return (ask or _fetch(path))(launch, tenant)

    return prepared


def _without_cookie(launch: Launched, tenant: Tenant) -> Answer:
    return Browser().fetch(f"{launch.fhir_base}/Patient/p1")


KINDS: list[tuple[int, str, Ask]] = [
    (200, "read", _fetch("/Patient/p1")),
    (200, "search", _at("/Observation", as_fhir(searchset(about("Observation", "o", "p1"))))),
    (200, "session", _fetch("/session")),
    (200, "metadata", _at("/metadata", as_fhir({"resourceType": "CapabilityStatement"}))),
    (304, "unchanged", _at("/Patient/p1", Scripted(304), _fetch("/Patient/p1", If_None_Match="x"))),
    (400, "path", _fetch("/Nonsense")),
    (400, "parameter", _fetch("/Patient/p1?access_token=x")),
    (401, "session", _without_cookie),
    (403, "caller", _fetch("/Patient/p1", Sec_Fetch_Site="cross-site")),
    (403, "scope", _fetch("/Practitioner/x")),
    (403, "patient", _fetch("/Patient/p2")),
    (404, "relayed", _fetch("/Observation/none")),
    (405, "method", _send("DELETE", "/Patient")),
    (200, "head", _send("HEAD", "/Patient/p1")),
    (406, "accept", _fetch("/Patient/p1", Accept="text/html")),
    (413, "size", _send("POST", "/Patient/_search", Content_Length="10000001", Content_Type=FORM)),
    (415, "media type", _send("POST", "/Patient/_search", Content_Type="text/plain")),
    (429, "relayed", _at("/Patient/p1", Scripted(429, {"Retry-After": "5"}))),
    (502, "upstream", _at("/Patient/p1", Scripted(500))),
    (503, "relayed", _at("/Patient/p1", Scripted(503))),
]


@each(("status", "kind", "ask"), KINDS, ids=[f"{s} {k}" for s, k, _ in KINDS])
def test_every_answer_carries_the_four_headers_and_a_correlation_id(
    app: App, status: int, kind: str, ask: Ask
) -> None:
    answer = ask(*launched(app, scope="patient/Patient.rs patient/Observation.rs"))
    assert answer.status == status
    assert unprotected(answer) == {}
    assert len(answer.all("X-Correlation-Id")) == 1
    assert answer.header("Set-Cookie") is None
    media_type = answer.header("Content-Type")
    assert media_type == {"session": "application/json"}.get(
        kind if status == 200 else "", None if status == 304 else "application/fhir+json"
    )
