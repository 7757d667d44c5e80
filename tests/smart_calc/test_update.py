"""`smart-calc update`: one file for another, and the commands that refuse two versions at once.

Whole wheels, built from two commits: tests/deploy/test_wheel.py.
"""

import os
import zipfile
from pathlib import Path

import pytest

from smart_calc import command, place, update, wheels

OLD, NEW = "0.1.0.dev7+g0000007", "0.1.0.dev8+g0000008"
CHANGES = """\
# Changelog

## Unreleased

### Before you upgrade
- unreleased

### Added
- nothing

## 0.3.0 (2030-01-01)

### Before you upgrade
- three

## 0.2.0

### Added
- nothing

## 0.1.0

### Before you upgrade
- one
"""


def name(version: str) -> str:
    return f"smart_calc-{version}-py3-none-any.whl"


def wheel(folder: Path, version: str, changes: str | None = CHANGES) -> Path:
    """A file that looks like our package, whose `new` fails."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / name(version), "w") as archive:
        archive.writestr("smart_calc/product/shared/release.py", "")
        if changes:
            archive.writestr("smart_calc/product/CHANGELOG.md", changes)
    return folder / name(version)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of OLD, where NEW is installed and lies in ../new."""
    here = tmp_path / "app"
    here.mkdir()
    wheel(here / "wheels", OLD)
    wheel(tmp_path / "new", NEW)
    lines = f"# ours\r\n  ./wheels/{name(OLD)}  # keep\r\npytest>=8\r\n"
    (here / "requirements.txt").write_bytes(lines.encode())
    monkeypatch.chdir(here)
    # A command that isn't refused must not take this process's place.
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("The command was started."))
    installed(monkeypatch, NEW)
    return here


