"""Takes the screenshots in docs/ from this checkout's demo, in Chromium (`make pictures`).

The tests don't compare them, because fonts and dates differ between machines.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

_ROOT = Path(__file__).parents[2]
_PORT, _EHR_PORT = "8480", "8490"
_EHR = f"http://127.0.0.1:{_EHR_PORT}"
_LAUNCH = f"{_EHR}/generic/start?patient=synthetic-cora&client=smart-calc-demo&in=tab"
# The input of README.md's example.
_POST = _ROOT / "examples/failed-launch.txt"


def main() -> None:
    """Take each screenshot as README.md shows it."""
    with _demo(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium-headless-shell") or shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_page(viewport={"width": 900, "height": 600})
        page.goto(_LAUNCH)
        page.locator("#complete").wait_for(state="attached")
        _take(page, "page.png")
        page.set_viewport_size({"width": 1280, "height": 740})
        page.goto(f"http://localhost:{_PORT}/")
        page.locator("#text").fill(_POST.read_text("utf-8"))
        page.get_by_role("button", name="Explain").click()
        page.get_by_role("heading", name="What you pasted").wait_for()
        _take(page, "explained.png")
        browser.close()


def _take(page: Page, name: str) -> None:
    page.screenshot(path=_ROOT / "docs" / name, animations="disabled")
    print(f"docs/{name}")


@contextmanager
def _demo() -> Iterator[None]:
    """Run `make run` on separate ports until the screenshots are taken."""
    with tempfile.TemporaryDirectory() as folder:
        ports = {"PORT": _PORT, "EHR_PORT": _EHR_PORT, "SMART_LOCAL": folder}
        running = subprocess.Popen(
            [sys.executable, "-m", "simulator", "run"],
            cwd=_ROOT,
            env={**os.environ, **ports},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            if not any(line.startswith("Ready") for line in running.stdout or ()):
                raise SystemExit("The demo didn't start.")
            yield
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(30)


if __name__ == "__main__":
    main()
