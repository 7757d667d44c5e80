"""Links of a Bundle: opaque, of one session and one search, never leading elsewhere."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.app.app import App, Launched
from tests.support.app.proxy import about, asked, launched, post_search, relaunched, searchset
from tests.support.ehr.scripted_ehr import Tenant, as_fhir
from tests.support.tables import each

SCOPE = "patient/Observation.rs patient/Condition.rs"


def _links(*urls: str) -> list[dict[str, str]]:
    return [{"relation": "next", "url": url} for url in urls]


def _page(number: int, patient: str = "p1", *links: str) -> dict[str, Any]:
    return searchset(about("Observation", f"o{number}", patient), link=_links(*links))


def _next(launch: Launched, path: str = "Observation?patient=p1") -> list[str]:
    """The addresses of the `next` links that a search is answered with."""
    answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
    assert answer.status == 200, answer.text
    return [link["url"] for link in answer.json()["link"]]


def _paged(app: App, **token: Any) -> tuple[Launched, Tenant, str]:
    """A launch, its EHR, and the link to the second page of a search."""
    launch, tenant = launched(app, **({"scope": SCOPE} | token))
    tenant.on("/Observation", as_fhir(_page(1, "p1", f"{tenant.base}?_getpages=7&_offset=1")))
    tenant.on("", as_fhir(_page(2)))
    (url,) = _next(launch)
    tenant.received.clear()
    return launch, tenant, url


def test_a_link_says_nothing_and_leads_to_the_ehrs_own_page(app: App) -> None:
    launch, tenant, url = _paged(app)
    assert url.startswith(f"{launch.fhir_base}/Observation?_page=")
    assert "getpages" not in url
    answer = launch.browser.fetch(url)
    assert [entry["resource"]["id"] for entry in answer.json()["entry"]] == ["o2"]
    (request,) = asked(tenant)
    assert (request.method, request.path, request.query) == ("GET", "", "_getpages=7&_offset=1")
    assert request.headers["Authorization"] == f"Bearer {tenant.access_token}"


def test_every_relation_is_rewritten_and_keeps_its_name(app: App) -> None:
    launch, tenant = launched(app, scope=SCOPE)
    relations = ["self", "first", "previous", "next", "last"]
    links = [{"relation": name, "url": f"{tenant.base}/Observation?x={name}"} for name in relations]
    tenant.on("/Observation", as_fhir(searchset(link=links)))
    ours = launch.browser.fetch(f"{launch.fhir_base}/Observation?patient=p1").json()["link"]
    assert [link["relation"] for link in ours] == relations
    assert all(link["url"].startswith(f"{launch.fhir_base}/Observation?_page=") for link in ours)


def test_an_answer_whose_links_were_changed_says_so(app: App) -> None:
    launch, tenant, _ = _paged(app)
    tenant.on("/Condition", as_fhir(searchset()))
    addresses = [f"{launch.fhir_base}/{name}?patient=p1" for name in ("Observation", "Condition")]
    changed, whole = (launch.browser.fetch(one) for one in addresses)
    assert changed.header("response-modified-smart-calc") == "page links"
    assert whole.header("response-modified-smart-calc") is None


def test_a_search_by_post_is_paged_by_get(app: App) -> None:
    launch, tenant = launched(app, scope=SCOPE)
    tenant.on("/Observation/_search", as_fhir(_page(1, "p1", f"{tenant.base}?_getpages=7")))
    tenant.on("", as_fhir(_page(2)))
    (link,) = post_search(launch, "Observation", b"code=x").json()["link"]
    assert launch.browser.fetch(link["url"]).status == 200
    assert [(r.method, r.query) for r in asked(tenant)][1:] == [("GET", "_getpages=7")]


# {base} is the FHIR base, {host} its origin; the second is what the EHR is then asked for.
FOLLOWED = [
    ("{base}/Observation?page=2", "{base}/Observation?page=2"),
    ("{base}?_getpages=7", "{base}?_getpages=7"),
    ("{host}/other/fhir?_getpages=7&x=%7C", "{host}/other/fhir?_getpages=7&x=%7C"),
    ("?page=2", "{base}/Observation?page=2"),
    ("Observation?page=2", "{base}/Observation?page=2"),
    ("{base}/Observation?up=../../x&x=%2F..", "{base}/Observation?up=../../x&x=%2F.."),
    ("{base}/..x/.../a..b?page=2", "{base}/..x/.../a..b?page=2"),
    ("/Observation?_offset=10", "{host}/Observation?_offset=10"),
    ("{schemeless}/Observation?page=2", "{base}/Observation?page=2"),
    ("//{schemeless}/Observation?page=2", "{base}/Observation?page=2"),
    ("{base}/Observation?page=2#x", "{base}/Observation?page=2"),
]


@each(("link", "target"), FOLLOWED)
def test_links_within_the_ehr_are_followed_as_they_are(app: App, link: str, target: str) -> None:
    launch, tenant = relaunched(app, scope=SCOPE)
    host = app.scripted.origin
    forms = {"base": tenant.base, "host": host, "schemeless": tenant.base.removeprefix("http://")}
    tenant.on("/Observation", as_fhir(_page(1, "p1", link.format(**forms))))
    (url,) = _next(launch)
    before = len(app.scripted.strangers)
    launch.browser.fetch(url)
    wanted = target.format(**forms).removeprefix(host)
    seen = [f"{urlsplit(tenant.base).path}{r.path}?{r.query}" for r in asked(tenant)[1:]]
    assert [*seen, *app.scripted.strangers[before:]] == [wanted]


@each(
    ("subject", "status"),
    [
        ("Patient/p1", 403),
        ("{there}/Patient/p1", 403),
        ("{base}/Patient/p2", 403),
        ("{base}/Patient/p1", 200),
        ("{BASE}/Patient/p1/_history/2", 200),
    ],
)
def test_in_a_page_from_another_path_only_an_absolute_reference_is_the_patients(
    app: App, subject: str, status: int
) -> None:
    """There, `Patient/p1` may be another tenant's patient."""
    launch, tenant = relaunched(app, scope=SCOPE)
    there = app.scripted.tenant().base
    forms = {"base": tenant.base, "there": there, "BASE": tenant.base.replace("http", "HTTP")}
    found = about("Observation", "o2", "p1")
    found["subject"]["reference"] = subject.format(**forms)
    other = app.scripted.tenants[urlsplit(there).path]
    other.on("/Observation", as_fhir(searchset(found)))
    tenant.on("/Observation", as_fhir(_page(1, "p1", f"{there}/Observation?page=2")))
    (url,) = _next(launch)
    answer = launch.browser.fetch(url)
    assert answer.status == status
    assert len(other.received) == 1


