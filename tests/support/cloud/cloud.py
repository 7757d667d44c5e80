"""A cloud to deploy to: the fake control plane, its builds and functions, and an operator's shell.

Requests to the control plane take effect on this machine: the shell runs a build's steps with
gcloud as the build's account, functions-framework runs a deployed function with its mounted
secrets, and Firestore is the fake (firestore_stand_in.py), which admits only members
whose roles allow it. The front routes to functions that anyone may call.

Paths such as /config/smart.toml are in a folder of the test here, so `file:/` in a configuration is
redirected there. The tests in `cloudbuild-test.yaml` are these tests, and aren't run again.
"""

import contextlib
import io
import itertools
import re
import shutil
import tarfile
import traceback
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from tests.support.app.servers import ROOT
from tests.support.cloud import guide, lent_python
from tests.support.cloud.control_plane import rights, run
from tests.support.cloud.control_plane.server import ControlPlane, run_in
from tests.support.cloud.control_plane.world import OPERATOR, Hooks, World
from tests.support.cloud.firestore_stand_in import StandIn
from tests.support.cloud.gcloud import loaded, substituted
from tests.support.cloud.instances import Instances
from tests.support.cloud.router import Router

# The dependencies of a build are already installed, if it has those of a deployed function.
_PIP = '[ "${*: -3:1}" = --require-hashes ] && grep -q "^google-cloud-firestore==" "${*: -1}"'
# Only bash, because a guide that waits for Google sleeps often.
_SLEEP = (
    'exec 3<>"/dev/tcp/${CLOCK/://}"\n'
    'printf "POST /clock/%s HTTP/1.0\\r\\n\\r\\n" "$1" >&3\n'
    "read -r _ status _ <&3\n"
    '[ "$status" = 204 ]'
)


