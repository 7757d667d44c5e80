"""Headers pass by allow-list both ways; conditional reads work (FHIR R4 http.html)."""

from tests.support.app.app import App
from tests.support.app.proxy import about, asked, launched, post_search, relaunched, searchset
from tests.support.browser.browser import OWN_FETCH
from tests.support.ehr.scripted_ehr import Received, Scripted, as_fhir
from tests.support.tables import each

SENT = {
    "Accept": "application/fhir+json; q=0.9, */*; q=0.1",
    "Accept-Language": "nl",
    "Authorization": "Bearer of-the-browser",
    "Proxy-Authorization": "Basic eDp5",
    "X-Forwarded-For": "10.0.0.1",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Real-IP": "10.0.0.1",
    "Forwarded": "host=evil.example",
    "X-Original-URL": "/admin",
    "X-Rewrite-URL": "/admin",
    "X-HTTP-Method-Override": "DELETE",
    "Origin": "https://evil.example",
    "Referer": "https://evil.example/?code=x",
    "Range": "bytes=0-1",
    "If-Range": "x",
    "If-Match": "W/1",
    "If-None-Exist": "identifier=1",
    "Expect": "100-continue",
    "Prefer": "respond-async",
    "Proxy-Connection": "keep-alive",
    "Connection": "close, Authorization, X-Secret",
    "Keep-Alive": "timeout=5",
    "TE": "trailers",
    "Upgrade": "h2c",
    "X-Secret": "x",
    "X-Request-Id": "of-the-browser",
    "X-Smart-Proxy": "1",
    "Content-Type": "text/plain",
    "User-Agent": "of-the-browser",
}
REACH_THE_EHR = {"host", "user-agent", "accept", "accept-encoding", "authorization"}


def _values(request: Received) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


@each("name", [None, *SENT])
def test_no_header_of_the_browser_reaches_the_ehr(app: App, name: str | None) -> None:
    launch, tenant = relaunched(app)
    headers = {**OWN_FETCH, **(SENT if name is None else {name: SENT[name]})}
    answer = launch.browser.get(f"{launch.fhir_base}/Patient/p1", headers)
    assert answer.status == 200
    (request,) = asked(tenant)
    values = _values(request)
    assert values.keys() == REACH_THE_EHR
    assert values["authorization"] == f"Bearer {tenant.access_token}"
    assert values["accept"] == "application/fhir+json"
    assert values["user-agent"] == "smart-calc"
    assert values["host"] == tenant.base.split("/")[2]
    assert request.body == b""


def test_a_search_by_post_sends_its_form_and_nothing_more(app: App) -> None:
    launch, tenant = launched(app)
    tenant.on("/Patient/_search", as_fhir(searchset()))
    assert post_search(launch, "Patient", b"_id=p1").status == 200
    values = _values(asked(tenant)[0])
    assert values.keys() == REACH_THE_EHR | {"content-type", "content-length"}
    assert values["content-type"] == "application/x-www-form-urlencoded"


def test_conditional_headers_pass_on_reads_only(app: App) -> None:
    launch, tenant = launched(app)
    tenant.resources["Observation/o"] = about("Observation", "o", "p1")
    tenant.on("/metadata", as_fhir({"resourceType": "CapabilityStatement"}))
    conditional = {
        "If-None-Match": 'W/"3", "x"',
        "If-Modified-Since": "Wed, 21 Oct 2015 07:28:00 GMT",
    }
    for path in ("Patient/p1", "Observation?patient=p1", "metadata"):
        assert launch.browser.fetch(f"{launch.fhir_base}/{path}", conditional).status == 200
    read, *others = [_values(request) for request in asked(tenant)]
    assert read.keys() == REACH_THE_EHR | {"if-none-match", "if-modified-since"}
    assert read["if-none-match"] == conditional["If-None-Match"]
    assert read["if-modified-since"] == conditional["If-Modified-Since"]
    assert all(values.keys() == REACH_THE_EHR for values in others)


@each("value", ["x" * 201, "ë", "a\tb", ""])
def test_a_condition_of_odd_characters_or_length_is_left_out(app: App, value: str) -> None:
    launch, tenant = relaunched(app)
    headers = {"If-None-Match": value}
    assert launch.browser.fetch(f"{launch.fhir_base}/Patient/p1", headers).status == 200
    assert _values(asked(tenant)[0]).keys() == REACH_THE_EHR


