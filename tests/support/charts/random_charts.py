"""Charts made at random, as messy as charts are: spellings, offsets, statuses, versions, slips."""

import random
from datetime import datetime, timedelta, timezone
from typing import Any

from clinical.calculators.inputs import INPUTS
from clinical.queries import SLOW_INPUTS, VITAL_INPUTS

Json = dict[str, Any]

_LOINC = "http://loinc.org"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_OFFSETS = (0, -360, -300, 120, 330)
_STATUSES = ("final",) * 8 + (
    "preliminary",
    "amended",
    "entered-in-error",
    "corrected",
    "registered",
)
_CONDITIONS = (
    "I48.91",
    "I10",
    "E11.9",
    "I50.9",
    "N17.9",
    "N18.4",
    "K74.6",
    "Z95.2",
    "Z33.1",
    "J18.9",
)
_DRUGS = (
    "warfarin 5 mg",
    "apixaban 5 mg",
    "atorvastatin 40 mg",
    "aspirin 81 mg",
    "lisinopril 10 mg",
)


def random_chart(seed: int, now: datetime) -> list[Json]:
    """Return the resources of Patient/p1, the same for one seed and time."""
    chance = random.Random(seed)
    patient: Json = {
        "resourceType": "Patient",
        "id": "p1",
        "name": [{"family": "Random", "given": [f"Seed {seed}"]}],
        "birthDate": f"{chance.randint(1930, 2015)}-{chance.randint(1, 12):02}-11",
        "gender": chance.choice(["male", "female", "female", "male", "other"]),
    }
    names = [name for name in INPUTS if chance.random() < 0.8]
    observations = [
        _observation(chance, name, f"o-{place}-{number}", now)
        for place, name in enumerate(names)
        for number in range(chance.randint(1, 6))
    ]
    conditions = [_condition(code) for code in _CONDITIONS if chance.random() < 0.3]
    orders = [_order(drug) for drug in _DRUGS if chance.random() < 0.3]
    return [patient, *observations, *conditions, *orders]


def _observation(chance: random.Random, name: str, fhir_id: str, now: datetime) -> Json:
    known = INPUTS[name]
    at = now - timedelta(days=chance.expovariate(1 / 60), minutes=chance.randint(0, 1000))
    if chance.random() < 0.03:
        at = now + timedelta(days=chance.randint(2, 20_000))
    spelling, (factor, offset) = chance.choice(list(known.units.items()))
    canonical = known.low + (known.high - known.low) * chance.betavariate(2, 6)
    if chance.random() < 0.05:
        canonical = known.high * 3
    quantity: Json = {"value": float(f"{(canonical - offset) / factor:.4g}"), "unit": spelling}
    if chance.random() < 0.05:
        quantity["unit"] = "furlong"
    if chance.random() < 0.05:
        quantity["comparator"] = chance.choice(["<", ">"])
    vital = name in VITAL_INPUTS or name == "height"
    code = {"coding": [{"system": _LOINC, "code": known.loinc[0]}], "text": f"A {name}"}
    made: Json = {
        "resourceType": "Observation",
        "id": fhir_id,
        "meta": {"versionId": "1", "lastUpdated": now.isoformat()},
        "status": chance.choice(_STATUSES),
        "category": [
            {"coding": [{"system": _CATEGORY, "code": "vital-signs" if vital else "laboratory"}]}
        ],
        "code": code,
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": _charted(chance, at),
        "valueQuantity": quantity,
    }
    if chance.random() < 0.04:
        del made["valueQuantity"]
        made["valueString"] = "see comment"
    if chance.random() < 0.3 and name not in SLOW_INPUTS:
        made["referenceRange"] = [{"low": {"value": 1.5}, "high": {"value": 20}}]
        made["interpretation"] = [{"coding": [{"code": chance.choice("HLN")}]}]
    return made


def _charted(chance: random.Random, at: datetime) -> str:
    if chance.random() < 0.1:
        return at.date().isoformat()
    zone = timezone(timedelta(minutes=chance.choice(_OFFSETS)))
    return at.astimezone(zone).replace(microsecond=0).isoformat()


def _condition(code: str) -> Json:
    return {
        "resourceType": "Condition",
        "id": f"c-{code.replace('.', '-')}",
        "meta": {"versionId": "1", "lastUpdated": "2026-01-01T00:00:00Z"},
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]},
        "onsetDateTime": "2024-03-05",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
    }


def _order(drug: str) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": f"m-{drug.partition(' ')[0]}",
        "meta": {"versionId": "1", "lastUpdated": "2026-01-01T00:00:00Z"},
        "subject": {"reference": "Patient/p1"},
        "status": "active",
        "intent": "order",
        "authoredOn": "2026-05-06T10:00:00Z",
        "medicationCodeableConcept": {"text": drug},
    }
