"""A count shows no resource, so the proxy must restrict the EHR to the patient in another way."""

from typing import Any

from tests.support.app.in_process import InProcess
from tests.support.app.proxy import about, asked, launched, relaunched, searchset
from tests.support.ehr.scripted_ehr import as_fhir
from tests.support.tables import each

SCOPE = "patient/*.rs"


NONE_ON_A_PAGE = ["00", "-0", "-1", "0.0", "%2B0", "", "x", "0,5", "1e0", "%D9%A3"]
COUNTS = ["_summary=count", "_summary=COUNT", "_summary=count,data", "_count=0", "_count:x=0"]


@each("query", [*COUNTS, *(f"_count={one}" for one in NONE_ON_A_PAGE)])
@each("given", ["", "&patient=p1", "&subject=Patient/p1"])
@each("group", ["w", "o"])
def test_an_ehr_is_asked_to_ignore_no_parameter_of_a_count(
    here: InProcess, query: str, given: str, group: str
) -> None:
    launch, tenant = relaunched(here, group, scope=SCOPE)
    tenant.on("/Observation", as_fhir({"resourceType": "Bundle", "total": 3}))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?{query}{given}")
    assert answer.json()["total"] == 3
    assert asked(tenant)[0].headers["Prefer"] == "handling=strict"


SELF = "{base}/Observation?patient=p1&_offset=9"


@each(
    ("more", "url", "status"),
    [
        ({"total": 999}, None, 502),
        ({"total": 999, "entry": []}, "{base}/Observation?_offset=9", 502),
        ({"total": 999}, SELF.replace("p1", "p2"), 502),
        ({"total": "999"}, None, 502),
        ({"total": 999, "entry": [{"resource": {"resourceType": "OperationOutcome"}}]}, None, 502),
        ({"total": 999}, SELF, 200),
        ({"total": 0}, None, 200),
        ({}, None, 200),
        ({"total": 999, "entry": [{"resource": about("Observation", "o", "p1")}]}, None, 200),
    ],
)
def test_a_total_without_resources_is_released_where_it_is_the_patients(
    here: InProcess, more: dict[str, Any], url: str | None, status: int
) -> None:
    launch, tenant = relaunched(here, "w", scope=SCOPE)
    link = [{"relation": "self", "url": url.format(base=tenant.base)}] if url else []
    tenant.on("/Observation", as_fhir({"resourceType": "Bundle", "link": link, **more}))
    query = "patient=p1&_offset=100000&_total=accurate"
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?{query}")
    assert answer.status == status


@each("query", ["patient=p1&_count=10", "patient=p1&_summary=data", "_count=1"])
def test_a_search_for_resources_is_no_count(here: InProcess, query: str) -> None:
    launch, tenant = relaunched(here, "w", scope=SCOPE)
    tenant.on("/Observation", as_fhir(searchset(about("Observation", "o", "p1"), total=3)))
    assert launch.browser.fetch(f"{launch.fhir_base}/Observation?{query}").status == 200
    assert ("Prefer" in asked(tenant)[0].headers) is ("patient" not in query)


def test_a_count_of_what_is_about_no_patient_is_the_apps_own(here: InProcess) -> None:
    launch, tenant = launched(here, "w", scope=SCOPE)
    tenant.on("/Practitioner", as_fhir({"resourceType": "Bundle", "total": 3}))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Practitioner?_summary=count")
    assert answer.json()["total"] == 3
    assert "Prefer" not in asked(tenant)[0].headers


COUNT = "Observation?patient=p1&_summary=count&-own=1"


@each(
    ("used", "status"),
    [
        ("patient=p1&_summary=count", 200),
        ("subject=Patient/p1&-own=1", 200),
        ("-own=1&_summary=count", 502),
        ("-own=Patient/p1&patient=p2", 502),
        ("-own=p1", 502),
        (None, 502),
    ],
)
def test_with_parameters_of_its_own_an_ehr_must_show_whom_it_counted(
    here: InProcess, used: str | None, status: int
) -> None:
    launch, tenant = relaunched(here, "o", scope=SCOPE)
    link = [{"relation": "self", "url": f"{tenant.base}/Observation?{used}"}] if used else []
    tenant.on("/Observation", as_fhir({"resourceType": "Bundle", "total": 3, "link": link}))
    answer = launch.browser.fetch(f"{launch.fhir_base}/{COUNT}")
    assert answer.status == status
    assert "Prefer" not in asked(tenant)[0].headers
    if status == 502:
        assert answer.code == "upstream_invalid"


def test_another_vendors_parameters_are_no_reason_to_be_lenient(here: InProcess) -> None:
    launch, tenant = launched(here, "w", scope=SCOPE)
    tenant.on("/Observation", as_fhir({"resourceType": "Bundle", "total": 3}))
    assert launch.browser.fetch(f"{launch.fhir_base}/{COUNT}").status == 200
    assert asked(tenant)[0].headers["Prefer"] == "handling=strict"


def test_a_search_with_the_vendors_own_parameters_is_checked_in_its_answer(here: InProcess) -> None:
    launch, tenant = launched(here, "o", scope=SCOPE)
    for patient, status in (("p1", 200), ("p2", 403)):
        body: dict[str, Any] = searchset(about("Observation", "o1", patient))
        tenant.on("/Observation", as_fhir(body))
        assert launch.browser.fetch(f"{launch.fhir_base}/Observation?-own=1").status == status
    assert all("Prefer" not in request.headers for request in asked(tenant))
