"""The app's page while the chart is read, and when reading fails: it fits, it's accessible, and it
shows the error in the right place without covering the patient's name.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, quote

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from clinical.calculators import REGISTRY
from tests.support.app.app import App
from tests.support.browser.sound_page import fits, violations
from tests.support.charts.app_chart import tenant_of
from tests.support.charts.held_chart import HeldChart
from tests.support.ehr.scripted_ehr import Received, Scripted

pytestmark = pytest.mark.calculators


@pytest.fixture(scope="module")
def window(chromium: Chromium) -> Iterator[Page]:
    context = chromium.new_context()
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def held(app: App) -> Iterator[HeldChart]:
    made = HeldChart(tenant_of(app, refresh_token="refresh-1"))
    yield made
    made.let_go()


def begin(page: Page, app: App, held: HeldChart) -> None:
    """Launch, and wait for nothing but the first part of the page."""
    tenant = held.tenant

    def authorize(request: Received) -> Scripted:
        asked = {name: values[0] for name, values in parse_qs(request.query).items()}
        back = f"{asked['redirect_uri']}?code=c1&state={asked['state']}&iss={quote(tenant.base)}"
        return Scripted(302, {"Location": back})

    tenant.on("/auth/authorize", authorize)
    address = f"{app.origin}/launch?iss={quote(tenant.base, safe='')}&launch=launch-1"
    page.goto(address, wait_until="commit")
    expect(page.locator(".page")).to_be_attached()


def is_sound(page: Page) -> None:
    """In the frame of an EHR and on a phone. Quick: the app waits for a search 8 seconds only."""
    fitting = []
    for width, height in ((900, 600), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        fitting.append(fits(page))
    assert (fitting, violations(page)) == ([True, True], [])


# The names of the calculators in sight, and where they are.
ROWS = """all => all.map((one) => {
  const { top } = one.closest("summary, [part=row]").getBoundingClientRect();
  return [Math.round(top), one.textContent];
})"""
SHIFTS = """() => {
  const seen = new PerformanceObserver(() => {});
  seen.observe({ type: "layout-shift", buffered: true });
  const shifts = seen.takeRecords().filter((one) => !one.hadRecentInput);
  return shifts.reduce((sum, one) => sum + one.value, 0);
}"""


def rows(page: Page) -> list[tuple[int, str]]:
    tops = page.locator("[part=name], summary .short").locator("visible=true").evaluate_all(ROWS)
    known = {one.short for one in REGISTRY.values()}
    return sorted((top, name) for top, name in tops if name in known)


@pytest.mark.parametrize(("width", "height"), [(1280, 844), (390, 844)])
def test_a_slow_chart_has_all_rows_in_their_places_says_what_it_reads_and_moves_nothing(
    window: Page, app: App, held: HeldChart, width: int, height: int
) -> None:
    window.set_viewport_size({"width": width, "height": height})
    begin(window, app, held)
    status = window.get_by_role("status").filter(has_text="Reading the chart: ")
    expect(status).to_contain_text("common laboratory values; ")
    expect(status).to_be_in_viewport()
    before = rows(window)
    assert len(before) == len(REGISTRY)
    expect(window.get_by_text("reading …").locator("visible=true")).to_have_count(len(before) + 1)
    # Announced to a screen reader, for which it wasn't there when the page was first read.
    expect(window.locator("#told")).to_have_text("Reading the chart.")

    held.let_go("patient", "vitals", "slow")
    expect(window.locator("#bsa_mosteller > summary")).to_be_visible()
    expect(window.get_by_text("common laboratory values; ")).to_be_visible()
    expect(window.get_by_text("vital signs; ")).to_be_hidden()
    if width > 800:
        # What has not come is found, and opens when it comes.
        search = window.get_by_label("Find a calculator")
        search.fill("kidney")
        expect(window.locator("#filtered")).to_have_text(re.compile("^4 of 27"))
        search.press("Enter")
        expect(window.locator("#filtered")).to_contain_text("opens when its values arrive")
        search.fill("")
    assert rows(window) == before

    held.let_go()
    expect(window.get_by_text("Chart read on ")).to_be_visible()
    expect(window.get_by_text("Reading the chart: ")).to_be_hidden()
    expect(window.locator("#told")).to_be_empty()
    if width > 800:
        expect(window.locator("#egfr_ckd_epi_2021 > summary")).to_be_focused()
    assert rows(window) == before
    assert window.evaluate(SHIFTS) < 0.05


def test_the_frame_alone_says_that_it_reads(window: Page, app: App, held: HeldChart) -> None:
    begin(window, app, held)
    expect(window.get_by_text("Reading the chart: ")).to_be_visible()
    is_sound(window)


def _see_whose_chart(window: Page, app: App, held: HeldChart, *, with_rows: bool) -> None:
    begin(window, app, held)
    held.let_go("patient", *(("vitals", "slow") if with_rows else ()))
    expect(window.get_by_role("heading", name="Synthetic Testpatient")).to_be_visible()
    if with_rows:
        expect(window.locator("#bsa_mosteller > summary")).to_be_visible()


@pytest.mark.parametrize("with_rows", [False, True])
def test_whose_chart_it_is_and_the_first_rows_stand_while_the_rest_is_read(
    window: Page, app: App, held: HeldChart, with_rows: bool
) -> None:
    _see_whose_chart(window, app, held, with_rows=with_rows)
    is_sound(window)
    held.let_go()
    expect(window.locator("#complete")).to_be_attached()
    expect(window.get_by_text("Reading the chart: ")).to_be_hidden()


def test_a_change_before_all_is_read_changes_result_and_note_together(
    window: Page, app: App, held: HeldChart
) -> None:
    begin(window, app, held)
    held.let_go("patient", "vitals", "slow", "labs", "conditions")
    row = window.locator("#egfr_ckd_epi_2021")
    result, note = row.locator(".headline strong"), row.locator("[data-note-text]")
    # The last row that has come waits for what follows it.
    expect(window.locator("#egfr_ckd_epi_2021 + *")).to_be_attached()
    row.evaluate("(one) => (one.open = true)")
    window.locator("#egfr_ckd_epi_2021-creatinine").fill("1.6")
    expect(result).to_have_text("47")
    expect(note).to_contain_text("Creatinine 1.6")
    expect(note).to_contain_text("Patient: Synthetic Testpatient")
    expect(note).to_contain_text(re.compile(r"Chart read \d"))
    expect(row.locator(".failure")).to_be_empty()
    held.let_go()
    # A response that lacks a field is invalid, so no part of it is shown.
    window.route("**/egfr_ckd_epi_2021", lambda route: route.fulfill(json={"results": []}))
    window.locator("#egfr_ckd_epi_2021-creatinine").fill("1.7")
    expect(row.locator(".failure")).to_contain_text("from before your last change")
    window.unroute("**/egfr_ckd_epi_2021")
    expect(result).to_have_text("47")
    expect(note).to_contain_text("Creatinine 1.6")


def test_a_search_that_fails_late_is_told_above_the_rows(
    window: Page, app: App, held: HeldChart
) -> None:
    held.answers["labs"] = Scripted(500)
    begin(window, app, held)
    held.let_go()
    expect(window.get_by_role("heading", name="Not all of the chart was read")).to_be_visible()
    is_sound(window)


@pytest.mark.parametrize("with_rows", [False, True])
def test_a_session_that_ends_meanwhile_is_told_and_nothing_more_can_be_asked(
    window: Page, app: App, held: HeldChart, with_rows: bool
) -> None:
    _see_whose_chart(window, app, held, with_rows=with_rows)
    held.end_the_session()
    held.let_go()
    expect(window.get_by_role("alert")).to_contain_text("The session has ended")
    expect(window.get_by_role("alert")).to_contain_text("launch the app again")
    expect(window.get_by_role("heading", name="Synthetic Testpatient")).to_be_visible()
    if with_rows:
        window.locator("#bsa_mosteller").evaluate("(one) => (one.open = true)")
        expect(window.locator("#bsa_mosteller-weight")).not_to_be_editable()
        # Reads in progress have stopped.
        expect(window.locator(".lost").first).to_be_visible()
        expect(window.get_by_text("reading …").locator("visible=true")).to_have_count(0)
    is_sound(window)
