"""The resources of the benchmark's EHR: one patient's resources with fixed sizes.

An Observation has about 2 kB, as from real EHRs: narrative, codings, references, a range.
"""

import json
from typing import Any

PATIENT = "p1"
BINARY_BYTES = 9_000_000
HUNDRED = 100
MEGABYTE = 500  # Observations that are a Bundle of 1 MB
HUGE = 9_200  # Observations that are a Bundle of 19 MB

Resource = dict[str, Any]


def observation(number: int, base: str) -> Resource:
    """Return a serum sodium of the patient."""
    loinc, category = "http://loinc.org", "http://terminology.hl7.org/CodeSystem"
    local = "https://ehr.example/codes/discrete-task-assay"
    text = f"Sodium level, serum or plasma, result {number}: 140 mmol/L (136 - 145), final."
    row = f"<p><b>Patient</b>: p1</p><p><b>Status</b>: Final</p><p><b>Result</b>: {text}</p>"
    coding = {"system": loinc, "code": "2951-2", "display": "Sodium [Moles/volume] in Serum"}
    own = {"system": local, "code": "10001234", "display": "Sodium Lvl", "userSelected": True}
    kind = {"system": f"{category}/observation-category", "code": "laboratory"}
    normal = {"system": f"{category}/v3-ObservationInterpretation", "code": "N"}
    unit = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "meta": {"versionId": "1", "lastUpdated": "2026-01-05T08:12:30.000Z"},
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{row}</div>',
        },
        "identifier": [{"system": "https://ehr.example/results", "value": f"R-{number:010d}"}],
        "status": "final",
        "category": [{"coding": [{**kind, "display": "Laboratory"}], "text": "Laboratory"}],
        "code": {"coding": [own, coding], "text": "Sodium Lvl"},
        "subject": {"reference": f"Patient/{PATIENT}", "display": "Testpatient, One"},
        "encounter": {"reference": "Encounter/e1"},
        "effectiveDateTime": "2026-01-05T07:40:00.000Z",
        "issued": "2026-01-05T08:12:30.000Z",
        "performer": [{"reference": "Practitioner/pr1", "display": "Laboratory, One"}],
        "valueQuantity": {"value": 140.0, **unit},
        "interpretation": [{"coding": [{**normal, "display": "Normal"}], "text": "Normal"}],
        "note": [{"text": f"Resulted by interface. {text}"}],
        "specimen": {"reference": f"{base}/Specimen/s{number}"},
        "referenceRange": [
            {
                "low": {"value": 136.0, **unit},
                "high": {"value": 145.0, **unit},
                "appliesTo": [{"text": "Adult"}],
                "text": "136 - 145 mmol/L",
            }
        ],
    }


def bundle(base: str, entries: int) -> Resource:
    """Return a searchset with links to itself and to a next page."""
    url = f"{base}/Observation?patient={PATIENT}&_count={entries}"
    listed = [observation(number, base) for number in range(entries)]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [
            {"relation": "self", "url": url},
            {"relation": "next", "url": f"{url}&page=2"},
        ],
        "entry": [
            {"fullUrl": f"{base}/Observation/{one['id']}", "resource": one} for one in listed
        ],
    }


def chart(base: str) -> dict[str, Resource]:
    """Return the response to any search by the app's page, by type: one resource, no next page."""
    subject = {"reference": f"Patient/{PATIENT}"}
    condition = {"resourceType": "Condition", "id": "c1", "subject": subject}
    drug = {"resourceType": "MedicationRequest", "id": "m1", "subject": subject}
    resources = {
        "Observation": observation(1, base),
        "Condition": {**condition, "code": {"text": "Hypertension"}},
        "MedicationRequest": {**drug, "status": "active", "intent": "order"},
    }
    return {
        name: {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one}]}
        for name, one in resources.items()
    }


def patient() -> Resource:
    """Return the patient."""
    name = {"family": "Testpatient", "given": ["One"]}
    return {
        "resourceType": "Patient",
        "id": PATIENT,
        "name": [name],
        "gender": "female",
        "birthDate": "1960-02-01",
    }


def compact(resource: Resource) -> bytes:
    """Serialize JSON like servers do, without spaces."""
    return json.dumps(resource, separators=(",", ":")).encode()
