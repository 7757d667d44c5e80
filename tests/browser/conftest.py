"""A real browser: Debian's Chromium, which blocks third-party cookies by default."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, sync_playwright

_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        assert not os.environ.get("CI"), "Chromium is missing, and in CI nothing is skipped"
        pytest.skip("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=[1280, 390], ids=["desktop", "phone"])
def window(chromium: Chromium, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A fresh profile in a window of desktop or phone width."""
    context = chromium.new_context(viewport={"width": request.param, "height": 844})
    context.set_default_timeout(10_000)
    yield context
    context.close()
