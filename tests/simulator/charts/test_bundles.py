"""Charts from a folder of Bundles."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from simulator.charts.bundles import read_folder
from simulator.ehr import create_app
from simulator.vendors.epic import EPIC
from simulator.vendors.generic import GENERIC
from tests.simulator.app_under_test import APP, ORIGIN, App
from tests.support.tables import each

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
PATIENT = {"resourceType": "Patient", "id": "u1", "name": [{"text": "Zoe Testpatient"}]}
WEIGHT = {
    "resourceType": "Observation",
    "id": "u2",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "subject": {"reference": "urn:uuid:u1"},
    "effectiveDateTime": "2026-11-19T09:00:00Z",
    "valueQuantity": {"value": 71.5, "unit": "kg"},
}
DRUG = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "197361"}]}
ORDER = {
    "resourceType": "MedicationRequest",
    "id": "u3",
    "status": "active",
    "intent": "order",
    "medicationCodeableConcept": DRUG,
    "subject": {"reference": "urn:uuid:u1"},
}
CLAIM = {"resourceType": "Claim", "id": "u4", "patient": {"reference": "urn:uuid:u1"}}


def bundle(*resources: dict[str, Any]) -> str:
    """A transaction as Synthea writes it, where resources name each other by UUID."""
    entries = [{"fullUrl": f"urn:uuid:{one['id']}", "resource": one} for one in resources]
    document = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return json.dumps(document, indent=2).replace("71.5", "71.50")


def test_an_app_launches_with_the_chart_of_a_bundle_at_each_ehr(tmp_path: Path) -> None:
    (tmp_path / "zoe.json").write_text(bundle(PATIENT, WEIGHT, ORDER, CLAIM), "utf-8")
    app = App()
    app.http = create_app(
        [APP],
        base_url=ORIGIN,
        clock=app.clock,
        profiles=(GENERIC, EPIC),
        more=read_folder(tmp_path, NOW),
    ).test_client()
    token = app.token("u1")
    found = app.get(token, "/Observation?patient=u1").text
    assert '"reference": "Patient/u1"' in found
    assert '"value": 71.50' in found
    assert "2026-11-20T09:00:00+00:00" in found
    assert app.get(token, "/MedicationRequest/u3").status_code == 200
    # Epic's form of an order, of a drug without a text.
    assert "Zoe Testpatient" in app.http.get("/epic/chart?patient=u1").text


@each(
    ("text", "reason"),
    [
        ("no JSON", "x.json: Expecting value"),
        ("{}", "x.json: a member is missing: 'entry'"),
        ("[]", "x.json: list indices must be"),
        (bundle({"resourceType": "Patient", "id": ""}).replace('"id"', '"x"'), "'id'"),
        (bundle({**WEIGHT, "subject": {"reference": "Group/1"}}), "does not belong to a patient"),
    ],
)
def test_what_is_no_chart_is_refused_with_the_name_of_its_file(
    tmp_path: Path, text: str, reason: str
) -> None:
    (tmp_path / "x.json").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=re.escape(reason)):
        read_folder(tmp_path, NOW)
