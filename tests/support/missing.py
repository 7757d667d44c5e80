"""The programs that this machine lacks: tests that need one are skipped, and the run's last line
counts them by program.
"""

import os
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]

# Debian has no package of it, so the gate can't install it either.
GCLOUD = "gcloud"
_REASON = re.compile(r"(?:Skipped: )?needs ([\w ]+)$")


def reason(*programs: str) -> str:
    """Return the reason for a skip, which the run's last line counts."""
    return f"needs {' '.join(programs)}"


def skip(*packages: str) -> None:
    """Skip the running test, which needs these Debian packages. With CI set, fail."""
    assert not os.environ.get("CI"), f"{reason(*packages)}; in CI nothing is skipped"
    pytest.skip(reason(*packages))


def need_git() -> None:
    """Skip the running test if the code isn't in a clone or git isn't installed."""
    if shutil.which("git") is None:
        skip("git")
    if not (_ROOT / ".git").exists():
        assert not os.environ.get("CI"), "this isn't a clone; in CI nothing is skipped"
        pytest.skip("this isn't a clone")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Write the last line, after pytest's own."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return
    skipped = [one.longrepr for one in reporter.stats.get("skipped", ())]
    line = summary([str(one[2]) for one in skipped if isinstance(one, tuple)])
    if line:
        reporter.write_line(line)


def summary(reasons: list[str]) -> str:
    """Return the line that counts skipped tests by what is missing, or an empty one."""
    counted = Counter(found[1] for one in reasons if (found := _REASON.match(one)))
    if not counted:
        return ""
    tests = ", ".join(f"{number} for {what}" for what, number in counted.most_common())
    packages = {one for what in counted for one in what.split()} - {GCLOUD}
    # Some tests need it too once there's a browser.
    if "chromium" in packages and shutil.which("npm") is None:
        packages.add("npm")
    steps = [f"on Debian, run: apt-get install {' '.join(sorted(packages))}"] if packages else []
    if GCLOUD in counted:
        steps.append("for gcloud, see https://cloud.google.com/sdk/docs/install")
    return f"Skipped for missing programs: {tests}. To run them, {'; '.join(steps)}"
