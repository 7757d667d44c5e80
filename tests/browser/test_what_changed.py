"""What a change does to the page: it shows the chart's value, moves nothing, and can be undone. A
reload comes back, and typed values aren't lost without a question.
"""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.app.app import App
from tests.support.app.endings import launch_in
from tests.support.charts.app_chart import CREATININE, answering, bundle, days_ago, tenant_of
from tests.support.ehr.scripted_ehr import as_fhir
from tests.support.tables import each

EGFR = "egfr_ckd_epi_2021"
PLACES = """
[...document.querySelectorAll(".page > details > summary, .page > details[open] .outcome button,"
  + ".page > details[open] :is(.headline strong, .bands, .results, .input, label, .trend, .note)")]
  .filter((one) => one.checkVisibility() && !one.closest(".was, .edited-mark"))
  .map((one) => [one.className.split(" ")[0], Math.round(one.getBoundingClientRect().top)])
"""
BEFORE_UNLOAD = """
() => {
  const event = new Event("beforeunload", { cancelable: true });
  dispatchEvent(event);
  return event.defaultPrevented;
}
"""


@pytest.fixture
def page(chromium: Chromium, app: App) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 844}, timezone_id="UTC")
    context.set_default_timeout(30_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    amount = {**CREATININE["valueQuantity"], "value": 1.1}
    today = {"id": "o-today", "effectiveDateTime": days_ago(0.1), "valueQuantity": amount}
    labs = as_fhir(bundle(CREATININE, {**CREATININE, **today}))
    launch_in(page, app, answering(tenant_of(app), labs=labs))
    expect(page.locator(f"#{EGFR}")).to_have_attribute("open", "")
    yield page
    context.close()


@each("width", [1280, 900, 390])
def test_copy_an_edit_and_a_source_move_nothing(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    calculator = page.locator(f"#{EGFR}")
    calculator.evaluate("(one) => (one.open = true)")
    places = page.evaluate(PLACES)
    copy = calculator.get_by_role("button", name="Copy note")
    copy.click()
    expect(calculator.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate(PLACES) == places
    field, headline = page.locator(f"#{EGFR}-creatinine"), calculator.locator(".headline")
    field.fill("1.6")
    expect(headline).to_contain_text("was 74 by the chart")
    # It no longer holds for what the page shows.
    expect(calculator.get_by_text("Copied.")).to_have_count(0)
    assert page.evaluate(PLACES) == places
    calculator.get_by_role("button", name="Undo all changes here").click()
    expect(headline.locator("strong")).to_have_text("74")
    expect(field).to_be_focused()
    source = calculator.locator('[data-name="creatinine"] .from')
    source.locator("summary").click()
    expect(source.locator("p")).to_be_visible()
    assert page.evaluate(PLACES) == places
    page.keyboard.press("Escape")
    expect(source.locator("p")).to_be_hidden()
    expect(source.locator("summary")).to_be_focused()


def test_the_result_says_the_same_word_as_its_mark_in_the_list(
    app: App, desktop: BrowserContext
) -> None:
    page = desktop.new_page()
    query = "patient=synthetic-elsa&client=smart-calc-demo&in=tab"
    page.goto(f"{app.ehr_origin}/generic/start?{query}")
    mark, word = page.locator("#qtc .act"), page.locator("#qtc .asked b")
    expect(mark).to_have_text("urgent")
    expect(word).to_have_text("Urgent")
    page.locator("#qtc-qt_interval").fill("380")
    expect(page.locator("#qtc .headline")).to_contain_text("was 510 by the chart")
    expect(word).to_be_hidden()
    page.locator("#qtc-qt_interval").fill("470")
    expect(mark).to_be_visible()
    expect(word).to_have_text("Urgent")


def test_a_reload_comes_back_to_the_open_calculator_and_asks_before_typed_values_are_lost(
    page: Page, app: App
) -> None:
    page.locator("#bmi > summary").click()
    expect(page.locator("#bmi")).to_have_attribute("open", "")
    page.reload()
    expect(page.locator("#bmi")).to_have_attribute("open", "")
    assert not page.evaluate(BEFORE_UNLOAD)
    page.locator("#bmi-weight").fill("90")
    expect(page.locator("#bmi .headline")).to_contain_text("was 31.6 by the chart")
    assert page.evaluate(BEFORE_UNLOAD)
    page.locator("#bmi").get_by_role("button", name="Undo", exact=True).click()
    assert not page.evaluate(BEFORE_UNLOAD)
    # A new launch starts from its own patient.
    launch_in(page, app, tenant_of(app))
    expect(page.locator(f"#{EGFR}")).to_have_attribute("open", "")


def test_after_a_logout_a_reload_says_what_to_do_and_leaves_cookies_to_the_administrator(
    page: Page,
) -> None:
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    page.reload()
    first = page.get_by_role("region", name="The session has ended.")
    told = re.compile(r"^The session has ended\.\s*Open the app again from the chart\.$")
    expect(first).to_have_text(told)
    expect(page.get_by_role("region", name="For the administrator")).to_contain_text("cookie")


@each(("zone", "is_shown"), [("UTC", False), ("America/Chicago", True)])
def test_times_carry_the_zone_of_the_chart_only_if_the_browser_has_another(
    chromium: Chromium, app: App, zone: str, is_shown: bool
) -> None:
    context = chromium.new_context(timezone_id=zone)
    context.set_default_timeout(30_000)
    page = context.new_page()
    launch_in(page, app, tenant_of(app))
    expect(page.locator("#complete")).to_be_attached()
    zones = page.locator("[slot=status] [data-zone]")
    expect(zones).to_be_visible() if is_shown else expect(zones).to_be_hidden()
    context.close()