ELSEWHERE = [
    "http://localhost:{port}/a/x/Observation?page=2",
    "http://127.0.0.1/Observation?page=2",
    "https://{host}/Observation?page=2",
    "//localhost:{port}/Observation?page=2",
    "http://{host}@localhost:{port}/Observation",
    "http://user@{host}/Observation",
    "http://user:pass@{host}/Observation",
    "http://{host}\\@localhost:{port}/",
    "http://{host}.evil.example/",
    "http://{host}0/",
    "http://[::1]:{port}/",
    "http://[",
    "http://[::1",
    "http://127.1:{port}/",
    "http://①27.0.0.1:{port}/",
    "http://ehr℀.example/",
    "ftp://{host}/x",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://{host}/Observation?x=\u00eb",
    "http://{host}/Obs ervation",
    "http://{host}/x\u0000",
    "http://{host}/x\u007f",
    "http://metadata.google.internal/",
]
# A server resolves dot segments after the proxy has checked the link, in any spelling it supports.
DOTS = [
    "{base}/../auth/x",
    "{base}/%2e%2e/auth/x",
    "{base}/.%2E/auth/x",
    "{base}/%252e%252e/auth/x",
    "{base}/..;/auth/x",
    "{base}/..;a=b/auth/x",
    "{base}/..%3b/auth/x",
    "{base}/Observation%2f..%2f..",
    "{base}\\..\\auth\\x",
    "{base}/x%5c..%5cauth",
    "{base}/%2e%2e%20/auth/x",
    "{base}/..%00/auth/x",
    "{base}/..%09/auth/x",
    "{base}/./Observation?page=2",
    "./Observation?page=2",
    "../Observation?page=2",
    "/fhir/../auth",
    "{base}/%" + "25" * 20 + "2e/x",
]
# The EHR's own OAuth endpoints, as its discovery document names them.
OAUTH = [
    "{base}/auth/authorize?page=2",
    "{base}/auth/token",
    "{base}/auth/token?page=2",
    "{base}/auth//token/",
    "{base}/AUTH/Token",
    "{base}/auth/tok%65n",
    "{base}/auth;x/token;y",
    "{base}/auth/token/introspect",
    "/auth/revoke",
    "{base}/auth/register",
]


