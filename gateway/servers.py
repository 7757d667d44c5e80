"""Server processes on this machine: started in parallel, and shut down cleanly on a signal."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Protocol

import requests

from gateway import processes
from gateway.processes import STARTING_SECONDS, Process
from gateway.terminal import Terminal

THREADS = "16"
STOPPING_SECONDS = 35.0
LOOPBACK = "127.0.0.1"
_STEP_SECONDS = 0.05
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Unusable(Exception):
    """An invalid option or environment variable; the message has the fix."""


class Taken(Exception):
    """A port that another process uses; the message has the fix."""


class Stop:
    """A flag that's set by Ctrl-C, `kill` or closing the terminal.

    It's a plain flag, because a signal handler that takes a lock (threading.Event does) deadlocks
    if it interrupts the code that holds the lock.
    """

    def __init__(self) -> None:
        self.is_set = False
        for number in _ENDING:
            signal.signal(number, self._set)

    def _set(self, *_: object) -> None:
        self.is_set = True


@dataclass(frozen=True, slots=True)
class Place:
    """The host and port of a server; `variable` is the environment variable that sets the port."""

    variable: str
    port: str
    host: str = LOOPBACK

    @property
    def bind(self) -> str:
        """The address in Gunicorn's format."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The server's URL on this machine."""
        host = {"0.0.0.0": LOOPBACK, "::": "::1", "": LOOPBACK}.get(self.host, self.host)  # noqa: S104 - only if configured
        return f"http://{Place(self.variable, self.port, host).bind}/"


@dataclass(frozen=True, slots=True)
class Server:
    """One server process.

    `target`: the WSGI application, `module:name`. `place`: the host and port that it listens on.
    `environment`: additional environment variables. `workers`: number of worker processes.
    """

    target: str
    place: Place
    environment: Mapping[str, str]
    workers: int = 1


def require_free(place: Place, command: str) -> None:
    """Raise Unusable if a server can never listen there, or Taken if another process does;
    `command` is also a make target.
    """

    def sentence(what: str, variable: str) -> str:
        option = f"--{variable.lower().replace('_', '-')}"
        return (
            f"{what}. Choose another: smart-calc {command} {option} …, "
            f"or {variable}=… make {command}"
        )

    if not _is_port(place.port):
        what = f"Port {place.port} isn't a valid port number (1 to 65535)"
        raise Unusable(sentence(what, place.variable))
    try:
        addresses = socket.getaddrinfo(
            place.host or None, int(place.port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = addresses[0]
    except (OSError, OverflowError):
        raise Unusable(sentence(f"Host {place.host} is unknown", "HOST")) from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except (OSError, OverflowError):
            raise Taken(sentence(f"Port {place.port} is in use", place.variable)) from None


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text[:6]) < 65_536


class Shown(Protocol):
    """Decides what a terminal shows of the servers' output: for each line, and as time passes."""

    # ruff: noqa: D102 - documented in gateway/terminal.py
    def lines(self, text: str, now: float) -> Iterable[str]: ...
    def settled(self, now: float) -> Iterable[str]: ...


class _Verbatim:
    def lines(self, text: str, now: float) -> Iterable[str]:  # noqa: ARG002 - the Protocol's
        return (text,)

    def settled(self, now: float) -> Iterable[str]:  # noqa: ARG002 - the Protocol's
        return ()


def shown(app: str, ehr: str, *, as_json: bool) -> Shown | None:
    """Return the filter of the servers' output for a terminal. Into a pipe, they write themselves.

    With `as_json`, a terminal shows what a pipe gets.
    """
    if not sys.stdout.isatty():
        return None
    return _Verbatim() if as_json else Terminal(app, ehr)


class _Output:
    """The output of processes, read by one thread each and printed by the main thread."""

    def __init__(self, shown: Shown | None) -> None:
        self._shown = shown
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._readers: list[threading.Thread] = []

    @property
    def is_read(self) -> bool:
        return self._shown is not None

    def read(self, stream: IO[bytes] | None) -> None:
        if stream is not None:
            reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
            reader.start()
            self._readers.append(reader)

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._lines.put(line.decode("utf-8", "replace").rstrip("\n"))

    def show(self) -> None:
        if self._shown is None:
            return
        now = time.monotonic()
        while not self._lines.empty():
            for line in self._shown.lines(self._lines.get(), now):
                print(line, flush=True)
        for line in self._shown.settled(now):
            print(line, flush=True)

    def finish(self) -> None:
        for reader in self._readers:
            reader.join(_STEP_SECONDS * 20)
        self.show()


