"""Server processes for tests: the functions behind the local gateway, and the simulated EHR.

Each is a separate process, forked from one that has imported the modules that servers share
(tests/support/app/preloaded.py), because importing them takes longer than most tests.
"""

import atexit
import contextlib
import itertools
import json
import os
import runpy
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from gateway.processes import STARTING_SECONDS, Process, becomes_ready, stop

ROOT = Path(__file__).parents[3]
forkserver.set_forkserver_preload(["tests.support.app.preloaded"])
# Wait for it, so that measurements of this process include its servers' time.
atexit.register(forkserver._forkserver._stop)  # type: ignore[attr-defined]


def _ports() -> Iterator[int]:
    """Yield ports below those that the system uses for outgoing connections, each once.

    Between finding a free port and a server binding to it, another process could choose the same
    one. So each process of a run has its own range, and starts at a random place in it, which makes
    a conflict with a second run on this machine rare.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first, count = 20_000 + worker % 8 * 1500, 1500
    for number in itertools.count(secrets.randbelow(count)):
        yield first + number % count


_PORTS = _ports()


def free_port() -> int:
    """Return a port that nothing listens on, and that no other test of this run was given."""
    while True:
        port = next(_PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def listens(port: int) -> bool:
    """Return whether something on this machine accepts connections at a port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


class _Group(subprocess.Popen[bytes]):
    """A process with its children, which get its signals."""

    def send_signal(self, sig: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, sig)


@contextlib.contextmanager
def started(
    command: Sequence[str | Path],
    log: Path,
    folder: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    seconds: float = 60,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program with its children until the block ends, then for at most these seconds."""
    with log.open("wb") as output:
        process = _Group(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop(process, seconds)


@contextlib.contextmanager
def companion(module: str, *arguments: str) -> Iterator[str]:
    """Run a module that prints its URL or address and serves, and kill it when the block ends."""
    command, pipe = [sys.executable, "-m", module, *arguments], subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            address = process.stdout.readline().strip() if process.stdout else ""
            assert address, f"{module} did not start."
            yield address
        finally:
            process.kill()


class _Forked(ForkServerProcess):
    """A forked process, with the methods of `subprocess.Popen`."""

    def poll(self) -> int | None:
        return self.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self.join(timeout)
        if self.exitcode is None:
            raise subprocess.TimeoutExpired(self.name, timeout or 0)
        return self.exitcode


@dataclass(frozen=True)
class Server:
    """A running process. `log` is a file with everything that it wrote to stdout and stderr."""

    origin: str
    log: Path
    process: Process


def _become(command: list[str], environment: dict[str, str], log: Path) -> None:
    """Run a module in this process, as if it had been started with this command."""
    with log.open("wb") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = command
    try:
        runpy.run_module(command[0], run_name="__main__")
    finally:
        # As when a program exits. A forked process skips it.
        atexit._run_exitfuncs()


def run(module: str, *arguments: str, environment: Mapping[str, str], log: Path) -> int:
    """Run a module as a program that should end by itself, and return its exit status."""
    process = _Forked(target=_become, args=([module, *arguments], dict(environment), log))
    process.start()
    try:
        return process.wait(STARTING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"{module} did not end: {log.read_text()}") from None


@contextlib.contextmanager
def serve(
    target: str, origin_host: str, port: int, environment: Mapping[str, str], folder: Path
) -> Iterator[Server]:
    """Run a WSGI target under gunicorn until the block ends. It must exit with status 0."""
    log = folder / f"{target.partition(':')[0]}-{port}.log"
    command = ["gunicorn", target, "--bind", f"127.0.0.1:{port}", "--chdir", str(ROOT)]
    command += ["--preload", "--worker-class", "gthread", "--threads", "16"]
    command += ["--workers", os.environ.get("WEB_CONCURRENCY", "1"), "--log-level", "error"]
    command += ["--limit-request-line", "0", "--graceful-timeout", "2", "--no-control-socket"]
    given = {**os.environ, "THREADS": "16", **environment}
    process = _Forked(target=_become, args=(command, given, log))
    process.start()
    try:
        ready = becomes_ready(process, lambda: listens(port))
        assert ready, f"{target} did not start: {log.read_text()}"
        yield Server(f"http://{origin_host}:{port}", log, process)
    finally:
        code = stop(process, 60)
    assert code == 0, f"{target} ended with {code}: {log.read_text()}"


@contextlib.contextmanager
def serve_app(
    folder: Path,
    ehrs: str,
    *,
    top: str = "",
    port: int | None = None,
    bind: int | None = None,
    store: Path | None = None,
    kind: str = "sqlite",
    firestore: str | None = None,
    sealing_key: str | None = None,
    retired_key: str | None = None,
    target: str = "gateway.app:application",
    page: Path | None = None,
) -> Iterator[Server]:
    """Run all functions on one origin, http://localhost:PORT, with a store in `folder`.

    `ehrs` has the [[ehr]] tables, `top` other settings. A second instance of one deployment shares
    `port` (its public_url), `store` and `sealing_key` with the first and listens on `bind`, which
    is its `origin`. With a `retired_key` it also decrypts what that one encrypted. `firestore` is
    the HOST:PORT of a Firestore to use in place of a store of that `kind`, in a project that
    belongs to `port`. `target` is another module's application in place of the gateway's, `page`
    the folder of a custom frontend.
    """
    port = port or free_port()
    bind = bind or port
    key = sealing_key or secrets.token_urlsafe(32)
    environment = {"SEALING_KEY": key, "RETIRED_KEY": retired_key or ""}
    sealing_keys = ["env:SEALING_KEY", *(["env:RETIRED_KEY"] if retired_key else [])]
    table = f'kind = "{kind}"\npath = "{store or folder / f"{port}.db"}"'
    if firestore is not None:
        environment["FIRESTORE_EMULATOR_HOST"] = firestore
        table = f'kind = "firestore"\nproject = "test-{port}"\ndatabase = "smart"'
    config = folder / f"smart-{bind}.toml"
    config.write_text(
        f'public_url = "http://localhost:{port}"\n'
        f"sealing_keys = {json.dumps(sealing_keys)}\n"
        f"{top}\n"
        f"[store]\n{table}\n"
        f"{ehrs}\n",
        encoding="utf-8",
    )
    environment |= {"SMART_CONFIG": str(config), "PAGE": str(page or "")}
    with serve(target, "localhost", bind, environment, folder) as server:
        yield server
