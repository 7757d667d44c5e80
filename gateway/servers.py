"""Server processes on this machine: started side by side, ended in order on a signal."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STARTING_SECONDS = 60.0
STOPPING_SECONDS = 35.0


@dataclass(frozen=True, slots=True)
class Server:
    """One server process.

    Fields:
        target: the WSGI application, `module:name`.
        port: where it listens on the loopback address.
        environment: variables beside those of this process.
    """

    target: str
    port: str
    environment: Mapping[str, str]


def are_free(ports: Mapping[str, str], command: str) -> bool:
    """Whether all ports can be used; else says which one, and how to choose another.

    `ports` are by the name of their environment variable; `command` is a target of make.
    """
    for name, at in ports.items():
        if not _is_free(at):
            what = "is in use" if at.isdecimal() else "is no port number"
            sys.stderr.write(f"Port {at} {what}. Choose another: {name}=… make {command}\n")
            return False
    return True


def run(listed: Sequence[Server], ready: str) -> int:
    """Run servers until SIGINT or SIGTERM, and say `Ready:` once all answer; 0 after an orderly
    end, 1 where one ends by itself.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    servers = [_start(one.target, one.port, one.environment) for one in listed]
    ended = False
    try:
        if all(_wait(server, one.port, stop) for server, one in zip(servers, listed, strict=True)):
            print(f"Ready: {ready}/", flush=True)
            ended = _one_ends(servers, stop)
    finally:
        codes = [_end(server) for server in servers]
    return 1 if ended else max(codes, key=abs)


def _one_ends(servers: list[subprocess.Popen[bytes]], stop: threading.Event) -> bool:
    """Wait for a signal; whether a server ends by itself before."""
    while not stop.wait(0.2):
        if any(server.poll() is not None for server in servers):
            sys.stderr.write("A server ended by itself.\n")
            return True
    return False


def _is_free(port: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except (OSError, ValueError, OverflowError):
            return False
    return True


def _start(target: str, port: str, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A server process of its own session, so that a terminal's Ctrl-C reaches only this one."""
    command = [sys.executable, "-m", "gunicorn", target, "--bind", f"127.0.0.1:{port}"]
    options = ["--preload", "--worker-class", "gthread", "--threads", "16", "--log-level", "error"]
    options += ["--limit-request-line", "0", "--graceful-timeout", "30", "--no-control-socket"]
    return subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
        [*command, *options], env={**os.environ, **environment}, start_new_session=True
    )


def _wait(server: subprocess.Popen[bytes], port: str, stop: threading.Event) -> bool:
    """Whether the server answers before it ends, the time is up, or a signal comes."""
    until = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < until and server.poll() is None and not stop.is_set():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            stop.wait(0.05)
    return False


def _end(server: subprocess.Popen[bytes]) -> int:
    """Let a server finish its requests; its exit code."""
    server.terminate()
    try:
        return server.wait(STOPPING_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        return server.wait()
