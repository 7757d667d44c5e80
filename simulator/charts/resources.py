"""FHIR R4 resources of charts with their original text, so that a decimal such as 1.50 keeps all
its digits (FHIR R4, decimal).
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

# These belong to no patient, so any token whose scopes cover the type can read them.
SHARED_TYPES = ("Medication", "Practitioner")
RESOURCE_TYPES = (
    *("Patient", "Observation", "Condition", "MedicationRequest", "Encounter", "DocumentReference"),
    *SHARED_TYPES,
)


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource.

    `patient`: FHIR id of the patient whose compartment contains it; None if no compartment does.
    `text`: its original JSON, which is sent to clients. `body`: the parsed JSON, used only for
    searches.
    """

    type: str
    id: str
    patient: str | None
    text: str
    body: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def version(self) -> str:
        """Return `meta.versionId`."""
        return str(self.body["meta"]["versionId"])

    @property
    def last_updated(self) -> datetime:
        """Return `meta.lastUpdated`."""
        return datetime.fromisoformat(self.body["meta"]["lastUpdated"])


@dataclass(frozen=True, slots=True)
class PatientSummary:
    """The data about a patient that the EHR shows outside the chart."""

    id: str
    name: str
    birth_date: str
    sex: str
    chart: str


class Charts:
    """All resources in the order of their charts.

    Two versions of a resource can be listed, as in an EHR whose data changes while a client pages
    through it. A read returns the version that comes later in the chart.
    """

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._listed: dict[str, list[Resource]] = {}
        for one in resources:
            self._listed.setdefault(one.type, []).append(one)
        self._resources = {
            (one.type, one.id): one for listed in self._listed.values() for one in listed
        }

    def find(self, fhir_type: str, fhir_id: str) -> Resource | None:
        """Return one resource, or None."""
        return self._resources.get((fhir_type, fhir_id))

    def of_type(self, fhir_type: str) -> list[Resource]:
        """Return every patient's resources of one type."""
        return list(self._listed.get(fhir_type, ()))

    def encounter_of(self, patient: str) -> str | None:
        """Return the id of the patient's first encounter in the chart, or None."""
        of_patient = (one.id for one in self.of_type("Encounter") if one.patient == patient)
        return next(of_patient, None)

    def patients(self) -> list[PatientSummary]:
        """Return a summary of each patient."""
        return list(self._summaries.values())

    def patient(self, fhir_id: str) -> PatientSummary | None:
        """Return the summary of one patient, or None."""
        return self._summaries.get(fhir_id)

    @cached_property
    def _summaries(self) -> Mapping[str, PatientSummary]:
        """The summaries by patient id, cached because charts don't change."""
        observations = Counter(one.patient for one in self.of_type("Observation"))
        return {one.id: self._summary(one, observations[one.id]) for one in self.of_type("Patient")}

    def _summary(self, patient: Resource, observations: int) -> PatientSummary:
        name = (patient.body.get("name") or [{}])[0]
        named = name.get("text") or " ".join([*name.get("given", ()), name.get("family", "")])
        problems = [
            one.body["code"]["text"]
            for one in self.of_type("Condition")
            if one.patient == patient.id and _is_current(one.body)
        ]
        return PatientSummary(
            id=patient.id,
            name=named.strip() or "without a name",
            birth_date=patient.body.get("birthDate", "on an unknown day"),
            sex=patient.body.get("gender", "sex unknown"),
            chart=f"{'; '.join(problems) or 'No current problem'}. "
            f"{observations} observation{'' if observations == 1 else 's'}.",
        )


def split(text: str) -> Iterator[Resource]:
    """Split a JSON list into resources without changing their text.

    Raises ValueError if the text isn't a JSON list of resources that belong to a patient or are
    shared.
    """
    decoder = json.JSONDecoder()
    position, expected = 0, "["
    while True:
        mark = _next(text, position)
        if expected == "," and text[mark : mark + 1] == "]":
            return
        if text[mark : mark + 1] != expected:
            raise ValueError(f"expected {expected!r} at character {mark}")
        start = _next(text, mark + 1)
        body, position = decoder.raw_decode(text, start)
        expected = ","
        yield Resource(
            body["resourceType"], body["id"], _patient_of(body), text[start:position], body
        )


def _next(text: str, position: int) -> int:
    """Return the index of the next character that isn't whitespace."""
    while text[position : position + 1].isspace():
        position += 1
    return position


def _patient_of(body: Mapping[str, Any]) -> str | None:
    if body["resourceType"] in SHARED_TYPES:
        return None
    if body["resourceType"] == "Patient":
        return str(body["id"])
    kind, _, fhir_id = str(body["subject"]["reference"]).partition("/")
    if kind != "Patient":
        raise ValueError(f"{body['resourceType']}/{body['id']} does not belong to a patient")
    return fhir_id


def _is_current(condition: Mapping[str, Any]) -> bool:
    """Return whether a condition is active and has a text."""
    if "text" not in condition.get("code", {}):
        return False
    codings = condition.get("clinicalStatus", {}).get("coding", [])
    return any(coding.get("code") == "active" for coding in codings)
