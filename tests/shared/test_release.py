"""The version that a build states, wherever it runs."""

import json
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from shared.release import VERSION
from tests.support import missing
from tests.support.app.servers import ROOT


def version(root: Path) -> str:
    """What the code below a root says, in a new process's state."""
    return str(runpy.run_path(str(root / "shared/release.py"))["version"]())


def git(root: Path, *words: str) -> str:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    command = ["git", *who, *words]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the code without git."""
    missing.need_git()
    for name in ("COMMIT_SHA", "GIT_DIR", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    copied = tmp_path / "site/smart_calc/product/shared"
    copied.mkdir(parents=True)
    shutil.copy(ROOT / "shared/release.py", copied)
    return copied.parent


def test_only_the_tag_of_this_version_makes_a_release_and_no_two_commits_share_a_version(
    root: Path,
) -> None:
    git(root, "init", "-q")
    git(root, "commit", "-q", "--allow-empty", "-m", "first")
    git(root, "tag", "v9.9.9")
    first = git(root, "rev-parse", "HEAD")[:7]
    assert version(root) == f"{VERSION}.dev1+g{first}"
    git(root, "commit", "-q", "--allow-empty", "-m", "second")
    git(root, "tag", f"v{VERSION}")
    assert version(root) == VERSION
    git(root, "commit", "-q", "--allow-empty", "-m", "third")
    assert version(root) == f"{VERSION}.dev3+g{git(root, 'rev-parse', 'HEAD')[:7]}"


def test_without_git_and_record_the_commit_of_the_build_is_named_where_it_is_set(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(root.parent, "init", "-q")
    git(root.parent, "commit", "-q", "--allow-empty", "-m", "somebody else's")
    assert version(root) == f"{VERSION}.dev0"
    monkeypatch.setenv("COMMIT_SHA", "0123456789abcdef+changes")
    assert version(root) == f"{VERSION}.dev0+g0123456"
    monkeypatch.setenv("COMMIT_SHA", "$COMMIT_SHA")
    assert version(root) == f"{VERSION}.dev0"


def test_what_an_archive_or_a_wheel_records_counts_before_git(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMIT_SHA", "0123456789abcdef")
    git(root, "init", "-q")
    git(root, "commit", "-q", "--allow-empty", "-m", "a project's")
    recorded = root.parents[1] / "smart_calc-1.2.3.dist-info/METADATA"
    recorded.parent.mkdir()
    recorded.write_text("Metadata-Version: 2.4\nName: smart-calc\nVersion: 1.2.3\n")
    assert version(root) == "1.2.3"
    (root / "PKG-INFO").write_text("Name: smart-calc\nVersion: 1.2.4\n")
    assert version(root) == "1.2.4"
    (root / "BUILD_INFO").write_text(json.dumps({"version": "1.2.5", "commit": "c"}))
    assert version(root) == "1.2.5"
