"""Writes the synthetic charts: `python -m simulator.make_charts` makes the same files each time.

Nothing is taken from a real chart or from another data set: values are a starting point, a slow
trend and a small wobble of fixed numbers. LOINC names what was measured, UCUM the units, ICD-10-CM
the problems, RxNorm two of the drugs.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from simulator.charts import CHARTS

Json = dict[str, Any]

_TODAY = datetime(2026, 11, 20, 9, 0, tzinfo=timezone(timedelta(hours=-6)))
_DAYS_BETWEEN_VISITS = 91
_WOBBLE = (0, 2, -1, 1, -2, 1, 0, -1, 2)
_HL7 = "http://terminology.hl7.org/CodeSystem"


@dataclass(frozen=True, slots=True)
class Analyte:
    """A measurement that is one number; `digits` decimals are written, trailing zeros too."""

    loinc: str
    name: str
    unit: str
    ucum: str
    digits: int
    category: str = "laboratory"


WEIGHT = Analyte("29463-7", "Body weight", "kg", "kg", 1, "vital-signs")
HEIGHT = Analyte("8302-2", "Body height", "cm", "cm", 1, "vital-signs")
HEART_RATE = Analyte("8867-4", "Heart rate", "/min", "/min", 0, "vital-signs")
BREATHS = Analyte("9279-1", "Respiratory rate", "/min", "/min", 0, "vital-signs")
TEMPERATURE = Analyte("8310-5", "Body temperature", "°C", "Cel", 1, "vital-signs")
SPO2 = Analyte("59408-5", "Oxygen saturation by pulse oximetry", "%", "%", 0, "vital-signs")
CREATININE = Analyte("2160-0", "Creatinine, serum or plasma", "mg/dL", "mg/dL", 2)
SODIUM = Analyte("2951-2", "Sodium, serum or plasma", "mmol/L", "mmol/L", 0)
POTASSIUM = Analyte("2823-3", "Potassium, serum or plasma", "mmol/L", "mmol/L", 1)
CHLORIDE = Analyte("2075-0", "Chloride, serum or plasma", "mmol/L", "mmol/L", 0)
BICARBONATE = Analyte("1963-8", "Bicarbonate, serum or plasma", "mmol/L", "mmol/L", 0)
UREA_NITROGEN = Analyte("3094-0", "Urea nitrogen, serum or plasma", "mg/dL", "mg/dL", 0)
GLUCOSE = Analyte("2345-7", "Glucose, serum or plasma", "mg/dL", "mg/dL", 0)
HBA1C = Analyte("4548-4", "Hemoglobin A1c/hemoglobin total, blood", "%", "%", 1)
CHOLESTEROL = Analyte("2093-3", "Cholesterol, serum or plasma", "mg/dL", "mg/dL", 0)
HDL = Analyte("2085-9", "HDL cholesterol, serum or plasma", "mg/dL", "mg/dL", 0)
TRIGLYCERIDES = Analyte("2571-8", "Triglyceride, serum or plasma", "mg/dL", "mg/dL", 0)
HEMOGLOBIN = Analyte("718-7", "Hemoglobin, blood", "g/dL", "g/dL", 1)
ALBUMIN_RATIO = Analyte("9318-7", "Albumin/creatinine ratio, urine", "mg/g", "mg/g{creat}", 1)
ALBUMIN = Analyte("1751-7", "Albumin, serum or plasma", "g/dL", "g/dL", 2)
CALCIUM = Analyte("17861-6", "Calcium, serum or plasma", "mg/dL", "mg/dL", 1)
BILIRUBIN = Analyte("1975-2", "Bilirubin total, serum or plasma", "mg/dL", "mg/dL", 2)
AST = Analyte("1920-8", "Aspartate aminotransferase, serum or plasma", "U/L", "U/L", 0)
ALT = Analyte("1742-6", "Alanine aminotransferase, serum or plasma", "U/L", "U/L", 0)
PLATELETS = Analyte("777-3", "Platelets, blood", "10*3/uL", "10*3/uL", 0)
INR = Analyte("6301-6", "INR, platelet poor plasma", "{INR}", "{INR}", 1)


@dataclass(frozen=True, slots=True)
class Course:
    """How an analyte runs over the visits: every `every`-th one, the newest always."""

    analyte: Analyte
    newest: str
    per_visit: str
    wobble: str
    every: int = 1


COURSES = (
    Course(WEIGHT, "86.0", "0.3", "0.4"),
    Course(HEART_RATE, "74", "0", "2"),
    Course(CREATININE, "1.50", "0.03", "0.02"),
    Course(SODIUM, "139", "0", "1"),
    Course(POTASSIUM, "4.8", "0.03", "0.1"),
    Course(GLUCOSE, "142", "-1", "6"),
    Course(HBA1C, "7.4", "-0.05", "0.1"),
    Course(UREA_NITROGEN, "28", "0.5", "1"),
    Course(CHOLESTEROL, "172", "-3", "4", every=2),
    Course(HDL, "44", "0", "1", every=2),
    Course(TRIGLYCERIDES, "168", "-2", "9", every=2),
    Course(HEMOGLOBIN, "12.0", "-0.1", "0.1", every=2),
    Course(ALBUMIN_RATIO, "100.0", "3.5", "4.0", every=2),
    Course(HEIGHT, "165.0", "0", "0", every=4),
    Course(CHLORIDE, "104", "0", "1", every=4),
    Course(BICARBONATE, "22", "-0.2", "1", every=4),
    Course(ALBUMIN, "4.00", "-0.02", "0.05", every=4),
    Course(CALCIUM, "9.2", "0", "0.1", every=4),
    Course(AST, "24", "0", "2", every=6),
    Course(ALT, "28", "0", "2", every=6),
    Course(PLATELETS, "236", "0", "5", every=6),
    Course(INR, "1.0", "0", "0", every=12),
    Course(BREATHS, "14", "0", "1", every=12),
    Course(TEMPERATURE, "36.7", "0", "0.1", every=12),
    Course(SPO2, "97", "0", "1", every=12),
)
_VISITS = 13


class Chart:
    """Collects the resources of one patient and numbers them."""

    def __init__(self, patient: str) -> None:
        self.patient = patient
        self.resources: list[Json] = []

    def add(self, kind: str, updated: datetime, members: Json, fhir_id: str = "") -> Json:
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

    def observe(self, when: datetime, category: str, loinc: str, name: str, members: Json) -> None:
        """Add an Observation, final unless `members` says otherwise."""
        issued = when + timedelta(hours=2 if category == "laboratory" else 0)
        coding = _coding(f"{_HL7}/observation-category", category)
        self.add(
            "Observation",
            issued,
            {
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
        self.add("Condition", _TODAY - timedelta(days=365), members)

    def order(self, status: str, text: str, dose: str, authored: str, rxnorm: str = "") -> None:
        """Add a MedicationRequest."""
        drug: Json = {"text": text}
        if rxnorm:
            drug = {"coding": [_coding(_RXNORM, rxnorm, text)], "text": text}
        self.add(
            "MedicationRequest",
            _TODAY - timedelta(days=30),
            {
                "status": status,
                "intent": "order",
                "medicationCodeableConcept": drug,
                "authoredOn": authored,
                "dosageInstruction": [{"text": dose}],
            },
        )


_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def alma() -> list[Json]:
    """Return an adult with hypertension, diabetes and chronic kidney disease, three years long."""
    chart = Chart("synthetic-alma")
    chart.add(
        "Patient", _TODAY, _demographics("Alma", "female", "1968-03-14", "SYN-0001"), chart.patient
    )
    encounter = chart.add(
        "Encounter",
        _TODAY,
        {
            "status": "in-progress",
            "class": _coding(f"{_HL7}/v3-ActCode", "AMB", "ambulatory"),
            "period": {"start": _TODAY.isoformat()},
        },
    )
    here = {"encounter": {"reference": f"Encounter/{encounter['id']}"}}

    for visit in reversed(range(_VISITS)):
        when = _TODAY - timedelta(days=_DAYS_BETWEEN_VISITS * visit)
        chart.blood_pressure(when, 138 + visit % 3 * 4, 84 + visit % 4 * 2)
        for course in COURSES:
            if visit % course.every == 0:
                chart.measure(
                    when, course.analyte, str(_value(course, visit)), **(here if not visit else {})
                )
    chart.smoking(_TODAY - timedelta(days=182), "8517006", "Former smoker")
    chart.measure(_TODAY, BILIRUBIN, "0.20", comparator="<", **here)
    chart.measure(_TODAY, POTASSIUM, "8.9", status="entered-in-error", **here)
    later = _TODAY + timedelta(minutes=90)
    chart.measure(later, CREATININE, "1.60", status="preliminary", **here)

    chart.problem("I12.9", "Hypertensive chronic kidney disease, stage 1-4", "2016-05-09")
    chart.problem("E11.22", "Type 2 diabetes with diabetic chronic kidney disease", "2014-10-02")
    chart.problem("N18.32", "Chronic kidney disease, stage 3b", "2022-08-17")
    chart.problem("E78.5", "Hyperlipidemia", "2015-01-22")
    chart.problem("J18.9", "Pneumonia", "2025-01-30", clinical="resolved")
    chart.problem(
        "I48.91", "Atrial fibrillation", "2024-06-11", clinical=None, verification="refuted"
    )
    chart.order("active", "lisinopril 20 MG Oral Tablet", "1 tablet daily", "2026-05-22", "314077")
    chart.order(
        "active", "atorvastatin 40 MG Oral Tablet", "1 tablet daily", "2026-05-22", "617311"
    )
    chart.order("active", "metformin 500 mg tablet", "1 tablet twice daily", "2026-05-22")
    chart.order("stopped", "ibuprofen 400 mg tablet", "1 tablet as needed", "2024-11-22")
    return chart.resources


def bruno() -> list[Json]:
    """Return a healthy adult with one visit and no encounter."""
    chart = Chart("synthetic-bruno")
    chart.add(
        "Patient", _TODAY, _demographics("Bruno", "male", "1991-08-02", "SYN-0002"), chart.patient
    )
    when = _TODAY - timedelta(days=50)
    chart.blood_pressure(when, 118, 74)
    for analyte, value in (
        (WEIGHT, "78.0"),
        (HEIGHT, "181.0"),
        (HEART_RATE, "62"),
        (CREATININE, "0.90"),
        (CHOLESTEROL, "178"),
        (HDL, "55"),
        (TRIGLYCERIDES, "90"),
    ):
        chart.measure(when, analyte, value)
    chart.smoking(when, "266919005", "Never smoked tobacco")
    return chart.resources


def chart_text(resources: Sequence[Json]) -> str:
    """Write resources as a JSON list, one a line, with every digit of a Decimal."""
    return "[\n" + ",\n".join(_lines(resources)) + "\n]\n"


def _lines(resources: Sequence[Json]) -> Iterator[str]:
    for resource in resources:
        # json cannot write a Decimal: it goes in as a marked text and loses its quotes after.
        text = json.dumps(resource, ensure_ascii=False, default=lambda number: f"number:{number}")
        yield re.sub(r'"number:([0-9.]+)"', r"\1", text)


def _value(course: Course, visit: int) -> Decimal:
    """Return the value `visit` visits before the newest."""
    wobble = Decimal(_WOBBLE[visit % len(_WOBBLE)]) * Decimal(course.wobble)
    return Decimal(course.newest) - visit * Decimal(course.per_visit) + wobble


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


def _demographics(given: str, gender: str, birth_date: str, number: str) -> Json:
    return {
        "identifier": [{"system": "urn:smart-calc:simulator:record-number", "value": number}],
        "active": True,
        "name": [{"use": "official", "family": "Testpatient", "given": [given]}],
        "gender": gender,
        "birthDate": birth_date,
    }


if __name__ == "__main__":
    for name, resources in (("alma", alma()), ("bruno", bruno())):
        (CHARTS / f"{name}.json").write_text(chart_text(resources), encoding="utf-8")
