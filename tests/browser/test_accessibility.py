"""Every page, at desktop and phone width: axe-core finds no violation, nothing scrolls sideways.

The app's page in its many states is in test_app.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Frame, Page, expect

from tests.support.app.app import App
from tests.support.app.front import FrontedApp
from tests.support.browser import npm
from tests.support.browser.browser import Browser

pytestmark = pytest.mark.calculators

WIDTHS = (1280, 390)
# In the one test that inspects a frame, the frame has another origin.
_LOOK = "axe.configure({allowedOrigins: ['<unsafe_all_origins>']})"
_FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
_OPEN = "document.querySelectorAll('details:not(.calculator)').forEach(one => one.open = true)"


@dataclass(frozen=True)
class Places:
    """Where the pages are: `brief` shows brief error pages, `full` full ones."""

    brief: FrontedApp
    full: App


Visit = Callable[[Page, Places], None]


@pytest.fixture(scope="module")
def page(chromium: Chromium) -> Iterator[Page]:
    context = chromium.new_context()
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def places(fronted: FrontedApp, app: App) -> Places:
    fronted.front.begin()
    return Places(fronted, app)


def framed(page: Page, heading: str, number: int = 0) -> None:
    """Wait until the app is in a frame."""
    frame = page.frame_locator("iframe.app").nth(number)
    expect(frame.get_by_role("heading", level=1, name=heading)).to_be_visible()


def start_page(query: str) -> Visit:
    def visit(page: Page, at: Places) -> None:
        page.goto(f"{at.brief.ehr_origin}/?{query}")
        expect(page.get_by_role("heading", name="Launch an app from a chart")).to_be_visible()

    return visit


def start_page_with_a_fault_in_force(page: Page, at: Places) -> None:
    page.goto(f"{at.brief.ehr_origin}/?ehr=epic")
    page.get_by_text("For all requests to this EHR").click()
    page.get_by_label("Fault that stays active until you change it").select_option("discovery-404")
    page.get_by_role("button", name="Apply to all requests").click()
    expect(page.get_by_text("Active for all requests to this EHR:")).to_be_visible()
    page.get_by_label("Fault that stays active until you change it").select_option("")
    # The test inspects the page as loaded, so the fault can be removed now.
    page.request.post(f"{at.brief.ehr_origin}/faults", form={"ehr": "epic", "faults": ""})


def chart(patient: str, name: str, **more: str) -> Visit:
    def visit(page: Page, at: Places) -> None:
        page.goto(at.brief.start("frame", patient=patient, **more))
        framed(page, name)

    return visit


def chart_with_cards(query: str, seen: str) -> Visit:
    def visit(page: Page, at: Places) -> None:
        page.goto(f"{at.brief.ehr_origin}/generic/chart?{query}")
        expect(page.get_by_text(seen).first).to_be_visible()

    return visit


def side_by_side(page: Page, at: Places) -> None:
    page.goto(at.brief.side_by_side("alma", "bruno"))
    framed(page, "Alma Testpatient")
    framed(page, "Bruno Testpatient", 1)


def launched(title: str, ehr: str, fault: str = "") -> Visit:
    """Where a launch in a tab leads."""

    def visit(page: Page, at: Places) -> None:
        page.goto(at.brief.start("tab", ehr=ehr, fault=fault))
        expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()

    return visit


def empty_trace(page: Page, at: Places) -> None:
    Browser().send("DELETE", f"{at.brief.ehr_origin}/_recorded")
    page.goto(f"{at.brief.ehr_origin}/trace")
    expect(page.get_by_text("No launches yet.")).to_be_visible()


def trace(page: Page, at: Places) -> None:
    Browser().send("DELETE", f"{at.brief.ehr_origin}/_recorded")
    for more in ({}, {"ehr": "epic"}, {"fault": "token-500"}, {"fault": "launcher-missing-aud"}):
        Browser().open(at.brief.start("tab", **more))
    stranger = {"Origin": "https://stranger.test"}
    Browser().get(f"{at.brief.ehr_origin}/oracle/jwk", stranger)
    # A request that arrives late would reload the page while it's being judged.
    page.route("**/_trace?after=*", lambda route: route.fulfill(json={"requests": []}))
    page.goto(f"{at.brief.ehr_origin}/trace")
    expect(page.get_by_text("An injected fault caused this.").first).to_be_visible()
    expect(page.get_by_text("Requests that don't belong to a launch")).to_be_visible()


def picker(page: Page, at: Places) -> None:
    page.goto(f"{at.brief.origin}/launch?ehr=simulated")
    expect(page.get_by_role("heading", name="Choose a patient")).to_be_visible()


def at_ehr(path: str, title: str) -> Visit:
    def visit(page: Page, at: Places) -> None:
        page.goto(at.brief.ehr_origin + path)
        expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()

    return visit


def front_of_the_functions(page: Page, at: Places) -> None:
    page.goto(f"{at.full.origin}/")
    expect(page.get_by_role("heading", name="The functions are running")).to_be_visible()


def launch_error(*, is_brief: bool) -> Visit:
    def visit(page: Page, at: Places) -> None:
        origin, base = at.full.origin, at.full.ehr_base
        if is_brief:
            origin, base = at.brief.origin, f"{at.brief.ehr_origin}/generic/fhir"
        page.goto(f"{origin}/launch?iss={base}")
        expect(page.get_by_text("Error code: launch_parameter_missing")).to_be_visible()

    return visit


def callback_error(*, is_brief: bool) -> Visit:
    def visit(page: Page, at: Places) -> None:
        address = at.brief.start("tab", fault="launcher-missing-aud")
        if not is_brief:
            address = address.replace(at.brief.ehr_origin, at.full.ehr_origin)
        page.goto(address)
        expect(page.get_by_text("Error code: ehr_error")).to_be_visible()
        # What only a full page shows.
        shown = page.get_by_role("heading", name="The EHR's words").count()
        assert shown == (0 if is_brief else 1)

    return visit


PAGES: dict[str, Visit] = {
    "start page": start_page("ehr=oracle&user=conrad&fault=oracle-code-required"),
    "start page with a fault in force": start_page_with_a_fault_in_force,
    "chart": chart("alma", "Alma Testpatient"),
    "chart with an error in it": chart(
        "alma", "The EHR couldn't complete the launch.", fault="launcher-missing-aud"
    ),
    "chart with cards": chart_with_cards("patient=synthetic-dario", "Warning"),
    "chart without a card": chart_with_cards(
        "patient=synthetic-bruno", "returned no cards for this patient."
    ),
    "chart whose call was refused": chart_with_cards(
        "patient=synthetic-dario&fault=cds-no-token", "The service refused this call."
    ),
    "side by side": side_by_side,
    "empty trace": empty_trace,
    "trace": trace,
    "picker": picker,
    "Oracle's error page": launched(
        "The app couldn't be started", "oracle", "oracle-page-unknown-client"
    ),
    "Epic's page for an unknown client": launched("OAuth2 Error", "epic", "epic-unknown-client"),
    "Epic's page for the rest": launched(
        "Invalid OAuth 2.0 request", "epic", "epic-invalid-request"
    ),
    "page for an unknown client": at_ehr(
        "/generic/authorize?client_id=nobody", "This app can't connect"
    ),
    "no such address": at_ehr("/nowhere", "Not Found"),
    "front of the functions": front_of_the_functions,
    "launch error, brief": launch_error(is_brief=True),
    "launch error, full": launch_error(is_brief=False),
    "callback error, brief": callback_error(is_brief=True),
    "callback error, full": callback_error(is_brief=False),
}


def load_axe(frame: Frame) -> None:
    frame.evaluate(npm.script("axe-core"))
    frame.evaluate(_LOOK)


def violations(page: Page, *, with_frames: bool = False) -> list[str]:
    """What axe-core finds on a page, as a rule and the first place."""
    run = "frames => axe.run({iframes: frames, resultTypes: ['violations'], selectors: false})"
    violations: list[dict[str, Any]] = page.evaluate(run, with_frames)["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in violations]


def too_wide(page: Page) -> list[Frame]:
    return [frame for frame in page.frames if not frame.evaluate(_FITS)]


@pytest.mark.parametrize("visit", PAGES.values(), ids=PAGES.keys())
def test_axe_finds_no_violation_and_nothing_scrolls_sideways(
    page: Page, places: Places, visit: Visit
) -> None:
    visit(page, places)
    page.evaluate(_OPEN)
    load_axe(page.main_frame)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        assert (width, too_wide(page)) == (width, [])
        assert (width, violations(page)) == (width, [])


def test_a_chart_and_the_app_in_its_frame_are_one_page_to_a_screen_reader(
    page: Page, places: Places
) -> None:
    chart("falk", "Falk Testpatient")(page, places)
    for frame in page.frames:
        load_axe(frame)
    assert violations(page, with_frames=True) == []
    page.frames[1].evaluate("document.body.append(document.createElement('button'))")
    reported = violations(page, with_frames=True)
    assert [one.partition(":")[0] for one in reported] == ["button-name"]
