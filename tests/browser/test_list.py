"""The list of calculators and the open one: what stays in sight, how one is found, and the keys."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Page, expect

from clinical.calculators import REGISTRY
from functions.smart_calc.rows import sections
from tests.support.app.app import App
from tests.support.app.endings import launch_in
from tests.support.charts.app_chart import tenant_of
from tests.support.tables import each

EGFR = "egfr_ckd_epi_2021"
FENA, SODIUM = "fractional_excretion", "corrected_sodium"
ROWS_IN_SIGHT = """
() => {
  const { shadowRoot } = document.querySelector(".page");
  const list = shadowRoot.querySelector("[part=list]").getBoundingClientRect();
  return [...document.querySelectorAll(".page > details > summary")]
    .map((one) => one.getBoundingClientRect())
    .filter(({ top, bottom }) => top >= list.top && bottom <= Math.min(list.bottom, innerHeight))
    .length;
}
"""
# In a row without a result, the list of missing inputs may be cut. The open row has it in full.
CUT = """
[...document.querySelectorAll(".page > details.calculator > summary")]
  .flatMap((row) => [row, ...row.querySelectorAll("h3, .mini, .mini:not(:empty) + .hint")])
  .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth)
  .map((one) => one.textContent)
"""
# The right edge of each number, and whether a caution comes with it.
NUMBERS = """
[...document.querySelectorAll(".page > details > summary > .mini:not(:empty)")]
  .map((one) => [one, one.parentElement.querySelector(".flag[hidden]") === null])
  .map(([one, hasCaution]) => [Math.round(one.getBoundingClientRect().right), hasCaution])
