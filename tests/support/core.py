"""The core without the calculators: a copy of this repository, made as docs/own-app.md says."""

import re
import shutil
import subprocess
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


def documented() -> str:
    """The commands of the document."""
    text = (ROOT / "docs/own-app.md").read_text("utf-8")
    (section,) = re.findall(rf"^{_HEADING}$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    (block,) = re.findall(r"^```sh\n(rm .*?)^```$", section, re.MULTILINE | re.DOTALL)
    return str(block)
