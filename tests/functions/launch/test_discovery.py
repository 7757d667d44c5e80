"""Discovery as a launch meets it: endpoints from the EHR's document only, or none (DISC)."""

from itertools import pairwise
from urllib.parse import quote, urlsplit

from tests.support.app.app import App
from tests.support.app.special_registrations import Pending, Special
from tests.support.browser.browser import Answer, Browser
from tests.support.ehr.scripted_ehr import Scripted, ScriptedEhr, as_json
from tests.support.tables import each

DOCUMENT = "/.well-known/smart-configuration"


def _begin(origin: str, base: str, browser: Browser) -> Answer:
    return browser.get(f"{origin}/launch?iss={quote(base, safe='')}&launch=1")


def _refused(answer: Answer, code: str) -> None:
    assert (answer.status, answer.code) == (502, code)
    assert (answer.header("Location"), answer.all("Set-Cookie")) == (None, [])


@each("slash", ["", "/"])
def test_the_document_lies_below_the_base_with_one_slash(
    app: App, browser: Browser, slash: str
) -> None:
    tenant = app.scripted.tenant()
    assert _begin(app.origin, tenant.base + slash, browser).status == 302
    (request,) = tenant.received
    assert (request.method, request.path, request.query) == ("GET", DOCUMENT, "")


def test_the_document_lies_below_the_whole_path_of_the_base(
    special: Special, browser: Browser
) -> None:
    assert _begin(special.origin, f"{special.deep.base}/r4/fhir", browser).status == 302
    assert {one.path for one in special.deep.received} == {f"/r4/fhir{DOCUMENT}"}


