"""The authorization response: its shape, and what it cannot change."""

from tests.support.app.app import App
from tests.support.app.callbacks import get, refused, untouched
from tests.support.browser.browser import Browser
from tests.support.tables import each


@each("query", ["", "code=c1&error=access_denied", "iss=x", "cod=c1&err=x"])
def test_both_of_code_and_error_or_neither_are_refused(
    app: App, browser: Browser, query: str
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    refused(get(app, browser, begun, query), "parameter_invalid")
    untouched(app, begun, tenant, browser)


@each(
    "query",
    [
        "code=c1&code=c1",
        "code=c1&code=c2",
        "code=c1&%63ode=c2",
        "code=c1&state=x",
        "code=c1&iss=a&iss=a",
        "error=a&error=b",
        "error=a&error_description=b&error_description=c",
        "error=a&error_uri=b&error_uri=c",
    ],
)
def test_a_parameter_that_comes_twice_is_refused(app: App, browser: Browser, query: str) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    refused(get(app, browser, begun, query), "parameter_repeated")
    untouched(app, begun, tenant, browser)


@each(
    "code",
    ["", "a%0D%0AX-Evil:1", "a%0A", "a%00", "%C3%A9", "%ff", "%F0%9F%98%80", "a%7F", "x" * 8193],
)
def test_a_code_that_no_ehr_could_have_made_is_refused(
    app: App, browser: Browser, code: str
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    refused(get(app, browser, begun, f"code={code}"), "parameter_invalid")
    untouched(app, begun, tenant, browser)


@each(
    "code",
    [
        "x" * 8192,
        "eyJhbGciOiJSUzI1NiJ9." + "p" * 6000 + ".sig-_",
        "a&grant_type=password",
        "a&redirect_uri=https://evil.example&client_id=x",
        "a b+c%20d=e",
        '"quoted"<svg>\'\\',
        "~!@#$^*()_;:,./?",
    ],
)
def test_a_code_reaches_the_ehr_unchanged_as_one_value(
    app: App, browser: Browser, code: str
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    assert app.answer(begun, tenant, browser, code).status == 303
    (request,) = tenant.hits("/auth/token")
    assert request.form["code"] == code
    assert request.form["grant_type"] == "authorization_code"


@each(
    "more",
    [
        "next=//evil.test",
        "returnTo=https://evil.test/",
        "redirect=https%3A%2F%2Fevil.test",
        "RelayState=https://evil.test",
        "session_state=x&token_type=bearer&after_launch=//evil.test",
        "redirect_uri=https://evil.test/callback&patient=p2&next=a&next=b",
    ],
)
def test_nothing_in_the_response_chooses_where_the_browser_goes(
    app: App, browser: Browser, more: str
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    answer = get(app, browser, begun, f"code=c1&{more}")
    assert answer.status == 303
    assert answer.location.startswith(f"{app.origin}/smart_calc/")
    assert "evil" not in answer.location
    assert tenant.hits("/auth/token")[0].form["redirect_uri"] == f"{app.origin}/callback"


@each(
    "headers",
    [
        {"Host": "evil.test"},
        {"X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https"},
        {"Forwarded": "host=evil.test;proto=https"},
        {"X-Forwarded-Prefix": "/evil", "X-Original-URL": "/evil", "X-Rewrite-URL": "/evil"},
    ],
)
def test_no_header_changes_the_redirect_uri_or_the_target(
    app: App, browser: Browser, headers: dict[str, str]
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    url = f"{app.origin}/callback?code=c1&state={begun.query['state']}"
    answer = browser.get(url, headers)
    assert answer.status == 303
    assert answer.location.startswith(f"{app.origin}/smart_calc/")
    assert tenant.hits("/auth/token")[0].form["redirect_uri"] == f"{app.origin}/callback"
