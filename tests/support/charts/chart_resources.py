"""Invented FHIR R4 resources of the synthetic patient p1, and short ways to read them."""

from collections.abc import Mapping, Sequence
from typing import Any

from clinical.chart import Chart, read_chart
from clinical.chart.evidence import ChartFinding
from clinical.chart.resources.times import parse_now

Resource = dict[str, Any]

NOW = "2026-11-24T12:00:00Z"
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
HL7 = "http://terminology.hl7.org/CodeSystem/"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"


def concept(system: str, *codes: str, text: str | None = None) -> Resource:
    """Return a CodeableConcept of codes of one system."""
    coded: Resource = {"coding": [{"system": system, "code": code} for code in codes]}
    return coded if text is None else {**coded, "text": text}


def quantity(value: float, unit: str | None) -> Resource:
    """Return a Quantity in UCUM, or a bare number without a unit."""
    if unit is None:
        return {"value": value}
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def observation(
    code: str, value: float | None = None, unit: str | None = None, /, **more: Any
) -> Resource:
    """Return a final laboratory value from four days ago. In `more`, None removes a field."""
    made: Resource = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "category": [concept(HL7 + "observation-category", "laboratory")],
        "code": concept(LOINC, code),
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-20T09:00:00Z",
        "valueQuantity": None if value is None else quantity(value, unit),
    }
    return {key: field for key, field in (made | more).items() if field is not None}


def pressure(systolic: float | None, diastolic: float | None, **more: Any) -> Resource:
    """Return a blood pressure panel. None means a component without a value."""
    halves = (("8480-6", systolic), ("8462-4", diastolic))
    absent = {"dataAbsentReason": concept(HL7 + "data-absent-reason", "not-performed")}
    components = [
        {"code": concept(LOINC, code)}
        | (absent if value is None else {"valueQuantity": quantity(value, "mm[Hg]")})
        for code, value in halves
    ]
    return observation("85354-9", component=components, **more)


def smoking(*answers: str, **more: Any) -> Resource:
    """Return a smoking status with SNOMED answers."""
    answered = concept(SNOMED, *answers) if answers else None
    return observation("72166-2", **({"valueCodeableConcept": answered} | more))


def condition(
    code: str | Resource,
    clinical: str | None = "active",
    verification: str | None = "confirmed",
    **more: Any,
) -> Resource:
    """Return a problem, coded in ICD-10-CM if `code` is a string."""
    made: Resource = {
        "resourceType": "Condition",
        "id": "c1",
        "code": concept(ICD10CM, code) if isinstance(code, str) else code,
        "subject": {"reference": "Patient/p1"},
        "clinicalStatus": clinical and concept(HL7 + "condition-clinical", clinical),
        "verificationStatus": verification and concept(HL7 + "condition-ver-status", verification),
    }
    return {key: field for key, field in (made | more).items() if field is not None}


def order(drug: str | Resource | None, **more: Any) -> Resource:
    """Return an active order, named by its text if `drug` is a string."""
    made: Resource = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "authoredOn": "2026-09-01",
        "medicationCodeableConcept": {"text": drug} if isinstance(drug, str) else drug,
    }
    return {key: field for key, field in (made | more).items() if field is not None}


def patient(**more: Any) -> Resource:
    """Return the synthetic patient, a man born on 24 November 1960."""
    made: Resource = {
        "resourceType": "Patient",
        "id": "p1",
        "gender": "male",
        "birthDate": "1960-11-24",
    }
    return {key: field for key, field in (made | more).items() if field is not None}


def sex_extension(name: str, **value: Any) -> Resource:
    """Return a US Core extension of Patient."""
    return {"url": US_CORE + name, **value}


def read(*resources: Any, now: str = NOW) -> Chart:
    """Read the chart of p1."""
    return read_chart(list(resources), parse_now(now), "p1", None)


def find(name: str, *resources: Any, now: str = NOW) -> ChartFinding:
    """Return the finding for one input of the chart of p1."""
    return read(*resources, now=now).findings[name]


def flags_passed_over(finding: ChartFinding) -> Sequence[str]:
    """Why entries were passed over, in order."""
    return [passed.flag.value for passed in finding.passed_over]


def sources(finding: ChartFinding) -> Mapping[str, str]:
    """Return the reason for each entry passed over, by source."""
    return {passed.evidence.source: passed.flag.value for passed in finding.passed_over}
