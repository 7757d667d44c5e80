"""A real browser: Debian's Chromium, or its headless shell if it's installed.

The shell draws no window around the page, which halves the processor time. But it doesn't block
third-party cookies, so tests that need this request `blocking`.
"""

import contextlib
import shutil
from collections.abc import Iterator
from ctypes.util import find_library

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, Playwright, expect, sync_playwright

from tests.support import missing
from tests.support.app.app import App
from tests.support.app.front import FrontedApp, serve_behind_a_front
from tests.support.app.writes import serve_writing
from tests.support.ehr.scripted_ehr import ScriptedEhr

_UNWANTED = (
    *("PreloadTopChromeWebUI", "AvoidUnnecessaryBeforeUnloadCheckSync", "HttpsUpgrades"),
    *("DestroyProfileOnBrowserClose", "LensOverlay", "MediaRouter", "PaintHolding", "AimEnabled"),
    *("ThirdPartyStoragePartitioning", "OptimizationHints", "NetworkTimeServiceQuerying"),
    "PreconnectToSearch",
)
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    # One process less that draws.
    "--disable-software-rasterizer",
    "--in-process-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Debian's build blocks third-party cookies by default; others do with this.
    "--test-third-party-cookie-phaseout",
    # Without the first, a window loads Chromium's own pages at startup, each in its own process.
    # The others are from Playwright's list, which this option replaces.
    "--disable-features=" + ",".join(_UNWANTED),
]

# For a machine that is busy with other things.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    # The driver is linked against libatomic, which a small Debian lacks.
    lacking = {"chromium": _whole(), "libatomic1": find_library("atomic")}
    if packages := [name for name, found in lacking.items() if found is None]:
        missing.skip(*packages)
    with sync_playwright() as running:
        yield running


def _whole() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextlib.contextmanager
def _launched(playwright: Playwright, path: str | None) -> Iterator[Chromium]:
    browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Chromium]:
    with _launched(playwright, shutil.which("chromium-headless-shell") or _whole()) as browser:
        yield browser


@pytest.fixture(scope="session")
def blocking_chromium(playwright: Playwright) -> Iterator[Chromium]:
    with _launched(playwright, _whole()) as browser:
        yield browser


@contextlib.contextmanager
def _profile(chromium: Chromium) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 844})
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture(scope="session")
def profile(chromium: Chromium) -> Iterator[BrowserContext]:
    with _profile(chromium) as context:
        yield context


@pytest.fixture(scope="session")
def blocking_profile(blocking_chromium: Chromium) -> Iterator[BrowserContext]:
    with _profile(blocking_chromium) as context:
        yield context


def _emptied(profile: BrowserContext) -> None:
    for page in profile.pages:
        page.close()
    profile.clear_cookies()


@pytest.fixture
def desktop(profile: BrowserContext) -> Iterator[BrowserContext]:
    """A profile without cookies and without tabs, in which pages keep things too. It is the same
    one every time: a profile for each test takes a second of the processor.
    """
    yield profile
    _emptied(profile)


@pytest.fixture
def blocking(blocking_profile: BrowserContext) -> Iterator[BrowserContext]:
    """The same in a whole Chromium, which blocks third-party cookies."""
    yield blocking_profile
    _emptied(blocking_profile)


@pytest.fixture(scope="session")
def fronted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontedApp]:
    """The app with brief error pages, behind a front that sees what the browser sends."""
    with serve_behind_a_front(tmp_path_factory.mktemp("fronted")) as running:
        yield running


@pytest.fixture(scope="session")
def writing(tmp_path_factory: pytest.TempPathFactory, scripted: ScriptedEhr) -> Iterator[App]:
    """The app with registrations that may write (tests/support/app/writes.py)."""
    with serve_writing(tmp_path_factory.mktemp("writing"), scripted) as running:
        yield running
