"""Which addresses are served, and that no spelling of a path leaves the FHIR base."""

from collections.abc import Callable

import pytest

from shared.fhir.resource_types import RESOURCE_TYPES
from tests.support.app.app import App, Launched
from tests.support.app.proxy import about, asked, launched, post_search, raw_exchange, relaunched
from tests.support.browser.browser import OWN_FETCH, Browser
from tests.support.ehr.scripted_ehr import as_fhir
from tests.support.tables import each

CAPABILITIES = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}


def test_a_resource_is_read_by_type_and_id(app: App) -> None:
    launch, tenant = launched(app)
    answer = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1")
    assert (answer.status, answer.json()) == (200, tenant.resources["Patient/p1"])
    assert [(r.method, r.path, r.query) for r in asked(tenant)] == [("GET", "/Patient/p1", "")]


def test_a_search_by_get_keeps_its_parameters(app: App) -> None:
    launch, tenant = launched(app)
    tenant.resources["Observation/o1"] = about("Observation", "o1", "p1")
    url = f"{launch.fhir_base}/Observation?patient=p1&code=http%3A%2F%2Floinc.org%7C2160-0&date=ge2"
    answer = launch.browser.fetch(f"{url}&date=lt3&_count=5")
    assert [e["resource"]["id"] for e in answer.json()["entry"]] == ["o1"]
    (request,) = asked(tenant)
    assert (request.method, request.path) == ("GET", "/Observation")
    assert request.query == (
        "patient=p1&code=http%3A%2F%2Floinc.org%7C2160-0&date=ge2&date=lt3&_count=5"
    )


def test_a_search_by_post_stays_a_post_with_its_values_in_the_body(app: App) -> None:
    launch, tenant = launched(app)
    tenant.on("/Observation/_search", as_fhir({"resourceType": "Bundle", "type": "searchset"}))
    answer = post_search(launch, "Observation", b"code=2160-0", "?patient=p1")
    assert answer.status == 200
    (request,) = asked(tenant)
    assert (request.method, request.path, request.query) == ("POST", "/Observation/_search", "")
    assert request.form == {"patient": "p1", "code": "2160-0"}
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_the_form_media_type_is_compared_without_case(app: App) -> None:
    launch, tenant = launched(app)
    tenant.on("/Observation/_search", as_fhir({"resourceType": "Bundle", "type": "searchset"}))
    media_type = "Application/X-WWW-Form-Urlencoded; charset=UTF-8"
    assert post_search(launch, "Observation", b"patient=p1", media_type=media_type).status == 200


def test_metadata_is_the_ehrs_own(app: App) -> None:
    launch, tenant = launched(app, scope="launch")
    tenant.on("/metadata", as_fhir(CAPABILITIES))
    answer = launch.browser.fetch(f"{launch.fhir_base}/metadata?_format=json&mode=full")
    assert (answer.status, answer.json()) == (200, CAPABILITIES)
    assert [(r.method, r.path, r.query) for r in asked(tenant)] == [("GET", "/metadata", "")]


def test_metadata_names_the_proxy_and_not_where_the_ehr_gives_tokens(app: App) -> None:
    launch, tenant = launched(app, scope="launch")
    addresses = [{"url": "token", "valueUri": f"{tenant.base}/auth/token"}]
    oauth = {"extension": [{"url": "urn:oauth-uris", "extension": addresses}]}
    described = {"description": "an EHR", "url": tenant.base}
    rest = {"mode": "server", "resource": [{"type": "Patient", "versioning": "versioned"}]}
    told = CAPABILITIES | {"implementation": described, "rest": [rest | {"security": oauth}]}
    tenant.on("/metadata", as_fhir(told))
    answer = launch.browser.fetch(f"{launch.fhir_base}/metadata")
    named = described | {"url": launch.fhir_base}
    assert answer.json() == CAPABILITIES | {"implementation": named, "rest": [rest]}
    assert tenant.base not in answer.text
    assert answer.header("response-modified-smart-calc") == "addresses"


@each("wrap", [lambda one: one, lambda one: {"0": one}, lambda one: [[one]]])
def test_metadata_of_another_shape_names_no_place_to_get_a_token_either(
    app: App, wrap: Callable[[object], object]
) -> None:
    launch, tenant = relaunched(app, scope="launch")
    rest = wrap({"mode": "server", "security": {"description": f"{tenant.base}/auth/token"}})
    tenant.on("/metadata", as_fhir(CAPABILITIES | {"rest": rest}))
    answer = launch.browser.fetch(f"{launch.fhir_base}/metadata")
    assert answer.json() == CAPABILITIES | {"rest": []}


