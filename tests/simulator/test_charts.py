import json
import re
from datetime import datetime
from itertools import pairwise

import pytest
from fhir.resources.R4B import get_fhir_model_class

from simulator import make_charts
from simulator.chart_builder import Json, chart_text
from simulator.charts import CHARTS, Resource, load_charts, split
from tests.simulator.app_under_test import ALMA, App

RESOURCES = [
    one
    for kind in ("Patient", "Observation", "Condition", "MedicationRequest", "Encounter")
    for one in load_charts().of_type(kind)
]


def test_every_resource_is_valid_fhir_r4() -> None:
    for resource in RESOURCES:
        get_fhir_model_class(resource.type).model_validate_json(resource.text)


def test_every_resource_says_that_it_is_synthetic() -> None:
    for resource in RESOURCES:
        meta = resource.body["meta"]
        assert meta["security"][0]["code"] == "HTEST"
        assert "synthetic" in meta["tag"][0]["display"]
        assert resource.id.startswith("synthetic-")


def test_every_patient_is_called_testpatient() -> None:
    patients = load_charts().patients()
    assert [one.name for one in patients] == ["Alma Testpatient", "Bruno Testpatient"]


@pytest.mark.parametrize(
    ("name", "resources"), [("alma", make_charts.alma()), ("bruno", make_charts.bruno())]
)
def test_the_committed_charts_are_what_the_script_writes(name: str, resources: list[Json]) -> None:
    committed = (CHARTS / f"{name}.json").read_text(encoding="utf-8")
    assert committed == chart_text(resources)


def test_a_chart_fills_more_than_a_page_over_three_years() -> None:
    observations = [
        one.body for one in RESOURCES if one.type == "Observation" and one.patient == ALMA
    ]
    when = [datetime.fromisoformat(one["effectiveDateTime"]) for one in observations]
    assert len(observations) > 150
    assert 2.9 < (max(when) - min(when)).days / 365 < 3.1


@pytest.mark.parametrize(
    ("code", "status", "comparator"),
    [
        ("2160-0", "preliminary", None),
        ("2823-3", "entered-in-error", None),
        ("1975-2", "final", "<"),
    ],
)
def test_the_long_chart_holds_the_results_that_need_care(
    code: str, status: str, comparator: str | None
) -> None:
    found = [
        one.body
        for one in RESOURCES
        if one.type == "Observation"
        and one.body["code"]["coding"][0]["code"] == code
        and one.body["status"] == status
        and one.body["valueQuantity"].get("comparator") == comparator
    ]
    assert found


def test_a_preliminary_creatinine_is_newer_than_the_newest_final_one() -> None:
    newest = {
        status: max(
            one.body["effectiveDateTime"]
            for one in RESOURCES
            if one.type == "Observation"
            and one.patient == ALMA
            and one.body["code"]["coding"][0]["code"] == "2160-0"
            and one.body["status"] == status
        )
        for status in ("preliminary", "final")
    }
    assert newest["preliminary"] > newest["final"]


def test_a_resource_goes_out_as_it_stands_in_its_file(app: App) -> None:
    lines = (CHARTS / "alma.json").read_text(encoding="utf-8").splitlines()[1:-1]
    token = app.token()
    for line in lines:
        text = line.removesuffix(",")
        body = json.loads(text)
        assert app.get(token, f"/{body['resourceType']}/{body['id']}").text == text


def test_decimals_keep_their_digits_in_a_bundle(app: App) -> None:
    texts = [
        text
        for code in ("2160-0", "9318-7", "1751-7")
        for text in re.findall(
            r'"valueQuantity": \{"value": ([^,]+)',
            app.get(app.token(), f"/Observation?code={code}&_count=100").text,
        )
    ]
    assert {"1.50", "1.60", "100.0", "4.00"} <= set(texts)


def test_resources_are_cut_out_without_a_change() -> None:
    texts = [
        '{"resourceType":"Patient","id":"a","x":1.50}',
        '{ "id": "b" , "resourceType":"Patient"}',
    ]
    cut = split(f"[ {texts[0]}\n,\n{texts[1]} ]\n")
    assert [one.text for one in cut] == texts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[",
        '[{"resourceType":"Patient","id":"a"}',
        '[{"resourceType":"Patient","id":"a"} {"resourceType":"Patient","id":"b"}]',
        '[{"resourceType":"Condition","id":"a","subject":{"reference":"Group/1"}}]',
    ],
)
def test_a_file_that_is_not_a_chart_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|Expecting|not of a patient"):
        list(split(text))


def test_ids_are_unique_and_references_lead_somewhere() -> None:
    keys = [(one.type, one.id) for one in RESOURCES]
    assert all(earlier != later for earlier, later in pairwise(sorted(keys)))
    for resource in RESOURCES:
        for reference in references(resource):
            assert tuple(reference.split("/")) in set(keys)


def references(resource: Resource) -> list[str]:
    return re.findall(r'"reference": "([^"]+)"', resource.text)