def test_the_request_carries_nothing_of_the_browser(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    url = f"{app.origin}/launch?iss={quote(tenant.base, safe='')}&launch=1"
    secret = {"Authorization": "Bearer x", "Cookie": "a=b", "Referer": "http://r.test/"}
    browser.get(url, {**secret, "User-Agent": "b", "Accept-Language": "de", "X-Forwarded-For": "1"})
    (request,) = tenant.received
    assert set(request.headers) == {"Host", "Accept", "Accept-Encoding", "User-Agent"}
    assert request.headers["Accept"] == "application/json"
    assert request.headers["User-Agent"] != "b"


MISSING = Ellipsis


# All forms of addresses that are refused: tests/shared/smart/test_discovery.py.
@each("name", ["authorization_endpoint", "token_endpoint"])
@each(
    "value",
    [MISSING, None, ["http://x"], "javascript:alert(1)", "http://{other}/x", "//{other}/x"],
    ids=str,
)
def test_a_document_without_a_usable_endpoint_stops_the_launch(
    app: App, browser: Browser, other: ScriptedEhr, pending: Pending, name: str, value: object
) -> None:
    tenant = app.scripted.tenant()
    before = pending.count(), len(other.strangers)
    if isinstance(value, str):
        value = value.format(other=urlsplit(other.origin).netloc)
    tenant.discovery[name] = value
    if value is MISSING:
        del tenant.discovery[name]
    answer = app.begin(tenant, browser)
    _refused(answer, "discovery_invalid")
    assert name in answer.json()["detail"]
    assert (pending.count(), len(other.strangers)) == before
    assert tenant.outside_of_discovery() == []


def test_endpoints_may_lie_on_a_configured_host(
    special: Special, browser: Browser, other: ScriptedEhr
) -> None:
    tenant, server = special.scripted.tenant("h"), other.tenant("o")
    tenant.discovery["authorization_endpoint"] = f"{server.base}/auth/authorize"
    tenant.discovery["token_endpoint"] = f"{server.base}/auth/token"
    begun = _begin(special.origin, tenant.base, browser)
    assert begun.location.startswith(f"{server.base}/auth/authorize?")
    url = f"{begun.query['redirect_uri']}?code=c&state={begun.query['state']}"
    assert browser.get(url).status == 303
    assert [one.path for one in server.received] == ["/auth/token"]


SOUND = b'{"authorization_endpoint": "/authorize", "token_endpoint": "/token"}'
# More bodies that can't be read: tests/shared/smart/test_discovery.py.
UNUSABLE = {
    "html": Scripted(200, {"Content-Type": "text/html"}, b"<!doctype html><title>Sign in</title>"),
    "empty object": Scripted(200, {"Content-Type": "application/json"}, b"{}"),
    "broken gzip": Scripted(200, {"Content-Encoding": "gzip"}, b"not gzip"),
    "not found": Scripted(404),
    "no content": Scripted(204),
    # A redirect isn't followed, and its body isn't used.
    "redirect inside": Scripted(302, {"Location": "http://169.254.169.254/"}, SOUND),
    "redirect": Scripted(307, {"Location": "/a/elsewhere"}, SOUND),
}


@each("given", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_an_unusable_document_stops_the_launch(app: App, browser: Browser, given: Scripted) -> None:
    tenant = app.scripted.tenant()
    tenant.on(DOCUMENT, given)
    _refused(app.begin(tenant, browser), "discovery_invalid")
    assert {one.path for one in tenant.received} == {DOCUMENT}


def test_an_ehr_that_cannot_be_reached_stops_the_launch(special: Special, browser: Browser) -> None:
    _refused(_begin(special.origin, special.dead_base, browser), "discovery_failed")


def test_the_document_is_fetched_once_for_launches_in_a_row(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    for slash in ("", "/", "", ""):
        assert _begin(app.origin, tenant.base + slash, browser).status == 302
    assert len(tenant.received) == 1


def test_tenants_of_one_registration_never_get_each_others_document(
    app: App, browser: Browser
) -> None:
    tenants = [app.scripted.tenant() for _ in range(3)] + [app.scripted.tenant("n")]
    for _ in range(3):
        for tenant in tenants:
            begun = app.begin(tenant, browser)
            assert begun.location.startswith(f"{tenant.base}/auth/authorize?")
            assert begun.query["aud"] == tenant.base
    for one, two in pairwise(tenants):
        assert app.answer(app.begin(one, browser), one, browser).status == 303
        assert (len(one.hits("/auth/token")), len(two.hits("/auth/token"))) == (1, 0)
    assert [len(tenant.hits(DOCUMENT)) for tenant in tenants] == [1] * 4


def test_there_is_no_fallback_to_the_capability_statement(
    app: App, browser: Browser, other: ScriptedEhr
) -> None:
    tenant, before = app.scripted.tenant(), len(other.strangers)
    uris = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
    extensions = [
        {"url": "authorize", "valueUri": f"{other.origin}/authorize"},
        {"url": "token", "valueUri": f"{other.origin}/token"},
    ]
    security = {"extension": [{"url": uris, "extension": extensions}]}
    metadata = {"resourceType": "CapabilityStatement", "rest": [{"security": security}]}
    tenant.on(DOCUMENT, Scripted(404))
    tenant.on("/metadata", as_json(metadata))
    _refused(app.begin(tenant, browser), "discovery_invalid")
    assert [one.path for one in tenant.received] == [DOCUMENT]
    assert len(other.strangers) == before


def test_other_addresses_in_the_document_are_never_fetched(app: App, other: ScriptedEhr) -> None:
    tenant, before = app.scripted.tenant(), len(other.strangers)
    foreign = f"{other.origin}/x/y"
    for name in (
        "registration_endpoint",
        "introspection_endpoint",
        "management_endpoint",
        "user_access_brand_bundle",
        "smart_app_state_endpoint",
        "jwks_uri",  # these registrations ask no openid
        "userinfo_endpoint",
        "service_documentation",
        "op_policy_uri",
    ):
        tenant.discovery[name] = foreign
    tenant.discovery["associated_endpoints"] = [{"url": foreign, "capabilities": []}]
    launched = app.launch(tenant)
    launched.browser.open(launched.callback.location)
    launched.browser.fetch(f"{launched.fhir_base}/Patient/p1")
    assert len(other.strangers) == before
