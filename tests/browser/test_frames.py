"""The app in frames of another site's page, in a browser that blocks third-party cookies."""

import contextlib
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Frame, FrameLocator, Page, expect
from playwright.sync_api import Error as PlaywrightError

from tests.support.app.front import FrontedApp

pytestmark = pytest.mark.calculators

READS = 100
LOST = "Your browser didn't keep a cookie that the app needs."
ANOTHER_WINDOW = "This launch was started in another browser or window."
# Half of the reads ask for the launch context, half for data; none names a patient.
_READ_MANY = """
([handle, reads]) => {
  const base = `/fhir_proxy/${handle}`
  const read = async number => {
    if (number % 2) return (await (await fetch(`${base}/session`)).json()).patient
    const query = `_count=1&code=http://loinc.org|8867-4`
    const bundle = await (await fetch(`${base}/Observation?${query}`)).json()
    return bundle.entry[0].resource.subject.reference.replace("Patient/", "")
  }
  window.readAll = async () => {
    const patients = []
    for (let number = 0; number < reads; number += 1) patients.push(await read(number))
    return patients
  }
}
"""
# In one frame, for both: neither is done before the other begins.
_BOTH = "() => Promise.all([0, 1].map((number) => parent[number].readAll()))"


def framed(page: Page, number: int = 0) -> FrameLocator:
    return page.frame_locator("iframe.app").nth(number)


def app_frame(page: Page, fronted: FrontedApp, number: int = 0) -> Frame:
    """The frame itself, once the app's page is in it."""
    expect(framed(page, number).get_by_role("button", name="Log out")).to_be_visible()
    element = page.locator("iframe.app").nth(number).element_handle()
    frame = element.content_frame() if element else None
    assert frame is not None
    assert frame.url.startswith(f"{fronted.origin}/smart_calc/")
    return frame


def handle_of(frame: Frame) -> str:
    return urlsplit(frame.url).path.strip("/").rpartition("/")[2]


def status_of_a_read(frame: Frame) -> int:
    """A FHIR read by a script of the app's page."""
    address = f"/fhir_proxy/{handle_of(frame)}/Patient/synthetic-alma"
    return int(frame.evaluate("url => fetch(url).then(answer => answer.status)", address))


def test_the_session_of_a_framed_launch_lives_on_to_a_fhir_read(
    fronted: FrontedApp, blocking: BrowserContext
) -> None:
    fronted.front.begin()
    page = blocking.new_page()
    page.goto(fronted.start("frame"))
    frame = app_frame(page, fronted)
    expect(framed(page).get_by_role("heading", name="Alma Testpatient")).to_be_visible()
    assert status_of_a_read(frame) == 200
    (launch,) = fronted.front.of("launch")
    (callback,) = fronted.front.of("callback")
    (read,) = fronted.front.of("fhir_proxy")
    for navigation in (launch, callback):
        assert navigation.headers["Sec-Fetch-Site"] == "cross-site"
        assert navigation.headers["Sec-Fetch-Dest"] == "iframe"
    assert read.headers["Sec-Fetch-Site"] == "same-origin"
    # The browser gives this frame nothing but its partition.
    assert frame.evaluate("document.hasStorageAccess()") is False
    assert frame.evaluate("document.cookie") == ""


def test_without_partitioned_cookies_it_does_not_and_the_page_says_why(
    fronted: FrontedApp, blocking: BrowserContext
) -> None:
    fronted.front.begin(takes_partitions=True)
    page = blocking.new_page()
    page.goto(fronted.start("frame"))
    expect(framed(page).get_by_role("heading", name=LOST)).to_be_visible()
    for text in (
        "The browser or a policy blocks the app's cookies",
        "Launch the app again from the chart, in its own window",
        "Error code: cookie_missing",
    ):
        expect(framed(page).get_by_text(text).first).to_be_visible()
    (callback,) = fronted.front.of("callback")
    assert "Cookie" not in callback.headers


def test_the_same_cookies_serve_in_a_tab_so_it_is_the_frame_that_loses_them(
    fronted: FrontedApp, blocking: BrowserContext
) -> None:
    fronted.front.begin(takes_partitions=True)
    page = blocking.new_page()
    page.goto(fronted.start("tab"))
    expect(page.get_by_role("heading", name="Alma Testpatient")).to_be_visible()
    assert status_of_a_read(page.main_frame) == 200
    (launch,) = fronted.front.of("launch")
    assert launch.headers["Sec-Fetch-Dest"] == "document"


def test_an_answer_that_comes_to_another_window_opens_nothing_and_the_page_says_why(
    fronted: FrontedApp, blocking: BrowserContext
) -> None:
    # A launch in a frame and one in a tab, whose answers do not reach the app.
    fronted.front.begin(holds_callbacks=True)
    page = blocking.new_page()
    page.goto(fronted.start("frame"))
    page.wait_for_load_state("networkidle")
    with contextlib.suppress(PlaywrightError):
        # A navigation that is answered by 204 ends where it began, which counts as an error.
        page.goto(fronted.start("tab"))
    of_the_frame, _ = fronted.front.of("callback")
    fronted.front.begin()
    page.goto(f"{fronted.origin}{of_the_frame.path}")
    expect(page.get_by_role("heading", name=ANOTHER_WINDOW)).to_be_visible()
    expect(page.get_by_text("Error code: browser_mismatch")).to_be_visible()
    assert fronted.front.of("smart_calc") == []


def test_of_200_interleaved_reads_in_two_frames_of_one_window_none_crosses(
    fronted: FrontedApp, blocking: BrowserContext
) -> None:
    fronted.front.begin()
    page = blocking.new_page()
    page.goto(fronted.side_by_side("alma", "bruno"))
    frames = [app_frame(page, fronted, number) for number in (0, 1)]
    fronted.front.begin()
    for frame in frames:
        frame.evaluate(_READ_MANY, [handle_of(frame), READS])
    assert frames[0].evaluate(_BOTH) == [["synthetic-alma"] * READS, ["synthetic-bruno"] * READS]
    handles = [one.path.split("/")[2] for one in fronted.front.of("fhir_proxy")]
    assert len(handles) == 2 * READS
    assert {handle_of(frame) for frame in frames} == set(handles)
    assert sum(one != other for one, other in pairwise(handles)) > READS // 2


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["left", "right"])
def test_a_log_out_in_one_frame_leaves_the_other_one_open(
    fronted: FrontedApp, blocking: BrowserContext, order: tuple[int, int]
) -> None:
    fronted.front.begin()
    page = blocking.new_page()
    page.goto(fronted.side_by_side("alma", "alma"))
    ending, staying = (app_frame(page, fronted, number) for number in order)
    ended: dict[str, Any] = ending.evaluate(
        """url => fetch(url, {method: "DELETE"}).then(answer => ({status: answer.status}))""",
        f"/fhir_proxy/{handle_of(ending)}/session",
    )
    assert ended == {"status": 204}
    assert (status_of_a_read(ending), status_of_a_read(staying)) == (401, 200)
