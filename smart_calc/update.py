"""Updates a project for `smart-calc update FILE`: the new file replaces the old one in wheels/ and
requirements.txt.

The order makes it safe to interrupt: until the last step, wheels/ has both files, which
smart_calc/wheels.py refuses, and running the command again finishes the update.
"""

import difflib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from smart_calc import new, place, wheels

_CHANGELOG = "smart_calc/product/CHANGELOG.md"
_UNRELEASED = "Unreleased"
_SECTION = re.compile(r"^## +\[?(\S+?)\]?(?: .*)?$", re.MULTILINE)
_ENTRIES = re.compile(r"^### +Before you upgrade *\n(.*?)(?=^#{2,3} |\Z)", re.MULTILINE | re.DOTALL)
# X.Y.Z, or X.Y.Z.devN, before a local version.
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:\.dev(\d+))?(?:\+.*)?")


def main(file: Path) -> int:
    """Update the project in the current folder; return 2 and change nothing if that's not possible,
    1 if it fails.
    """
    try:
        update(Path(), file)
    except new.Unusable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"The update isn't complete: {error}. Run the same command again.\n")
        return 1
    return 0


def update(project: Path, file: Path) -> None:
    """Replace a project's smart-calc file, and print what the update means for the project.

    Raises Unusable, before any change, if the file isn't the installed smart-calc, or there's no
    project. Raises OSError if a step fails.
    """
    package = new.checked(file)
    version, installed = wheels.version_of(package.name), place.version()
    if version != installed:
        raise new.Unusable(
            f"smart-calc {installed} is installed. First install the new file, then run this again:"
            f"\npython -m pip install {file}"
        )
    named = wheels.named(project)
    if not named:
        raise new.Unusable(
            "Run this in a project's folder. This folder has no requirements.txt with a line "
            "./wheels/smart_calc-VERSION-py3-none-any.whl."
        )
    old = [one for one in wheels.in_folder(project) if one.name != package.name]
    if not old and named == [package.name] and (project / "wheels" / package.name).is_file():
        sys.stdout.write(f"The project already uses smart-calc {version}.\n")
        return
    # The changelog comes from a file.
    report = "".join(
        one if one.isprintable() or one in "\n\t" else "\ufffd"
        for part in _report(package, old, named)
        for one in part
    )
    _copy(package, project / "wheels" / package.name)
    _name(package.name, project / "requirements.txt")
    sys.stdout.write(report)
    sys.stdout.flush()
    for one in old:
        one.unlink()


def _copy(package: Path, target: Path) -> None:
    """Copy a file so that its name never has half of it."""
    if target.exists() and target.samefile(package):
        return
    target.parent.mkdir(exist_ok=True)
    _write(target, package.read_bytes())


def _name(name: str, requirements: Path) -> None:
    """Write a file's name in place of the old one's."""
    text = requirements.read_bytes().decode()
    _write(requirements, wheels.LINE.sub(lambda line: line["before"] + name, text).encode())


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    # A link there would have the content written to another file.
    if partial.is_symlink():
        partial.unlink()
    partial.write_bytes(content)
    partial.replace(path)


def _report(package: Path, old: list[Path], named: list[str]) -> Iterator[str]:
    """Yield the lines about an update: the versions, both files' differences, and the entries."""
    version = wheels.version_of(package.name)
    before = next((one for one in old if one.name in named), old[0] if old else None)
    was = wheels.version_of(before.name if before else named[0])
    try:
        before = before and new.checked(before)
    except new.Unusable:
        before = None
    yield f"smart-calc {was} -> {version}\n\n"
    if before is None:
        yield (
            "The old file isn't in wheels/ anymore, or it's damaged, so cloudbuild.yaml and "
            "deployment.toml can't be compared with the old version's.\n"
        )
    else:
        yield from _differences(before, package)
    yield "\n"
    yield from _entries(package, before, was, version)
    yield "\nTest the project, then commit wheels/ and requirements.txt.\n"


def _differences(before: Path, package: Path) -> Iterator[str]:
    """Yield the difference between the files that both versions write for a new project."""
    names = new.PRODUCT_FILES
    with tempfile.TemporaryDirectory() as folder:
        texts = [
            _written(one, Path(folder, name)) for one, name in ((before, "old"), (package, "new"))
        ]
    lines: list[str] = []
    for name in names:
        old, latest = (one.get(name) for one in texts)
        if old is None or latest is None:
            yield f"{name} can't be compared, because one version's `smart-calc new` fails here.\n"
            continue
        was, version = (f"{name} ({wheels.version_of(one.name)})" for one in (before, package))
        lines += difflib.unified_diff(old, latest, was, version)
    if lines:
        yield (
            "`smart-calc new` now writes these files differently. Yours are unchanged. Apply what "
            "you need:\n"
        )
        yield from lines
    else:
        yield "Both versions write the same cloudbuild.yaml and deployment.toml.\n"


def _written(package: Path, folder: Path) -> dict[str, list[str]]:
    """Return the lines of the files that a version's own `new` writes; empty if it fails."""
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder / "code")
    arguments = ["new", str(folder / "project"), "--wheel", str(package.absolute())]
    variables = {**os.environ, "PYTHONPATH": str(folder / "code"), "PYTHONSAFEPATH": "1"}
    ended = subprocess.run(  # noqa: S603 - fixed arguments
        place.command("smart_calc", arguments),
        cwd=folder,
        env=variables,
        capture_output=True,
        check=False,
    )
    return {
        name: (folder / "project" / name).read_text("utf-8").splitlines(keepends=True)
        for name in new.PRODUCT_FILES
        if not ended.returncode
    }


def _entries(package: Path, before: Path | None, was: str, version: str) -> Iterator[str]:
    """Yield the changelog's "Before you upgrade" entries between two versions, or that it has none.

    The later version's changelog has them. A file without a changelog is older than any with it.
    """
    text, other = _changelog(package), _changelog(before) if before else ""
    back = _order(was) > _order(version) and bool(other)
    low, high = (version, was) if back else (was, version)
    found = []
    for title, section in _sections(other if back else text):
        unreleased = title == _UNRELEASED and ".dev" in high
        between = _VERSION.fullmatch(title) and _order(low) < _order(title) <= _order(high)
        if (unreleased or between) and (entries := _ENTRIES.search(section)):
            found.append(f"\n{title}:\n{entries[1].strip()}\n")
    if not found:
        yield f'No "Before you upgrade" entries between {low} and {high}.\n'
        return
    if back:
        yield f"This is a downgrade. To upgrade from {low} to {high}, these changes were needed:\n"
    else:
        yield "Before you upgrade:\n"
    yield from found


def _changelog(package: Path) -> str:
    with zipfile.ZipFile(package) as archive:
        if _CHANGELOG not in archive.namelist():
            return ""
        return archive.read(_CHANGELOG).decode()


def _sections(changelog: str) -> Iterator[tuple[str, str]]:
    """Yield the title and text of each version."""
    parts = _SECTION.split(changelog)[1:]
    yield from zip(parts[::2], parts[1::2], strict=True)


def _order(version: str) -> tuple[float, ...]:
    """Return a key that sorts versions: X.Y.Z.devN is before X.Y.Z, and anything else first."""
    match = _VERSION.fullmatch(version)
    return (
        tuple(float("inf") if one is None else int(one) for one in match.groups()) if match else ()
    )
