"""Java servers built from their public sources and started on this machine."""

import contextlib
import functools
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from gateway.processes import becomes_ready
from tests.support.servers import ROOT, started

KEPT = ROOT / ".local" / "interop"
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
        KEPT.mkdir(parents=True, exist_ok=True)
        if not self.folder.exists():
            _run(["git", "clone", "-q", self.repository, str(self.folder)], KEPT)
        _run(["git", "checkout", "-q", "-f", self.commit], self.folder)
        _run([maven(), "-B", "-q", "package", *self.arguments], self.folder)
        (made,) = self.folder.glob(self.made)
        shutil.copyfile(made, kept)
        return kept


def maven() -> str:
    """Return the path of mvn."""
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