def run(
    servers: Sequence[Server],
    ready: str,
    note: str = "",
    *,
    also: str = "",
    shown: Shown | None = None,
    opens_browser: bool = False,
) -> int:
    """Run servers until SIGINT, SIGTERM or SIGHUP; print `Ready:`, `also` and `note` when all
    respond. `shown` filters their output, and with `opens_browser` the browser opens.

    Return 0 after a clean shutdown, or 1 if a server doesn't get ready or exits on its own. The
    reason is on stderr.
    """
    stop, output = Stop(), _Output(shown)
    started = [(_start(one, output), one.place) for one in servers]
    failed = False
    try:
        for process, place in started:
            if (reason := not_ready(process, place, stop)) is not None:
                sys.stderr.write(f"{reason}\n" if reason else "")
                failed = True
                break
        if not (failed or stop.is_set):
            print(f"Ready: {ready}/{also}", flush=True)
            sys.stderr.write(note)
            if opens_browser:
                # A browser in this terminal would block.
                threading.Thread(target=_open, args=(f"{ready}/",), daemon=True).start()
            failed = _one_exits([process for process, _ in started], stop, output)
    finally:
        codes = [processes.stop(process, STOPPING_SECONDS) for process, _ in started]
        output.finish()
    return 1 if failed else max(codes, key=abs)


def _open(url: str) -> None:
    if not webbrowser.open(url):
        sys.stderr.write(f"No browser was found. Open {url} yourself.\n")


def _one_exits(running: Sequence[Process], stop: Stop, output: _Output) -> bool:
    """Wait for a signal; return whether a server exits on its own before one arrives."""
    while not stop.is_set:
        output.show()
        if any(one.poll() is not None for one in running):
            sys.stderr.write("A server exited unexpectedly.\n")
            return True
        time.sleep(_STEP_SECONDS)
    return False


def _start(server: Server, output: _Output) -> subprocess.Popen[bytes]:
    """Start a server in a new session, so that Ctrl-C reaches only this process."""
    settings = {
        "bind": server.place.bind,
        "preload_app": True,
        "worker_class": "gthread",
        "threads": THREADS,
        "loglevel": "error",
        "limit_request_line": 0,
        "graceful_timeout": 30,
        "control_socket_disable": True,
        "workers": server.workers,
    }
    command = [sys.executable, "-m", "gateway.serving", server.target, json.dumps(settings)]
    # functions-framework and shared/outbound/serving.py read THREADS.
    environment = {**os.environ, "THREADS": THREADS, **server.environment}
    process = subprocess.Popen(  # noqa: S603 - this interpreter, own arguments
        command,
        env=environment,
        start_new_session=True,
        stdout=subprocess.PIPE if output.is_read else None,
    )
    output.read(process.stdout)
    return process


def not_ready(server: Process, place: Place, stop: Stop) -> str | None:
    """Wait until a server responds or a signal arrives. Return the reason if the server fails, or
    "" if the server has printed the reason.
    """
    last = "it didn't respond"
    direct = requests.Session()
    # Don't use a proxy from the environment to reach this process's own servers.
    direct.trust_env = False

    def responds() -> bool:
        nonlocal last
        try:
            response = direct.get(place.url, timeout=5)
        except requests.RequestException as error:
            last = f"it didn't respond ({type(error).__name__})"
            return False
        last = f"it returned status {response.status_code}"
        return response.ok

    ready = processes.becomes_ready(
        server, lambda: stop.is_set or responds(), STARTING_SECONDS, _STEP_SECONDS
    )
    if ready or stop.is_set:
        return None
    if (code := server.poll()) is not None:
        # With status 1, it has printed the reason: a problem in a file, or in a function's code.
        if code == 1:
            return ""
        return f"The server for port {place.port} exited during startup ({code})."
    return f"The server on port {place.port} wasn't ready within {STARTING_SECONDS:g} s: {last}."