class Cloud:
    """The cloud and one project's operator. `repository` is the operator's copy of this one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plane = ControlPlane()
        self.plane.world.hooks = Hooks(self._start, self._build, self._visit)
        self.repository = folder / "repository"
        guide.copy_of_repository(ROOT, self.repository)
        self.firestore = StandIn()
        self.firestore.admitted = self._admitted
        self.firestore.ttl = _Policies(self)
        self.firestore.indexed = _Indexed(self)
        self.router = Router()
        self.router.strip = True
        self.router.ports = _Public(self)
        self.instances = Instances(folder, self.firestore)
        self._numbers = itertools.count()
        self._ended = contextlib.ExitStack()
        self.programs = self._put_programs()

    def close(self) -> None:
        self.instances.close()
        self._ended.close()
        self.router.close()
        self.firestore.close()
        self.plane.close()

    def restore(self, world: World) -> None:
        """Start from the state of a saved world."""
        self.plane.world = world.copy()
        self.plane.world.hooks = Hooks(self._start, self._build, self._visit)
        self.plane.unknown.clear()

    def run(self, blocks: list[guide.Block], preamble: str = "") -> list[guide.Ran]:
        """Run blocks of the guide in the operator's shell."""
        return guide.run(
            blocks, self.repository, self.variables(OPERATOR), [self.programs], preamble
        )

    def log(self) -> str:
        """Return the logs of the builds."""
        return "\n".join(build["log"] for build in self.plane.world.builds.values())

    def variables(self, member: str) -> dict[str, str]:
        """Return the variables that connect a member's gcloud to this fake."""
        place = self.folder / member.replace(":", "_").replace("@", "_")
        clock = {"CLOCK": self.plane.origin.removeprefix("http://")}
        return self.plane.variables(member, place) | clock

    def _put_programs(self) -> Path:
        """Create the programs that replace the machine's own in this shell, and return their
        folder.
        """
        program = self._ended.enter_context(loaded(self.folder))
        python = self._ended.enter_context(lent_python.program(self.folder))
        for name, text in {
            "python": python,
            "python3": python,
            "pip": _PIP,
            "sleep": _SLEEP,
        }.items():
            guide.program(program.parent, name, text)
        return program.parent

    def _admitted(self, caller: str, permission: str) -> bool:
        """Return whether a member has a permission on the database."""
        world = self.plane.world
        name = f"projects/{world.project}/databases/smart"
        return rights.allows([world.policy], caller, permission, name)

    def _start(self, world: World, revision: str, function: Mapping[str, Any]) -> str | None:
        """Start a new revision. Keep the other ones that something still routes to."""
        led_to = {
            str(target["revisionName"])
            for name in world.run_services
            for target in run.traffic(world, name)
        }
        return self.instances.deploy(world, revision, function, led_to)

    def _visit(self, world: World, host: str, path: str) -> tuple[int, bytes]:
        """Send a GET request to a run.app URL."""
        revision = run.visited(world, host)
        if revision is None:
            return 404, b"<html>Not found</html>"
        address = f"http://127.0.0.1:{self.instances.port(world, revision)}{path}"
        answer = requests.get(address, headers={"Host": host}, timeout=60)
        return answer.status_code, answer.content

    def _build(self, world: World, build: dict[str, Any]) -> None:
        """Run a build to its end. Errors of this fake are in the build's log, for the test to
        check.
        """
        try:
            self._run_steps(world, build)
        except Exception:  # noqa: BLE001 - gcloud would wait forever for a build without an end
            build["log"] += f"The fake's own fault: {traceback.format_exc()}\n"
            build["status"] = "INTERNAL_ERROR"

    def _run_steps(self, world: World, build: dict[str, Any]) -> None:
        """Run each step after the steps that it waits for."""
        place = self.folder / f"workspace-{next(self._numbers)}"
        source = build["source"]["storageSource"]
        with tarfile.open(
            fileobj=io.BytesIO(world.objects[f"{source['bucket']}/{source['object']}"])
        ) as archive:
            archive.extractall(place, filter="data")
        self._set_up(place)
        member = "serviceAccount:" + build["serviceAccount"].rpartition("/")[2]
        values = {"PROJECT_ID": world.project, "COMMIT_SHA": ""} | build.get("substitutions", {})
        ended: dict[str, int] = {}
        steps = {step["id"]: step for step in build["steps"]}
        with ThreadPoolExecutor(4) as pool:
            while steps and not any(ended.values()):
                ready = [
                    step for step in steps.values() if set(step.get("waitFor", [])) <= set(ended)
                ]
                assert ready, f"These steps wait for one that never ends: {sorted(steps)}"
                done = pool.map(lambda step: self._step(place, member, values, step), ready)
                for step, (code, said) in zip(ready, done, strict=True):
                    ended[step["id"]] = code
                    build["log"] += f"Step {step['id']}, {code}: {said}\n"
                    del steps[step["id"]]
        shutil.rmtree(place, ignore_errors=True)
        build["status"] = "FAILURE" if any(ended.values()) else "SUCCESS"

    def _set_up(self, place: Path) -> None:
        """Remove the pauses between attempts. (A project's copy is in its wheel, unchanged.)"""
        smoke = place / "infra/smoke.py"
        if smoke.exists():
            smoke.write_text(re.sub(r"(PAUSE_SECONDS = )[\d.]+", r"\g<1>0.0", smoke.read_text()))

    def _step(
        self, place: Path, member: str, values: Mapping[str, str], step: Mapping[str, Any]
    ) -> tuple[int, str]:
        """Run one step as its account."""
        arguments = [substituted(one, values) for one in step["args"]]
        if arguments == [".ci/run"]:
            return 0, "not run: these are the tests"
        words = [step["entrypoint"], *arguments]
        script = "exec " + " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)
        given = [substituted(one, values) for one in step.get("env", [])]
        variables = self.variables(member) | dict(one.split("=", 1) for one in given)
        variables["FIRESTORE_EMULATOR_HOST"] = self.firestore.host_of(member)
        if step["id"] == "configuration":
            # Mounted files are in the workspace here.
            listed = place / "build/deployment/configuration"
            listed.write_text(listed.read_text().replace(" /", f" {place}/"))
        if "smart_calc doctor" in script:
            # Its own calls go to the functions and EHRs, not to Google.
            variables = {name: value for name, value in variables.items() if "proxy" not in name}
            self._lend_key(place)
        ended = run_in(script, place, variables, [self.programs])
        return ended.returncode, ended.stdout + ended.stderr

    def _lend_key(self, place: Path) -> None:
        """Add a key for only the doctor, which reads one if functions run on its own machine."""
        (place / "keys").mkdir(exist_ok=True)
        (place / "keys/sealing").write_text("A" * 43)
        configuration = place / "smart.toml"
        configuration.write_text(configuration.read_text().replace('"file:/', f'"file:{place}/'))


class _Policies(Mapping[str, str]):
    """The TTL policies of the control plane's database."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __getitem__(self, collection: str) -> str:
        if not self._cloud.plane.world.fields.get(f"{collection}/expires_at", {}).get("ttl"):
            raise KeyError(collection)
        return "ACTIVE"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Indexed(Collection[str]):
    """The fields that were not exempted there."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __contains__(self, field: object) -> bool:
        return "indexes" not in self._cloud.plane.world.fields.get(str(field), {})

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Public(Mapping[str, Iterator[int]]):
    """The ports of the functions that anyone may call, for the revision that has the traffic."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __getitem__(self, name: str) -> Iterator[int]:
        world, service = self._cloud.plane.world, name.replace("_", "-")
        if service not in world.run_services or not run.reached(world, service):
            raise KeyError(name)
        return itertools.cycle([self._cloud.instances.port(world, run.serving(world, service))])

    def __iter__(self) -> Iterator[str]:
        return iter(self._cloud.plane.world.functions)

    def __len__(self) -> int:
        return len(self._cloud.plane.world.functions)
