"""A plugin of pytest: writes the seconds of each test, or those that failed, as they fail."""

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

_seconds: dict[str, float] = defaultdict(float)
_failed: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[report.nodeid] += report.duration
    if report.failed:
        _failed.append(report.nodeid)
        _write()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _write()


def _write() -> None:
    Path(os.environ["DURATIONS"]).write_text(json.dumps(_failed or _seconds), "utf-8")
