"""The simulated EHR's start page, using only the keyboard: from a choice to a launch."""

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.support.app.front import FrontedApp

_MOST_STOPS = 120


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until something has the focus, which must then show."""
    for _ in range(_MOST_STOPS):
        page.keyboard.press("Tab")
        if target.evaluate("one => one === document.activeElement"):
            outline = target.evaluate("one => getComputedStyle(one).outlineStyle")
            assert outline != "none", "the focus does not show"
            return
    raise AssertionError("not reached by Tab")


def press(page: Page, role: str, name: str) -> None:
    tab_to(page, page.get_by_role(role, name=name).first)  # type: ignore[arg-type]
    page.keyboard.press("Enter")


@pytest.fixture
def page(fronted: FrontedApp, desktop: BrowserContext) -> Page:
    fronted.front.begin()
    opened = desktop.new_page()
    opened.goto(fronted.ehr_origin)
    return opened


@pytest.mark.calculators
def test_ehr_clinician_fault_and_patient_are_chosen_and_the_app_is_launched_in_a_frame(
    page: Page,
) -> None:
    press(page, "link", "Epic")
    expect(page.get_by_role("heading", name="Values to enter: Epic")).to_be_visible()
    press(page, "link", "Conrad Testclinician")
    expect(page.get_by_role("link", name="Conrad Testclinician")).to_have_attribute(
        "aria-current", "true"
    )
    # Typing in a list goes to the entry that begins so.
    tab_to(page, page.locator("summary", has_text="Choose from the list"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Fault for the next launches and charts from this page"))
    page.keyboard.type("all scopes for obs")
    press(page, "button", "Use this fault")
    chosen = page.get_by_role("region", name="Selected fault")
    expect(chosen).to_contain_text("grant-without-observation: all scopes for Observation")
    press(page, "link", "Launch in a frame (smart-calc for Dario Testpatient)")
    expect(page.get_by_role("heading", level=1, name="Dario Testpatient")).to_be_visible()
    expect(page.get_by_text("Epic, signed in as Conrad Testclinician")).to_be_visible()
    frame = page.frame_locator("iframe.app")
    expect(frame.get_by_role("heading", level=1, name="Dario Testpatient")).to_be_visible()
    press(page, "link", "Trace")
    newest = page.locator("article.card").first
    expect(newest).to_contain_text("smart-calc for Dario Testpatient")
    expect(newest).to_contain_text(
        "grant-without-observation all scopes for Observation are removed"
    )


@pytest.mark.calculators
def test_two_patients_are_chosen_and_opened_side_by_side(page: Page) -> None:
    for label, name in (("Left frame", "Bruno"), ("Right frame", "Elsa")):
        tab_to(page, page.get_by_label(label))
        page.keyboard.type(name)
    press(page, "button", "Launch both in one window")
    for number, name in enumerate(("Bruno Testpatient", "Elsa Testpatient")):
        frame = page.frame_locator("iframe.app").nth(number)
        expect(frame.get_by_role("heading", level=1, name=name)).to_be_visible()


@pytest.mark.calculators
def test_a_launch_in_a_tab_leaves_the_start_page_open(page: Page) -> None:
    with page.context.expect_page() as opened:
        press(page, "link", "Launch in a tab (smart-calc for Bruno Testpatient, opens a new tab)")
    heading = opened.value.get_by_role("heading", level=1, name="Bruno Testpatient")
    expect(heading).to_be_visible()
    expect(page.get_by_role("heading", name="Launch an app from a chart")).to_be_visible()


def test_every_control_has_a_name_and_every_launch_one_of_its_own(page: Page) -> None:
    names = page.locator("main a, main button, main select").evaluate_all(
        "all => all.map(one => one.labels?.[0]?.textContent || one.textContent || '')"
    )
    assert all(name.strip() for name in names)
    launches = [link.text_content() for link in page.get_by_role("link", name="Launch in a").all()]
    assert len(launches) == len(set(launches)) == 2 * 9


def test_the_registration_that_is_expected_stands_on_the_page(
    page: Page, fronted: FrontedApp
) -> None:
    values = page.locator("section", has_text="Values to enter: Generic SMART EHR").last
    for text in (
        f"{fronted.ehr_origin}/generic/fhir",
        "smart-calc-demo",
        f"{fronted.origin}/launch",
        f"{fronted.origin}/callback/simulated",
        "patient/Observation.rs",
    ):
        expect(values).to_contain_text(text)
