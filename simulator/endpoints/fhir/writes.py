"""The writes of the FHIR API: create, update, patch, delete (FHIR R4, HTTP).

A granted scope must include the interaction's letter. A token for one patient can write only for
that patient, and a resource can't move to another patient. If-Match makes updates version-aware.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any, NoReturn

from flask import Blueprint, Response, request

from simulator.charts.resources import SHARED_TYPES, Resource
from simulator.common import resource_text
from simulator.endpoints.fhir.bearer import Bearer, VisibleCharts
from simulator.endpoints.fhir.versions import require_type, version_headers
from simulator.fhir import json_patch
from simulator.fhir.outcome import FhirError, fhir_answer
from simulator.fhir.records import FullError, Version, next_number
from simulator.fhir.search_parameters import PARAMETERS
from simulator.vendors.installation import Installation

_JSON = ("application/fhir+json", "application/json")
_PATCH = "application/json-patch+json"
_SAMPLES = {"token": "x", "reference": "Patient/x", "date": "2026"}
_REFERENCES = ("subject", "patient", "securityContext")


class Writes:
    """Writes to the charts of one EHR; `enter` checks the request's bearer token."""

    def __init__(self, ehr: Installation, enter: Callable[[], Bearer]) -> None:
        self._ehr = ehr
        self._enter = enter

    def add_to(self, routes: Blueprint) -> None:
        """Add the routes."""
        routes.add_url_rule("/<fhir_type>", view_func=self.create, methods=["POST"])
        one = "/<fhir_type>/<fhir_id>"
        routes.add_url_rule(one, view_func=self.update, methods=["PUT"])
        routes.add_url_rule(one, view_func=self.patch, methods=["PATCH"])
        routes.add_url_rule(one, view_func=self.delete, methods=["DELETE"])

    def create(self, fhir_type: str) -> Response:
        """Handle a create."""
        view = self._begin(fhir_type, "c")
        if "If-None-Exist" in request.headers:
            raise FhirError(400, "not-supported", "this EHR doesn't support conditional create")
        document = _document(fhir_type)
        fhir_id = uuid.uuid4().hex
        return self._write(view, (fhir_type, fhir_id), lambda _: document)

    def update(self, fhir_type: str, fhir_id: str) -> Response:
        """Handle an update, which creates the resource if it doesn't exist."""
        view = self._begin(fhir_type, "u")
        document = _document(fhir_type)
        if document.get("id") != fhir_id:
            raise FhirError(400, "invalid", "the id of the resource differs from the id in the URL")
        return self._write(view, (fhir_type, fhir_id), lambda _: document)

    def patch(self, fhir_type: str, fhir_id: str) -> Response:
        """Handle a JSON Patch."""
        view = self._begin(fhir_type, "u")
        if request.mimetype != _PATCH:
            raise FhirError(415, "not-supported", f"a patch must be {_PATCH}")
        patch = _json()

        def patched(current: Resource | None) -> Any:
            if current is None:
                _raise_not_found(fhir_type)
            try:
                changed = json_patch.apply(patch, resource_text.read(current.text))
            except json_patch.PatchError as error:
                raise FhirError(422, "processing", str(error)) from None
            if (changed.get("resourceType"), changed.get("id")) != (fhir_type, fhir_id):
                raise FhirError(422, "processing", "a patch can't change the type or id")
            return changed

        return self._write(view, (fhir_type, fhir_id), patched)

    def delete(self, fhir_type: str, fhir_id: str) -> Response:
        """Handle a deletion; deleting a resource again succeeds."""
        view = self._begin(fhir_type, "d")
        if fhir_type == "Patient":
            raise FhirError(409, "conflict", "a patient with a chart can't be deleted")

        def make(before: list[Version]) -> None:
            if not before or not view.shows_of(before[-1].patient):
                _raise_not_found(fhir_type)
            _require_own(view, before[-1].patient)
            _require_match(before[-1])

        version = self._change((fhir_type, fhir_id), make)
        return Response(status=204, headers={"ETag": f'W/"{version.number}"'})

    def _begin(self, fhir_type: str, need: Any) -> VisibleCharts:
        bearer = self._enter()
        require_type(fhir_type)
        view = bearer.require(fhir_type, need)
        if request.args:
            raise FhirError(400, "not-supported", "this EHR doesn't support conditional writes")
        return view

    def _write(
        self, view: VisibleCharts, key: tuple[str, str], document: Callable[[Resource | None], Any]
    ) -> Response:
        def make(before: list[Version]) -> Resource:
            last = before[-1] if before else None
            if last is not None:
                _require_own(view, last.patient)
            _require_match(last)
            made = self._stamped(key, document(last.resource if last else None), before)
            _require_own(view, made.patient)
            if last is not None and last.patient != made.patient:
                raise FhirError(409, "conflict", "a resource can't move to another patient")
            return made

        before = self._ehr.charts.find(*key)
        version = self._change(key, make)
        resource = version.resource
        headers = {} if resource is None else version_headers(resource)
        if before is None:
            base = self._ehr.addresses.fhir_base
            headers["Location"] = f"{base}/{'/'.join(key)}/_history/{version.number}"
        return _answer(resource, 200 if before else 201, headers)

    def _change(
        self, key: tuple[str, str], make: Callable[[list[Version]], Resource | None]
    ) -> Version:
        try:
            return self._ehr.charts.change(key, request.method, make)
        except FullError:
            raise FhirError(507, "too-costly", "the simulator doesn't keep more versions") from None

    def _stamped(self, key: tuple[str, str], document: Any, before: list[Version]) -> Resource:
        """Give a document its id and version, and check that this EHR can store it."""
        when = self._ehr.charts.now().isoformat().replace("+00:00", "Z")
        meta = document.get("meta")
        stamp = {"versionId": next_number(before), "lastUpdated": when}
        stamped = {**(meta if isinstance(meta, dict) else {}), **stamp}
        text = resource_text.write({**document, "id": key[1], "meta": stamped})
        body = json.loads(text)
        try:
            patient = _patient_of(body)
            for parameter in PARAMETERS.get(key[0], {}).values():
                parameter.matcher(_SAMPLES[parameter.kind], "")(body)
            if key[0] == "DocumentReference" and not body["content"][0]["attachment"]:
                raise LookupError("content")  # noqa: TRY301 - FHIR R4: 1..*, not searched
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            missing = error.args[0] if isinstance(error, KeyError) else "an element"
            raise FhirError(422, "processing", f"{missing} is missing or malformed") from None
        if patient not in (None, key[1]) and self._ehr.charts.find("Patient", patient) is None:
            raise FhirError(422, "processing", "there is no such patient")
        return Resource(*key, patient, text, body)


