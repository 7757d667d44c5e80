"""Reads versions and the content of a Binary (FHIR R4, HTTP: vread, history; Binary)."""

import base64
import json
from collections.abc import Callable
from typing import NoReturn

from flask import Blueprint, Response, request
from werkzeug.http import http_date

from simulator.charts.resources import RESOURCE_TYPES, Resource
from simulator.endpoints.fhir.bearer import Bearer
from simulator.fhir.dialect import JSON, accepts
from simulator.fhir.outcome import FhirError, fhir_answer
from simulator.fhir.records import Version
from simulator.vendors.installation import Installation


class Versions:
    """Serves the versions that one EHR keeps; `enter` checks the request's bearer token."""

    def __init__(self, ehr: Installation, enter: Callable[[], Bearer]) -> None:
        self._ehr = ehr
        self._enter = enter

    def add_to(self, routes: Blueprint) -> None:
        """Add the routes."""
        history = "/<fhir_type>/<fhir_id>/_history"
        routes.add_url_rule(history, view_func=self.history)
        routes.add_url_rule(f"{history}/<number>", view_func=self.vread)

    def history(self, fhir_type: str, fhir_id: str) -> Response:
        """Return the complete history of one resource, newest version first."""
        versions = self._visible(fhir_type, fhir_id)
        url = f"{self._ehr.addresses.fhir_base}/{fhir_type}/{fhir_id}"
        head = {
            "resourceType": "Bundle",
            "type": "history",
            "total": len(versions),
            "link": [{"relation": "self", "url": f"{url}/_history"}],
        }
        entries = ",\n".join(_entry(one, url) for one in reversed(versions))
        return fhir_answer(f'{json.dumps(head)[:-1]}, "entry": [\n{entries}\n]}}')

    def vread(self, fhir_type: str, fhir_id: str, number: str) -> Response:
        """Handle a read of one version."""
        for version in self._visible(fhir_type, fhir_id):
            if version.number == number:
                if version.resource is None:
                    raise_gone(fhir_type)
                return resource_answer(version.resource)
        raise FhirError(
            404, "not-found", f"this token can't see such a version of this {fhir_type}"
        )

    def _visible(self, fhir_type: str, fhir_id: str) -> list[Version]:
        bearer = self._enter()
        require_type(fhir_type)
        view = bearer.require(fhir_type, "r")
        if request.args:
            raise FhirError(400, "invalid", "reading a version doesn't accept parameters here")
        versions = self._ehr.charts.versions(fhir_type, fhir_id)
        shown = (
            view.shows(one.resource) if one.resource else view.shows_of(one.patient)
            for one in versions
        )
        if not versions or not all(shown):
            raise FhirError(404, "not-found", f"this token can't see such a {fhir_type}")
        return versions


def require_type(fhir_type: str) -> None:
    """Raise FhirError with 404 if this EHR doesn't have the resource type."""
    if fhir_type not in (*RESOURCE_TYPES, "Binary"):
        raise FhirError(404, "not-supported", "this EHR has no such resource type")


def raise_gone(fhir_type: str) -> NoReturn:
    """Raise FhirError with 410."""
    raise FhirError(410, "deleted", f"this {fhir_type} was deleted")


def version_headers(resource: Resource) -> dict[str, str]:
    """Return the headers for a resource's version."""
    return {"ETag": f'W/"{resource.version}"', "Last-Modified": http_date(resource.last_updated)}


def resource_answer(resource: Resource) -> Response:
    """Return a resource, or a Binary's content unless the request explicitly accepts JSON."""
    headers = version_headers(resource)
    if request.if_none_match.contains_weak(resource.version):
        return Response(status=304, headers={**headers, "Cache-Control": "no-store"})
    if resource.type == "Binary" and not accepts(request, JSON) and "_format" not in request.args:
        return Response(
            base64.b64decode(resource.body.get("data", "")),
            content_type=str(resource.body.get("contentType", "application/octet-stream")),
            headers={**headers, "Cache-Control": "no-store"},
        )
    return fhir_answer(resource.text, headers=headers)


def _entry(version: Version, url: str) -> str:
    relative = "/".join(url.split("/")[-2:])
    entry = {
        "fullUrl": url,
        "request": {"method": version.method, "url": relative},
        "response": {
            "status": "204" if version.resource is None else "200",
            "lastModified": version.when.isoformat(),
            "etag": f'W/"{version.number}"',
        },
    }
    text = json.dumps(entry)
    if version.resource is None:
        return text
    return f'{text[:-1]}, "resource": {version.resource.text}}}'
