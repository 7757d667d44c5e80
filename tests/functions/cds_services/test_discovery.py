"""What is offered, to anyone, and at which addresses (CDS Hooks 2.0, "Discovery")."""

import re
from typing import Any
from urllib.parse import parse_qsl

from clinical import queries
from shared.vendors import GENERIC
from tests.support.browser.browser import Browser
from tests.support.ehr.cds import DISCOVERY, FEEDBACK, KEYS, SERVICE, Cds, chart, patient
from tests.support.tables import each

# What CDS Hooks 2.0 recommends a template to keep to, less dates, which it cannot say relatively.
PARAMETERS = {"patient", "code", "category", "status", "_count", "_sort"}


def offered(cds: Cds, **headers: str) -> dict[str, Any]:
    answer = Browser().get(f"{cds.origin}{DISCOVERY}", headers)
    assert answer.status == 200
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("Cache-Control") == "no-store"
    return dict(answer.json())


def test_one_service_is_offered_with_what_the_standard_asks_of_it(cds: Cds) -> None:
    (service,) = offered(cds)["services"]
    assert service["hook"] == "patient-view"
    assert service["id"] == SERVICE.rpartition("/")[2]
    assert service.keys() == {
        *("hook", "title", "description", "id", "prefetch", "usageRequirements")
    }
    assert all(service.values())


def test_the_prefetch_has_the_keys_that_ehrs_keep(cds: Cds) -> None:
    prefetch = offered(cds)["services"][0]["prefetch"]
    assert tuple(prefetch) == KEYS
    assert prefetch["patient"] == "Patient/{{context.patientId}}"
    kinds = {key: template.partition("?")[0] for key, template in prefetch.items()}
    assert {kinds[key] for key in ("labs", "slow", "vitals", "social")} == {"Observation"}
    assert (kinds["conditions"], kinds["drugs"]) == ("Condition", "MedicationRequest")


def test_templates_keep_to_the_subset_that_clients_understand(cds: Cds) -> None:
    prefetch = offered(cds)["services"][0]["prefetch"]
    for key, template in prefetch.items():
        # The patient is the only field of patient-view that is used.
        assert re.findall(r"\{\{.*?\}\}", template) == ["{{context.patientId}}"]
        names = [name for name, _ in parse_qsl(template.partition("?")[2])]
        assert set(names) <= PARAMETERS, key
        assert len(names) == len(set(names))
        assert not re.search(r"[{}\s]", template.replace("{{context.patientId}}", ""))


def test_templates_ask_for_what_the_app_asks_for(cds: Cds) -> None:
    prefetch = offered(cds)["services"][0]["prefetch"]
    for search in queries.searches(GENERIC.searches)[1:]:
        asked = dict(parse_qsl(prefetch[search.name].partition("?")[2]))
        assert asked.pop("patient") == "{{context.patientId}}"
        assert asked == dict(search.parameters)


def test_smoking_is_asked_by_code_so_that_a_status_filed_as_a_survey_comes(cds: Cds) -> None:
    template = offered(cds)["services"][0]["prefetch"]["social"]
    asked = dict(parse_qsl(template.partition("?")[2]))
    assert "http://loinc.org|72166-2" in asked["code"].split(",")
    assert "category" not in asked


def test_a_token_is_neither_asked_for_nor_looked_at(cds: Cds) -> None:
    plain = offered(cds)
    assert offered(cds, Authorization="Bearer no-token-at-all") == plain
    replayed = cds.main.token(DISCOVERY)
    for _ in range(2):
        assert offered(cds, Authorization=f"Bearer {replayed}") == plain


@each(
    ("method", "path", "status", "allow"),
    [
        ("POST", DISCOVERY, 405, "GET"),
        ("HEAD", DISCOVERY, 405, "GET"),
        ("OPTIONS", DISCOVERY, 405, "GET"),
        ("GET", SERVICE, 405, "POST"),
        ("PUT", SERVICE, 405, "POST"),
        ("OPTIONS", SERVICE, 405, "POST"),
        ("DELETE", FEEDBACK, 405, "POST"),
        ("GET", FEEDBACK, 405, "POST"),
        ("GET", "/cds_services", 404, None),
        ("GET", "/cds_services/", 404, None),
        ("GET", f"{DISCOVERY}/", 404, None),
        ("POST", f"{SERVICE}/", 404, None),
        ("POST", f"{FEEDBACK}/", 404, None),
        ("POST", f"{DISCOVERY}/another-service", 404, None),
        ("POST", f"{DISCOVERY}/calculators%2Dpatient-view", 404, None),
        ("POST", f"{DISCOVERY}/../cds-services/calculators-patient-view", 404, None),
        ("GET", "/cds_services/CodeSystem/calculators", 404, None),
    ],
)
def test_other_methods_and_addresses_are_refused(
    cds: Cds, method: str, path: str, status: int, allow: str | None
) -> None:
    answer = Browser().send(method, f"{cds.origin}{path}")
    assert (answer.status, answer.header("Allow")) == (status, allow)
    if method != "HEAD":
        assert answer.code == ("not_found" if status == 404 else "method_not_allowed")
        assert answer.header("Content-Type") == "application/fhir+json"


def test_an_address_of_none_is_refused_before_the_token(cds: Cds) -> None:
    assert Browser().send("POST", f"{cds.origin}{DISCOVERY}/other", body=b"{}").status == 404


def empty_members(document: Any, path: str = "") -> list[str]:
    """Members that the standard lets no JSON have: null, or empty."""
    if isinstance(document, dict):
        empty = [f"{path}.{name}" for name, held in document.items() if held in (None, "", [], {})]
        inner = [empty_members(held, f"{path}.{name}") for name, held in document.items()]
        return empty + [one for some in inner for one in some]
    if isinstance(document, list):
        return [one for item in document for one in empty_members(item, f"{path}[]")]
    return []


def test_nothing_that_is_sent_is_null_or_empty(cds: Cds) -> None:
    assert empty_members(offered(cds)) == []
    answers = [
        cds.main.call(),
        cds.main.post({"feedback": [{"card": "x", "outcome": "accepted"}]}, path=FEEDBACK),
        Browser().get(f"{cds.origin}{DISCOVERY}/"),
        Browser().send("PUT", f"{cds.origin}{SERVICE}"),
        cds.main.post(b"", token=cds.main.token(aud="x")),
        cds.main.post(b"no"),
        cds.main.post(b"{}", Content_Type="text/plain"),
        cds.main.post({"x": "y" * 200_000}, path=FEEDBACK),
        cds.main.call(fhirServer="https://stranger.example.org"),
        cds.main.call(chart(patient=patient("p2"))),
        cds.main.call({}),
    ]
    statuses = [200, 200, 404, 405, 401, 400, 415, 413, 403, 403, 412]
    assert [answer.status for answer in answers] == statuses
    for answer in answers:
        assert empty_members(answer.json()) == []
