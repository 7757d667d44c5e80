"""Staged functions as the cloud runs them: separately, with their own requirements, by their
framework.

A virtual environment is made once for each content of a requirements.txt and kept in .local/.
"""

import contextlib
import fcntl
import functools
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from gateway.processes import Process, becomes_ready
from infra.stage import FUNCTIONS
from tests.support.app.servers import ROOT, free_port, listens
from tests.support.cloud import forked

# How a command is started: as a fork of what is loaded already, or as the cloud does it.
Begin = Callable[[Sequence[str], Path, Mapping[str, str], IO[bytes]], Process]
_KEPT = ROOT / ".local" / "staged-environments"

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def environments(staged: Path) -> Mapping[str, Path]:
    """For each function the programs of an environment that holds its requirements, nothing else.

    Functions whose requirements are the same share one; the others are made side by side.
    """
    files = {name: staged / name / "requirements.txt" for name in FUNCTIONS}
    of_text = {path.read_bytes(): path for path in files.values()}
    with ThreadPoolExecutor(len(of_text)) as pool:
        made = dict(zip(of_text, pool.map(_environment, of_text.values()), strict=True))
    return {name: made[path.read_bytes()] for name, path in files.items()}


def _environment(requirements: Path) -> Path:
    key = hashlib.sha256(sys.version.encode() + requirements.read_bytes()).hexdigest()[:16]
    folder, complete = _KEPT / key, _KEPT / key / "complete"
    _KEPT.mkdir(parents=True, exist_ok=True)
    with (_KEPT / f"{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            # This environment's pip serves it: to install another one there takes as long again.
            _run(sys.executable, "-m", "venv", "--without-pip", str(folder))
            python = ["--python", str(folder / "bin" / "python")]
            options = ["--quiet", "--require-hashes", "-r", str(requirements)]
            if find_spec("pip"):
                _run(sys.executable, "-m", "pip", *python, "install", *options)
            else:
                _run(sys.executable, "-m", "uv", "pip", "install", *python, *options)
            complete.touch()
    return folder / "bin"


def _run(*command: str) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{command}: {ended.stdout}{ended.stderr}"


@dataclass(frozen=True)
class Copy:
    """One instance to start: the function, its environment variables, its port."""

    function: str
    variables: Mapping[str, str]
    port: int = field(default_factory=free_port)


def command(staged: Path, programs: Path, copy: Copy) -> list[str]:
    """Return the buildpack's start command."""
    source = staged / copy.function / "main.py"
    framework = [str(programs / "functions-framework"), "--host", "127.0.0.1"]
    options = ["--source", str(source), "--target", copy.function, "--port", str(copy.port)]
    return [*framework, *options]


@contextlib.contextmanager
def running(
    staged: Path,
    programs: Mapping[str, Path],
    copies: Sequence[Copy],
    folder: Path,
    begin: Begin = forked.start,
) -> Iterator[None]:
    """Start all copies at once and wait until each listens. At the end, each must exit with status
    0.

    They get no variables of this process, work in `folder`, and write NAME-PORT.log there.
    """
    processes: list[tuple[Process, Copy, Path]] = []
    try:
        for copy in copies:
            log = folder / f"{copy.function}-{copy.port}.log"
            with log.open("wb") as output:
                process = begin(
                    command(staged, programs[copy.function], copy), folder, copy.variables, output
                )
            processes.append((process, copy, log))
        for process, copy, log in processes:
            ready = becomes_ready(process, functools.partial(listens, copy.port))
            assert ready, f"{copy.function} did not start: {log.read_text()}"
        yield
    finally:
        for process, _, _ in processes:
            process.terminate()
        codes = [process.wait(60) for process, _, _ in processes]
    assert set(codes) == {0}, codes