def _document(fhir_type: str) -> dict[str, Any]:
    """Read the resource of the request."""
    if request.mimetype not in _JSON:
        raise FhirError(415, "not-supported", f"a resource must be {_JSON[0]}")
    document = _json()
    if not isinstance(document, dict) or document.get("resourceType") != fhir_type:
        raise FhirError(400, "invalid", f"the body must be a resource of type {fhir_type}")
    return document


def _json() -> Any:
    try:
        return resource_text.read(request.get_data().decode("utf-8"))
    except ValueError as error:
        raise FhirError(400, "structure", f"the body isn't valid JSON: {error}") from None


def _patient_of(body: dict[str, Any]) -> str | None:
    """Return the id of the resource's patient; raise LookupError if it has no valid reference."""
    if body["resourceType"] == "Patient":
        return str(body["id"])
    for name in _REFERENCES:
        if name in body:
            kind, _, fhir_id = body[name]["reference"].partition("/")
            if kind != "Patient" or not fhir_id:
                raise LookupError(name)
            return str(fhir_id)
    if body["resourceType"] in (*SHARED_TYPES, "Binary"):
        return None
    raise LookupError("subject")


def _require_own(view: VisibleCharts, patient: str | None) -> None:
    if not view.owns(patient):
        raise FhirError(403, "forbidden", "the resource doesn't belong to the token's patient")


def _require_match(last: Version | None) -> None:
    exists = last is not None and last.resource is not None
    if exists and request.if_none_match.star_tag:
        raise FhirError(
            412, "conflict", "If-None-Match requires that the resource doesn't exist, but it does"
        )
    if "If-Match" not in request.headers:
        return
    if last is None or not exists or not request.if_match.contains_weak(last.number):
        raise FhirError(412, "conflict", "If-Match doesn't match the latest version")


def _raise_not_found(fhir_type: str) -> NoReturn:
    raise FhirError(404, "not-found", f"this token can't see such a {fhir_type}")


def _answer(resource: Resource | None, status: int, headers: dict[str, str]) -> Response:
    """Return the representation that the client prefers (FHIR R4, HTTP, 3.1.0.3)."""
    preference = request.headers.get("Prefer", "")
    if resource is None or "return=minimal" in preference:
        return Response(status=status, headers=headers)
    if "return=OperationOutcome" in preference:
        issue = {"severity": "information", "code": "informational", "diagnostics": "written"}
        return fhir_answer(
            json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}), status, headers
        )
    return fhir_answer(resource.text, status, headers)
