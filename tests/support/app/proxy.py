"""Helpers for tests of the FHIR proxy: launches at scripted tenants, and the requests the EHR
received.
"""

import copy
import socket
from typing import Any, Protocol

from tests.support.app.app import Launched
from tests.support.browser.browser import OWN_FETCH, Answer
from tests.support.ehr.scripted_ehr import Received, Tenant

FORM = "application/x-www-form-urlencoded"
EVERY_ANSWER_CARRIES = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Resource = dict[str, Any]


class Place(Protocol):
    """Where the proxy runs: as a function (tests/support/app/app.py), or in this process."""

    @property
    def origin(self) -> str: ...
    @property
    def scripted(self) -> "_Ehrs": ...
    def launch(self, tenant: Tenant) -> Launched: ...


class _Ehrs(Protocol):
    def tenant(self, group: str = ...) -> Tenant: ...


def launched(app: Place, group: str = "a", **token: Any) -> tuple[Launched, Tenant]:
    """Launch at a new tenant. `token` replaces fields of the token response. None removes one."""
    tenant = app.scripted.tenant(group)
    tenant.token |= token
    tenant.token = {name: value for name, value in tenant.token.items() if value is not None}
    return app.launch(tenant), tenant


def relaunched(app: Place, group: str = "a", **token: Any) -> tuple[Launched, Tenant]:
    """Launch like `launched`, with one session for all equal calls. The EHR is reset to its state
    after the launch. For tables whose rows neither end nor check a session.
    """
    asked_for = (app.origin, group, repr(sorted(token.items())))
    if asked_for not in _LAUNCHED:
        launch, tenant = launched(app, group, **token)
        _LAUNCHED[asked_for] = launch, tenant, copy.copy(tenant.handlers)
    launch, tenant, handlers = _LAUNCHED[asked_for]
    tenant.handlers = copy.copy(handlers)
    tenant.resources.clear()
    tenant.resources |= Tenant(tenant.base).resources
    tenant.received.clear()
    return launch, tenant


_LAUNCHED: dict[tuple[str, str, str], tuple[Launched, Tenant, dict[str, Any]]] = {}


def asked(tenant: Tenant) -> list[Received]:
    """Return the FHIR requests that reached the EHR."""
    return [r for r in tenant.received if not r.path.startswith(("/.well-known/", "/auth/"))]


def post_search(
    launch: Launched, resource_type: str, form: bytes, query: str = "", media_type: str = FORM
) -> Answer:
    url = f"{launch.fhir_base}/{resource_type}/_search{query}"
    return launch.browser.send("POST", url, {**OWN_FETCH, "Content-Type": media_type}, form)


def unprotected(answer: Answer) -> dict[str, list[str]]:
    """Return the headers of EVERY_ANSWER_CARRIES that are absent, repeated or different."""
    return {
        name: answer.all(name)
        for name, value in EVERY_ANSWER_CARRIES.items()
        if answer.all(name) != [value]
    }


def about(resource_type: str, resource_id: str, patient: str, **more: Any) -> Resource:
    """Return a resource whose `subject` is a patient."""
    reference = {"reference": f"Patient/{patient}"}
    return {"resourceType": resource_type, "id": resource_id, "subject": reference, **more}


def searchset(*resources: Resource, **more: Any) -> Resource:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **more}


def raw_exchange(origin: str, request: bytes) -> bytes:
    """Send bytes unchanged to a server and read until it closes the connection."""
    port = int(origin.rpartition(":")[2])
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request)
        while piece := connection.recv(65536):
            received += piece
    return received