def installed(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(place, "version", lambda: version)


def files(project: Path) -> dict[str, bytes]:
    paths = (one for one in project.rglob("*") if one.is_file())
    return {str(one.relative_to(project)): one.read_bytes() for one in paths}


def test_the_new_file_takes_the_place_of_the_old_one_and_nothing_else_changes(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "cloudbuild.yaml").write_text("mine")
    package = project.parent / "new" / name(NEW)
    assert command.main(["update", str(package)]) == 0
    assert files(project) == {
        "cloudbuild.yaml": b"mine",
        "requirements.txt": f"# ours\r\n  ./wheels/{name(NEW)}  # keep\r\npytest>=8\r\n".encode(),
        f"wheels/{name(NEW)}": package.read_bytes(),
    }
    assert wheels.problem(project) is None
    assert f"smart-calc {OLD} -> {NEW}" in capsys.readouterr().out
    assert command.main(["update", str(package)]) == 0
    assert "already uses" in capsys.readouterr().out


def test_what_cannot_be_used_ends_with_2_and_changes_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = project.parent / "new" / name(NEW)
    other = project.parent / "new" / name("9.0.0")
    other.write_bytes(b"no archive")
    before = files(project)
    for file, words in ((other, "isn't the smart-calc package"), (project / "no", "no file")):
        assert update.main(file) == 2
        assert words in capsys.readouterr().err
    installed(monkeypatch, OLD)
    assert update.main(package) == 2
    assert f"\npython -m pip install {package}\n" in capsys.readouterr().err
    assert files(project) == before
    installed(monkeypatch, NEW)
    (project / "requirements.txt").write_text("pytest>=8\n")
    assert update.main(package) == 2
    assert "project's folder" in capsys.readouterr().err
    assert [one.name for one in wheels.in_folder(project)] == [name(OLD)]


def test_an_update_that_was_interrupted_anywhere_is_named_and_finished_by_the_same_command(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package, start = project.parent / "new" / name(NEW), files(project)
    for step in range(5):
        for path in files(project).keys() - start.keys():
            (project / path).unlink()
        for path, content in start.items():
            (project / path).write_bytes(content)
        with monkeypatch.context() as patched:
            _interrupt(patched, step)
            with pytest.raises(KeyboardInterrupt):
                update.main(package)
        for words in (["run"], ["stage"], ["deployment", "check"]):
            assert command.main(words) == 1, step
            assert "`smart-calc update " in capsys.readouterr().err, step
        assert update.main(package) == 0
        assert [one.name for one in project.glob("wheels/*.whl")] == [name(NEW)], step
        assert wheels.problem(project) is None


def _interrupt(patched: pytest.MonkeyPatch, step: int) -> None:
    """Let the n-th change to the project's files be the one that isn't made."""
    made: list[object] = []

    def counted(change: object) -> object:
        def instead(*arguments: object) -> object:
            if len(made) == step:
                raise KeyboardInterrupt
            made.append(change)
            return change(*arguments)  # type: ignore[operator]

        return instead

    for method in ("write_bytes", "replace", "unlink"):
        patched.setattr(Path, method, counted(getattr(Path, method)))


def test_a_project_in_two_versions_is_refused_and_the_fix_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def problem() -> str:
        return wheels.problem(project) or ""

    assert f"smart-calc {NEW} is installed, but the project has {OLD}" in problem()
    installed(monkeypatch, OLD)
    assert problem() == ""
    (project / "requirements.txt").write_text(f"# ./wheels/{name(OLD)}\npytest\n")
    assert f"doesn't name ./wheels/{name(OLD)}" in problem()
    assert f"`smart-calc update wheels/{name(OLD)}`" in problem()
    wheel(project / "wheels", NEW)
    assert f"more than one smart-calc file: {name(OLD)}, {name(NEW)}" in problem()
    for one in wheels.in_folder(project):
        one.unlink()
    assert problem() == ""


def test_the_entries_between_two_versions_are_printed_from_the_later_ones_changelog(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = {
        ("0.1.0", "0.3.0"): ["three"],
        ("0.2.0", "0.3.0"): ["three"],
        ("0.1.0", "0.2.0"): [],
        ("0.0.9", "0.2.0"): ["one"],
        ("0.1.0.dev7+gaaaaaaa", "0.1.0.dev8+gbbbbbbb"): ["unreleased"],
        ("0.1.0.dev7+gaaaaaaa", "0.1.0"): ["one"],
        ("0.2.0", "0.4.0.dev9+gbbbbbbb"): ["unreleased", "three"],
        ("0.3.0", "0.1.0"): ["three"],
        ("0.1.0", "0.1.0.dev9+gbbbbbbb"): ["unreleased"],
    }
    for (was, version), expected in cases.items():
        for one in wheels.in_folder(project):
            one.unlink()
        # Before builds had their own versions, each was 0.1.0, without a changelog.
        wheel(project / "wheels", was, None if ".dev9" in version and was == "0.1.0" else CHANGES)
        (project / "requirements.txt").write_text(f"./wheels/{name(was)}\n")
        installed(monkeypatch, version)
        assert update.main(wheel(project.parent / "new", version)) == 0
        said = capsys.readouterr().out
        assert [line[2:] for line in said.splitlines() if line.startswith("- ")] == expected, said
        assert ("downgrade" in said) == (was == "0.3.0")
        assert ('No "Before' in said) == (not expected)


@pytest.mark.parametrize("content", [None, b"no archive", "half"])
def test_without_the_old_file_there_is_no_comparison_and_that_is_said(
    project: Path, capsys: pytest.CaptureFixture[str], content: bytes | str | None
) -> None:
    old = project / "wheels" / name(OLD)
    whole = old.read_bytes()
    old.unlink()
    if content is not None:
        # In the second, a byte of the changelog is another one.
        half = whole.replace(b"# Changelog", b"# changelog")
        old.write_bytes(half if isinstance(content, str) else content)
    assert update.main(project.parent / "new" / name(NEW)) == 0
    said = capsys.readouterr().out
    assert "The old file isn't in wheels/ anymore" in said
    assert "- unreleased" in said


def test_the_changelog_cannot_control_the_terminal(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = CHANGES.replace("- unreleased", "- \x1b[31mred\x9b\u202e")
    assert update.main(wheel(project.parent / "new", NEW, changes)) == 0
    assert "- \ufffd[31mred\ufffd\ufffd\n" in capsys.readouterr().out


def test_no_link_leads_what_is_written_out_of_the_project(project: Path) -> None:
    mine = project.parent / "mine"
    mine.write_text("mine")
    (project / ".requirements.txt.partial").symlink_to(mine)
    assert update.main(project.parent / "new" / name(NEW)) == 0
    assert mine.read_text() == "mine"
    assert not (project / "requirements.txt").is_symlink()