ONE, ALL = "GET, PUT, PATCH, DELETE", "GET, POST"
NOT_SERVED = [
    *(
        (method, path, allow)
        for method in ("OPTIONS", "TRACE", "PROPFIND")
        for path, allow in (
            ("/Patient/p1", ONE),
            ("/Patient", ALL),
            ("/Patient/p1/_history", "GET"),
            ("/../x", ""),
        )
    ),
    *(
        (method, path, allow)
        for method in ("PUT", "PATCH", "DELETE")
        for path, allow in (
            ("", ""),
            ("/Patient", ALL),
            ("/Patient?identifier=1", ALL),
            ("/Patient/_search", "POST"),
            ("/Patient/p1/_history", "GET"),
            ("/Patient/p1/_history/2", "GET"),
            ("/Patient/p1/$everything", ""),
            ("/metadata", "GET"),
        )
    ),
    ("POST", "", ""),
    ("POST", "/", ""),
    ("POST", "/Patient/p1", ONE),
    ("POST", "/Patient/p1/_history", "GET"),
    ("POST", "/Patient/p1/Condition/_search", ""),
    ("POST", "/_search", ""),
    ("POST", "/metadata", "GET"),
    ("POST", "/session", "GET, DELETE"),
    ("PUT", "/session", "GET, DELETE"),
    ("POST", "/$graphql", ""),
    ("POST", "/Patient/$match", ""),
    ("POST", "/Patient/p1/$everything", ""),
    ("POST", "/Patient/p1/$meta-delete", ""),
    ("GET", "", ""),
    ("GET", "/", ""),
    ("GET", "?_type=Condition", ""),
    ("GET", "?_getpages=1", ""),
    ("GET", "/_history", ""),
    ("GET", "/$export", ""),
    ("GET", "/Patient/_history", ""),
    ("GET", "/Patient/_search", "POST"),
    ("GET", "/Patient/p1/$everything", ""),
    ("GET", "/Patient/p1/Condition", ""),
    ("GET", "/Patient/p1/*", ""),
]


@pytest.fixture(scope="module")
def wide(app: App) -> Launched:
    """A launch with every letter on every type."""
    return launched(app, scope="patient/*.cruds user/*.cruds")[0]


@each(("method", "path", "allow"), NOT_SERVED)
def test_batch_transaction_operations_and_every_other_interaction_get_405(
    app: App, wide: Launched, method: str, path: str, allow: str
) -> None:
    headers = {**OWN_FETCH, "X-HTTP-Method-Override": "GET", "Content-Type": "application/json"}
    answer = wide.browser.send(method, wide.fhir_base + path, headers)
    assert answer.status == 405
    assert answer.header("Allow") == allow
    assert answer.code == "method_not_allowed"
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")]


@each(
    ("path", "status"),
    [("/Patient/p1", 200), ("/Patient/p2", 403), ("/Observation/x", 404), ("/../x", 400)],
)
def test_head_is_answered_as_get_without_the_body(wide: Launched, path: str, status: int) -> None:
    read = wide.browser.fetch(wide.fhir_base + path)
    answer = wide.browser.send("HEAD", wide.fhir_base + path, OWN_FETCH)
    assert (answer.status, answer.body, read.status) == (status, b"", status)
    varying = ("X-Correlation-Id", "Date")
    one, other = (
        [header for header in one.headers if header[0] not in varying] for one in (answer, read)
    )
    assert one == other


def test_head_asks_the_ehr_by_get(app: App) -> None:
    launch, tenant = launched(app)
    launch.browser.send("HEAD", f"{launch.fhir_base}/Patient/p1", OWN_FETCH)
    assert [(one.method, one.path) for one in asked(tenant)] == [("GET", "/Patient/p1")]
    session = launch.browser.send("HEAD", f"{launch.fhir_base}/session", OWN_FETCH)
    assert (session.status, session.body) == (200, b"")


