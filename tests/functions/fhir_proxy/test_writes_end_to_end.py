"""Writes, versions and documents through the proxy at the simulated EHR."""

from typing import Any

from tests.support.app.app import App
from tests.support.app.writes import REPLACE_STATUS, send

ALMA = "synthetic-alma"


def _observation(**more: Any) -> dict[str, Any]:
    subject = {"reference": f"Patient/{ALMA}"}
    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
    return {"resourceType": "Observation", "subject": subject, "code": code, **more}


def test_a_resource_goes_through_its_whole_life(writing: App) -> None:
    launch = writing.launch_simulated(ALMA)
    created = send(launch, "POST", "Observation", _observation(status="preliminary"))
    assert created.status == 201, created.text
    fhir_id = str(created.json()["id"])
    path = f"Observation/{fhir_id}"
    assert created.location == f"{launch.fhir_base}/{path}/_history/1"
    assert launch.browser.fetch(created.location).json() == created.json()

    body = _observation(id=fhir_id, status="final")
    first, second = 'W/"1"', 'W/"2"'
    updated = send(launch, "PUT", path, body, If_Match=first)
    assert (updated.status, updated.header("ETag")) == (200, second)
    stale = send(launch, "PUT", path, body, If_Match=first)
    assert (stale.status, stale.json()["issue"][0]["code"]) == (412, "conflict")
    patched = send(launch, "PATCH", path, REPLACE_STATUS, Prefer="return=minimal")
    assert (patched.status, patched.body, patched.header("ETag")) == (200, b"", 'W/"3"')
    assert launch.browser.fetch(f"{launch.fhir_base}/{path}").json()["status"] == "amended"

    assert send(launch, "DELETE", path).status == 204
    assert launch.browser.fetch(f"{launch.fhir_base}/{path}").status == 410
    history = launch.browser.fetch(f"{launch.fhir_base}/{path}/_history").json()
    methods = [entry["request"]["method"] for entry in history["entry"]]
    assert methods == ["DELETE", "PATCH", "PUT", "POST"]


def test_another_patients_resource_stays_as_it_is(writing: App) -> None:
    launch = writing.launch_simulated(ALMA)
    path = "Observation/synthetic-bruno-obs-1"
    for method, document in (
        ("PUT", _observation(id="synthetic-bruno-obs-1")),
        ("PATCH", REPLACE_STATUS),
        ("DELETE", None),
    ):
        answer = send(launch, method, path, document)
        # The EHR hides it from this token; an update in its place it refuses itself.
        assert answer.status == (403 if method == "PUT" else 404)


def test_a_document_is_saved_as_it_is_or_read_as_json(writing: App) -> None:
    launch = writing.launch_simulated(ALMA)
    url = f"{launch.fhir_base}/Binary/{ALMA}-document-pdf"
    content = launch.browser.fetch(url)
    assert (content.status, content.header("Content-Type")) == (200, "application/pdf")
    assert content.body.startswith(b"%PDF-1.4")
    wrapped = launch.browser.fetch(url, {"Accept": "application/fhir+json"})
    assert wrapped.json()["contentType"] == "application/pdf"
