"""The core without the calculators: a copy of this repository, made as docs/own-app.md says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.servers import ROOT

_NOT_OURS = (".git", ".venv", ".local", "build", "__pycache__", ".*_cache", ".hypothesis")
_HEADING = "## Without the calculators"
_TABLES = re.compile(r"\[functions\.(?:smart_calc|cds_services)\]\n(?:\w.*\n)+\n?")


def make(folder: Path) -> Path:
    """Copy the repository to `folder`/core, and take away what the document names."""
    core = folder / "core"
    shutil.copytree(ROOT, core, ignore=shutil.ignore_patterns(*_NOT_OURS), symlinks=True)
    subprocess.run(["git", "init", "--quiet"], cwd=core, check=True)
    subprocess.run(["bash", "-ec", documented()], cwd=core, check=True)
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


def documented() -> str:
    """The commands of the document."""
    text = (ROOT / "docs/own-app.md").read_text("utf-8")
    (section,) = re.findall(rf"^{_HEADING}$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    (block,) = re.findall(r"^```sh\n(set -- .*?)^```$", section, re.MULTILINE | re.DOTALL)
    return str(block)
