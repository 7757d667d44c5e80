"""Functions as server processes, started with functions-framework like in the cloud.

Each has an environment with only its own requirements (tests/support/cloud/staged.py). Servers run
on one core, the benchmark and its EHR on the other cores, if there are any.
"""

import contextlib
import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks.support import load
from benchmarks.support.ehr import CLIENT_ID, SCOPES
from gateway.processes import becomes_ready
from infra import project, stage
from tests.support.app import servers
from tests.support.app.servers import ROOT, free_port
from tests.support.cloud import staged

_BESIDE = ROOT / "benchmarks" / "beside"
_CORES = sorted(os.sched_getaffinity(0))
_SERVERS = set(_CORES[-1:])
_OTHERS = set(_CORES[:-1]) or _SERVERS


def leave_a_core_to_the_servers() -> None:
    """Move this process off the servers' core; call it before starting any thread."""
    os.sched_setaffinity(0, _OTHERS)


def _clock_of(pid: int) -> int:
    """Return the id of a process's processor-time clock, as clock_getcpuclockid(3) on Linux."""
    return ~pid << 3 | 2


@dataclass(frozen=True)
class Server:
    """A running server; `process` is the parent of its worker."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def origin(self) -> str:
        """Its origin, with the host that the app's cookies belong to."""
        return f"http://localhost:{self.port}"

    def cpu_seconds(self) -> float:
        """Return the processor time of all its threads so far, also of those that have ended."""
        return sum(time.clock_gettime(_clock_of(pid)) for pid in self._pids())

    def resident_kilobytes(self) -> float:
        """Return the worker's current memory."""
        return self._memory("VmRSS")

    def peak_kilobytes(self) -> float:
        """Return the worker's peak memory since `forget_peak`."""
        return self._memory("VmHWM")

    def forget_peak(self) -> None:
        """Reset the peak memory (proc(5), clear_refs)."""
        Path(f"/proc/{self._worker()}/clear_refs").write_text("5", "ascii")

    def _memory(self, name: str) -> float:
        status = Path(f"/proc/{self._worker()}/status").read_text("ascii")
        (line,) = [line for line in status.splitlines() if line.startswith(f"{name}:")]
        return float(line.split()[1])

    def _worker(self) -> int:
        return self._pids()[-1]

    def _pids(self) -> list[int]:
        """Return the process ids of the parent and its children."""
        parent = self.process.pid
        return [parent, *(pid for pid, one in load.processes().items() if one.parent == parent)]


@dataclass(frozen=True)
class Place:
    """The staged functions; `programs` has the bin folder of each function's environment."""

    staged: Path
    programs: Mapping[str, Path]
    folder: Path

    def variables(
        self, ehr_base: str, store: str, *, public_port: int | None = None, more: str = ""
    ) -> Mapping[str, str]:
        """Write the configuration of one deployment and return its environment variables. `store`
        is Firestore's HOST:PORT, `more` has additional tables.
        """
        name = secrets.token_hex(4)
        config = self.folder / f"smart-{name}.toml"
        config.write_text(
            f'public_url = "http://localhost:{public_port or free_port()}"\n'
            'sealing_keys = ["env:SEALING_KEY"]\n'
            f'[store]\nkind = "firestore"\nproject = "benchmark-{name}"\ndatabase = "smart"\n'
            f'[[ehr]]\nkey = "benchmark"\niss = ["{ehr_base}"]\nclient_id = "{CLIENT_ID}"\n'
            f"scopes = {json.dumps(SCOPES)}\n{more}",
            encoding="utf-8",
        )
        return {
            "SMART_CONFIG": str(config),
            "SEALING_KEY": secrets.token_urlsafe(32),
            "FIRESTORE_EMULATOR_HOST": store,
        }

    @contextlib.contextmanager
    def function(self, name: str, variables: Mapping[str, str]) -> Iterator[Server]:
        """Start one of the app's functions from its staged folder."""
        source = self.staged / name / "main.py"
        with self._run(name, self._command(name, source, name), variables) as server:
            yield server

    @contextlib.contextmanager
    def beside(self, name: str, of: str, variables: Mapping[str, str]) -> Iterator[Server]:
        """Start a function from `benchmarks/beside` in the environment of an app's function."""
        command = self._command(of, _BESIDE / f"{name}.py", "serve")
        variables = {**variables, "PYTHONPATH": str(self.staged / of)}
        with self._run(name, command, variables) as server:
            yield server

    @contextlib.contextmanager
    def functions(
        self, names: Sequence[str], variables: Mapping[str, str]
    ) -> Iterator[Mapping[str, Server]]:
        """Start several of the app's functions as one deployment, each as a separate server."""
        with contextlib.ExitStack() as stack:
            yield {name: stack.enter_context(self.function(name, variables)) for name in names}

    def _command(self, of: str, source: Path, target: str) -> list[str]:
        framework = str(self.programs[of] / "functions-framework")
        return [framework, "--host", "127.0.0.1", "--source", str(source), "--target", target]

    @contextlib.contextmanager
    def _run(self, name: str, command: list[str], variables: Mapping[str, str]) -> Iterator[Server]:
        port = free_port()
        log = self.folder / f"{name}-{port}.log"
        with started(name, port, [*command, "--port", str(port)], variables, log) as server:
            yield server


def place(folder: Path) -> Place:
    """Stage the functions to a folder and create their environments, which are reused."""
    target = folder / "build"
    stage.stage(project.read(ROOT), target, stage.commit_of(ROOT))
    return Place(target, staged.environments(target), folder)


@contextlib.contextmanager
def started(
    name: str,
    port: int,
    command: Sequence[str],
    variables: Mapping[str, str],
    log: Path,
) -> Iterator[Server]:
    """Run a server on the servers' core, in the log's folder, until the block ends."""
    with servers.started(command, log, log.parent, variables) as process:
        os.sched_setaffinity(process.pid, _SERVERS)

        def responds() -> bool:
            # A browser prefetch, to which launch returns an empty response.
            headers, address = {"Sec-Purpose": "prefetch"}, f"http://127.0.0.1:{port}/{name}"
            with contextlib.suppress(requests.RequestException):
                requests.get(address, headers=headers, timeout=60, allow_redirects=False)
                return True
            return False

        if not becomes_ready(process, responds, step=0.005):
            raise RuntimeError(f"{name} didn't start: {log.read_text('utf-8')}")
        yield Server(name, port, process)