@each("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_another_method_in_a_header_or_parameter_has_no_effect(app: App, header: str) -> None:
    launch, tenant = relaunched(app)
    url = f"{launch.fhir_base}/Patient/p1?_method=DELETE"
    assert launch.browser.fetch(url, {header: "DELETE"}).status == 200
    (request,) = asked(tenant)
    assert (request.method, request.query) == ("GET", "")
    assert "method" not in " ".join(request.headers).lower()


# {p} is the session's URL, {x} a third-party host. Bytes are sent unchanged.
HOSTILE = [
    "http://{x}/fhir",
    "http://{x}{p}/Patient/p1",
    "{p}/http://{x}/",
    "{p}/https://{x}/fhir/Patient/p1",
    "{p}/http:/{x}",
    "{p}/http:%2f%2f{x}",
    "{p}//{x}/fhir",
    "{p}///{x}/fhir",
    "{p}/\\{x}",
    "{p}/\\\\{x}\\fhir",
    "{p}/%5c%5c{x}",
    "{p}/@{x}",
    "{p}/%40{x}",
    "{p}@{x}/Patient/p1",
    "{p}:80@{x}/Patient/p1",
    "{p}.{x}/Patient/p1",
    "{p}/%2f%2f{x}",
    "{p}/%2F%2F{x}/fhir",
    "{p}/..",
    "{p}/../",
    "{p}/../../",
    "{p}/../admin",
    "{p}/./Patient/p1",
    "{p}/Patient/.",
    "{p}/Patient/..",
    "{p}/Patient/./p1",
    "{p}/Patient/../Patient/p1",
    "{p}/Patient/p1/../p1",
    "{p}/Patient/p1/../../admin",
    "{p}/metadata/../Patient/p1",
    "{p}/session/../Patient/p1",
    "{p}/%2e%2e/admin",
    "{p}/%2E%2E/admin",
    "{p}/.%2e/admin",
    "{p}/%2e%2e%2fadmin",
    "{p}/..%2fadmin",
    "{p}/Patient/..%2f..%2fadmin",
    "{p}/Patient%2f..%2fadmin",
    "{p}/%252e%252e/admin",
    "{p}/..%252fadmin",
    "{p}/%25252e%25252e/admin",
    "{p}/%c0%ae%c0%ae/admin",
    "{p}/%u002e%u002e/admin",
    "{p}/..;/admin",
    "{p}/Patient/..;/admin",
    "{p}/Patient;x=1/p1",
    "{p}/Patient/p1;x=1",
    "{p}/.%00",
    "{p}/%00",
    "{p}/Patient/p1%00",
    "{p}/Patient/p1%00.json",
    "{p}/Patient/p1\x00",
    "{p}/\\..\\admin",
    "{p}/Patient\\..\\admin",
    "{p}/Patient\\p1",
    "{p}//Patient/p1",
    "{p}/Patient//p1",
    "{p}/Patient/p1/",
    "{p}/Patient/",
    "{p}/metadata/",
    "{p}/metadata/x",
    "{p}/session/x",
    "{p}/．．/admin",
    "{p}/Patient/．．",
    "{p}/%ef%bc%8e%ef%bc%8e/admin",
    "{p}/Patient/p1%20",
    "{p}/Patient%20/p1",
    "{p}/%20Patient/p1",
    "{p}/Patient/p1\t",
    "{p}/Patient/p 1",
    "{p}/Patient/p1 ",
    "{p}/Patient/" + "a" * 65,
    "{p}/Patient/p_1",
    "{p}/Patient/ｐ1",
    "{p}/Patient/a%2fb",
    "{p}/%50atient/p1",
    "{p}/Patient/%70%31",
    "{p}/Patient/p1#x",
    "{p}/Patient/p1%23x",
    "{p}/Patient/p1%3fx=1",
    "{p}/Patient/p1&x=1",
    "{p}/patient/p1",
    "{p}/PATIENT/p1",
    "{p}/Patients/p1",
    "{p}/Ｐatient/p1",
    "{p}/Admin/p1",
    "{p}/admin",
    "{p}/.well-known/smart-configuration",
    "{p}/.",
    "{p}/*",
    "{p}/Patient/p1/Condition/c1",
    "{p}/Patient/p1/_history/",
    "{p}/Patient/p1/_history/.",
    "{p}/Patient/p1/_history/..",
    "{p}/Patient/p1/_history/../../p2",
    "{p}/Patient/p1/_history/%2e%2e",
    "{p}/Patient/p1/_history/1/2",
    "{p}/Patient/../_history/1",
    "{p}/Patient/p1/_History",
    "{p}/Patient/p1%0d%0aX-Injected:%20yes",
    "{p}/Patient/p1%0aX-Injected: yes",
    "{p}/Patient/p1\r\nX-Injected: yes",
    "{p}/Patient/p1\rX-Injected: yes",
    "{p}/Patient/p1\nX-Injected: yes",
    "{p}/Patient/p1 HTTP/9.9\r\nX-Injected: yes",
    "/fhir_proxy/../fhir_proxy{p}/Patient/p1",
    "/fhir_proxy/short/Patient/p1",
    "/fhir_proxy/{x}/Patient/p1",
    "/fhir_proxy%2f{p}/Patient/p1",
]


def test_no_hostile_path_reaches_the_ehr_or_a_stranger(app: App) -> None:
    launch, tenant = launched(app, "u", scope="user/*.cruds")
    stranger = app.scripted.tenant()
    host = stranger.base.removeprefix("http://")
    path = launch.fhir_base.removeprefix(app.origin)
    cookies = "; ".join(f"{name}={value}" for name, value in launch.browser.cookies().items())
    head = (
        f" HTTP/1.1\r\nHost: {host.partition('/')[0]}\r\nCookie: {cookies}\r\n"
        "Sec-Fetch-Site: same-origin\r\nConnection: close\r\n\r\n"
    ).encode()
    reached = {}
    for target in HOSTILE:
        line = b"GET " + target.replace("{p}", path).replace("{x}", host).encode()
        status = raw_exchange(app.origin, line + head).split(b" ")[1:2]
        if not status or not 400 <= int(status[0]) < 500 or asked(tenant) or stranger.received:
            reached[target] = status
    assert reached == {}
    # The same bytes around a plain path are served: the refusals above are of the paths.
    plain = raw_exchange(app.origin, f"GET {path}/Patient/p1".encode() + head)
    assert plain.startswith(b"HTTP/1.1 200 ")


@each(
    "path",
    [
        "/Patient/p1/",
        "//Patient/p1",
        "/patient/p1",
        "/Nonsense",
        "/Nonsense/1",
        "/admin",
        "/Patient/..",
        "/Patient/p1/_history/..",
        "/%2e%2e/x",
        "/Patient/" + "a" * 65,
    ],
)
@each("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_path_out_of_the_grammar_is_called_invalid(
    wide: Launched, path: str, method: str
) -> None:
    answer = wide.browser.send(method, wide.fhir_base + path, OWN_FETCH)
    assert (answer.status, answer.code) == (400, "path_invalid")


@each(
    ("query", "sent"),
    [
        ("x=%00", "x=%00"),
        ("x=%0d%0aX-Injected:%20yes", "x=%0D%0AX-Injected%3A+yes"),
        ("x=a%23b", "x=a%23b"),
        ("x=a%26y%3Db", "x=a%26y%3Db"),
        ("x=Zo%C3%AB", "x=Zo%C3%AB"),
        ("x=1;y=2", "x=1%3By%3D2"),
        ("x=../../admin", "x=..%2F..%2Fadmin"),
        ("x=a+b", "x=a+b"),
        ("x", "x="),
    ],
)
def test_the_query_is_serialised_anew(app: App, query: str, sent: str) -> None:
    launch, tenant = relaunched(app)
    assert launch.browser.fetch(f"{launch.fhir_base}/Patient/p1?{query}").status == 200
    assert [(r.path, r.query) for r in asked(tenant)] == [("/Patient/p1", sent)]
    assert "X-Injected" not in asked(tenant)[0].headers


def test_a_form_in_utf8_arrives_as_what_it_says(app: App) -> None:
    launch, tenant = launched(app)
    tenant.on("/Observation/_search", as_fhir({"resourceType": "Bundle", "type": "searchset"}))
    assert post_search(launch, "Observation", "patient=p1&x=Zoë".encode()).status == 200
    assert [r.form for r in asked(tenant)] == [{"patient": "p1", "x": "Zoë"}]


def test_the_146_types_of_r4_are_known_each_once() -> None:
    assert len(RESOURCE_TYPES) == len(set(RESOURCE_TYPES)) == 146
    assert all(name.isalpha() and name[0].isupper() for name in RESOURCE_TYPES)


@each("path", ["robots.txt", "favicon.ico", "%0A", "%0a/Patient/p1", "%7F"])
def test_what_any_host_is_asked_for_is_no_address_of_the_proxy(app: App, path: str) -> None:
    """The same holds if the request has no origin, because no session is used."""
    answer = Browser().send("GET", f"{app.origin}/fhir_proxy/{path}", {})
    assert (answer.status, answer.code) == (404, "not_found")
    assert answer.header("X-Correlation-Id")
