"""The instances of a fake cloud: each revision's source and secrets, started as a process.

A revision is started when it's deployed. If a process with the same content already runs, that is
its instance too. A process without traffic ends when its function is deployed with other content,
and starts again when it gets traffic, like instances in the cloud. The content of a revision is
stored in its world, because the same name may be another revision in another world.
"""

import hashlib
import io
import itertools
import sys
import threading
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.processes import Process, becomes_ready, stop
from tests.support.app.servers import free_port, listens
from tests.support.cloud import forked
from tests.support.cloud.control_plane.world import World
from tests.support.cloud.firestore_stand_in import StandIn


@dataclass(frozen=True)
class _Revision:
    """The parts of a start: a folder, a command with a port, variables.

    Revisions made from the same parts have the same `content`. `function` is the entry point.
    """

    content: str
    function: str
    place: Path
    command: tuple[str, ...]
    variables: Mapping[str, str]

    @property
    def log(self) -> Path:
        return self.place / "log"


class Instances:
    """All contents ever deployed, with one process for each that runs."""

    def __init__(self, folder: Path, firestore: StandIn) -> None:
        self._folder = folder
        self._firestore = firestore
        self._numbers = itertools.count()
        self._made: dict[str, _Revision] = {}
        self._running: dict[str, tuple[Process, int]] = {}
        self._ended: list[Process] = []
        self._lock = threading.RLock()

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self._end(set(self._running))
            for process in self._ended:
                process.wait(60)

    def deploy(
        self, world: World, revision: str, function: Mapping[str, Any], led_to: Collection[str]
    ) -> str | None:
        """Start a new revision and keep those with traffic. Return None, or the log of a failed
        start.
        """
        with self._lock:
            made = self._make(world, function)
            world.contents[revision] = made.content
            if made.content not in self._running and (failed := self._start(made)) is not None:
                return failed
            wanted = {world.contents[one] for one in (*led_to, revision)}
            of_function = {
                one.content for one in self._made.values() if one.function == made.function
            }
            self._end(of_function - wanted)
            return None

    def port(self, world: World, revision: str) -> int:
        """Return the port of a revision. If it isn't running, start it."""
        with self._lock:
            made = self._made[world.contents[revision]]
            if made.content not in self._running:
                failed = self._start(made)
                assert failed is None, failed
            return self._running[made.content][1]

    def _end(self, contents: Collection[str]) -> None:
        for content in set(contents) & set(self._running):
            process, _ = self._running.pop(content)
            process.terminate()
            self._ended.append(process)

    def _make(self, world: World, function: Mapping[str, Any]) -> _Revision:
        stored = function["buildConfig"]["source"]["storageSource"]
        config, entry = function["serviceConfig"], function["buildConfig"]["entryPoint"]
        with zipfile.ZipFile(
            io.BytesIO(world.objects[f"{stored['bucket']}/{stored['object']}"])
        ) as z:
            files = {one: z.read(one) for one in sorted(z.namelist()) if not one.endswith("/")}
        mounts = {
            f"{volume['mountPath']}/{version['path']}": world.secrets[volume["secret"]][
                int(version["version"]) - 1
            ]
            for volume in config.get("secretVolumes", [])
            for version in volume["versions"]
        }
        variables, account = config["environmentVariables"], config["serviceAccountEmail"]
        of = repr((entry, files, sorted(mounts.items()), sorted(variables.items()), account))
        content = hashlib.sha256(of.encode()).hexdigest()
        if content in self._made:
            return self._made[content]
        place = self._folder / f"revision-{next(self._numbers)}"
        place.mkdir()
        folders: dict[str, dict[str, bytes]] = {}
        for name, text in files.items():
            top, below, _ = name.partition("/")
            if below:
                folders.setdefault(top, {})[name] = text
            else:
                _put(place / name, text)
        for top, held in folders.items():
            (place / top).symlink_to(self._kept(held) / top)
        for name, text in mounts.items():
            led = text.replace(b'"file:/', f'"file:{place}/mounts/'.encode())
            _put(place / f"mounts{name}", led)
        changed = {
            "SMART_CONFIG": f"{place}/mounts{variables['SMART_CONFIG']}",
            "FIRESTORE_EMULATOR_HOST": self._firestore.host_of(f"serviceAccount:{account}"),
        }
        framework = str(Path(sys.executable).parent / "functions-framework")
        source = ("--source", str(place / "main.py"), "--target", entry)
        command = (framework, "--host", "127.0.0.1", *source)
        made = _Revision(content, entry, place, command, {**variables, **changed})
        self._made[content] = made
        return made

    def _kept(self, files: Mapping[str, bytes]) -> Path:
        """Return a folder with these files, the same for equal sets: Python compiles them once."""
        digest = hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()
        folder = self._folder / f"files-{digest}"
        if not folder.exists():
            for name, text in files.items():
                _put(folder / name, text)
        return folder

    def _start(self, revision: _Revision) -> str | None:
        port = free_port()
        with revision.log.open("ab") as output:
            command = [*revision.command, "--port", str(port)]
            process = forked.start(command, revision.place, revision.variables, output)
        if not becomes_ready(process, lambda: listens(port)):
            stop(process, 0)
            return revision.log.read_text()
        self._running[revision.content] = process, port
        return None


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
