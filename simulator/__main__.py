"""Start the functions and the simulated EHR on this machine: `python -m simulator COMMAND`.

run    the functions on embedded defaults, with the simulated EHR beside them
serve  the functions with your own configuration (SMART_CONFIG)
ehr    the simulated EHR alone
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from simulator import demo

LOCAL = Path(".local")
STARTING_SECONDS = 60.0
STOPPING_SECONDS = 35.0


def main(arguments: list[str]) -> int:
    """Run a command until SIGINT or SIGTERM; 0 after an orderly end."""
    if arguments not in (["run"], ["serve"], ["ehr"]):
        sys.stderr.write(__doc__ or "")
        return 2
    command = arguments[0]
    names = {"run": ("EHR_PORT", "PORT"), "serve": ("PORT",), "ehr": ("EHR_PORT",)}[command]
    port, ehr_port = os.environ.get("PORT", "8080"), os.environ.get("EHR_PORT", "8090")
    public_url, ehr = f"http://localhost:{port}", f"http://127.0.0.1:{ehr_port}"
    ports = [{"EHR_PORT": ehr_port, "PORT": port}[name] for name in names]
    for name, at in zip(names, ports, strict=True):
        if not _is_free(at):
            what = "is in use" if at.isdecimal() else "is no port number"
            sys.stderr.write(f"Port {at} {what}. Choose another: {name}=… make {command}\n")
            return 1
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    servers = []
    if command != "serve":
        servers.append(_start("simulator.serve_ehr:app", ehr_port, _ehr(public_url, ehr)))
    if command == "run":
        environment = {"SMART_CONFIG": str(_config(public_url, ehr)), "EHR_BASE_URL": ehr}
        servers.append(_start("simulator.gateway:application", port, environment))
    if command == "serve":
        servers.append(_start("simulator.gateway:application", port, {}))
    ready = ehr if command == "ehr" else public_url
    ended = False
    try:
        if all(_wait(server, at, stop) for server, at in zip(servers, ports, strict=True)):
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


def _ehr(public_url: str, ehr: str) -> Mapping[str, str]:
    """The simulated EHR's configuration: this app's registrations, unless others are given."""
    given = os.environ.get("EHR_REGISTRATIONS", demo.registrations(public_url))
    return {"EHR_BASE_URL": ehr, "EHR_REGISTRATIONS": given}


def _config(public_url: str, ehr: str) -> Path:
    """The embedded defaults as a configuration file; the sealing key lasts over restarts."""
    LOCAL.mkdir(exist_ok=True)
    key_file = (LOCAL / "sealing-key").resolve()
    if not key_file.exists():
        key_file.touch(mode=0o600)
        key_file.write_text(secrets.token_urlsafe(32), encoding="ascii")
    config = (LOCAL / "smart.toml").resolve()
    store_file = (LOCAL / "smart.db").resolve()
    config.write_text(demo.configuration(public_url, ehr, key_file, store_file), encoding="utf-8")
    return config


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