@pytest.fixture(scope="module")
def open_about_endpoints(app: App) -> tuple[Launched, Tenant]:
    """A launch at an EHR that names every endpoint it has."""
    tenant = app.scripted.tenant("a")
    for name in ("revocation", "registration"):
        short = {"revocation": "revoke", "registration": "register"}[name]
        tenant.discovery[f"{name}_endpoint"] = f"{tenant.base}/auth/{short}"
    return app.launch(tenant), tenant


@each("link", [*ELSEWHERE, *DOTS, *OAUTH])
@each("relations", [("self", "first", "previous", "last"), ("next",)])
def test_a_page_link_to_an_oauth_endpoint_is_not_followed_and_never_hides_that_there_is_more(
    app: App, open_about_endpoints: tuple[Launched, Tenant], link: str, relations: tuple[str, ...]
) -> None:
    launch, tenant = open_about_endpoints
    host = app.scripted.origin.removeprefix("http://")
    root = f"/{tenant.base.removeprefix(app.scripted.origin).strip('/')}"
    link = f"{root}{link}" if link == "/auth/revoke" else link
    url = link.format(base=tenant.base, host=host, port=host.partition(":")[2])
    links = [{"relation": relation, "url": url} for relation in relations]
    links += _links(f"{tenant.base}/Observation?page=2")
    tenant.on("/Observation", as_fhir(searchset(about("Observation", "o", "p1"), link=links)))
    before = len(tenant.received)
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?patient=p1")
    if "next" in relations:
        assert (answer.status, answer.code) == (502, "upstream_invalid")
        assert "resource" not in answer.json()
    else:
        assert [one["relation"] for one in answer.json()["link"]] == ["next"]
    assert len(tenant.received) == before + 1


def test_the_log_names_the_host_to_which_the_next_page_would_lead(app: App) -> None:
    launch, tenant = launched(app, scope=SCOPE)
    url = "https://pages.example:8443/fhir?patient=sentinel-patient"
    tenant.on("/Observation", as_fhir(_page(1, "p1", url)))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?patient=p1")
    correlation = answer.header("X-Correlation-Id")
    (line,) = [one for one in app.log_lines() if one["correlation_id"] == correlation]
    assert (line["code"], line["host"]) == ("upstream_invalid", "pages.example:8443")
    assert "sentinel-patient" not in json.dumps(line)


@each(
    "link",
    [
        None,
        {},
        "x",
        [None, 1, "x", [], {}],
        [{"relation": "self"}, {"relation": "last", "url": None}],
        [{"url": "https://elsewhere.example"}],
    ],
)
def test_links_of_another_form_are_left_out(app: App, link: object) -> None:
    launch, tenant = relaunched(app, scope=SCOPE)
    tenant.on("/Observation", as_fhir(searchset(link=link)))
    assert _next(launch) == []


@each("url", [None, ["x"], {"x": "y"}, ""])
def test_a_next_page_without_an_address_is_no_end(app: App, url: object) -> None:
    launch, tenant = relaunched(app, scope=SCOPE)
    tenant.on("/Observation", as_fhir(searchset(link=[{"relation": "next", "url": url}])))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?patient=p1")
    if url == "":
        assert answer.status == 200
    else:
        assert (answer.status, answer.code) == (502, "upstream_invalid")


