"""With patient/ scopes, no data of another patient is requested or released."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.support.app.app import Launched
from tests.support.app.in_process import InProcess
from tests.support.app.proxy import about, asked, launched, post_search, relaunched, searchset
from tests.support.ehr.scripted_ehr import Tenant, as_fhir
from tests.support.tables import each

PATIENT_SCOPES = "launch patient/*.rs user/Practitioner.rs"


@pytest.fixture(scope="module")
def kept(here: InProcess) -> tuple[Launched, Tenant]:
    """A launch for patient p1 at an EHR whose token reaches everybody."""
    launch, tenant = launched(here, scope=PATIENT_SCOPES)
    tenant.resources |= {
        "Observation/mine": about("Observation", "mine", "p1"),
        "Practitioner/d1": {"resourceType": "Practitioner", "id": "d1"},
    }
    tenant.on("/Patient", as_fhir(searchset(tenant.resources["Patient/p1"])))
    tenant.on("/Coverage", as_fhir(searchset()))
    tenant.on("/AdverseEvent", as_fhir(searchset(about("AdverseEvent", "a", "p1"))))
    return launch, tenant


def _fetched(kept: tuple[Launched, Tenant], path: str) -> tuple[int, str, list[str]]:
    """Status, code where refused, and the queries that reached the EHR."""
    launch, tenant = kept
    before = len(asked(tenant))
    answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
    code = "" if answer.status == 200 else answer.code
    return answer.status, code, [request.query for request in asked(tenant)[before:]]


@each(
    ("path", "query"),
    [
        ("Observation", "patient=p1"),
        ("Observation?code=x", "code=x&patient=p1"),
        ("Observation?patient=p1", "patient=p1"),
        ("Observation?patient=Patient/p1", "patient=Patient%2Fp1"),
        ("Observation?patient:Patient=p1", "patient%3APatient=p1"),
        ("Observation?subject=Patient/p1", "subject=Patient%2Fp1"),
        ("Observation?subject:Patient=p1", "subject%3APatient=p1"),
        ("Observation?subject=Patient/p1&patient=p1", "subject=Patient%2Fp1&patient=p1"),
        ("Observation?%70atient=p1", "patient=p1"),
        ("Patient", "_id=p1"),
        ("Patient?_id=p1", "_id=p1"),
        ("Patient?_id=p1&name=x", "_id=p1&name=x"),
        ("Patient?_count=1", "_count=1&_id=p1"),
        ("Practitioner?name=x", "name=x"),
        # R4 has no `subject` for this type: a lenient EHR would count everybody's.
        ("Coverage?subject=Patient/p1", "subject=Patient%2Fp1&patient=p1"),
        ("AdverseEvent", "subject=Patient%2Fp1"),
        ("AdverseEvent?patient=p1", "patient=p1&subject=Patient%2Fp1"),
    ],
)
def test_a_search_is_held_to_the_patient(
    kept: tuple[Launched, Tenant], path: str, query: str
) -> None:
    assert _fetched(kept, path) == (200, "", [query])


ANOTHER = [
    "patient=p2",
    "patient=",
    "patient",
    "patient=P1",
    "patient=p1,p2",
    "patient=p2,p1",
    "patient=Patient/p2",
    "patient=Patient/p1,Patient/p2",
    "patient=Group/p1",
    "patient=p1&patient=p2",
    "patient=p2&patient=p1",
    "patient=p1;patient=p2",
    "patient=p1%26patient=p2",
    "patient=p1%00",
    "patient=p1%20",
    "patient=https://ehr.example/fhir/Patient/p2",
    "patient=https://ehr.example/fhir/Patient/p1",
    "patient:identifier=http://x%7C1",
    "patient:missing=true",
    "patient:not=p1",
    "patient:Patient=p2",
    "Patient=p2",
    "PATIENT=p1",
    "%70atient=p2",
    "pat%69ent=p2",
    "subject=Patient/p2",
    "subject=p2",
    "subject=Patient/p1&patient=p2",
    "subject:Patient=p2",
    "subject:Patient=p1,p2",
    "subject:missing=true",
    "subject:identifier=1",
    "Subject=Patient/p2",
    "subject=Group/g1",
]


@each("query", ANOTHER)
def test_a_search_for_another_patient_is_refused(kept: tuple[Launched, Tenant], query: str) -> None:
    assert _fetched(kept, f"Observation?{query}&code=x") == (403, "patient_denied", [])


@each(
    "query",
    [
        "_id=p2",
        "_id=p1,p2",
        "_id=p1&_id=p2",
        "_id=",
        "_id:not=p1",
        "_ID=p2",
        "name=x",
        "identifier=http://x%7C1",
        "birthdate=1970-01-01",
        "active=true&_count=5",
        "organization=o1",
    ],
)
def test_a_search_among_patients_is_refused(kept: tuple[Launched, Tenant], query: str) -> None:
    assert _fetched(kept, f"Patient?{query}") == (403, "patient_denied", [])


@each(
    ("query", "form"),
    [
        ("?patient=p1", b"patient=p2"),
        ("?patient=p2", b"patient=p1"),
        ("?patient=p2", b""),
        ("", b"patient=p2"),
        ("", b"patient=p1&%70atient=p2"),
        ("", b"patient=p1&subject=Patient%2Fp2"),
    ],
)
def test_query_and_form_are_judged_together(
    kept: tuple[Launched, Tenant], query: str, form: bytes
) -> None:
    launch, tenant = kept
    before = len(asked(tenant))
    answer = post_search(launch, "Observation", form, query)
    assert (answer.status, answer.code) == (403, "patient_denied")
    assert len(asked(tenant)) == before


def test_a_search_by_post_is_held_to_the_patient(here: InProcess) -> None:
    launch, tenant = launched(here, scope=PATIENT_SCOPES)
    tenant.on("/Observation/_search", as_fhir(searchset()))
    assert post_search(launch, "Observation", b"code=x").status == 200
    assert [r.form for r in asked(tenant)] == [{"code": "x", "patient": "p1"}]


def test_another_patient_is_not_asked_for(kept: tuple[Launched, Tenant]) -> None:
    assert _fetched(kept, "Patient/p2") == (403, "patient_denied", [])


def test_user_scopes_lift_it_for_the_types_they_cover(kept: tuple[Launched, Tenant]) -> None:
    assert _fetched(kept, "Practitioner/d1")[0] == 200


def test_user_scopes_for_all_types_open_every_patient(here: InProcess) -> None:
    launch, tenant = launched(here, "u", scope="user/*.rs")
    tenant.resources["Observation/o2"] = about("Observation", "o2", "p2")
    for path in ("Patient/p2", "Observation/o2", "Observation?patient=p2", "Patient?name=x"):
        assert launch.browser.fetch(f"{launch.fhir_base}/{path}").status == 200, path
    assert [r.query for r in asked(tenant)] == ["", "", "patient=p2", "name=x"]


# What proves it: tests/shared/fhir/test_compartment.py and test_references.py.
NOT_MINE: list[dict[str, Any]] = [
    about("Observation", "x", "p2"),
    {"resourceType": "Observation", "id": "x"},
    {"resourceType": "Observation", "id": "x", "performer": [{"reference": "Patient/p1"}]},
]


@each("resource", NOT_MINE, ids=json.dumps)
def test_what_is_not_proved_to_be_the_patients_is_not_released(
    here: InProcess, resource: dict[str, Any]
) -> None:
    launch, tenant = relaunched(here, scope=PATIENT_SCOPES)
    resource = {**resource, "note": [{"text": "sentinel-of-another-patient"}]}
    tenant.resources["Observation/x"] = resource
    read = launch.browser.fetch(f"{launch.fhir_base}/Observation/x")
    search = launch.browser.fetch(f"{launch.fhir_base}/Observation?patient=p1")
    for answer in (read, search):
        assert (answer.status, answer.code) == (403, "patient_denied")
        assert "sentinel" not in answer.text
        assert "p2" not in answer.text
    assert len(asked(tenant)) == 2


@each("query", ["_elements=code", "_elements:exclude=subject", "_summary=text"])
def test_an_answer_without_the_proof_is_refused_and_blames_no_one(
    here: InProcess, query: str
) -> None:
    launch, tenant = relaunched(here, scope=PATIENT_SCOPES)
    tenant.on("/Observation/x", as_fhir({"resourceType": "Observation", "id": "x"}))
    tenant.on("/Observation", as_fhir(searchset({"resourceType": "Observation", "id": "x"})))
    for path in (f"Observation/x?{query}", f"Observation?{query}"):
        answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
        assert (answer.status, answer.code) == (403, "patient_denied")
        assert "names no patient" in answer.text
        assert "The response doesn't show which patient it's about" in answer.text
        assert "another patient" not in answer.text


@each(
    ("scope", "path", "elements"),
    [
        ("patient/*.rs", "Observation/x?_elements=code", "code,subject"),
        ("patient/*.rs", "Observation?_Elements=code", "code,subject"),
        ("patient/*.rs", "Appointment?_elements=start", "start,participant"),
        ("patient/*.rs", "Practitioner?_elements=name", "name"),
        ("patient/*.rs", "Patient?_elements=name", "name"),
    ],
)
def test_elements_are_completed_by_those_that_the_check_of_the_response_needs(
    here: InProcess, scope: str, path: str, elements: str
) -> None:
    launch, tenant = relaunched(here, scope=scope)
    assert launch.browser.fetch(f"{launch.fhir_base}/{path}")
    (sent,) = asked(tenant)
    assert elements in dict(parse_qsl(sent.query)).values()


def test_a_count_is_asked_for_this_patient_only(here: InProcess) -> None:
    launch, tenant = launched(here, scope=PATIENT_SCOPES)
    tenant.on("/Observation", as_fhir({"resourceType": "Bundle", "total": 3}))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?_summary=count")
    assert answer.json()["total"] == 3
    assert asked(tenant)[0].query == "_summary=count&patient=p1"


def test_a_mixed_bundle_of_a_lenient_ehr_is_not_released(here: InProcess) -> None:
    launch, tenant = launched(here, scope=PATIENT_SCOPES)
    resources = [about("Observation", str(n), "p1") for n in range(20)]
    resources[13] = about("Observation", "13", "p2", note=[{"text": "sentinel"}])
    tenant.on("/Observation", as_fhir(searchset(*resources)))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?code=x")
    assert (answer.status, answer.code) == (403, "patient_denied")
    assert "sentinel" not in answer.text
    assert asked(tenant)[0].headers["Prefer"] == "handling=strict"


def test_the_ehr_is_told_that_a_search_was_held_to_the_patient(here: InProcess) -> None:
    launch, tenant = launched(here, scope=PATIENT_SCOPES)
    for query in ("code=x", "code=x&patient=p1"):
        launch.browser.fetch(f"{launch.fhir_base}/Observation?{query}")
    held, given = (request.headers for request in asked(tenant))
    assert held["request-modified-smart-calc"] == "restricted to scopes and patient"
    assert "request-modified-smart-calc" not in given


@each(
    ("used", "status"),
    [
        ("code=x", 502),
        ("code=x&patient=p2", 502),
        ("code=x&patient=p1", 200),
        ("code=x&subject=Patient%2Fp1", 200),
        ("code=x&patient=https%3A%2F%2Fehr.example%2FPatient%2Fp1", 200),
        # An opaque link doesn't repeat the search, so it doesn't show whether the patient was lost.
        ("", 200),
        ("_getpages=1&_count=10", 200),
    ],
)
def test_a_self_link_that_lost_the_patient_is_believed(
    here: InProcess, used: str, status: int
) -> None:
    launch, tenant = relaunched(here, scope=PATIENT_SCOPES)
    link = [{"relation": "self", "url": f"{tenant.base}/Observation?{used}"}]
    tenant.on("/Observation", as_fhir(searchset(about("Observation", "o", "p1"), link=link)))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?code=x&_count=10")
    assert answer.status == status
    if status == 502:
        assert answer.code == "upstream_invalid"


def test_the_remarks_of_the_ehr_and_directory_entries_are_released(here: InProcess) -> None:
    launch, tenant = launched(here, scope=PATIENT_SCOPES)
    remark = {"resourceType": "OperationOutcome", "issue": []}
    medication = {"resourceType": "Medication", "id": "m"}
    resources = [about("Observation", "o", "p1"), remark, medication]
    tenant.on("/Observation", as_fhir(searchset(*resources)))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?patient=p1")
    assert [entry["resource"] for entry in answer.json()["entry"]] == resources


def test_unasked_entries_about_another_patient_stop_a_directory_search(here: InProcess) -> None:
    launch, tenant = launched(here, scope=PATIENT_SCOPES)
    practitioner = {"resourceType": "Practitioner", "id": "d1"}
    tenant.on("/Practitioner", as_fhir(searchset(practitioner, about("Observation", "o", "p2"))))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Practitioner?name=x")
    assert (answer.status, answer.code) == (403, "patient_denied")


@each("resource_type", ["Binary", "Group", "Provenance", "AuditEvent", "Bundle"])
def test_types_without_a_known_patient_are_out_of_reach(
    here: InProcess, resource_type: str
) -> None:
    launch, tenant = relaunched(here, scope=PATIENT_SCOPES)
    for path in (f"{resource_type}/1", f"{resource_type}?patient=p1"):
        answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
        assert (answer.status, answer.code, asked(tenant)) == (403, "patient_denied", [])


def test_patient_scopes_without_a_patient_reach_no_compartment(here: InProcess) -> None:
    launch, tenant = launched(here, scope=PATIENT_SCOPES, patient=None)
    tenant.resources["Practitioner/d1"] = {"resourceType": "Practitioner", "id": "d1"}
    for path in ("Patient/p1", "Patient", "Observation", "Observation/o", "Observation?patient=p1"):
        answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
        assert (answer.status, answer.code, asked(tenant)) == (403, "patient_missing", [])
    assert launch.browser.fetch(f"{launch.fhir_base}/Practitioner/d1").status == 200


def test_context_beside_the_patient_widens_nothing(here: InProcess) -> None:
    context = [{"reference": "Patient/p2", "role": "https://x.example/other"}]
    launch, tenant = launched(
        here, scope=PATIENT_SCOPES, fhirContext=context, encounter="e2", intent="Patient/p2"
    )
    tenant.resources["Encounter/e2"] = about("Encounter", "e2", "p2")
    for path in ("Patient/p2", "Encounter/e2"):
        answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
        assert (answer.status, answer.code) == (403, "patient_denied")
    assert [r.path for r in asked(tenant)] == ["/Encounter/e2"]


def test_resources_that_no_scope_covers_are_not_released(here: InProcess) -> None:
    launch, tenant = launched(here, "n", scope="launch patient/Observation.rs patient/Condition.s")
    for stowaway in (about("Condition", "c", "p1"), {"resourceType": "Practitioner", "id": "d"}):
        body = searchset(about("Observation", "o", "p1"), stowaway)
        tenant.on("/Observation", as_fhir(body))
        answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?code=x")
        assert (answer.status, answer.code) == (502, "upstream_invalid")


@each("name", ["_Include", "_REVINCLUDE", "_Has:Observation:patient:code"])
def test_parameters_that_reach_further_are_known_in_any_case(here: InProcess, name: str) -> None:
    launch, tenant = relaunched(here, "n", scope="launch patient/Observation.rs")
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation?{name}=x")
    assert (answer.status, answer.code, asked(tenant)) == (403, "scope_denied", [])


@each(
    ("value", "status"),
    [
        ("{base}/Patient/p1", 200),
        ("{base}/Patient/p2", 403),
        ("{base}/Group/p1", 403),
        ("{base}/Patient/p1/_history/1", 403),
        ("https://ehr.example/r4/Patient/p1", 403),
        ("{base}/Patient/p1,{base}/Patient/p2", 403),
    ],
)
def test_the_patient_of_a_search_may_be_named_on_the_fhir_base(
    kept: tuple[Launched, Tenant], value: str, status: int
) -> None:
    launch, tenant = kept
    tenant.on("/Condition", as_fhir(searchset(about("Condition", "c", "p1"))))
    named = value.format(base=tenant.base)
    answer = launch.browser.fetch(f"{launch.fhir_base}/Condition?patient={named}")
    assert answer.status == status


@each("source", ["Provenance:target", "AuditEvent:entity"])
def test_what_cannot_be_the_patients_is_not_brought_along(
    kept: tuple[Launched, Tenant], source: str
) -> None:
    status, code, queries = _fetched(kept, f"Observation?_revinclude={source}")
    assert (status, code, queries) == (403, "patient_denied", [])
