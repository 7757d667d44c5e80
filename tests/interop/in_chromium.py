"""The app's page in Chromium, to compare it at two servers."""

import contextlib
import difflib
import shutil
from collections.abc import Callable, Iterator

from playwright.sync_api import Browser, Page, sync_playwright

from tests.interop.built import KEPT
from tests.interop.report import Report

_MILLISECONDS = 90_000
# The inputs of closed calculators and the rows of closed tables too, with what they were read from.
_HIDDEN = """() => [...document.querySelectorAll(".input, tr[data-source]")].map(
  (one) => JSON.stringify(one.dataset) + " " + one.textContent.replace(/\\s+/g, " "))"""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium until the block ends."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def shown(browser: Browser, url: str, key: str, log_in: Callable[[Page], None]) -> list[str]:
    """Launch with a URL, and return the lines of the finished page, and its inputs and tables,
    sorted, without the EHR's name and the time of reading. (Results arrive in any order, and CSS
    puts them in theirs.)

    Leaves a screenshot in `.local/interop`.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(_MILLISECONDS)
    page = context.new_page()
    page.goto(url)
    log_in(page)
    page.wait_for_url("**/smart_calc/*/**")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=KEPT / f"page-{key}.png", full_page=True)
    text = page.inner_text("body")
    hidden = page.evaluate(_HIDDEN)
    context.close()
    lines = text.replace(f"{key}\n", "", 1).splitlines()
    return sorted([*(one for one in lines if not one.startswith("Chart read on")), *hidden])


def report_page(
    browser: Browser,
    ehr_origin: str,
    subject: str,
    patient: str,
    there: list[str],
    report: Report,
    faults: str = "",
) -> None:
    """Compare what a server's page shows with the page of the same chart in the simulated EHR,
    launched with the faults that make it more like that server.
    """
    start = f"{ehr_origin}/generic/start?patient={patient}&client=smart-calc-demo&in=tab"
    start += f"&fault={faults}"
    here = shown(browser, start, "simulated", lambda _: None)
    differs = [one for one in difflib.ndiff(here, there) if one[0] in "+-"]
    name = "the page in Chromium is that of the simulated EHR"
    report.step(subject, name, not differs, differs)
