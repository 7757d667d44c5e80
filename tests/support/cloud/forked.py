"""Run deployed functions as forks of a process that has already loaded their libraries.

Loading gunicorn, Flask and Firestore's client takes most of a second of CPU time. So for each
environment, one process of its Python loads them and forks. `start` otherwise works like
`subprocess.Popen`, and the fork becomes a child of this process. The fork loads the function and
its deployed files itself. This file, which also runs under that Python, loads nothing from the
repository. (tests/support/app/servers.py forks the servers behind the gateway.) `as_python` does
the same for an entire Python command line (lent_python.py).
"""

import atexit
import contextlib
import ctypes
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from gateway.processes import Process

# Third-party modules that servers load, if installed.
_LIBRARIES = (
    *("concurrent.futures", "email.message", "logging.config", "sqlite3", "ssl", "tomllib"),
    *("flask", "jinja2", "requests", "httptools", "msgspec", "stringzilla", "jwt"),
    *("cryptography.x509", "cryptography.hazmat.primitives.ciphers.aead"),
    *("cryptography.hazmat.primitives.asymmetric.ec", "cryptography.hazmat.primitives.kdf.hkdf"),
    *("gunicorn.arbiter", "gunicorn.workers.gthread"),
    *("functions_framework._cli", "functions_framework._http.gunicorn"),
    *("google.cloud.firestore", "google.cloud.firestore_admin_v1"),
)
_PR_SET_CHILD_SUBREAPER = 36


class Fork:
    """A forked process, with the methods of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None
        self._lock = threading.Lock()

    def poll(self) -> int | None:
        with self._lock:
            if self._code is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                self._code = os.waitstatus_to_exitcode(status) if pid else None
            return self._code

    def wait(self, timeout: float | None = None) -> int:
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(f"fork {self.pid}", timeout or 0)
            time.sleep(0.01)
        return code

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def start(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], output: IO[bytes]
) -> "Process":
    """Run a script next to its Python. `output` gets everything that it writes."""
    if not possible():
        return start_anew(command, cwd, env, output)
    python, streams = Path(command[0]).parent / "python", [output.fileno()] * 2
    return _fork(python, {"command": [*command]}, cwd, env, streams)


def as_python(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], streams: Sequence[int]
) -> Fork:
    """Run this environment's Python with a command's arguments, under its name."""
    call = {"command": [*command], "python": True}
    return _fork(Path(sys.executable), call, cwd, env, streams)


def _fork(
    python: Path,
    what: Mapping[str, object],
    cwd: Path,
    env: Mapping[str, str],
    streams: Sequence[int],
) -> Fork:
    """Fork. `streams` become the fork's stdin, stdout and stderr, or the last two of these."""
    with _lock:
        if python not in _parents:
            _parents[python] = _parent(python)
        connection = _parents[python]
        call = {**what, "folder": str(cwd), "variables": dict(env)}
        socket.send_fds(connection, [json.dumps(call).encode() + b"\n"], [*streams])
        return Fork(int(connection.recv(20)))


def start_anew(
    command: Sequence[str], cwd: Path, env: Mapping[str, str], output: IO[bytes]
) -> "Process":
    """Start a process without preloaded libraries, to test the entire startup."""
    return subprocess.Popen(
        command, cwd=cwd, env=dict(env), stdout=output, stderr=subprocess.STDOUT
    )


@functools.cache
def possible() -> bool:
    """Return whether a fork can become this process's child after its own parent has ended."""
    # Coverage must see a process start.
    if sys.platform != "linux" or any(name.startswith("COVERAGE_") for name in os.environ):
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


_lock = threading.Lock()
_parents: dict[Path, socket.socket] = {}


def _parent(python: Path) -> socket.socket:
    """Start a process that forks until this one ends, and return the connection to it."""
    ours, its = socket.socketpair()
    process = subprocess.Popen(
        [python, "-P", __file__, str(its.fileno())],
        cwd=Path(__file__).parents[3],
        pass_fds=[its.fileno()],
        stdin=subprocess.DEVNULL,
    )
    its.close()
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


def _serve(connection: socket.socket) -> None:
    """Fork for each call and send the pid."""
    for name in _LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()
    while True:
        received, files, _, _ = socket.recv_fds(connection, 1 << 16, 3)
        if not received:
            return
        while not received.endswith(b"\n") and (more := connection.recv(1 << 16)):
            received += more
        read_end, writing = os.pipe()
        between = os.fork()
        if between == 0:
            pid = os.fork()
            if pid == 0:
                break
            os.write(writing, str(pid).encode())
            os._exit(0)
        os.waitpid(between, 0)
        connection.sendall(os.read(read_end, 20))
        for number in (read_end, writing, *files):
            os.close(number)
    for number in (read_end, writing):
        os.close(number)
    connection.close()
    _become(json.loads(received), files)


def _become(call: Mapping[str, object], files: list[int]) -> None:
    for number, file in enumerate(files, 3 - len(files)):
        os.dup2(file, number)
        os.close(file)
    command, folder, variables = call["command"], call["folder"], call["variables"]
    assert isinstance(command, list)
    assert isinstance(folder, str)
    assert isinstance(variables, dict)
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()
    sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in variables
    os.chdir(folder)
    if call.get("python"):
        _end(_run_as_python(*command))
    sys.argv = command
    runpy.run_path(command[0], run_name="__main__")


def _run_as_python(name: str, *arguments: str) -> int:
    """Do what Python does with a command line, for the commands of the guide."""
    sys.executable, words = name, [*arguments]
    safe = words[:1] == ["-P"] or bool(os.environ.get("PYTHONSAFEPATH"))
    if words[:1] == ["-P"]:
        words.pop(0)
    # A separate process would have this flag.
    flags = {one: getattr(sys.flags, one) for one in dir(sys.flags) if not one.startswith("_")}
    sys.flags = SimpleNamespace(**flags | {"safe_path": safe})  # type: ignore[assignment]
    given = os.environ.get("PYTHONPATH", "")
    sys.path[:0] = [*([] if safe else [str(Path.cwd())]), *filter(None, given.split(os.pathsep))]
    sys.argv = ["-", *words[2:]]
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    try:
        match words:
            case ["-m", module, *_]:
                runpy.run_module(module, run_name="__main__", alter_sys=True)
            case ["-c", code, *_]:
                exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
            case []:
                exec(compile(sys.stdin.read(), "<stdin>", "exec"), {"__name__": "__main__"})
            case _:
                sys.exit(f"Not understood by {__file__}: {arguments}")
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        sys.stderr.write(f"{ended.code}\n")
        return 1
    except BaseException:  # noqa: BLE001 - as at the end of a program
        traceback.print_exc()
        return 1
    return 0


def _end(code: int) -> NoReturn:
    """Exit like a program, except for the teardown of loaded modules, which takes as long as most
    runs.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
