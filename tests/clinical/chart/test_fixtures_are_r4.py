"""The resources that the tests use are valid FHIR: checked with models of R4B, nearest to R4."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.charts.chart_resources import (
    HL7,
    concept,
    condition,
    observation,
    order,
    patient,
    pressure,
    quantity,
    sex_extension,
    smoking,
)
from tests.support.tables import each

CASES = json.loads(
    (Path(__file__).parents[1] / "data" / "fhir_mapping_cases.json").read_text(encoding="utf-8")
)["cases"]

BUILT = [
    observation("2951-2", 140, "mmol/L"),
    observation("2951-2", 140, None),
    observation("2951-2", valueString="hemolyzed", issued="2026-11-20T09:00:00Z"),
    observation("2951-2", dataAbsentReason=concept(HL7 + "data-absent-reason", "error")),
    observation("2160-0", valueQuantity=quantity(0.2, "mg/dL") | {"comparator": "<"}),
    observation("1920-8", 30, "U/L", referenceRange=[{"high": quantity(40, "U/L")}]),
    observation("24321-2", hasMember=[{"reference": "Observation/o1"}]),
    observation("2951-2", 140, "mmol/L", meta={"versionId": "1"}, method={"text": "enzymatic"}),
    pressure(132, 78),
    pressure(None, 78),
    smoking("449868002"),
    condition("I10"),
    condition("I10", None, None, recordedDate="2020-01-01", onsetDateTime="2019-05"),
    order("simvastatin 20 MG Oral Tablet"),
    order(
        None,
        contained=[{"resourceType": "Medication", "id": "d", "code": {"text": "timolol"}}],
        medicationReference={"reference": "#d"},
        dosageInstruction=[{"route": {"text": "Both Eyes"}}],
    ),
    patient(
        name=[{"use": "official", "family": "Smart", "given": ["Joe"]}],
        extension=[sex_extension("us-core-birthsex", valueCode="M")],
        identifier=[{"type": concept(HL7 + "v2-0203", "MR"), "value": "0042"}],
    ),
]
MAPPED = [
    pytest.param(resource, id=f"{case['id']} {resource['id']}")
    for case in CASES
    for resource in case["resources"]
]


@each("resource", [*BUILT, *MAPPED])
def test_a_fixture_is_a_valid_resource(resource: dict[str, Any]) -> None:
    from fhir.resources.R4B import get_fhir_model_class

    model = get_fhir_model_class(resource["resourceType"])
    assert model.model_validate(resource).get_resource_type() == resource["resourceType"]
