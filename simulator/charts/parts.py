"""The parts that FHIR R4 resources of a synthetic chart are made of, labelled as test data (HL7 v3
ActReason HTEST), and their text with every digit of their decimals.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

Json = dict[str, Any]

# "Now" of every chart, so that a chart is the same whenever it is made.
TODAY = datetime(2026, 11, 20, 9, 0, tzinfo=timezone(timedelta(hours=-6)))

HL7 = "http://terminology.hl7.org/CodeSystem"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"


def labelled(kind: str, fhir_id: str, *, updated: datetime = TODAY, version: int = 1) -> Json:
    """Begin a resource, labelled as synthetic."""
    return {
        "resourceType": kind,
        "id": fhir_id,
        "meta": {
            "versionId": str(version),
            "lastUpdated": updated.isoformat(),
            "security": [coding(f"{HL7}/v3-ActReason", "HTEST", "test health data")],
            "tag": [{"display": "synthetic, not a real person"}],
        },
    }


def chart_text(resources: Sequence[Json]) -> str:
    """Write resources as a JSON list, one a line, with every digit of a Decimal."""
    return "[\n" + ",\n".join(_lines(resources)) + "\n]\n"


def _lines(resources: Sequence[Json]) -> Iterator[str]:
    for resource in resources:
        # json cannot write a Decimal: it goes in as a marked text and loses its quotes after.
        text = json.dumps(resource, ensure_ascii=False, default=lambda number: f"number:{number}")
        yield re.sub(r'"number:([0-9.]+)"', r"\1", text)


def rounded(value: Decimal, digits: int) -> Decimal:
    """Return a value with so many decimals."""
    return value.quantize(Decimal(1).scaleb(-digits))


def quantity(value: Decimal, unit: str, ucum: str) -> Json:
    """Return a Quantity with its unit in UCUM."""
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": ucum}


def coding(system: str, code: str, display: str = "") -> Json:
    """Return a Coding."""
    coded = {"system": system, "code": code}
    return {**coded, "display": display} if display else coded


def concept(system: str, code: str, text: str = "") -> Json:
    """Return a CodeableConcept of one coding."""
    coded: Json = {"coding": [coding(system, code)]}
    return {**coded, "text": text} if text else coded