"""
# The page writes its history a moment after the click. (The policy of the page forbids
# wait_for_function, which evaluates a string in it as soon as its first look isn't enough.)
ROW_IN_HISTORY = """
async (row) => {
  for (let frame = 0; frame < 600 && history.state?.row !== row; frame++)
    await new Promise(requestAnimationFrame);
  return history.state?.row;
}
"""
OPEN = "[...document.querySelectorAll('.page > details[open]')].map((one) => one.id)"


@pytest.fixture(scope="module")
def page(chromium: Chromium, app: App) -> Iterator[Page]:
    """One launch for all tests: each begins by loading the page."""
    context = chromium.new_context(viewport={"width": 1280, "height": 844})
    context.set_default_timeout(30_000)
    page = context.new_page()
    launch_in(page, app, tenant_of(app))
    yield page
    context.close()


def load(page: Page, width: int = 1280, height: int = 844, fragment: str = "") -> None:
    page.set_viewport_size({"width": width, "height": height})
    address = page.url.partition("#")[0]
    page.goto("about:blank")
    page.goto(address + fragment)
    expect(page.locator("#tools")).not_to_have_attribute("hidden", "")


def opened(page: Page) -> list[str]:
    return list(page.evaluate(OPEN))


def test_a_frame_of_900_by_600_has_fourteen_rows_and_result_class_and_inputs_of_the_open_one(
    page: Page,
) -> None:
    load(page, 900, 600)
    assert page.evaluate(ROWS_IN_SIGHT) >= 14
    expect(page.locator("#complete")).to_be_attached()
    first = page.locator(".page > details[open]")
    row, body = first.locator("> summary").bounding_box(), first.locator(".body").bounding_box()
    assert row
    assert body
    assert row["x"] + row["width"] <= body["x"]
    result = first.locator(".headline")
    for one in (result.locator("strong"), result.locator(".band")):
        expect(one).to_be_in_viewport(ratio=1)
    # What it takes, each on one line.
    inputs = first.locator(".input")
    for number in range(3):
        places = [
            inputs.nth(number).locator(part).first.bounding_box()
            for part in (".control :is(input, select)", ".control label", ".state")
        ]
        expect(inputs.nth(number).locator(".control :is(input, select)").first).to_be_in_viewport(
            ratio=1
        )
        middles = [one["y"] + one["height"] / 2 for one in places if one]
        assert len(middles) == 3
        assert max(middles) - min(middles) < 12


@each(("width", "height"), [(1280, 844), (900, 600), (390, 844)])
def test_titles_numbers_and_what_they_mean_are_not_cut_and_numbers_are_in_one_column(
    page: Page, width: int, height: int
) -> None:
    load(page, width, height)
    expect(page.locator("#complete")).to_be_attached()
    assert page.evaluate(CUT) == []
    # In the order of arrival, which differs, not each row has a number.
    with_number = page.locator(".page > details > summary:has(.mini strong)")
    with_number.nth(2).locator(".flag").evaluate("(one) => (one.hidden = false)")
    with_number.nth(1).locator(".act").evaluate("(one) => (one.hidden = false)")
    numbers = page.evaluate(NUMBERS)
    assert {has_caution for _, has_caution in numbers} == {True, False}
    assert len({right for right, _ in numbers}) == 1


def test_on_a_small_screen_why_there_is_no_result_is_not_cut(
    app: App, desktop: BrowserContext
) -> None:
    phone = desktop.new_page()
    phone.set_viewport_size({"width": 390, "height": 844})
    query = "patient=synthetic-greta&client=smart-calc-demo&in=tab"
    phone.goto(f"{app.ehr_origin}/generic/start?{query}")
    expect(phone.locator("#complete")).to_be_attached()
    for row in phone.locator("details.calculator > summary:has(> .mini:empty)").all():
        outer, hint = row.bounding_box(), row.locator(".hint").bounding_box()
        assert outer
        assert hint
        assert hint["height"] <= outer["height"], row.inner_text()


def test_every_row_has_its_result_or_why_there_is_none(page: Page) -> None:
    load(page)
    assert page.locator("details.calculator").count() == len(REGISTRY)
    for row in page.locator("details.calculator > summary").all():
        told = [row.locator(".mini").inner_text(), row.locator(".hint").inner_text()]
        assert any(told), row.inner_text()


@each(("width", "height"), [(1280, 844), (900, 600), (390, 700)])
def test_whose_it_is_and_the_result_stay_in_sight_while_the_rest_scrolls(
    page: Page, width: int, height: int
) -> None:
    load(page, width, height, f"#{EGFR}")
    calculator = page.locator(f"#{EGFR}")
    calculator.locator(".detail").evaluate("(one) => one.scrollTo(0, one.scrollHeight)")
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport(ratio=1)
    expect(calculator.locator(".headline")).to_be_in_viewport(ratio=1)
    expect(calculator.get_by_text("Formula, sources and limits")).to_be_in_viewport()
    assert page.evaluate("document.scrollingElement.scrollTop") == 0


def test_on_a_small_screen_one_opens_over_the_whole_list_and_its_row_leads_back(page: Page) -> None:
    load(page, 390, 700)
    assert opened(page) == []
    page.locator(f"#{EGFR} > summary").click()
    box = page.locator(f"#{EGFR} > .body").bounding_box()
    assert box
    assert box["width"] == 390
    headline = page.locator(f"#{EGFR} .headline").bounding_box()
    assert headline
    assert headline["y"] > 500
    page.locator(f"#{EGFR} > summary").click()
    assert opened(page) == []
    expect(page.locator("#bmi > summary")).to_be_visible()
    page.locator("#bmi > summary").click()
    assert page.evaluate(ROW_IN_HISTORY, "bmi") == "bmi"
    address = page.url.removesuffix("#bmi")
    page.go_back()
    expect(page.locator(".page > details[open]")).to_have_count(0)
    assert page.url == address
    # One without a result says in its place why there is none.
    lacking = page.locator("details.calculator:has(.headline:empty)").first
    lacking.locator("> summary").click()
    expect(lacking.locator(".outcome .about")).to_have_text(re.compile("."))
    expect(lacking.locator(".outcome .about")).to_be_in_viewport(ratio=1)


@each("width", [1280, 390])
def test_a_fragment_opens_its_calculator_and_has_the_focus_there(page: Page, width: int) -> None:
    load(page, width, fragment="#bmi")
    assert opened(page) == ["bmi"]
    expect(page.locator("#bmi > summary")).to_be_focused()
    page.evaluate("location.hash = 'fib4'")
    expect(page.locator("#fib4")).to_have_attribute("open", "")
    assert opened(page) == ["fib4"]


def test_another_fragment_opens_what_no_fragment_opens(page: Page) -> None:
    load(page)
    usual = opened(page)
    for fragment in ("#nothing", "#tools", "#%20", "#%E0"):
        load(page, fragment=fragment)
        assert (fragment, opened(page)) == (fragment, usual)


def test_the_row_that_fills_the_second_pane_does_not_close(page: Page) -> None:
    load(page)
    page.locator("#bmi > summary").click()
    page.locator("#bmi > summary").click()
    assert opened(page) == ["bmi"]


@each(
    ("asked", "name"),
    [
        *(("kidney", EGFR), ("stroke", "cha2ds2_vasc"), ("af", "has_bled"), ("liver", "meld")),
        *(("bleeding", "has_bled"), ("crcl", "creatinine_clearance_cg"), ("CREATININE", "meld")),
        *(("aki", EGFR), ("oac", "has_bled"), ("c-g", "creatinine_clearance_cg")),
        *(("qt interval", "qtc"), ("platelet", "fib4"), ("nephrology", EGFR), ("cardiol", "qtc")),
    ],
)
def test_a_calculator_is_found_by_organ_problem_input_and_short_name(
    page: Page, asked: str, name: str
) -> None:
    page.get_by_label("Find a calculator").fill(asked)
    expect(page.locator(f"#{name}")).to_be_visible()
    expect(page.locator("#filtered")).to_contain_text(" of ")


@each(
    ("asked", "first"),
    [
        *(("stroke", "cha2ds2_vasc"), ("MDRD", EGFR), ("long qt", "qtc"), ("fena", FENA)),
        *(("weight", "ideal_body_weight"), ("map", "mean_arterial_pressure"), ("katz", SODIUM)),
        *(("renal function", EGFR), ("crcl", "creatinine_clearance_cg"), ("bleeding", "has_bled")),
        *(("statin", "prevent_2023_base"), ("cholesterol", "ldl"), ("sepsis", "news2")),
        *(("MELD score", "meld"), ("early warning score", "news2"), ("bleeding risk", "has_bled")),
        *(("prolonged QT", "qtc"), ("hyperlipidemia", "ldl"), ("liver failure", "meld")),
    ],
)
def test_enter_opens_what_stands_first_by_name_alias_problem_or_input(
    page: Page, asked: str, first: str
) -> None:
    field = page.get_by_label("Find a calculator")
    field.fill(asked)
    field.press("Enter")
    assert opened(page) == [first]
    rows = page.locator(".page > details > summary").locator("visible=true").all()
    tops = {box["y"] for row in rows if (box := row.bounding_box())}
    top = page.locator(f"#{first} > summary").bounding_box()
    assert top
    assert top["y"] == min(tops)


@each("asked", ["apgar", "charlson", "HEART score", "xyzzy"])
def test_what_no_calculator_is_for_says_so_and_opens_nothing(page: Page, asked: str) -> None:
    before = opened(page)
    field = page.get_by_label("Find a calculator")
    field.fill(asked)
    expect(page.locator("#filtered")).to_have_text(f"No match for \u201c{asked}\u201d.")
    field.press("Enter")
    assert opened(page) == before
    field.press("Escape")
    expect(page.locator("#filtered")).to_have_text("")
    expect(page.locator("#ldl")).to_be_visible()


@each(
    ("asked", "name"),
    [
        ("creatnine", EGFR),
        ("kidny", EGFR),
        ("afibb", "cha2ds2_vasc"),
        ("ostmolality", "serum_osmolality"),
    ],
)
def test_what_nothing_is_called_offers_the_nearest(page: Page, asked: str, name: str) -> None:
    page.get_by_label("Find a calculator").fill(asked)
    expect(page.locator("#filtered")).to_contain_text("Closest matches:")
    expect(page.locator(f"#{name}")).to_be_visible()


def test_the_list_is_used_by_keys_alone(page: Page) -> None:
    load(page)
    keys = page.keyboard
    keys.press("/")
    expect(page.get_by_label("Find a calculator")).to_be_focused()
    keys.type("gap")
    expect(page.locator("#filtered")).to_have_text("2 of 27")
    # The open row stays in the list with the matches. The keys move through the matches.
    expect(page.locator(".page > details[open] > summary")).to_be_visible()
    keys.press("ArrowDown")
    expect(page.locator("#anion_gap > summary")).to_be_focused()
    keys.press("ArrowDown")
    expect(page.locator("#serum_osmolality > summary")).to_be_focused()
    keys.press("Enter")
    assert opened(page) == ["serum_osmolality"]
    keys.press("ArrowUp")
    keys.press("ArrowUp")
    expect(page.get_by_label("Find a calculator")).to_be_focused()
    keys.press("Escape")
    expect(page.locator("#bmi")).to_be_visible()
    keys.type("egfr")
    keys.press("Enter")
    assert opened(page) == [EGFR]
    expect(page.locator(f"#{EGFR} > summary")).to_be_focused()
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Tab")
    assert page.evaluate("document.activeElement.closest('.body') !== null")
    keys.press("Escape")
    expect(page.locator(f"#{EGFR} > summary")).to_be_focused()


def test_without_a_script_all_results_are_there_in_their_order_and_open(
    app: App, chromium: Chromium
) -> None:
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": 1280, "height": 844}
    )
    context.set_default_timeout(30_000)
    plain = context.new_page()
    launch_in(plain, app, tenant_of(app))
    expect(plain.locator("#complete")).to_be_attached()
    expect(plain.locator("#tools, #logout").locator("visible=true")).to_have_count(0)
    rows = plain.locator(".page > details").all()
    order = [(box["y"], one.get_attribute("id")) for one in rows if (box := one.bounding_box())]
    assert [name for _, name in sorted(order)] == [
        row.name for section in sections().values() for row in section
    ]
    plain.locator(f"#{EGFR} > summary").click()
    expect(plain.locator(f"#{EGFR} .headline strong")).to_be_visible()
    plain.locator("#bmi > summary").click()
    expect(plain.locator("#bmi .headline strong")).to_be_visible()
    expect(plain.locator(f"#{EGFR} .headline")).to_be_hidden()
    context.close()


def test_a_stroke_that_is_typed_is_a_stroke(page: Page) -> None:
    load(page, fragment="#bmi")
    field = page.locator("#bmi-weight")
    field.fill("")
    # As when the page's last part comes late, and what follows it.
    page.evaluate("dispatchEvent(new Event('load')) && new Promise((then) => setTimeout(then))")
    page.keyboard.press("/")
    expect(field).to_have_value("/")
