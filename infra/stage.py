"""Stages each function for deployment: build/NAME has everything that NAME needs and nothing else.

A Cloud Function's source is one folder, so the shared code is copied into each: the function's own
files at the top, `shared/` next to them, its pinned requirements.txt, and BUILD_INFO with
smart-calc's version, the commit of the clone or project, and a digest of all other files.
`clinical/` and `smart_calc.api` are included if the function imports them. The same input gives the
same bytes. smart-calc's code is copied, never installed. A project's function gets smart-calc's
pinned requirements, followed by its own. If Python has Jinja, each template of smart-calc gets its
compiled form next to it.

Run it as `smart-calc stage` or `make stage`.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from infra import own_files, project
from infra.project import PRODUCT, Project, ProjectRefused, package_of
from shared import release

ROOT = PRODUCT
# The inputs of a deployment, in a clone and in a project: the staged sources, and the files that
# control how they're deployed.
DEPLOYED = (
    *("clinical", "functions", "issuers", "shared", "infra", "smart_calc", "wheels"),
    *("cloudbuild.yaml", "deployment.toml", "requirements.txt"),
)
# This function has the most packages.
_REQUIREMENTS_OF_OWN = "fhir_proxy"
BUILD_INFO = "BUILD_INFO"
# The functions that read issuers/ (shared/config/issuers.py), as jobs do.
_READ_ISSUERS = frozenset({"launch", "cds_services"})
_COMPUTES = re.compile(rb"^\s*(?:from|import) clinical\b", re.MULTILINE)
_HAS_SESSION = re.compile(rb"^\s*(?:from|import) smart_calc\b", re.MULTILINE)
_OF_PACKAGE = re.compile(r"(?:__init__|place|api/\w+)\.py")
# Staging works without any package.
_HAS_JINJA = find_spec("jinja2") is not None
STAGED_SUFFIXES = frozenset({".py", ".html", ".css", ".js", ".json"})


FUNCTIONS = project.functions_below(ROOT)


def common(project: Project, name: str) -> tuple[str, ...]:
    """Return the shared folders that a function needs."""
    computes = _matches(_tree(project.source(name)), _COMPUTES)
    # callback uses the calculators if they're there, and works without them.
    there = project.calculators and any((project.product / "clinical").glob("*.py"))
    return ("clinical", "shared") if computes and there else ("shared",)


def _matches(files: Mapping[str, bytes], pattern: re.Pattern[bytes]) -> bool:
    return any(pattern.search(text) for path, text in files.items() if path.endswith(".py"))


def stage(project: Project, out: Path, commit: str) -> None:
    """Write out/NAME for every function of a project.

    Raises ProjectRefused, before anything is written, if a file's kind is unknown, because a
    missing file would be noticed only in the cloud, or if a file of an own function is a link or a
    secret.
    """
    contents = {name: _contents(project, name) for name in project.names}
    for earlier in out.glob(f"*/{BUILD_INFO}"):
        _remove(earlier.parent)
    for name, files in contents.items():
        folder = out / name
        _remove(folder)
        for path, content in {**files, BUILD_INFO: _build_info(name, files, commit)}.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o644)
        for directory in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            directory.chmod(0o755)


def _remove(folder: Path) -> None:
    """Remove a folder, or a link in its place, never what the link leads to."""
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def commit_of(root: Path) -> str:
    """Return the staged commit: COMMIT_SHA as Cloud Build sets it, otherwise git's HEAD.

    It ends in "+changes" if an input of the deployment differs from it, including untracked files.
    It's "unknown" without COMMIT_SHA and git.
    """
    if commit := os.environ.get("COMMIT_SHA"):
        return commit
    try:
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", *DEPLOYED)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}+changes" if changed else head


def _git(root: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603 - fixed arguments
    return ended.stdout.strip()


def _contents(project: Project, name: str) -> Mapping[str, bytes]:
    """Return the files of a staged folder, sorted by path."""
    source, ours = project.source(name), project.product
    problems = own_files.problems(source, project.not_secrets) if name in project.own else []
    if problems:
        raise ProjectRefused("\n".join(problems))
    files = {path: content for path, content in _tree(source).items() if path != "requirements.txt"}
    if name in project.ours:
        files |= _compiled(files)
    if _matches(files, _HAS_SESSION):
        package = _tree(package_of(ours)).items()
        files |= {f"smart_calc/{path}": one for path, one in package if _OF_PACKAGE.fullmatch(path)}
    for folder in common(project, name):
        copied = {f"{folder}/{path}": content for path, content in _tree(ours / folder).items()}
        files |= {**copied, **_compiled(copied)}
    wrong = sorted(path for path in files if Path(path).suffix not in STAGED_SUFFIXES)
    if wrong and name in project.own:
        kinds = " ".join(sorted(STAGED_SUFFIXES))
        raise ProjectRefused(
            f"functions/{name}: {', '.join(wrong)} can't be staged. A function's file names must "
            f"end with {kinds}. Move other files out of the folder."
        )
    if wrong:
        raise ProjectRefused(
            f"{name}: unknown file type: {', '.join(wrong)}. Add the suffix to STAGED_SUFFIXES, "
            "or move the file."
        )
    if name in _READ_ISSUERS or name in project.jobs:
        files |= _issuers(project.folder)
    if name in project.own:
        pinned = ours / "functions" / _REQUIREMENTS_OF_OWN / "requirements.txt"
        files["requirements.txt"] = _with_own(name, pinned, source / "requirements.txt")
    else:
        files["requirements.txt"] = (source / "requirements.txt").read_bytes()
    return dict(sorted(files.items()))


def _issuers(folder: Path) -> Mapping[str, bytes]:
    """Return the project's files with FHIR bases. A link is refused: it could lead to anything."""
    found = sorted(folder.glob("issuers/*.txt"))
    places = (folder / "issuers", *found)
    if links := [str(one.relative_to(folder)) for one in places if one.is_symlink()]:
        raise ProjectRefused(
            f"{', '.join(links)}: a link can't be staged. Replace the link with its target."
        )
    return {f"issuers/{one.name}": one.read_bytes() for one in found}


