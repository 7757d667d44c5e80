"""A chart opens, a card says what matters, and its link opens the app at that calculator."""

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.test_start_page import tab_to
from tests.support.app.front import FrontedApp

pytestmark = pytest.mark.calculators

EGFR = "egfr_ckd_epi_2021"


def opened(fronted: FrontedApp, window: BrowserContext, patient: str, ehr: str = "generic") -> Page:
    fronted.front.begin()
    page = window.new_page()
    page.goto(f"{fronted.ehr_origin}/{ehr}/chart?patient=synthetic-{patient}")
    expect(page.get_by_role("heading", level=2, name="Cards")).to_be_visible()
    return page


def card(page: Page, label: str) -> Locator:
    return page.locator("article.cds", has=page.get_by_role("heading", name=label))


def number_of(shown: Locator) -> str:
    """The first number of a text."""
    match = re.search(r"\b\d+(?:\.\d+)?\b", shown.inner_text().partition("eGFR")[2])
    assert match is not None
    return match[0]


def test_a_card_opens_the_app_at_its_calculator_with_the_same_number(
    fronted: FrontedApp, desktop: BrowserContext
) -> None:
    chart = opened(fronted, desktop, "dario")
    assert "App error" not in chart.inner_text("main")
    shown = card(chart, "eGFR")
    number = number_of(shown.get_by_role("heading"))
    with desktop.expect_page() as popup:
        shown.get_by_role("link", name=re.compile("^Open this")).click()
    app = popup.value
    calculator = app.locator(f"#{EGFR}")
    expect(calculator).to_have_attribute("open", "")
    expect(calculator.locator(".headline strong").first).to_have_text(number)
    assert app.url.endswith(f"#{EGFR}")
    expect(app.locator(f"#{EGFR} :focus, #{EGFR}:focus")).to_have_count(1)
    # What the link was for never reaches a server.
    assert not [one.path for one in fronted.front.seen if EGFR in one.path]


def test_a_card_opens_the_app_in_a_frame_of_the_chart(
    fronted: FrontedApp, desktop: BrowserContext
) -> None:
    chart = opened(fronted, desktop, "dario", "epic")
    card(chart, "eGFR").get_by_role("link", name="In a frame").click()
    frame = chart.frame_locator("iframe.app")
    expect(frame.locator(f"#{EGFR}")).to_have_attribute("open", "")


def test_a_card_is_dismissed_with_a_reason_by_the_keyboard_alone(
    fronted: FrontedApp, desktop: BrowserContext
) -> None:
    chart = opened(fronted, desktop, "dario", "oracle")
    shown = card(chart, "eGFR")
    tab_to(chart, shown.get_by_role("combobox"))
    chart.keyboard.type("Does not")
    tab_to(chart, shown.get_by_role("button", name="Dismiss"))
    chart.keyboard.press("Enter")
    told = chart.get_by_role("status")
    expect(told).to_contain_text("Dismissed: Does not apply to this patient; feedback was sent.")
    expect(card(chart, "eGFR").get_by_role("combobox")).to_have_count(0)
