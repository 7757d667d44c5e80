"""What tests of writes through the FHIR proxy share: an EHR that keeps, and what it was told."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.app import App, Launched
from tests.support.browser import OWN_FETCH, Answer
from tests.support.proxy import Resource, asked
from tests.support.scripted_ehr import (
    FHIR_JSON,
    Received,
    Scripted,
    ScriptedEhr,
    Tenant,
    as_fhir,
)
from tests.support.servers import free_port, serve, serve_app

PATCH_JSON = "application/json-patch+json"
REPLACE_STATUS = [{"op": "replace", "path": "/status", "value": "amended"}]


def send(launch: Launched, method: str, path: str, document: Any = None, **headers: str) -> Answer:
    """Send a write as a page of the app would; bytes go as they are. `If_Match` names If-Match."""
    media_type = PATCH_JSON if method == "PATCH" else FHIR_JSON
    body = document if isinstance(document, bytes | None) else json.dumps(document).encode()
    own = {**OWN_FETCH, **({} if body is None else {"Content-Type": media_type})}
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return launch.browser.send(method, f"{launch.fhir_base}/{path}", {**own, **more}, body)


def keep(
    tenant: Tenant, resource: Resource, answer: Scripted | None = None, **headers: str
) -> None:
    """The tenant has a resource; reads carry `headers`, writes get `answer`, 200 if left out."""

    def handle(request: Received) -> Scripted:
        if request.method == "GET":
            return as_fhir(resource, 200, **headers)
        return answer or Scripted(200)

    tenant.on(f"/{resource['resourceType']}/{resource['id']}", handle)


def written(tenant: Tenant) -> list[Received]:
    """The writes that reached the EHR."""
    return [request for request in asked(tenant) if request.method != "GET"]


@contextlib.contextmanager
def serve_writing(folder: Path, scripted: ScriptedEhr) -> Iterator[App]:
    """Tenants of group `w` ask patient/*.cruds, those of group `v` user/*.cruds, those of group
    `o`, of vendor oracle, patient/*.cruds; the simulated EHR is asked for patient/*.cruds,
    user/Binary.cruds and a few of its own.
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
            folder, ehrs, port=port, target="tests.support.app_with_own:application"
        ) as server,
    ):
        yield App(server.origin, server, ehr.origin, scripted)
