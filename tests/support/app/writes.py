"""Helpers for tests of writes through the FHIR proxy: an EHR with resources, and the writes it
received.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.app.app import App, Launched
from tests.support.app.proxy import Resource, asked
from tests.support.app.servers import free_port, serve, serve_app
from tests.support.browser.browser import OWN_FETCH, Answer
from tests.support.ehr.scripted_ehr import (
    FHIR_JSON,
    Received,
    Scripted,
    ScriptedEhr,
    Tenant,
    as_fhir,
)

PATCH_JSON = "application/json-patch+json"
REPLACE_STATUS = [{"op": "replace", "path": "/status", "value": "amended"}]


def send(launch: Launched, method: str, path: str, document: Any = None, **headers: str) -> Answer:
    """Send a write like a page of the app. Bytes are sent unchanged. `If_Match` names If-Match."""
    media_type = PATCH_JSON if method == "PATCH" else FHIR_JSON
    body = document if isinstance(document, bytes | None) else json.dumps(document).encode()
    own = {**OWN_FETCH, **({} if body is None else {"Content-Type": media_type})}
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return launch.browser.send(method, f"{launch.fhir_base}/{path}", {**own, **more}, body)


def keep(
    tenant: Tenant, resource: Resource, answer: Scripted | None = None, **headers: str
) -> None:
    """Add a resource to the tenant. Reads have `headers`. Writes get `answer`, by default 200."""

    def handle(request: Received) -> Scripted:
        if request.method == "GET":
            return as_fhir(resource, 200, **headers)
        return answer or Scripted(200)

    tenant.on(f"/{resource['resourceType']}/{resource['id']}", handle)


def written(tenant: Tenant) -> list[Received]:
    """Return the writes that reached the EHR."""
    return [request for request in asked(tenant) if request.method != "GET"]


@contextlib.contextmanager
def serve_writing(folder: Path, scripted: ScriptedEhr) -> Iterator[App]:
    """Run the app with write scopes: tenants of group `w` request patient/*.cruds, those of group
    `v` user/*.cruds, those of group `o`, of vendor oracle, patient/*.cruds. For the simulated EHR,
    the app requests patient/*.cruds, user/Binary.cruds and a few other scopes.
    """
    port, ehr_port = free_port(), free_port()
    scopes = "patient/Observation.cruds patient/Patient.rs user/Binary.cruds"
    ehrs = f"""
[[ehr]]
key = "writing"
iss = ["{scripted.origin}/w/*"]
client_id = "writing-client"
scopes = "patient/*.cruds patient/Observation.cu?category=laboratory"

[[ehr]]
key = "writing-user"
iss = ["{scripted.origin}/v/*"]
client_id = "writing-user-client"
scopes = "user/*.cruds user/Observation.cu?category=laboratory"
redirect_path = "/callback/writing-user"

[[ehr]]
key = "writing-oracle"
vendor = "oracle"
iss = ["{scripted.origin}/o/*"]
client_id = "writing-oracle-client"
scopes = "patient/*.cruds"
redirect_path = "/callback/writing-oracle"

[[ehr]]
key = "simulated"
iss = ["http://127.0.0.1:{ehr_port}/generic/fhir"]
client_id = "smart-calc-demo"
scopes = "{scopes}"
redirect_path = "/callback/simulated"
"""
    registration = {
        "client_id": "smart-calc-demo",
        "name": "smart-calc",
        "redirect_uris": [f"http://localhost:{port}/callback/simulated"],
        "launch_url": f"http://localhost:{port}/launch",
        "scopes": ["launch", *scopes.split()],
    }
    environment = {
        "EHR_BASE_URL": f"http://127.0.0.1:{ehr_port}",
        "EHR_REGISTRATIONS": json.dumps([registration]),
    }
    with (
        serve("simulator.serve_ehr:app", "127.0.0.1", ehr_port, environment, folder) as ehr,
        serve_app(
            folder, ehrs, port=port, target="tests.support.app.app_with_own:application"
        ) as server,
    ):
        yield App(server.origin, server, ehr.origin, scripted)
