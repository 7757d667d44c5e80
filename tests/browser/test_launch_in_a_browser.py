"""What only a browser shows: cookies in a frame, policies, layout, the keyboard."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, expect

from tests.support.app.app import App
from tests.support.ehr.scripted_ehr import Received, Scripted

pytestmark = pytest.mark.calculators


def _watched(page: Page) -> list[str]:
    """Collects what the browser complains about on the page."""
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def _fits(page: Page) -> bool:
    """Nothing scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_click_on_launch_in_a_tab_shows_the_patients_data(
    app: App, desktop: BrowserContext
) -> None:
    start = desktop.new_page()
    start.goto(f"{app.ehr_origin}/")
    assert _fits(start)
    with desktop.expect_page() as opened:
        start.get_by_role("link", name="Launch in a tab").first.click()
    page = opened.value
    expect(page.get_by_role("heading", name="Alma Testpatient")).to_be_visible()
    expect(page.locator("#egfr_ckd_epi_2021 > summary strong")).to_be_visible()
    page.locator("#values > summary").click()
    laboratory = page.get_by_role("table", name="Laboratory: newest value of each test")
    expect(laboratory.get_by_text("Creatinine, serum or plasma")).to_be_visible()
    assert page.url.startswith(f"{app.origin}/smart_calc/")
    assert "code=" not in page.url
    assert _fits(page)


def test_a_framed_launch_keeps_its_session_with_third_party_cookies_blocked(
    app: App, blocking: BrowserContext
) -> None:
    page = blocking.new_page()
    complaints = _watched(page)
    page.goto(f"{app.ehr_origin}/")
    page.get_by_role("link", name="Launch in a frame").first.click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Alma Testpatient")).to_be_visible()
    frame.locator("#values > summary").click()
    frame.get_by_role("button", name="All results: Laboratory").click()
    expect(frame.get_by_text("results shown.")).to_be_visible()
    assert _fits(page)
    assert complaints == []


def test_older_results_are_read_page_by_page_through_the_proxy_with_the_keyboard(
    app: App, desktop: BrowserContext
) -> None:
    page = desktop.new_page()
    complaints = _watched(page)
    page.goto(
        f"{app.ehr_origin}/generic/start?patient=synthetic-alma&client=smart-calc-demo&in=tab"
    )
    page.locator("#values > summary").focus()
    page.keyboard.press("Enter")
    button = page.get_by_role("button", name="Laboratory")
    button.focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("table", name="Laboratory: all results, newest first")
    expect(table).to_be_visible()
    first = table.get_by_role("row").count()
    expect(page.get_by_role("button", name="More results: Laboratory")).to_be_focused()
    page.keyboard.press("Enter")
    expect(table.get_by_role("row").nth(first)).to_be_visible()
    assert "1.60" in table.inner_text()
    assert _fits(page)
    assert complaints == []


def test_a_standalone_launch_asks_for_the_patient(app: App, desktop: BrowserContext) -> None:
    page = desktop.new_page()
    page.goto(f"{app.origin}/launch?ehr=simulated")
    page.get_by_label("Bruno Testpatient").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Bruno Testpatient")).to_be_visible()


def test_error_pages_say_what_happened_and_fit_the_window(
    app: App, desktop: BrowserContext
) -> None:
    page = desktop.new_page()
    for address, title in (
        (f"/launch?iss={app.ehr_base}", "The app was opened without a launch from a chart."),
        ("/callback?state=x&code=y", "This launch has ended."),
        ("/callback?state=x&error=access_denied", "The EHR didn't give the app access."),
        (f"/smart_calc/{'A' * 22}/", "The session has ended."),
    ):
        page.goto(app.origin + address)
        expect(page.get_by_role("heading", name=title)).to_be_visible()
        what_next = re.compile("^(What to do|Launch again|For the administrator)$")
        expect(page.get_by_role("heading", name=what_next).first).to_be_visible()
        expect(page.get_by_text("Correlation id:")).to_be_visible()
        assert _fits(page)


def test_a_page_of_another_site_cannot_read_through_the_proxy(
    app: App, desktop: BrowserContext
) -> None:
    page = desktop.new_page()
    page.goto(
        f"{app.ehr_origin}/generic/start?patient=synthetic-alma&client=smart-calc-demo&in=tab"
    )
    expect(page.get_by_role("heading", name="Alma Testpatient")).to_be_visible()
    handle = page.url.rstrip("/").rpartition("/")[2]
    target = f"{app.origin}/fhir_proxy/{handle}/session"
    answer = page.goto(target)
    assert answer is not None
    assert answer.status == 403
    page.goto(f"{app.origin}/smart_calc/{handle}/")
    own = page.evaluate("url => fetch(url).then(answer => answer.status)", target)
    assert own == 200


def test_a_long_request_is_posted_by_itself_and_comes_back(
    app: App, desktop: BrowserContext
) -> None:
    tenant = app.scripted.tenant()
    tenant.discovery["capabilities"].append("authorize-post")

    def authorize(request: Received) -> Scripted:
        form = request.form
        back = f"{form['redirect_uri']}?code=c1&state={form['state']}&iss={quote(tenant.base)}"
        return Scripted(302, {"Location": back})

    tenant.on("/auth/authorize", authorize)
    page = desktop.new_page()
    complaints = _watched(page)
    launch = "x" * 3000
    page.goto(f"{app.origin}/launch?iss={quote(tenant.base, safe='')}&launch={launch}")
    page.wait_for_url(f"{app.origin}/smart_calc/*/")
    assert tenant.hits("/auth/authorize")[0].form["launch"] == launch
    assert complaints == []
