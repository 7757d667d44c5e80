"""A long authorization request uses POST if the EHR supports it (contract section 2).

Which requests are long enough: tests/shared/smart/test_launches.py.
"""

import base64
import hashlib
import re
from html import unescape
from urllib.parse import quote, unquote

import pytest

from shared.smart.launches import LONGEST_URL
from tests.support.app.app import App
from tests.support.browser.browser import Answer, Browser
from tests.support.ehr.scripted_ehr import Tenant

LONG = "x" * LONGEST_URL


@pytest.fixture
def tenant(app: App) -> Tenant:
    made = app.scripted.tenant()
    made.discovery["capabilities"].append("authorize-post")
    return made


def _launch(app: App, tenant: Tenant, browser: Browser, launch: str) -> Answer:
    iss = quote(tenant.base, safe="")
    return browser.get(f"{app.origin}/launch?iss={iss}&launch={launch}")


def _form(page: Answer) -> dict[str, str]:
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.text)
    return {unescape(name): unescape(value) for name, value in fields}


def test_the_form_holds_what_the_address_would(app: App, tenant: Tenant, browser: Browser) -> None:
    page = _launch(app, tenant, browser, LONG)
    assert page.status == 200
    form = _form(page)
    assert set(form) == {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "aud",
        "code_challenge",
        "code_challenge_method",
        "launch",
    }
    assert (form["launch"], form["aud"]) == (LONG, tenant.base)
    assert f'<form method="post" action="{tenant.base}/auth/authorize">' in page.text
    iss = quote(tenant.base, safe="")
    callback = f"{form['redirect_uri']}?code=c1&state={form['state']}&iss={iss}"
    assert browser.get(callback).status == 303
    assert tenant.hits("/auth/token")[0].form["redirect_uri"] == form["redirect_uri"]


@pytest.mark.parametrize("launch", ["%22%3E%3Cimg%20src%3Dx%3E", "a+b%2Bc", "%E2%82%AC", "a%26b"])
def test_a_launch_value_comes_through_the_form_as_text(
    app: App, tenant: Tenant, browser: Browser, launch: str
) -> None:
    page = _launch(app, tenant, browser, launch + LONG)
    assert _form(page)["launch"] == unquote(launch.replace("+", " ")) + LONG
    assert "<img" not in page.text


def test_the_page_may_run_its_own_script_and_post_to_the_ehr_only(
    app: App, tenant: Tenant, browser: Browser
) -> None:
    page = _launch(app, tenant, browser, LONG)
    (script,) = re.findall(r"<script>(.*?)</script>", page.text)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = str(page.header("Content-Security-Policy"))
    assert f"script-src 'sha256-{digest}'" in policy
    assert f"form-action {app.scripted.origin} {app.origin} https:" in policy
    assert "unsafe" not in policy
    assert page.header("Cache-Control") == "no-store"


def test_the_form_is_never_compressed_for_the_state_stands_beside_the_launch_value(
    app: App, tenant: Tenant, browser: Browser
) -> None:
    iss = quote(tenant.base, safe="")
    url = f"{app.origin}/launch?iss={iss}&launch={LONG}"
    page = browser.get(url, {"Accept-Encoding": "gzip"})
    assert (page.status, page.header("Content-Encoding")) == (200, None)
