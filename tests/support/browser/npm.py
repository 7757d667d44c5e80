"""Browser libraries for tests: npm packages, pinned by version and hash in requirements/npm.txt and
kept below .local/npm.

Run as a program (`make test` does) it has npm's own client fetch what is missing; tests themselves
never use the network.
"""

import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import missing

ROOT = Path(__file__).parents[3]
REQUIREMENTS = ROOT / "requirements" / "npm.txt"
KEPT = ROOT / ".local" / "npm"

# The one file that tests load of each package.
SCRIPTS = {
    "axe-core": "package/axe.min.js",
    "fhirclient": "package/build/fhir-client.pure.min.js",
    "fhirclient@0.1.15": "package/fhir-client.min.js",
}
_LINE = re.compile(r"(?P<name>[a-z-]+)==(?P<version>\S+) --hash=sha256:(?P<hash>[0-9a-f]{64})")
_FETCH_SECONDS = 120


@dataclass(frozen=True)
class Package:
    """One pinned package."""

    name: str
    version: str
    hash: str

    @property
    def kept(self) -> Path:
        return KEPT / f"{self.name}-{self.version}.tgz"

    def is_right(self, content: bytes) -> bool:
        return hashlib.sha256(content).hexdigest() == self.hash


def packages() -> dict[str, Package]:
    """Return the pinned packages by name; a further version of one by `name@version`."""
    by_place: dict[str, Package] = {}
    for line in map(_LINE.fullmatch, REQUIREMENTS.read_text("utf-8").splitlines()):
        if line:
            name = line["name"]
            key = f"{name}@{line['version']}" if name in by_place else name
            by_place[key] = Package(**line.groupdict())
    return by_place


@functools.cache
@functools.cache
def script(name: str) -> str:
    """Return the script of a package. If it wasn't fetched, skip the test, except in CI."""
    return texts(name, SCRIPTS[name])[SCRIPTS[name]]


def texts(name: str, beginning: str) -> dict[str, str]:
    """Return the files of a package with this path prefix, or skip the test as above."""
    package = packages()[name]
    if not package.kept.exists():
        if shutil.which("npm") is None:
            missing.skip("npm")
        why = f"{name} was not fetched: python -m tests.support.browser.npm"
        assert not os.environ.get("CI"), f"{why}; in CI nothing is skipped"
        pytest.skip(why)
    assert package.is_right(package.kept.read_bytes()), f"{package.kept} is not what was pinned"
    with tarfile.open(package.kept) as archive:
        by_name = {}
        for one in archive.getmembers():
            member = archive.extractfile(one) if one.name.startswith(beginning) else None
            if member is not None:
                by_name[one.name] = member.read().decode("utf-8")
        return by_name


def main() -> int:
    """Fetch what is missing; 1 if that fails."""
    KEPT.mkdir(parents=True, exist_ok=True)
    for package in packages().values():
        if package.kept.exists() and package.is_right(package.kept.read_bytes()):
            continue
        package.kept.unlink(missing_ok=True)
        if why := _fetch(package):
            sys.stderr.write(f"{package.name} {package.version} was not fetched: {why}\n")
            return 1
        if not package.is_right(package.kept.read_bytes()):
            package.kept.unlink()
            sys.stderr.write(f"{package.name} is not what requirements/npm.txt pins\n")
            return 1
    return 0


def _fetch(package: Package) -> str | None:
    """Have npm keep the package; why it did not."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is missing (apt-get install npm)"
    words = [npm, "pack", "--silent", f"{package.name}@{package.version}"]
    try:
        ended = subprocess.run(
            [*words, "--pack-destination", str(KEPT)],
            capture_output=True,
            text=True,
            check=False,
            timeout=_FETCH_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"npm did not end within {_FETCH_SECONDS} s"
    return None if package.kept.exists() else f"npm ended with {ended.returncode}: {ended.stderr}"


if __name__ == "__main__":
    sys.exit(main())
