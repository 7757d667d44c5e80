"""Java servers built from their public sources and started on this machine."""

import contextlib
import functools
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from gateway.processes import becomes_ready
from tests.support.app.servers import ROOT, started

KEPT = ROOT / ".local" / "interop"
# So that `kill` ends the servers too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
_BUILD_SECONDS, _START_SECONDS, _STOP_SECONDS = 1800, 600, 30


@dataclass(frozen=True)
class Source:
    """A public repository at one commit or tag, and the archive that Maven makes of it."""

    repository: str
    commit: str
    arguments: tuple[str, ...]
    made: str

    @property
    def folder(self) -> Path:
        """Return the folder of the clone."""
        return KEPT / self.repository.rpartition("/")[2]

    def built(self) -> Path:
        """Return the archive. Neither a clone nor an archive that's there is made again."""
        kept = KEPT / f"{self.folder.name}-{self.commit.replace('/', '-')}{Path(self.made).suffix}"
        if kept.exists():
            return kept
        cloned(self.repository, self.commit)
        _run([_maven(), "-B", "-q", "package", *self.arguments], self.folder)
        (made,) = self.folder.glob(self.made)
        shutil.copyfile(made, kept)
        return kept


def cloned(repository: str, commit: str) -> Path:
    """Return the folder of a public repository at a commit or tag."""
    folder = KEPT / repository.rpartition("/")[2]
    KEPT.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        _run(["git", "clone", "-q", repository, str(folder)], KEPT)
    _run(["git", "checkout", "-q", commit], folder)
    return folder


def file_at(repository: str, commit: str, path: str) -> str:
    """Return a file of a public repository at a commit. Git fetches no others."""
    folder = KEPT / repository.rpartition("/")[2]
    KEPT.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        bare = ["git", "clone", "-q", "--filter=blob:none", "--no-checkout"]
        _run([*bare, repository, str(folder)], KEPT)
    command = ["git", "show", f"{commit}:{path}"]
    return subprocess.run(
        command, check=True, timeout=_BUILD_SECONDS, cwd=folder, capture_output=True, text=True
    ).stdout


def unpacked(artifact: str, folder: str) -> Path:
    """Return the folder that a zip from Maven Central unpacks to, downloaded if it isn't there yet.

    `artifact`: GROUP:NAME:VERSION.
    """
    if not (KEPT / folder).exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        named = f"-Dartifact={artifact}:zip"
        _run([_maven(), "-B", "-q", "dependency:get", named, "-Dtransitive=false"], KEPT)
        _run([_maven(), "-B", "-q", "dependency:copy", named, f"-DoutputDirectory={KEPT}"], KEPT)
        _, name, version = artifact.split(":")
        with zipfile.ZipFile(KEPT / f"{name}-{version}.zip") as archive:
            archive.extractall(KEPT)
    return KEPT / folder


def _maven() -> str:
    found = shutil.which("mvn")
    assert found, "mvn is missing: install Maven and Java 17 or 21"
    return found


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, check=True, timeout=_BUILD_SECONDS, cwd=folder)


@contextlib.contextmanager
def responding(
    command: Sequence[str],
    log_name: str,
    url: str,
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
) -> Iterator[None]:
    """Run a server until the block ends. It's ready when a GET of `url` returns 200."""
    log = KEPT / log_name
    with started(command, log, folder, environment, _STOP_SECONDS) as process:
        ready = becomes_ready(process, functools.partial(_responds, url), _START_SECONDS, 1)
        assert ready, f"{url} isn't ready: {log.read_text('utf-8')[-2000:]}"
        yield


def _responds(url: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(url, timeout=20).status_code == 200
    return False
