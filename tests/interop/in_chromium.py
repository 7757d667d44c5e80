"""The app's page in Chromium, to compare it at two servers."""

import contextlib
import shutil
from collections.abc import Callable, Iterator

from playwright.sync_api import Browser, Page, sync_playwright

from tests.interop.built import KEPT

_MILLISECONDS = 90_000


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium until the block ends."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def shown(browser: Browser, url: str, key: str, log_in: Callable[[Page], None]) -> list[str]:
    """Launch with a URL, and return the lines of the finished page, sorted, without the EHR's name
    and the time of reading. (Results arrive in any order, and CSS puts them in theirs.)

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
    context.close()
    lines = text.replace(f"{key}\n", "", 1).splitlines()
    return sorted(one for one in lines if not one.startswith("Chart read on"))
