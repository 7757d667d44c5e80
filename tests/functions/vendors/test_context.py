"""The launch context through the running functions: a correct one from the simulated EHR, and
incorrect ones from a scripted EHR (SMART App Launch 2.2, "Launch context"; CTX-01 to CTX-12).
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.app.app import App
from tests.support.app.clinics import ALMA, Opened, Practice, practice
from tests.support.app.registered import Registration
from tests.support.ehr.scripted_ehr import ScriptedEhr
from tests.support.tables import each

STUDY = {"reference": "ImagingStudy/synthetic-study"}


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with practice(tmp_path_factory.mktemp("context"), Registration("generic", "client")) as running:
        yield running


@pytest.fixture(scope="module")
def other() -> Iterator[ScriptedEhr]:
    """Run a host that isn't a configured EHR."""
    server = ScriptedEhr()
    yield server
    server.close()


def _page(opened: Opened) -> str:
    page = opened.browser.open(opened.callback.location)
    assert page.status == 200
    return page.text


@pytest.mark.calculators
def test_every_part_of_a_context_is_told_and_the_patients_page_is_shown(clinic: Practice) -> None:
    opened = clinic.launch("generic", fault="token-full-context")
    context = opened.context()
    assert (context["patient"], context["need_patient_banner"]) == (ALMA, True)
    assert context["encounter"] is not None
    assert (context["intent"], context["tenant"]) == ("simulated-intent", "simulated-tenant")
    assert context["smart_style_url"] == "https://elsewhere.simulated.example/style.json"
    questionnaire = "https://elsewhere.simulated.example/Questionnaire/synthetic|1"
    assert context["fhirContext"] == [STUDY, {"canonical": questionnaire, "role": "launch"}]
    assert "Alma" in _page(opened)


@pytest.mark.calculators
@each("flow", ["ehr", "standalone"])
def test_a_launch_without_a_patient_opens_no_chart_and_says_why(
    clinic: Practice, flow: Any
) -> None:
    fault = "token-no-patient"
    clinic.clinics.control("generic", faults="" if flow == "ehr" else fault)
    try:
        opened = clinic.launch("generic", flow=flow, fault=fault)
    finally:
        clinic.clinics.control("generic", faults="")
    assert opened.context()["patient"] is None
    before = clinic.clinics.number()
    for path in (f"Patient/{ALMA}", "Observation?category=laboratory"):
        answer = opened.read(path)
        assert (answer.status, answer.code) == (403, "patient_missing")
    page = opened.browser.open(opened.callback.location)
    assert page.status == 403
    assert "patient_missing" in page.text
    base = clinic.clinics.addresses("generic").fhir_base
    assert clinic.clinics.requests(base, before, below=True) == []


HOSTILE: dict[str, Any] = {
    "intent": '"><script>alert(1)</script>../../admin',
    "tenant": "../a/b\x00<b>",
    "smart_style_url": "{other}/style.json",
    "fhirContext": [
        {"reference": "{other}/Patient/1", "role": "launch", "__token": "sentinel"},
        {"canonical": "{other}/Questionnaire/1"},
        {"identifier": {"system": "{other}", "value": "1"}},
        {"reference": "ImagingStudy/1", "role": ""},
        {},
        None,
        7,
    ],
    "https://ehr.example/extension": {"secret": "sentinel"},
    "__extension": "sentinel",
    "username": "sentinel",
    "profile": "sentinel",
}


def _at(other: ScriptedEhr, value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("{other}", other.origin)
    if isinstance(value, list):
        return [_at(other, item) for item in value]
    if isinstance(value, dict):
        return {name: _at(other, item) for name, item in value.items()}
    return value


@pytest.mark.calculators
def test_a_hostile_context_is_inert_and_nothing_it_names_is_fetched(
    app: App, other: ScriptedEhr
) -> None:
    tenant = app.scripted.tenant()
    tenant.token |= _at(other, HOSTILE)
    launched = app.launch(tenant)
    answer = launched.browser.fetch(f"{launched.fhir_base}/session")
    context = answer.json()
    assert (context["intent"], context["tenant"]) == (HOSTILE["intent"], HOSTILE["tenant"])
    assert context["fhirContext"] == _at(other, HOSTILE["fhirContext"][1:3])
    page = launched.browser.open(launched.callback.location)
    assert page.status == 200
    assert "sentinel" not in answer.text + page.text
    assert "<script>alert" not in page.text
    assert "../admin" not in page.text
    assert other.strangers == []
