"""The authorization request as the EHR receives it (SMART App Launch 2.2, step 4; AUTHZ, PKCE)."""

import re
import time
from urllib.parse import parse_qsl, quote

from tests.support.app.app import App
from tests.support.app.special_registrations import FILTERED, Pending, Special
from tests.support.browser.browser import Answer, Browser
from tests.support.tables import each

ALWAYS = {
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "aud",
    "code_challenge",
    "code_challenge_method",
}


def _begin(origin: str, base: str, browser: Browser, more: str = "") -> Answer:
    return browser.get(f"{origin}/launch?iss={quote(base, safe='')}&launch=launch-1{more}")


def test_an_ehr_launch_asks_for_a_code_with_these_parameters_and_no_others(
    app: App, browser: Browser
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    assert begun.status == 302
    assert begun.location.startswith(f"{tenant.base}/auth/authorize?")
    asked = begun.query
    assert set(asked) == ALWAYS | {"launch"}
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", asked.pop("state"))
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", asked.pop("code_challenge"))
    assert asked == {
        "response_type": "code",
        "client_id": "scripted-client",
        "redirect_uri": f"{app.origin}/callback",
        "scope": "launch patient/*.rs user/Practitioner.rs",
        "aud": tenant.base,
        "code_challenge_method": "S256",
        "launch": "launch-1",
    }


def test_each_registration_has_its_own_client_and_redirect_address(
    app: App, browser: Browser
) -> None:
    asked = app.begin(app.scripted.tenant("u"), browser).query
    assert asked["client_id"] == "scripted-user-client"
    assert asked["redirect_uri"] == f"{app.origin}/callback/scripted-user"
    assert asked["scope"] == "launch user/*.rs"


@each("slash", ["", "/"])
def test_aud_is_the_iss_as_received(app: App, browser: Browser, slash: str) -> None:
    tenant = app.scripted.tenant()
    begun = _begin(app.origin, tenant.base + slash, browser)
    assert f"&aud={quote(tenant.base + slash, safe='')}&" in begun.location


def test_values_are_encoded_exactly_once(special: Special, browser: Browser) -> None:
    tenant = special.scripted.tenant("i")
    begun = _begin(special.origin, tenant.base, browser)
    scope = f"launch openid fhirUser online_access {FILTERED}"
    assert f"&scope={quote(scope, safe='')}&" in begun.location
    browser.get(begun.location)
    received = dict(parse_qsl(tenant.received[-1].query, strict_parsing=True))
    assert received["scope"] == scope


def test_parameters_of_the_launch_link_cannot_become_those_of_the_request(
    app: App, browser: Browser
) -> None:
    tenant = app.scripted.tenant()
    plain = _begin(app.origin, tenant.base, browser).query
    more = (
        "&redirect_uri=https%3A%2F%2Fx.test&client_id=z&scope=user%2F*.cruds&state=1&nonce=n"
        "&code_challenge=c&code_challenge_method=plain&aud=https%3A%2F%2Fx.test&response_type=token"
        "&response_mode=form_post&max_age=1&prompt=none&public_url=https%3A%2F%2Fx.test"
    )
    steered = _begin(app.origin, tenant.base, browser, more).query
    for fresh in ("state", "code_challenge"):
        assert steered[fresh] not in {plain.pop(fresh), "1", "c"}
        del steered[fresh]
    assert steered == plain


FORGED = [
    {"Host": "evil.test"},
    {"X-Forwarded-Host": "evil.test"},
    {"X-Forwarded-Proto": "https"},
    {"X-Forwarded-Port": "444", "X-Forwarded-Prefix": "/evil", "X-Forwarded-For": "10.0.0.1"},
    {"Forwarded": "host=evil.test;proto=https"},
    {"X-Original-URL": "/evil", "X-Rewrite-URL": "/evil"},
    {"X-Script-Name": "/evil"},
]


@each("headers", FORGED, ids=lambda headers: next(iter(headers)))
def test_headers_have_no_say_in_any_address(
    app: App, browser: Browser, headers: dict[str, str]
) -> None:
    tenant = app.scripted.tenant()
    url = f"{app.origin}/launch?iss={quote(tenant.base, safe='')}&launch=1"
    begun = browser.get(url, headers)
    assert begun.query["redirect_uri"] == f"{app.origin}/callback"
    assert "evil" not in begun.location
    assert "Domain" not in (begun.header("Set-Cookie") or "")


def test_a_query_on_the_authorization_endpoint_is_kept(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    tenant.discovery["authorization_endpoint"] += "?tenant=1&x=a%2Bb"
    begun = app.begin(tenant, browser)
    assert begun.location.startswith(f"{tenant.base}/auth/authorize?tenant=1&x=a%2Bb&response_type")
    assert set(begun.query) == ALWAYS | {"launch", "tenant", "x"}


def test_no_secret_goes_through_the_browser(app: App, browser: Browser, pending: Pending) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    (value,) = browser.cookies().values()
    app.answer(begun, tenant, browser)
    verifier = tenant.hits("/auth/token")[0].form["code_verifier"]
    for secret in (value, verifier):
        assert secret not in begun.location
    assert verifier not in str(begun.headers)
    assert verifier not in str(browser.jar)


@each("advertised", [None, [], ["plain"], ["plain", "S256"], "S256", 1])
def test_s256_is_used_whatever_the_ehr_advertises(
    app: App, browser: Browser, advertised: object
) -> None:
    tenant = app.scripted.tenant()
    tenant.discovery["code_challenge_methods_supported"] = advertised
    if advertised is None:
        del tenant.discovery["code_challenge_methods_supported"]
    asked = app.begin(tenant, browser).query
    assert asked["code_challenge_method"] == "S256"


@each(
    "documented",
    [
        {"capabilities": ["x-unknown", "https://x.test/capability", "context-passthrough-banner"]},
        {"capabilities": []},
        {"capabilities": None},
        {"scopes_supported": ["patient/*.read"]},
        {"scopes_supported": []},
        {"scopes_supported": "launch"},
        {"response_types_supported": ["token", "id_token", "code id_token"]},
        {"response_modes_supported": ["form_post"]},
        {"grant_types_supported": ["implicit"]},
        {"x-unknown": {"a": [1]}},
    ],
    ids=str,
)
def test_what_the_ehr_advertises_does_not_change_what_is_asked(
    app: App, browser: Browser, documented: dict[str, object]
) -> None:
    tenant = app.scripted.tenant()
    tenant.discovery |= documented
    asked = app.begin(tenant, browser).query
    assert set(asked) == ALWAYS | {"launch"}
    assert asked["response_type"] == "code"
    assert asked["scope"] == "launch patient/*.rs user/Practitioner.rs"


def _duration(line: dict[str, object]) -> float:
    duration = line["duration_ms"]
    assert isinstance(duration, float)
    return duration


def test_a_started_launch_is_logged_with_its_ehr_and_nothing_of_its_values(
    app: App, browser: Browser
) -> None:
    started = time.monotonic()
    begun = app.begin(app.scripted.tenant(), browser, "sentinel-of-a-launch")
    mark = begun.header("X-Correlation-Id")
    (line,) = [one for one in app.log_lines() if one.get("correlation_id") == mark]
    assert (line["event"], line["ehr"], line["severity"]) == ("launch_started", "scripted", "INFO")
    assert 0 < _duration(line) < (time.monotonic() - started) * 1000
    log = app.server.log.read_text()
    for value in ("sentinel-of-a-launch", begun.query["state"], *browser.cookies().values()):
        assert value not in log
