"""The instances of a fake cloud: each revision's source and secrets, started as a process.

A revision is started when it is deployed. Those that nothing leads to any more end with the next
deployment, and start again when traffic comes back to them, as instances in the cloud do.
"""

import io
import itertools
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.control_plane.world import World
from tests.support.firestore_stand_in import StandIn
from tests.support.servers import STARTING_SECONDS, free_port
from tests.support.staged import listens


@dataclass(frozen=True)
class _Revision:
    """What a start needs: a folder, a command that takes a port, variables."""

    place: Path
    command: tuple[str, ...]
    variables: Mapping[str, str]

    @property
    def log(self) -> Path:
        return self.place / "log"


class Instances:
    """All revisions ever deployed, one process for each that runs."""

    def __init__(self, folder: Path, firestore: StandIn) -> None:
        self._folder = folder
        self._firestore = firestore
        self._numbers = itertools.count()
        self._revisions: dict[str, _Revision] = {}
        self._running: dict[str, tuple[subprocess.Popen[bytes], int]] = {}
        self._lock = threading.RLock()

    def close(self) -> None:
        """End all."""
        self.keep(())

    def keep(self, wanted: Collection[str]) -> None:
        """End all but these."""
        with self._lock:
            ended = [self._running.pop(one)[0] for one in set(self._running) - set(wanted)]
            for process in ended:
                process.terminate()
            for process in ended:
                process.wait(15)

    def deploy(self, world: World, revision: str, function: Mapping[str, Any]) -> str | None:
        """Start a new revision; None, or the log of a start that failed."""
        with self._lock:
            if revision in self._running:
                # Of a world that was left.
                self.keep(set(self._running) - {revision})
            self._revisions[revision] = self._unpacked(world, function)
            return self._start(revision)

    def port(self, revision: str) -> int:
        """Where a revision answers; it is started for it where it does not run."""
        with self._lock:
            if revision not in self._running:
                failed = self._start(revision)
                assert failed is None, failed
            return self._running[revision][1]

    def _unpacked(self, world: World, function: Mapping[str, Any]) -> _Revision:
        place = self._folder / f"revision-{next(self._numbers)}"
        source = function["buildConfig"]["source"]["storageSource"]
        with zipfile.ZipFile(
            io.BytesIO(world.objects[f"{source['bucket']}/{source['object']}"])
        ) as z:
            z.extractall(place)
        config = function["serviceConfig"]
        for volume in config.get("secretVolumes", []):
            for version in volume["versions"]:
                path = place / "mounts" / volume["mountPath"].lstrip("/") / version["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                content = world.secrets[volume["secret"]][int(version["version"]) - 1]
                path.write_bytes(content.replace(b'"file:/', f'"file:{place}/mounts/'.encode()))
        variables = dict(config["environmentVariables"])
        variables["SMART_CONFIG"] = f"{place}/mounts{variables['SMART_CONFIG']}"
        variables["FIRESTORE_EMULATOR_HOST"] = self._firestore.host_of(
            f"serviceAccount:{config['serviceAccountEmail']}"
        )
        framework = str(Path(sys.executable).parent / "functions-framework")
        target = ("--target", function["buildConfig"]["entryPoint"])
        command = (framework, "--host", "127.0.0.1", "--source", str(place / "main.py"), *target)
        return _Revision(place, command, variables)

    def _start(self, name: str) -> str | None:
        revision, port = self._revisions[name], free_port()
        with revision.log.open("ab") as output:
            process = subprocess.Popen(
                [*revision.command, "--port", str(port)],
                cwd=revision.place,
                env=dict(revision.variables),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + STARTING_SECONDS
        while not listens(port):
            if process.poll() is not None or time.monotonic() > until:
                process.kill()
                process.wait()
                return revision.log.read_text()
            time.sleep(0.02)
        self._running[name] = process, port
        return None
