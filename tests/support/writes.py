"""What tests of writes through the FHIR proxy share: an EHR that keeps, and what it was told."""

import json
from typing import Any

from tests.conftest import Launched
from tests.support.browser import OWN_FETCH, Answer
from tests.support.proxy import Resource, asked
from tests.support.scripted_ehr import FHIR_JSON, Received, Scripted, Tenant, as_fhir

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
