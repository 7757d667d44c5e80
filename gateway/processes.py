"""Processes on this machine: waiting until they're ready, and stopping them."""

import subprocess
import time
from collections.abc import Callable
from typing import Protocol

STARTING_SECONDS = 120.0


class Process(Protocol):
    """The methods of `subprocess.Popen` that a process's parent needs."""

    # ruff: noqa: D102 - documented there
    @property
    def pid(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


def becomes_ready(
    process: Process | None,
    ready: Callable[[], object],
    seconds: float = STARTING_SECONDS,
    step: float = 0.02,
) -> bool:
    """Wait until `ready` is true. Return False if the process exits first, or after this time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and (process is None or process.poll() is None):
        if ready():
            return True
        time.sleep(step)
    return False


def stop(process: Process, seconds: float) -> int:
    """Let a process finish, or kill it after this time. Return its exit status."""
    process.terminate()
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
