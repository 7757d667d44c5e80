"""Builds and numbers the FHIR R4 resources of one synthetic chart, with their common fields."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from simulator.charts.analytes import Analyte
from simulator.charts.parts import (
    HL7,
    LOINC,
    RXNORM,
    SNOMED,
    TODAY,
    Json,
    coding,
    concept,
    labelled,
    quantity,
    rounded,
)


class Chart:
    """Collects the resources of one patient and numbers them."""

    def __init__(self, patient: str) -> None:
        self.patient = patient
        self.resources: list[Json] = []
        self._numbers: Counter[str] = Counter()

    def add(
        self,
        fhir_type: str,
        members: Json,
        *,
        updated: datetime = TODAY,
        fhir_id: str = "",
        version: int = 1,
    ) -> Json:
        """Add a resource; its id is `fhir_id` or the next number of its type.

        Fields that are None are left out.
        """
        self._numbers[fhir_type] += 1
        resource = labelled(
            fhir_type,
            fhir_id or f"{self.patient}-{fhir_type[:3].lower()}-{self._numbers[fhir_type]}",
            updated=updated,
            version=version,
        )
        if fhir_type != "Patient":
            resource["subject"] = {"reference": f"Patient/{self.patient}"}
        fields = {name: value for name, value in members.items() if value is not None}
        self.resources.append({**resource, **fields})
        return self.resources[-1]

    def demographics(
        self, given_name: str, gender: str | None, birth_date: str | None, number: str
    ) -> None:
        """Add the Patient; every family name is Testpatient."""
        # HL7 v2 table 0203: medical record number.
        number_type = {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}
        record_number = {
            "type": {"coding": [number_type]},
            "system": "urn:smart-calc:simulator:record-number",
            "value": number,
        }
        self.add(
            "Patient",
            {
                "identifier": [record_number],
                "active": True,
                "name": [{"use": "official", "family": "Testpatient", "given": [given_name]}],
                "gender": gender,
                "birthDate": birth_date,
            },
            fhir_id=self.patient,
        )

    def encounter(
        self, start: datetime = TODAY, code: str = "AMB", name: str = "ambulatory"
    ) -> Json:
        """Add the current visit; return the `encounter` field for resources that refer to it."""
        members: Json = {
            "status": "in-progress",
            "class": coding(f"{HL7}/v3-ActCode", code, name),
            "period": {"start": start.isoformat()},
        }
        return {"encounter": {"reference": f"Encounter/{self.add('Encounter', members)['id']}"}}

    def observe(
        self, when: datetime, category: str, loinc: str, name: str, members: Json, **identity: Any
    ) -> None:
        """Add an Observation with status final, unless `members` has another status.

        `identity` may contain `fhir_id` and `version`.
        """
        issued = when + timedelta(hours=2 if category == "laboratory" else 0)
        of_category = coding(f"{HL7}/observation-category", category)
        self.add(
            "Observation",
            updated=issued,
            **identity,
            members={
                "status": "final",
                "category": [{"coding": [of_category]}],
                "code": {"coding": [coding(LOINC, loinc)], "text": name},
                "effectiveDateTime": when.isoformat(),
                "issued": issued.isoformat(),
                **members,
            },
        )

    def measure(self, when: datetime, analyte: Analyte, value: str, **members: Any) -> None:
        """Add an Observation with a numeric value, with as many decimals as the analyte has."""
        measured = quantity(rounded(Decimal(value), analyte.digits), analyte.unit, analyte.ucum)
        if "comparator" in members:
            measured = {**measured, "comparator": members.pop("comparator")}
        self.observe(
            when,
            analyte.category,
            analyte.loinc,
            analyte.name,
            {"valueQuantity": measured, **members},
        )

    @staticmethod
    def up_to(analyte: Analyte, high: str) -> Json:
        """Return a reference range that ends at `high`."""
        value = rounded(Decimal(high), analyte.digits)
        return {"high": quantity(value, analyte.unit, analyte.ucum)}

    def blood_pressure(self, when: datetime, systolic: int, diastolic: int, **members: Any) -> None:
        """Add a blood pressure panel with its two components."""
        components = [
            {
                "code": {"coding": [coding(LOINC, loinc)], "text": name},
                "valueQuantity": quantity(Decimal(value), "mmHg", "mm[Hg]"),
            }
            for loinc, name, value in (
                ("8480-6", "Systolic blood pressure", systolic),
                ("8462-4", "Diastolic blood pressure", diastolic),
            )
        ]
        self.observe(
            when,
            "vital-signs",
            "85354-9",
            "Blood pressure panel",
            {"component": components, **members},
        )

    def smoking(self, when: datetime, snomed: str, text: str) -> None:
        """Add a smoking status."""
        value = {"coding": [coding(SNOMED, snomed)], "text": text}
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
        category: str = "problem-list-item",
        **members: Any,
    ) -> None:
        """Add a Condition; `clinical` is None if FHIR forbids a clinical status.

        Fields in `members` replace the ones set here.
        """
        status = f"{HL7}/condition-clinical"
        written: Json = {
            "verificationStatus": concept(f"{HL7}/condition-ver-status", verification),
            "category": [concept(f"{HL7}/condition-category", category)],
            "code": concept("http://hl7.org/fhir/sid/icd-10-cm", icd10, text),
            "onsetDateTime": onset,
            "recordedDate": onset,
        }
        if clinical is not None:
            written = {"clinicalStatus": concept(status, clinical), **written}
        if clinical == "resolved":
            written["abatementDateTime"] = "2025-02-20"
        self.add("Condition", {**written, **members})

    def order(
        self, status: str, text: str, dose: str, authored: str, rxnorm: str = "", **members: Any
    ) -> None:
        """Add a MedicationRequest; fields in `members` replace the ones set here."""
        drug: Json = {"text": text}
        if rxnorm:
            drug = {"coding": [coding(RXNORM, rxnorm, text)], "text": text}
        self.add(
            "MedicationRequest",
            {
                "status": status,
                "intent": "order",
                "medicationCodeableConcept": drug,
                "authoredOn": authored,
                "dosageInstruction": [{"text": dose}],
                **members,
            },
        )
