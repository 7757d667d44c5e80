"""The core works without the calculators: a copy of this repository without them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.app.servers import ROOT

_NOT_OURS = (".git", ".venv", ".local", "build", "__pycache__", ".*_cache", ".hypothesis")
_TAKEN = (
    *("clinical", "functions/smart_calc", "functions/cds_services"),
    *("tests/clinical", "tests/functions/smart_calc", "tests/functions/cds_services"),
)
_TABLES = re.compile(r"\[functions\.(?:smart_calc|cds_services)\]\n(?:\w.*\n)+\n?")


def make(folder: Path) -> Path:
    """Copy the repository to `folder`/core, and take the calculators away."""
    core = folder / "core"
    shutil.copytree(ROOT, core, ignore=shutil.ignore_patterns(*_NOT_OURS), symlinks=True)
    subprocess.run(["git", "init", "--quiet"], cwd=core, check=True)
    for taken in _TAKEN:
        shutil.rmtree(core / taken)
    state = core / "deployment.toml"
    text, count = _TABLES.subn("", state.read_text("utf-8"))
    assert count == 2
    state.write_text(text)
    return core


def check(folder: Path) -> int:
    """Lint a copy and run its tests; 0 where all is well. Its environment is this one's."""
    core = make(folder)
    (core / ".venv").symlink_to(ROOT / ".venv")
    tools = (
        ["ruff", "check", "--quiet", "."],
        ["ruff", "format", "--quiet", "--check", "."],
        ["mypy", "--no-error-summary"],
        ["pytest", "-q", "-n", "3", "--dist", "loadfile"],
    )
    environment = {name: value for name, value in os.environ.items() if name != "SOAK"}
    for tool in tools:
        ended = subprocess.run(
            [sys.executable, "-m", *tool], cwd=core, env=environment, check=False
        )
        if ended.returncode:
            return ended.returncode
    return 0