def test_an_unchanged_resource_is_answered_by_304_without_a_body(app: App) -> None:
    launch, tenant = launched(app)
    etag, modified = 'W/"3"', "Wed, 21 Oct 2015 07:28:00 GMT"

    def versioned(request: Received) -> Scripted:
        versions = {"ETag": etag, "Last-Modified": modified}
        if request.headers.get("If-None-Match") == etag:
            return Scripted(304, versions)
        return as_fhir(tenant.resources["Patient/p1"], 200, **versions)

    tenant.on("/Patient/p1", versioned)
    url = f"{launch.fhir_base}/Patient/p1"
    first = launch.browser.fetch(url)
    assert (first.status, first.header("ETag"), first.header("Last-Modified")) == (
        200,
        etag,
        modified,
    )
    again = launch.browser.fetch(url, {"If-None-Match": etag})
    assert (again.status, again.body, again.header("ETag")) == (304, b"", etag)
    assert again.header("Content-Type") is None
    assert again.header("Content-Length") is None
    assert launch.browser.fetch(url).body == first.body


HOSTILE = {
    "Set-Cookie": "__Host-smart-x=sentinel; Path=/",
    "WWW-Authenticate": 'Bearer realm="sentinel"',
    "Proxy-Authenticate": "Basic",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "*",
    "Clear-Site-Data": '"cookies"',
    "Location": "https://evil.example/",
    "Content-Location": "https://evil.example/",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src *",
    "Content-Security-Policy-Report-Only": "default-src *",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cross-Origin-Opener-Policy": "unsafe-none",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "sentinel",
    "Refresh": "0; url=https://evil.example/",
    "Link": "<https://evil.example/>; rel=preload",
    "Alt-Svc": 'h2="evil.example:443"',
    "Service-Worker-Allowed": "/",
    "SourceMap": "https://evil.example/",
    "Strict-Transport-Security": "max-age=1",
    "Server": "sentinel-server",
    "Via": "1.1 sentinel",
    "X-Powered-By": "sentinel",
    "X-Request-Id": "sentinel-request",
    "X-Correlation-Id": "sentinel-correlation",
    "Cache-Control": "public, max-age=86400",
    "Expires": "Wed, 21 Oct 2099 07:28:00 GMT",
    "Age": "1",
    "Vary": "*",
    "Pragma": "sentinel",
    "Trailer": "X-Sentinel",
}
REACH_THE_BROWSER = {
    # From the connection and the server.
    "date",
    "server",
    "connection",
    "content-length",
    # Ours.
    "content-type",
    "cache-control",
    "referrer-policy",
    "x-content-type-options",
    "cross-origin-resource-policy",
    "content-security-policy",
    "x-correlation-id",
    # The EHR's.
    "etag",
    "last-modified",
    "retry-after",
}


@each("status", [200, 304, 401, 403, 429, 503, 500])
def test_no_other_header_of_the_ehr_reaches_the_browser(app: App, status: int) -> None:
    launch, tenant = launched(app)
    outcome = {"resourceType": "OperationOutcome", "issue": []}
    document = tenant.resources["Patient/p1"] if status == 200 else outcome
    answer = as_fhir(document, status, **HOSTILE)
    tenant.on("/Patient/p1", Scripted(304, HOSTILE) if status == 304 else answer)
    headers = {"If-None-Match": "x"}
    got = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1", headers)
    assert got.status == (502 if status == 500 else status)
    names = [name.lower() for name, _ in got.headers]
    assert set(names) <= REACH_THE_BROWSER
    assert len(names) == len(set(names))
    values = " ".join(value for _, value in got.headers)
    assert "sentinel" not in values
    assert "evil" not in values
    assert got.header("Cache-Control") == "no-store"


@each("value", ["x" * 201, 'W/"ë"', "a\tb"])
def test_a_version_of_odd_characters_or_length_is_left_out(app: App, value: str) -> None:
    launch, tenant = relaunched(app)
    patient = tenant.resources["Patient/p1"]
    tenant.on("/Patient/p1", as_fhir(patient, 200, ETag=value))
    got = launch.browser.fetch(f"{launch.fhir_base}/Patient/p1")
    assert (got.status, got.header("ETag")) == (200, None)


@each("path", ["Patient/p1", "Observation?patient=p1"])
def test_addresses_in_resources_are_never_followed(app: App, path: str) -> None:
    launch, tenant = relaunched(app)
    stranger = app.scripted.tenant()
    url = stranger.base.replace("127.0.0.1", "localhost")
    strange = {
        "photo": [{"url": f"{url}/photo"}],
        "extension": [{"url": url, "valueUrl": f"{url}/x"}],
        "managingOrganization": {"reference": f"{url}/Organization/1"},
    }
    tenant.on("/Patient/p1", as_fhir(tenant.resources["Patient/p1"] | strange))
    bundle = searchset(about("Observation", "o", "p1", **strange))
    bundle["entry"][0]["fullUrl"] = f"{url}/Observation/o"
    tenant.on("/Observation", as_fhir(bundle))
    got = launch.browser.fetch(f"{launch.fhir_base}/{path}")
    assert got.status == 200
    assert f"{url}/x" in got.text
    assert stranger.received == []
