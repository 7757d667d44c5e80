"""Google's Firestore emulator: the one that FIRESTORE_EMULATOR_HOST names, or one started here."""

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.processes import becomes_ready
from shared.errors import StoreUnavailable
from shared.store.firestore import FirestoreStore
from tests.support.app import servers
from tests.support.app.servers import free_port
from tests.support.app.stores import KINDS

VARIABLE = "FIRESTORE_EMULATOR_HOST"


def how() -> str | None:
    """Describe the emulator available on this machine, or return None."""
    if os.environ.get(VARIABLE):
        return f"the one at {os.environ[VARIABLE]}"
    gcloud = shutil.which("gcloud")
    if gcloud is None or shutil.which("java") is None:
        return None
    component = Path(gcloud).resolve().parents[1] / "platform" / "cloud-firestore-emulator"
    return "started with gcloud" if component.is_dir() else None


# The back ends that this machine can run.
PLACES = [place for places in KINDS.values() for place in places] + (["emulator"] if how() else [])


@contextlib.contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """Yield HOST:PORT of a responding emulator. `folder` gets its log."""
    given = os.environ.get(VARIABLE)
    if given:
        _wait_for(given)
        yield given
        return
    with started(folder, free_port(), _wait_for) as host:
        yield host


def of_this_run(folder: Path) -> str:
    """Return HOST:PORT of the emulator that all processes of a run share. The first caller starts
    it.

    `folder` belongs to the run. The process that started the run calls `end` with it.
    """
    given = os.environ.get(VARIABLE)
    if given:
        _wait_for(given)
        return given
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        note = folder / "host"
        if not note.exists():
            host, log = f"127.0.0.1:{free_port()}", folder / "emulator.log"
            # A shell in between, because the emulator outlives the process that starts it.
            shell = '"$@" > "$0" 2>&1 < /dev/null & echo $!'
            begun = subprocess.run(
                ["sh", "-c", shell, log, *_command(host)],
                env=_variables(folder),
                stdout=subprocess.PIPE,
                start_new_session=True,
                check=True,
            )
            (folder / "pid").write_bytes(begun.stdout)
            assert _wait_for(host), f"The emulator did not start: {log.read_text()}"
            note.write_text(host)
        return note.read_text()


def end(folder: Path) -> None:
    """Kill the run's emulator, if one was started."""
    pid = folder / "pid"
    if pid.exists():
        with contextlib.suppress(ProcessLookupError):
            # The current group: gcloud creates a new one after it has started.
            os.killpg(os.getpgid(int(pid.read_text())), signal.SIGTERM)


@contextlib.contextmanager
def started(
    folder: Path, port: int, ready: Callable[[str, subprocess.Popen[bytes]], bool]
) -> Iterator[str]:
    """Start an emulator, yield its HOST:PORT once it's `ready`, and kill it at the end."""
    host = f"127.0.0.1:{port}"
    log = folder / "emulator.log"
    # gcloud is the leader of a group with a shell and the Java process as children.
    with servers.started(_command(host), log, environment=_variables(folder)) as process:
        assert ready(host, process), f"The emulator did not start: {log.read_text()}"
        yield host


def _command(host: str) -> list[str]:
    return ["gcloud", "emulators", "firestore", "start", f"--host-port={host}"]


def _variables(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "CLOUDSDK_CONFIG": str(folder),
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        # It lives for minutes, so optimizing its code takes longer than it saves.
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }


def _wait_for(host: str, process: subprocess.Popen[bytes] | None = None) -> bool:
    """Return whether it responds in time. The first calls are slow, so they are made here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, host)
        return becomes_ready(process, _responds)


def _responds() -> bool:
    with contextlib.suppress(StoreUnavailable):
        store = FirestoreStore("warming-up", "(default)")
        for _ in range(5):
            # A creation that timed out may have happened, so no key is reused.
            key = secrets.token_hex(32)
            version = store.create("launches", key, {}, time.time() + 60)
            version = store.replace("launches", key, {}, time.time() + 60, version)
            store.delete("launches", key, version)
        return True
    return False