def _compiled(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Return the compiled forms of the templates among files."""
    templates = {path: text for path, text in files.items() if path.endswith(".html")}
    if not _HAS_JINJA:
        return {}
    return {
        name: code.encode()
        for path, text in templates.items()
        for name, code in _compiler()(path, text.decode()).items()
    }


@cache
def _compiler() -> Callable[[str, str], Mapping[str, str]]:
    from shared import pages

    return cache(pages.compiled)


def _with_own(name: str, pinned: Path, own: Path) -> bytes:
    """Return smart-calc's pinned requirements, followed by the function's additional ones."""
    text = pinned.read_text("utf-8")
    if not own.is_file():
        return text.encode()
    ours = {_package(line): line for line in _requirements(text)}
    added = []
    for line in _requirements(own.read_text("utf-8")):
        package = _package(line)
        if not _PINNED.fullmatch(line):
            raise ProjectRefused(
                f"functions/{name}/requirements.txt: {line[:80]!r} isn't pinned by version and "
                f"hash. Write the file with `uv pip compile --generate-hashes -c {pinned}`."
            )
        if package not in ours:
            added.append(line)
        elif _version(line) != _version(ours[package]):
            raise ProjectRefused(
                f"functions/{name}/requirements.txt: {package} is pinned at {_version(line)}, "
                f"but smart-calc needs {_version(ours[package])} in the same function. Write the "
                f"file with `uv pip compile --generate-hashes -c {pinned}`."
            )
    return "\n".join([text.rstrip("\n"), *added, ""]).encode()


_PINNED = re.compile(
    r"[\w.-]+(?:\[[\w,. -]+\])?==[^\s*]+(?: ; .+?)?(?: --hash=sha256:[0-9a-f]{64})+"
)


def _requirements(text: str) -> Iterator[str]:
    """Yield the logical lines of a requirements file, without comments."""
    joined = re.sub(r"\\\n", " ", text)
    for line in joined.splitlines():
        if stripped := " ".join(re.sub(r"(^|\s)#.*", "", line).split()):
            yield stripped


def _package(line: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[ =<>!~;@]", line, maxsplit=1)[0]).lower()


def _version(line: str) -> str:
    return line.partition("==")[2].split(" ")[0]


def _tree(folder: Path) -> Mapping[str, bytes]:
    """Return all files below a folder, except hidden ones and Python's caches."""
    return {
        str(path): (folder / path).read_bytes()
        for path in (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        if not own_files.is_hidden(path)
    }


def _build_info(name: str, files: Mapping[str, bytes], commit: str) -> bytes:
    digest = hashlib.sha256()
    for path, content in files.items():
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    info = {
        "function": name,
        "version": release.version(),
        "commit": commit,
        "content_sha256": digest.hexdigest(),
    }
    return (json.dumps(info, indent=2) + "\n").encode()


def main() -> int:
    """Stage the project in the current folder; return the exit status."""
    here = Path.cwd()
    try:
        staged = project.read(here)
        stage(staged, here / "build", commit_of(here))
    except ProjectRefused as error:
        sys.stderr.write(f"Nothing was staged.\n{error}\n")
        return 1
    if not _HAS_JINJA:
        sys.stderr.write(
            "This Python has no Jinja, so the templates aren't compiled. The first page of each "
            "instance takes 70 ms longer.\n"
        )
    sys.stdout.write(f"Written: {', '.join(f'build/{name}' for name in staged.names)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
