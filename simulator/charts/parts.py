"""Builds parts of FHIR R4 resources for synthetic charts, labeled as test data (HL7 v3 ActReason
HTEST), and serializes resources with every digit of their decimals.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

Json = dict[str, Any]

# The fixed "now" of every chart, so that charts don't depend on when they're generated.
TODAY = datetime(2026, 11, 20, 9, 0, tzinfo=timezone(timedelta(hours=-6)))

HL7 = "http://terminology.hl7.org/CodeSystem"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"


def labelled(kind: str, fhir_id: str, *, updated: datetime = TODAY, version: int = 1) -> Json:
    """Return the start of a resource, labeled as synthetic."""
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
    """Write resources as a JSON list, one per line, with every digit of a Decimal."""
    return "[\n" + ",\n".join(_lines(resources)) + "\n]\n"


def _lines(resources: Sequence[Json]) -> Iterator[str]:
    for resource in resources:
        # json can't write a Decimal: write it as a marked string, then remove the quotes.
        text = json.dumps(resource, ensure_ascii=False, default=lambda number: f"number:{number}")
        yield re.sub(r'"number:([0-9.]+)"', r"\1", text)


def rounded(value: Decimal, digits: int) -> Decimal:
    """Round a value to this many decimals."""
    return value.quantize(Decimal(1).scaleb(-digits))


def quantity(value: Decimal, unit: str, ucum: str) -> Json:
    """Return a Quantity with its unit in UCUM."""
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": ucum}


def coding(system: str, code: str, display: str = "") -> Json:
    """Return a Coding."""
    coded = {"system": system, "code": code}
    return {**coded, "display": display} if display else coded


def concept(system: str, code: str, text: str = "") -> Json:
    """Return a CodeableConcept with one coding."""
    coded: Json = {"coding": [coding(system, code)]}
    return {**coded, "text": text} if text else coded
