"""A strict fake of Google Cloud's control plane, for the real gcloud.

gcloud's endpoint overrides lead every API to plain HTTP, and its proxy setting leads that here, so
each request arrives with the host it was meant for, regional hosts too. What is not allowed, not
there or not known is refused; a host or method that no module here knows is kept in `unknown`, so
that a test can see that nothing was answered out of thin air.

- this module: HTTP in, an answer of `world` out; the clock.
- `world`: what exists. A plain value that can be copied, so that a test can begin in the middle.
- `routes`, `refusals`, `rights`: which method an address is, how Google refuses, which role holds
  which permission; each with its source.
- one module for each API.

What Google answers is taken from the documents and reports named at each place; none of it was
seen on Google Cloud by us.
"""

import gzip
import json
import os
import secrets
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.cloud.control_plane import (
    cloud_build,
    firestore_admin,
    functions,
    iam,
    keys,
    knative,
    monitoring,
    network,
    organization,
    project,
    scheduler,
    secret_manager,
    storage,
)
from tests.support.cloud.control_plane.refusals import Refusal, service_disabled
from tests.support.cloud.control_plane.routes import Api, Request
from tests.support.cloud.control_plane.world import World
from tests.support.cloud.gcloud_process import SILENCE
from tests.support.ehr.threaded_server import ThreadedServer

APIS: Mapping[str, Api] = {
    api.host: api
    for api in (
        project.RESOURCE_MANAGER,
        project.BILLING,
        project.SERVICE_USAGE,
        project.LOGGING,
        iam.API,
        firestore_admin.API,
        secret_manager.API,
        storage.API,
        cloud_build.API,
        functions.API,
        knative.API,
        monitoring.API,
        scheduler.API,
        *network.APIS,
        *keys.APIS,
        *organization.APIS,
    )
}
# As gcloud names them, where that is not the first part of the host.
_PROPERTIES = {"vpcaccess": "vpcaccess"}


@dataclass(frozen=True)
class Call:
    """One request and the status of its answer."""

    request: Request
    status: int


class ControlPlane:
    """The fake. `calls` are all requests; `unknown` those that nothing here knows.

    POST /clock/SECONDS moves its clock; `waits` counts that.
    """

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.calls: list[Call] = []
        self.unknown: list[str] = []
        self.waits = 0
        self.lock = threading.RLock()
        self._server = ThreadedServer(self._serve)
        self.origin, self.close = self._server.origin, self._server.close

    def variables(self, member: str, folder: Path) -> dict[str, str]:
        """Return the variables that connect a member's gcloud here. `folder` gets its configuration
        and token.
        """
        token = folder / "token"
        folder.mkdir(parents=True, exist_ok=True)
        # Commands of one member run side by side: none may find the file empty.
        if not token.exists():
            written = token.with_name(f"token-{secrets.token_hex(4)}")
            written.write_text(member)
            written.replace(token)
        overrides = {
            f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{host.partition('.')[0].upper()}": f"http://{host}/"
            for host in APIS
        }
        return overrides | {
            "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
            "CLOUDSDK_CONFIG": str(folder / "configuration"),
            **SILENCE,
            "http_proxy": self.origin,
            "https_proxy": self.origin,
        }

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        if handler.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if handler.command == "CONNECT":
            self.unknown.append(f"CONNECT {handler.path}")
            handler.send_error(403)
            return
        address = urlsplit(handler.path)
        if address.path.startswith("/clock/"):
            with self.lock:
                self.world.now += float(address.path.removeprefix("/clock/"))
                self.waits += 1
            # What a build does takes real time; who waits for it should not take its processor.
            until = time.monotonic() + 5
            waits = handler.headers.get("Command", "").startswith("builds ")
            while waits and self._building() and time.monotonic() < until:
                time.sleep(0.02)
            handler.send_response_only(204)
            handler.end_headers()
            return
        if (address.hostname or "").endswith(".run.app") and self.world.hooks:
            status, content = self.world.hooks.visit(
                self.world, str(address.hostname), address.path
            )
            _reply(handler, status, content, {})
            return
        request = Request(
            host=address.hostname or "",
            method=handler.command,
            path=address.path,
            query=dict(parse_qsl(address.query)),
            body=body,
            member=handler.headers.get("Authorization", "").removeprefix("Bearer "),
        )
        status, content, headers = self.answer(request)
        _reply(handler, status, content, headers)

    def _building(self) -> bool:
        return any(one["status"] == "WORKING" for one in list(self.world.builds.values()))

    def answer(self, request: Request) -> tuple[int, bytes, Mapping[str, str]]:
        """Status, body and headers."""
        with self.lock:
            try:
                document = self._dispatch(request)
                status = 200
            except Refusal as refusal:
                document, status = refusal.document(), refusal.code
            except Exception as error:  # noqa: BLE001 - a hole in the fake, for the test to see
                said = f"{request.method} {request.host}{request.path}: {error!r}"
                self.unknown.append(said)
                document, status = Refusal(501, said).document(), 501
            self.calls.append(Call(request, status))
        if isinstance(document, bytes):
            return status, document, {"Content-Type": "application/octet-stream"}
        headers = document.pop("_headers", {})
        return status, json.dumps(document).encode(), headers

    def _dispatch(self, request: Request) -> Any:
        host, world = request.host, self.world
        # EUROPE-WEST1-run.googleapis.com is run.googleapis.com, for one region.
        api = APIS.get(host, APIS.get(host.rpartition("-")[2]))
        route = None if api is None else api.find(request)
        if api is None or route is None:
            said = f"{request.method} {host}{request.path}"
            self.unknown.append(said)
            raise Refusal(501, f"The fake control plane does not know {said}.")
        handler, parts, of_gcloud = route
        person = request.member.startswith("user:")
        if api.host not in world.services and not (of_gcloud and person):
            raise service_disabled(api.name, api.host, world.number)
        return handler(world, request, **parts)


def _reply(
    handler: BaseHTTPRequestHandler, status: int, content: bytes, headers: Mapping[str, str]
) -> None:
    handler.send_response_only(status)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def run_in(
    script: str, folder: Path, variables: Mapping[str, str], programs: Sequence[Path]
) -> subprocess.CompletedProcess[str]:
    """Run a shell script, with `programs` before all others."""
    path = os.pathsep.join([*map(str, programs), "/usr/local/bin:/usr/bin:/bin"])
    return subprocess.run(
        ["/bin/bash", "-c", script],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
