"""Stages each function for deployment: build/NAME holds all that NAME needs and nothing else.

A function is a folder below functions/ with a main.py. A Cloud Function's source is one folder, so
what the functions have in common is copied into each: its own files at the top, `shared/` beside
them (and `clinical/`, where it computes), its pinned requirements.txt, and BUILD_INFO with the
commit and a digest of all other files. The same input gives the same bytes.

Run as `python infra/stage.py`, or `make stage`.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Where a deployment comes from: the staged sources, and what says how they are deployed.
DEPLOYED = ("clinical", "functions", "shared", "infra", "cloudbuild.yaml", "deployment.toml")
BUILD_INFO = "BUILD_INFO"
_COMPUTES = re.compile(rb"^\s*(?:from|import) clinical\b", re.MULTILINE)
STAGED_SUFFIXES = frozenset({".py", ".html", ".css", ".js", ".json"})


class Unstageable(Exception):
    """A file that is neither known to be needed nor known to be left out."""


def functions_of(root: Path) -> tuple[str, ...]:
    """The functions of a repository, by name."""
    return tuple(sorted(path.parent.name for path in root.glob("functions/*/main.py")))


FUNCTIONS = functions_of(ROOT)


def common(root: Path, name: str) -> tuple[str, ...]:
    """The folders that a function takes along, beside its own."""
    own = _tree(root / "functions" / name)
    computes = any(_COMPUTES.search(text) for path, text in own.items() if path.endswith(".py"))
    # callback asks for the calculators, and does without them where they were taken away.
    there = any((root / "clinical").glob("*.py"))
    return ("clinical", "shared") if computes and there else ("shared",)


def stage(root: Path, out: Path, commit: str) -> None:
    """Write out/NAME for every function of the repository at `root`.

    Raises Unstageable, before anything is written, where a file's kind is not known: to leave it
    out would show only in the cloud.
    """
    contents = {name: _contents(root, name) for name in functions_of(root)}
    for name, files in contents.items():
        folder = out / name
        shutil.rmtree(folder, ignore_errors=True)
        for path, content in {**files, BUILD_INFO: _build_info(name, files, commit)}.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o644)
        for directory in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
            directory.chmod(0o755)


def commit_of(root: Path) -> str:
    """The commit that is staged: COMMIT_SHA as Cloud Build sets it, else what git says.

    "+changes" where a file that a deployment is made of differs from it, files that git does not
    know included; "unknown" without either.
    """
    if given := os.environ.get("COMMIT_SHA"):
        return given
    try:
        head = _git(root, "rev-parse", "HEAD")
        changed = _git(root, "status", "--porcelain", "--", *DEPLOYED)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}+changes" if changed else head


def _git(root: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)  # noqa: S603 - fixed words
    return ended.stdout.strip()


def _contents(root: Path, name: str) -> Mapping[str, bytes]:
    """The files of a staged folder, by path, sorted."""
    source = root / "functions" / name
    files = {path: content for path, content in _tree(source).items() if path != "requirements.txt"}
    for folder in common(root, name):
        files |= {f"{folder}/{path}": content for path, content in _tree(root / folder).items()}
    wrong = sorted(path for path in files if Path(path).suffix not in STAGED_SUFFIXES)
    if wrong:
        raise Unstageable(f"{name}: what is to become of {', '.join(wrong)}?")
    files["requirements.txt"] = (source / "requirements.txt").read_bytes()
    return dict(sorted(files.items()))


def _tree(folder: Path) -> Mapping[str, bytes]:
    """Every file below a folder but hidden ones and Python's caches."""
    return {
        str(path): (folder / path).read_bytes()
        for path in (found.relative_to(folder) for found in folder.rglob("*") if found.is_file())
        if not any(part == "__pycache__" or part.startswith(".") for part in path.parts)
    }


def _build_info(name: str, files: Mapping[str, bytes], commit: str) -> bytes:
    digest = hashlib.sha256()
    for path, content in files.items():
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    info = {"function": name, "commit": commit, "content_sha256": digest.hexdigest()}
    return (json.dumps(info, indent=2) + "\n").encode()


if __name__ == "__main__":
    try:
        stage(ROOT, ROOT / "build", commit_of(ROOT))
        sys.stdout.write(f"Written: {', '.join(f'build/{name}' for name in FUNCTIONS)}\n")
    except Unstageable as error:
        sys.exit(f"Cannot stage {error} Add its suffix to STAGED_SUFFIXES, or move it.")
