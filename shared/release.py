"""The release of the app: its version, and the commit that was staged.

The build of the tag `vX.Y.Z` is X.Y.Z. Any other is X.Y.Z.devN+gCOMMIT (PEP 440): N counts the
commits, so that the builds of two commits never have the same name.
"""

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

# The only place with the next release's number. The commit after a tag raises it (CONTRIBUTING.md).
VERSION = "0.1.0"
_ROOT = Path(__file__).parents[1]


@cache
def version() -> str:
    """Return the version that was staged, that an archive or wheel records, or that git has.

    Without any of these, it's X.Y.Z.dev0, followed by the commit in COMMIT_SHA if that's set.
    """
    known = _build_info().get("version") or _recorded() or _in_clone()
    if known is None:
        commit = re.match(r"[0-9a-f]{7}", os.environ.get("COMMIT_SHA", ""))
        known = f"{VERSION}.dev0" + (f"+g{commit[0]}" if commit else "")
    return known


@cache
def commit() -> str:
    """Return the commit, or `unknown` if the function wasn't staged."""
    return _build_info().get("commit", "unknown")


def staged_source() -> Path | None:
    """Return the folder of a staged function's source, or None if it wasn't staged."""
    return _ROOT if _build_info() else None


@cache
def _build_info() -> Mapping[str, str]:
    """Return the file that infra/stage.py writes next to shared/; empty if there's none."""
    try:
        return dict(json.loads((_ROOT / "BUILD_INFO").read_bytes()))
    except (OSError, ValueError):
        return {}


def _recorded() -> str | None:
    """Return the version in the core metadata of a source archive or, in site-packages, a wheel."""
    site = _ROOT.parents[1] if _ROOT.name == "product" else _ROOT
    for file in (_ROOT / "PKG-INFO", *site.glob("smart_calc-*.dist-info/METADATA")):
        if file.is_file() and (
            line := re.search(r"^Version: (.+)$", file.read_text("utf-8"), re.MULTILINE)
        ):
            return line[1]
    return None


def _in_clone() -> str | None:
    """Return the version of a clone's commit, or None without git."""
    # Imported here, because only a clone needs it: a function never starts a process.
    import subprocess

    def git(*words: str) -> str:
        command = ["git", "-C", str(_ROOT), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - fixed arguments

    if not (_ROOT / ".git").exists():
        return None
    try:
        if f"v{VERSION}" in git("tag", "--points-at", "HEAD").split():
            return VERSION
        return f"{VERSION}.dev{git('rev-list', '--count', 'HEAD')}+g{git('rev-parse', 'HEAD')[:7]}"
    except (OSError, subprocess.CalledProcessError):
        return None
