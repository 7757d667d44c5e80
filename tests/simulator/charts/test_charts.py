import hashlib
import json
import re
import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from simulator.charts.generated import CHARTS, load_charts
from simulator.charts.outpatients import alma
from simulator.charts.parts import chart_text
from simulator.charts.resources import RESOURCE_TYPES, Resource, split
from tests.simulator.app_under_test import App
from tests.support.tables import each

HUGO = "synthetic-hugo"
PROGRAM = """
import hashlib
from simulator.charts.parts import chart_text
from simulator.charts.generated import CHARTS
for made in CHARTS.values():
    print(hashlib.sha256(chart_text(made()).encode()).hexdigest())
"""


@cache
def resources() -> list[Resource]:
    return [one for kind in RESOURCE_TYPES for one in load_charts().of_type(kind)]


def test_every_resource_is_valid_fhir_r4() -> None:
    from fhir.resources.R4B import get_fhir_model_class

    for number, resource in enumerate(resources()):
        # The inpatient's Observations are made alike: every hundredth stands for them.
        if (resource.patient, resource.type) == (HUGO, "Observation") and number % 100:
            continue
        get_fhir_model_class(resource.type).model_validate_json(resource.text)


def test_every_resource_says_that_it_is_synthetic() -> None:
    for resource in resources():
        meta = resource.body["meta"]
        assert meta["security"][0]["code"] == "HTEST"
        assert "synthetic" in meta["tag"][0]["display"]
        assert resource.id.startswith("synthetic-")


def test_a_patient_of_whom_nothing_is_known_is_shown_so() -> None:
    falk = load_charts().patient("synthetic-falk")
    assert falk is not None
    assert (falk.birth_date, falk.sex) == ("on an unknown day", "sex unknown")
    assert falk.chart == "No current problem. 1 observation."


@pytest.mark.slow
def test_the_charts_are_the_same_at_every_start() -> None:
    here = [hashlib.sha256(chart_text(made()).encode()).hexdigest() for made in CHARTS.values()]
    elsewhere = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=Path(__file__).parents[3],
        env={"PATH": "", "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert elsewhere.stdout.split() == here


def test_a_resource_goes_out_as_it_stands_in_its_file(app: App) -> None:
    lines = chart_text(alma()).splitlines()[1:-1]
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


@each(
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
    with pytest.raises(ValueError, match=r"expected|Expecting|not belong to a patient"):
        list(split(text))


def test_ids_are_unique_and_references_lead_somewhere() -> None:
    keys = [(one.type, one.id) for one in resources()]
    known = set(keys)
    twice = [one for one, next_one in pairwise(sorted(keys)) if one == next_one]
    assert twice == [
        ("Observation", "synthetic-greta-obs-potassium"),
        ("Observation", "synthetic-greta-obs-sodium"),
    ]
    for resource in resources():
        for reference in references(resource):
            assert tuple(reference.split("/")) in known


def test_the_later_version_of_an_id_that_is_listed_twice_is_the_one_that_a_read_finds() -> None:
    sodium = load_charts().find("Observation", "synthetic-greta-obs-sodium")
    assert sodium is not None
    assert (sodium.version, sodium.body["status"]) == ("2", "entered-in-error")


def references(resource: Resource) -> list[str]:
    return re.findall(r'"reference": "([^"]+)"', resource.text)
