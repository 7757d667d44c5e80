"""The authorization response must come from the server that got the request (RFC 9207; RFC 9700
4.4.2).
"""

from tests.support.app.app import App
from tests.support.app.callbacks import get, log_lines, refused, untouched
from tests.support.browser.browser import Browser
from tests.support.tables import each


@each("kind", ["code=c1", "error=access_denied"])
@each("advertised", [True, None])
@each("spoil", ["{iss}/", "{iss}x", "https://evil.example", "", "{upper}", "{iss}%20", "{iss}%00"])
def test_an_answer_that_names_another_issuer_is_refused(
    app: App, browser: Browser, kind: str, advertised: bool | None, spoil: str
) -> None:
    tenant = app.scripted.tenant()
    if advertised is not None:
        tenant.discovery["authorization_response_iss_parameter_supported"] = advertised
    begun = app.begin(tenant, browser)
    iss = spoil.format(iss=tenant.base, upper=tenant.base.upper())
    refused(get(app, browser, begun, f"{kind}&iss={iss}"), "issuer_mismatch")
    refused(app.answer(begun, tenant, browser), "state_unknown")
    assert tenant.hits("/auth/token") == []


@each("kind", ["code=c1", "error=access_denied"])
def test_an_answer_without_the_promised_issuer_is_refused(
    app: App, browser: Browser, kind: str
) -> None:
    tenant = app.scripted.tenant()
    tenant.discovery["authorization_response_iss_parameter_supported"] = True
    begun = app.begin(tenant, browser)
    refused(get(app, browser, begun, kind), "issuer_mismatch")
    assert tenant.hits("/auth/token") == []


@each("advertised", [True, False, None, "true"])
def test_an_answer_that_names_the_issuer_is_taken(
    app: App, browser: Browser, advertised: object
) -> None:
    tenant = app.scripted.tenant()
    tenant.discovery["authorization_response_iss_parameter_supported"] = advertised
    begun = app.begin(tenant, browser)
    assert app.answer(begun, tenant, browser).status == 303


def test_an_answer_without_an_issuer_that_was_never_promised_is_taken(
    app: App, browser: Browser
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    assert get(app, browser, begun, "code=c1").status == 303


def test_an_issuer_is_ignored_and_logged_where_the_ehr_states_none(
    app: App, browser: Browser
) -> None:
    tenant = app.scripted.tenant()
    del tenant.discovery["issuer"]
    begun = app.begin(tenant, browser)
    answer = get(app, browser, begun, "code=c1&iss=https://somebody.example")
    assert answer.status == 303
    events = [line["event"] for line in log_lines(app, answer)]
    assert events == ["callback_iss_ignored", "callback_completed"]


def test_an_issuer_is_that_of_discovery_not_the_fhir_base(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    tenant.discovery["issuer"] = "https://login.ehr.example/tenants/1"
    begun = app.begin(tenant, browser)
    refused(app.answer(begun, tenant, browser), "issuer_mismatch")
    begun = app.begin(tenant, browser)
    answer = get(app, browser, begun, "code=c1&iss=https://login.ehr.example/tenants/1")
    assert answer.status == 303


@each(
    "path",
    [
        "/callback/nobody",
        "/callback/SCRIPTED",
        "/callback/scripted-user/x",
        "/callback/%73cripted",
        "/callback//scripted",
        "/callback/..",
        "/callback/scripted%00",
    ],
)
def test_a_path_of_no_registration_is_not_found_and_uses_nothing_up(
    app: App, browser: Browser, path: str
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    refused(get(app, browser, begun, "code=c1", path), "not_found", 404)
    untouched(app, begun, tenant, browser)