def test_a_link_of_one_session_is_refused_in_another(app: App) -> None:
    one, _, url = _paged(app)
    other, tenant, own = _paged(app)
    answer = other.browser.fetch(url.replace(one.handle, other.handle))
    assert (answer.status, answer.code, asked(tenant)) == (400, "parameter_invalid", [])
    assert other.browser.fetch(own).status == 200


def test_a_link_serves_the_type_that_was_searched_only(app: App) -> None:
    launch, tenant, url = _paged(app)
    answer = launch.browser.fetch(url.replace("/Observation?", "/Condition?"))
    assert (answer.status, answer.code, asked(tenant)) == (400, "parameter_invalid", [])


def test_an_altered_link_is_refused(app: App) -> None:
    launch, tenant, url = _paged(app)
    base, token = url.split("_page=")
    flipped = [
        token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        for at in range(0, len(token) - 1, 7)
    ]
    for altered in (*flipped, token[:-4], f"{token}AAAA", token[4:], token + token, "", "%00"):
        answer = launch.browser.fetch(f"{base}_page={altered}")
        assert (answer.status, answer.code) == (400, "parameter_invalid"), altered
    assert asked(tenant) == []


def test_a_link_takes_no_further_parameters(app: App) -> None:
    launch, tenant, url = _paged(app)
    for more in ("&patient=p2", "&_count=1", f"&{url.partition('?')[2]}"):
        answer = launch.browser.fetch(url + more)
        assert (answer.status, answer.code) == (400, "parameter_invalid")
    assert asked(tenant) == []


@each(("patient", "status"), [("p1", 200), ("p2", 403)])
def test_every_page_is_checked_against_the_patient(app: App, patient: str, status: int) -> None:
    launch, tenant, url = _paged(app)
    tenant.on("", as_fhir(_page(2, patient)))
    answer = launch.browser.fetch(url)
    assert answer.status == status
    if status == 403:
        assert answer.code == "patient_denied"
        assert "o2" not in answer.text


def test_the_links_of_a_page_are_rewritten_too(app: App) -> None:
    launch, tenant, url = _paged(app)
    tenant.on("", as_fhir(_page(2, "p1", f"{tenant.base}/third?x=3")))
    (third,) = [link["url"] for link in launch.browser.fetch(url).json()["link"]]
    tenant.on("/third", as_fhir(_page(3)))
    assert launch.browser.fetch(third).json()["entry"][0]["resource"]["id"] == "o3"


@each("bundle", [{"resourceType": "Observation"}, {"resourceType": "Patient"}])
def test_a_page_is_a_bundle(app: App, bundle: dict[str, str]) -> None:
    launch, tenant, url = _paged(app)
    tenant.on("", as_fhir(bundle))
    answer = launch.browser.fetch(url)
    assert (answer.status, answer.code) == (502, "upstream_invalid")


def test_pages_keep_the_finer_grained_search_they_came_from(app: App) -> None:
    launch, tenant, url = _paged(app, scope="patient/Observation.s?category=laboratory")
    assert launch.browser.fetch(url).status == 200
    tenant.on("", as_fhir(_page(2, "p2")))
    assert launch.browser.fetch(url).code == "patient_denied"


def test_pages_keep_the_level_of_the_scope_that_allowed_the_search(app: App) -> None:
    scope = "user/Observation.rs?category=laboratory user/Patient.rs"
    launch, tenant = launched(app, "u", scope=scope)
    tenant.on("/Observation", as_fhir(_page(1, "p2", f"{tenant.base}?_getpages=7")))
    tenant.on("", as_fhir(_page(2, "p2")))
    (url,) = _next(launch, "Observation?code=x")
    assert parse_qsl(asked(tenant)[0].query) == [("code", "x"), ("category", "laboratory")]
    assert launch.browser.fetch(url).status == 200
