"""The meaning of the EHR's errors. Their text is shown only as text, never as markup."""

from collections.abc import Mapping
from html import unescape
from urllib.parse import quote

import pytest

from functions.callback import failure
from shared import explain
from shared.errors import EhrError, StateUnknown, TokenError
from shared.explain.catalogue.causes import KINDS
from tests.support.app.app import App
from tests.support.app.callbacks import get, log_lines, refused, untouched
from tests.support.browser.browser import NAVIGATION, Browser
from tests.support.tables import each

# RFC 6749 4.1.2.1; OpenID Connect Core 1.0 3.1.2.6.
ERRORS = {
    "access_denied": "declined",
    "invalid_scope": "scope",
    "invalid_request": "launch",
    "unauthorized_client": "enabled at this site",
    "unsupported_response_type": "authorization code flow",
    "server_error": "failed",
    "temporarily_unavailable": "busy",
    "login_required": "sign in",
    "interaction_required": "sign in",
    "account_selection_required": "sign in",
    "consent_required": "account or consent",
    "something_of_its_own": "recognize",
}

TOLD = {TokenError.title, EhrError.title} | {one.headline for one in KINDS.values() if one.headline}


@each(("error", "words"), ERRORS.items())
def test_each_error_of_the_ehr_is_explained_to_people(
    app: App, browser: Browser, error: str, words: str
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    url = f"{app.origin}/callback?error={error}&state={begun.query['state']}"
    page = browser.send("GET", url, NAVIGATION)
    assert page.status == 400
    assert page.header("Content-Type") == "text/html; charset=utf-8"
    assert any(one in unescape(page.text) for one in TOLD)
    assert words in page.text
    assert "aunch the app again" in page.text
    assert str(page.header("X-Correlation-Id")) in page.text
    assert "ehr_error" in page.text
    assert not [name for name in browser.cookies() if name.startswith("__Host-")]
    assert tenant.hits("/auth/token") == []


HOSTILE = "<svg onload=alert(1)>\r\nX-Evil: y\u2028{{7*7}}"


def test_only_the_beginning_of_a_long_text_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anyone can send one without a launch, and explaining 64 kB would take seconds."""
    lengths: list[int] = []
    explained = explain.at_redirect

    def measured(words: Mapping[str, str]) -> explain.EhrMessage:
        lengths.extend(map(len, words.values()))
        return explained(words)

    monkeypatch.setattr(explain, "at_redirect", measured)
    long = {"error": "server_error", "error_description": "Error: a\n" * 6000}
    assert failure.refused(StateUnknown(), long).causes
    assert lengths == [12, 4096]


def test_the_ehrs_own_words_are_shown_as_text_and_never_logged(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    words = quote(HOSTILE, safe="")
    query = f"error={words}&error_description={words}&error_uri=javascript:alert(2)"
    url = f"{app.origin}/callback?state={begun.query['state']}&{query}"
    page = browser.send("GET", url, NAVIGATION)
    assert page.status == 400
    assert "<svg" not in page.text
    assert "&lt;svg" in page.text
    assert "{{7*7}}" in page.text
    assert "javascript:alert(2)" in page.text
    assert "href" not in page.text.partition("<main>")[2]
    assert page.header("X-Evil") is None
    (line,) = log_lines(app, page)
    assert line["code"] == "ehr_error"
    assert not {"error", "error_description", "error_uri"} & set(line)
    raw = app.server.log.read_text(encoding="utf-8")
    assert "\nX-Evil" not in raw
    assert "\u2028" not in raw


def test_the_ehrs_words_are_shown_cut_and_without_the_state(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    state = begun.query["state"]
    words = f"no+launch+for+{state}+" + "x" * 5000
    url = f"{app.origin}/callback?state={state}&error=a&error_uri={state}"
    page = browser.send("GET", f"{url}&error_description={words}", NAVIGATION)
    assert state not in page.text
    assert "no launch for … x" in page.text
    assert "x" * 500 not in page.text
    (line,) = log_lines(app, page)
    assert "error" not in line  # no code that is known has this form
    assert "no launch" not in str(line)


def test_a_state_that_the_ehr_repeats_as_an_id_is_not_logged(app: App, browser: Browser) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    state = begun.query["state"]
    urn = "urn:cerner:error:authorization-server:oauth2:grant:invalid-launch"
    uri = quote(f"https://ehr.example/errors/{urn}/instances/{state}?client={state}", safe="")
    url = f"{app.origin}/callback?state={state}&error=invalid_request&error_uri={uri}"
    page = browser.send("GET", url, NAVIGATION)
    assert (page.status, state in page.text) == (400, False)
    (line,) = log_lines(app, page)
    assert line["urn"] == urn
    assert state not in app.server.log.read_text(encoding="utf-8")


@each("query", ["error=", "code=", "error=&code="])
def test_a_parameter_without_a_value_is_as_good_as_absent(
    app: App, browser: Browser, query: str
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    answer = get(app, browser, begun, query)
    assert (answer.status, answer.code) == (400, "parameter_invalid")
    assert app.answer(begun, tenant, browser).status == 303


def test_an_error_without_a_state_is_explained_and_changes_nothing(
    app: App, browser: Browser
) -> None:
    tenant = app.scripted.tenant()
    begun = app.begin(tenant, browser)
    answer = browser.get(f"{app.origin}/callback?error=invalid_scope")
    refused(answer, "state_missing")
    assert "A scope is unknown, malformed" in answer.json()["detail"]
    assert answer.all("Set-Cookie") == []
    untouched(app, begun, tenant, browser)


def test_an_error_with_an_unknown_state_is_explained_all_the_same(
    app: App, browser: Browser
) -> None:
    url = f"{app.origin}/callback?state={'A' * 43}"
    plain, with_error = browser.get(f"{url}&code=c1"), browser.get(f"{url}&error=access_denied")
    refused(plain, "state_unknown")
    refused(with_error, "state_unknown")
    assert "declined" in with_error.json()["detail"]
    assert "declined" not in plain.json()["detail"]


def test_an_error_is_not_acted_on_for_a_browser_that_did_not_begin_the_launch(app: App) -> None:
    tenant, own = app.scripted.tenant(), Browser()
    begun = app.begin(tenant, own)
    refused(get(app, Browser(), begun, "error=access_denied"), "cookie_missing")
    untouched(app, begun, tenant, own)
