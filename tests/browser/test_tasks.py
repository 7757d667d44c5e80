"""Counts the actions in a clinician's most frequent tasks: a click, a key or a typed word is one.

Each task starts on the page that the launch opens. An action is counted when it happens. The counts
are in docs/performance.md.
"""

from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.support.app.app import App
from tests.support.app.endings import launch_in
from tests.support.charts.app_chart import CREATININE, answering, bundle, days_ago, tenant_of
from tests.support.ehr.scripted_ehr import as_fhir

EGFR, CLEARANCE = "egfr_ckd_epi_2021", "creatinine_clearance_cg"


@dataclass
class Hand:
    """Counts what it does."""

    page: Page
    actions: int = 0

    def click(self, place: Locator) -> None:
        self.actions += 1
        place.click()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.actions += 1
            self.page.keyboard.press(key)

    def type(self, word: str) -> None:
        self.actions += 1
        self.page.keyboard.type(word)


@pytest.fixture
def hand(desktop: BrowserContext) -> Hand:
    return Hand(desktop.new_page())


def open_cora(app: App, page: Page) -> None:
    query = "patient=synthetic-cora&client=smart-calc-demo&in=tab"
    page.goto(f"{app.ehr_origin}/generic/start?{query}")
    expect(page.locator(".page > details[open]")).to_have_count(1)


def test_the_score_of_a_patient_with_atrial_fibrillation_is_there_without_any(
    app: App, hand: Hand
) -> None:
    open_cora(app, hand.page)
    expect(hand.page.locator("#cha2ds2_vasc .headline strong")).to_be_visible()
    expect(hand.page.locator("#cha2ds2_vasc .headline strong")).to_have_text("7")
    assert hand.actions == 0


def test_clearance_with_the_adjusted_weight_by_one_click(app: App, hand: Hand) -> None:
    open_cora(app, hand.page)
    hand.click(hand.page.locator(f"#{CLEARANCE} > summary"))
    expect(hand.page.locator(f"#{CLEARANCE} .results")).to_contain_text("adjusted")
    assert hand.actions == 1


def test_clearance_with_the_adjusted_weight_by_three_keys(app: App, hand: Hand) -> None:
    open_cora(app, hand.page)
    hand.press("/")
    hand.type("crcl")
    hand.press("Enter")
    expect(hand.page.locator(f"#{CLEARANCE} .results")).to_be_visible()
    assert hand.actions == 3


def _with_two_days(app: App, page: Page) -> None:
    amount = {**CREATININE["valueQuantity"], "value": 1.1}
    today = {"id": "o-today", "effectiveDateTime": days_ago(0.1), "valueQuantity": amount}
    labs = as_fhir(bundle(CREATININE, {**CREATININE, **today}))
    launch_in(page, app, answering(tenant_of(app), labs=labs))
    expect(page.locator(f"#{EGFR}")).to_have_attribute("open", "")


def test_an_earlier_creatinine_in_place_of_todays_by_one_click(app: App, hand: Hand) -> None:
    _with_two_days(app, hand.page)
    hand.click(hand.page.locator(f'#{EGFR} [data-name="creatinine"] circle').first)
    expect(hand.page.locator(f"#{EGFR} .headline strong")).to_have_text("51")
    assert hand.actions == 1


def test_the_note_is_copied_by_one_click_more(app: App, hand: Hand) -> None:
    _with_two_days(app, hand.page)
    hand.click(hand.page.locator(f"#{EGFR}").get_by_role("button", name="Copy note"))
    told = hand.page.locator(f"#{EGFR}").get_by_role("status")
    expect(told.filter(has_text="Copied.")).to_be_visible()
    assert hand.actions == 1


def _tab_to(hand: Hand, place: Locator) -> None:
    """Move from the focused element, using only the Tab key."""
    while not place.evaluate("(one) => one === document.activeElement"):
        hand.press("Tab")
        assert hand.actions < 40, "it is not reached"


def test_an_earlier_creatinine_in_place_of_todays_by_keys(app: App, hand: Hand) -> None:
    _with_two_days(app, hand.page)
    hand.page.locator(f"#{EGFR} > summary").focus()
    _tab_to(hand, hand.page.get_by_role("slider", name="Creatinine over time").first)
    tabs = hand.actions
    hand.press("ArrowLeft")
    expect(hand.page.locator(f"#{EGFR} .headline strong")).to_have_text("51")
    assert (tabs, hand.actions - tabs) == (10, 1)


def test_the_note_is_copied_by_keys(app: App, hand: Hand) -> None:
    _with_two_days(app, hand.page)
    hand.page.locator(f"#{EGFR} > summary").focus()
    _tab_to(hand, hand.page.locator(f"#{EGFR}").get_by_role("button", name="Copy note"))
    tabs = hand.actions
    hand.press("Enter")
    told = hand.page.locator(f"#{EGFR}").get_by_role("status")
    expect(told.filter(has_text="Copied.")).to_be_visible()
    assert (tabs, hand.actions - tabs) == (1, 1)
