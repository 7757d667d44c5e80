"""Builds FHIR R4 resources of a synthetic chart, numbered and labelled as test data (HL7 v3
ActReason HTEST), and writes them with every digit of their decimals.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

Json = dict[str, Any]

# "Now" of every chart, so that a chart is the same whenever it is made.
TODAY = datetime(2026, 11, 20, 9, 0, tzinfo=timezone(timedelta(hours=-6)))

_HL7 = "http://terminology.hl7.org/CodeSystem"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@dataclass(frozen=True, slots=True)
class Analyte:
    """A measurement that is one number; `digits` decimals are written, trailing zeros too."""

    loinc: str
    name: str
    unit: str
    ucum: str
    digits: int
    category: str = "laboratory"


class Chart:
    """Collects the resources of one patient and numbers them."""

    def __init__(self, patient: str) -> None:
        self.patient = patient
        self.resources: list[Json] = []

    def add(
        self, kind: str, members: Json, *, updated: datetime = TODAY, fhir_id: str = ""
    ) -> Json:
        """Add a resource; its id is `fhir_id` or the next number of its type."""
        number = sum(one["resourceType"] == kind for one in self.resources) + 1
        resource: Json = {
            "resourceType": kind,
            "id": fhir_id or f"{self.patient}-{kind[:3].lower()}-{number}",
            "meta": {
                "versionId": "1",
                "lastUpdated": updated.isoformat(),
                "security": [_coding(f"{_HL7}/v3-ActReason", "HTEST", "test health data")],
                "tag": [{"display": "synthetic, not a real person"}],
            },
        }
        if kind != "Patient":
            resource["subject"] = {"reference": f"Patient/{self.patient}"}
        self.resources.append({**resource, **members})
        return self.resources[-1]

    def demographics(self, given: str, gender: str, birth_date: str, number: str) -> None:
        """Add the Patient; every family name is Testpatient."""
        record_number = {"system": "urn:smart-calc:simulator:record-number", "value": number}
        self.add(
            "Patient",
            {
                "identifier": [record_number],
                "active": True,
                "name": [{"use": "official", "family": "Testpatient", "given": [given]}],
                "gender": gender,
                "birthDate": birth_date,
            },
            fhir_id=self.patient,
        )

    def encounter(self) -> str:
        """Add the visit that is going on and return its id."""
        members: Json = {
            "status": "in-progress",
            "class": _coding(f"{_HL7}/v3-ActCode", "AMB", "ambulatory"),
            "period": {"start": TODAY.isoformat()},
        }
        return str(self.add("Encounter", members)["id"])

    def observe(self, when: datetime, category: str, loinc: str, name: str, members: Json) -> None:
        """Add an Observation, final unless `members` says otherwise."""
        issued = when + timedelta(hours=2 if category == "laboratory" else 0)
        coding = _coding(f"{_HL7}/observation-category", category)
        self.add(
            "Observation",
            updated=issued,
            members={
                "status": "final",
                "category": [{"coding": [coding]}],
                "code": {"coding": [_coding("http://loinc.org", loinc)], "text": name},
                "effectiveDateTime": when.isoformat(),
                "issued": issued.isoformat(),
                **members,
            },
        )

    def measure(self, when: datetime, analyte: Analyte, value: str, **members: Any) -> None:
        """Add an Observation that is one number, written with the analyte's digits."""
        quantity = _quantity(_rounded(Decimal(value), analyte.digits), analyte.unit, analyte.ucum)
        if "comparator" in members:
            quantity = {**quantity, "comparator": members.pop("comparator")}
        self.observe(
            when,
            analyte.category,
            analyte.loinc,
            analyte.name,
            {"valueQuantity": quantity, **members},
        )

    def blood_pressure(self, when: datetime, systolic: int, diastolic: int) -> None:
        """Add a blood pressure panel with its two components."""
        components = [
            {
                "code": {"coding": [_coding("http://loinc.org", loinc)], "text": name},
                "valueQuantity": _quantity(Decimal(value), "mmHg", "mm[Hg]"),
            }
            for loinc, name, value in (
                ("8480-6", "Systolic blood pressure", systolic),
                ("8462-4", "Diastolic blood pressure", diastolic),
            )
        ]
        self.observe(
            when, "vital-signs", "85354-9", "Blood pressure panel", {"component": components}
        )

    def smoking(self, when: datetime, snomed: str, text: str) -> None:
        """Add a smoking status."""
        value = {"coding": [_coding("http://snomed.info/sct", snomed)], "text": text}
        self.observe(
            when,
            "social-history",
            "72166-2",
            "Tobacco smoking status",
            {"valueCodeableConcept": value},
        )

    def problem(
        self,
        icd10: str,
        text: str,
        onset: str,
        *,
        clinical: str | None = "active",
        verification: str = "confirmed",
    ) -> None:
        """Add a Condition of the problem list; `clinical` is None where FHIR wants none."""
        status = f"{_HL7}/condition-clinical"
        members: Json = {
            "verificationStatus": _concept(f"{_HL7}/condition-ver-status", verification),
            "category": [_concept(f"{_HL7}/condition-category", "problem-list-item")],
            "code": _concept("http://hl7.org/fhir/sid/icd-10-cm", icd10, text),
            "onsetDateTime": onset,
            "recordedDate": onset,
        }
        if clinical is not None:
            members = {"clinicalStatus": _concept(status, clinical), **members}
        if clinical == "resolved":
            members["abatementDateTime"] = "2025-02-20"
        self.add("Condition", members)

    def order(self, status: str, text: str, dose: str, authored: str, rxnorm: str = "") -> None:
        """Add a MedicationRequest."""
        drug: Json = {"text": text}
        if rxnorm:
            drug = {"coding": [_coding(_RXNORM, rxnorm, text)], "text": text}
        self.add(
            "MedicationRequest",
            {
                "status": status,
                "intent": "order",
                "medicationCodeableConcept": drug,
                "authoredOn": authored,
                "dosageInstruction": [{"text": dose}],
            },
        )


def chart_text(resources: Sequence[Json]) -> str:
    """Write resources as a JSON list, one a line, with every digit of a Decimal."""
    return "[\n" + ",\n".join(_lines(resources)) + "\n]\n"


def _lines(resources: Sequence[Json]) -> Iterator[str]:
    for resource in resources:
        # json cannot write a Decimal: it goes in as a marked text and loses its quotes after.
        text = json.dumps(resource, ensure_ascii=False, default=lambda number: f"number:{number}")
        yield re.sub(r'"number:([0-9.]+)"', r"\1", text)


def _rounded(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits))


def _quantity(value: Decimal, unit: str, ucum: str) -> Json:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": ucum}


def _coding(system: str, code: str, display: str = "") -> Json:
    coding = {"system": system, "code": code}
    return {**coding, "display": display} if display else coding


def _concept(system: str, code: str, text: str = "") -> Json:
    concept: Json = {"coding": [_coding(system, code)]}
    return {**concept, "text": text} if text else concept
