"""The smart-calc file of a project: one file in wheels/, named in requirements.txt and installed.

After a partial update, a project would run one version here and deploy another one. The commands
that run, check and stage a project refuse it until `smart-calc update` has finished.
"""

import re
from pathlib import Path
from urllib.parse import unquote

from smart_calc import place

NAME = re.compile(r"smart_calc-(?P<version>[0-9][0-9A-Za-z.+!]*)-py3-none-any\.whl")
# A line of requirements.txt that installs the file, up to the end of its name.
LINE = re.compile(
    r"^(?P<before>[ \t]*(?:\./)?wheels/)(?P<name>smart_calc-[^\s/;#]+\.whl)", re.MULTILINE
)


def version_of(name: str) -> str:
    """Return the version in a file name."""
    match = NAME.fullmatch(name)
    return match["version"] if match else ""


def in_folder(project: Path) -> list[Path]:
    """Return the smart-calc files in wheels/, sorted by name."""
    return sorted(one for one in project.glob("wheels/smart_calc-*.whl") if version_of(one.name))


def named(project: Path) -> list[str]:
    """Return the names of the files that requirements.txt installs from wheels/."""
    try:
        text = (project / "requirements.txt").read_text("utf-8")
    except (OSError, ValueError):
        return []
    return [unquote(line["name"]) for line in LINE.finditer(text)]


def problem(project: Path) -> str | None:
    """Return why a project's file isn't the version that runs here and is deployed, and the fix.

    Return None if the project is consistent, or has no such file.
    """
    files = in_folder(project)
    if not files:
        return None
    installed = place.version()
    # If an update was interrupted, this is the new file.
    new = next((one for one in files if version_of(one.name) == installed), files[-1])
    if len(files) > 1:
        names = ", ".join(one.name for one in files)
        return (
            f"wheels/ has more than one smart-calc file: {names}. To finish an update, run "
            f"`{_update(new.name, installed)}`. Otherwise, delete the file that you don't use."
        )
    if new.name not in named(project):
        return (
            f"requirements.txt doesn't name ./wheels/{new.name}, the file in wheels/. Run "
            f"`{_update(new.name, installed)}`."
        )
    if version_of(new.name) != installed:
        return (
            f"smart-calc {installed} is installed, but the project has {version_of(new.name)} in "
            "wheels/. To install the project's version, run `python -m pip install -r "
            "requirements.txt`. To update the project, run `smart-calc update FILE` with the file "
            f"of {installed}."
        )
    return None


def _update(name: str, installed: str) -> str:
    """Return the commands that make a project use a file in wheels/."""
    update = f"smart-calc update wheels/{name}"
    first = f"python -m pip install wheels/{name} && "
    return update if version_of(name) == installed else first + update
