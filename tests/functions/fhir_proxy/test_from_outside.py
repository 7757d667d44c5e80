"""Security promises, from outside. The tables of the decisions run in this process. These tests
stay, even if `make mutants` calls them redundant.
"""

from typing import Any

from tests.support.app.app import App
from tests.support.app.proxy import about, asked, launched, post_search, searchset
from tests.support.app.writes import REPLACE_STATUS, keep, send, written
from tests.support.ehr.scripted_ehr import as_fhir
from tests.support.tables import each

SENTINEL = "sentinel-of-another-patient"
THEIRS = about("Observation", "o2", "p2", note=[{"text": SENTINEL}])
OURS = about("Observation", "o1", "p1")


@each(
    "path",
    [
        "Patient/p2",
        "Observation?patient=p2",
        "Observation?subject=Patient/p1&patient=p2",
        "Observation?%70atient=p2",
        "Patient?name=x",
        "Observation?_has:Provenance:target:agent=x",
        "Practitioner?_revinclude=Observation:performer",
        "Group/g1",
    ],
)
def test_what_another_patient_could_answer_is_not_asked(app: App, path: str) -> None:
    launch, tenant = launched(app, scope="patient/*.rs")
    answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
    assert (answer.status, asked(tenant)) == (403, [])


@each(
    "found",
    [
        searchset(THEIRS),
        searchset(OURS, THEIRS),
        searchset({**OURS, "contained": [THEIRS]}),
        searchset({**OURS, "extension": [{"valueX": {**THEIRS, "ResourceType": "Observation"}}]}),
        searchset({**OURS, "subject": {"reference": "Group/p1"}, "note": THEIRS["note"]}),
        {**searchset(OURS), "contained": [THEIRS]},
    ],
    ids=["alone", "with ours", "contained", "elsewhere", "a group", "in the Bundle"],
)
def test_what_is_about_another_patient_does_not_reach_the_browser(
    app: App, found: dict[str, Any]
) -> None:
    launch, tenant = launched(app, scope="patient/*.rs")
    tenant.on("/Observation", as_fhir(found))
    tenant.on("/Observation/_search", as_fhir(found))
    tenant.on("/Observation/o2", as_fhir(THEIRS))
    tenant.on("/Observation/o2/_history", as_fhir(searchset(THEIRS, type="history")))
    link = [{"relation": "next", "url": "?page=2"}]
    tenant.on("/Condition", lambda request: as_fhir(searchset(link=link)))
    first = launch.browser.fetch(f"{launch.fhir_base}/Condition?patient=p1")
    tenant.on("", as_fhir(found))
    tenant.on("/Condition", as_fhir(found))
    for answer in (
        launch.browser.fetch(f"{launch.fhir_base}/Observation?patient=p1"),
        post_search(launch, "Observation", b"patient=p1"),
        launch.browser.fetch(f"{launch.fhir_base}/Observation/o2"),
        launch.browser.fetch(f"{launch.fhir_base}/Observation/o2/_history"),
        launch.browser.fetch(first.json()["link"][0]["url"]),
    ):
        assert answer.status in {403, 502}
        assert SENTINEL not in answer.text
        assert tenant.access_token not in answer.text


@each("method", ["PUT", "PATCH", "DELETE"])
def test_what_is_another_patients_is_not_changed(writing: App, method: str) -> None:
    launch, tenant = launched(writing, "w", scope="patient/*.cruds")
    keep(tenant, THEIRS)
    document = {"PUT": {**OURS, "id": "o2"}, "PATCH": REPLACE_STATUS, "DELETE": None}[method]
    answer = send(launch, method, "Observation/o2", document, If_Match='W/"1"')
    assert (answer.status, written(tenant)) == (403, [])
    assert SENTINEL not in answer.text


def test_a_write_about_another_patient_is_not_sent(writing: App) -> None:
    launch, tenant = launched(writing, "w", scope="patient/*.cruds")
    keep(tenant, OURS)
    theirs = {**OURS, "subject": {"reference": "Patient/p2"}}
    created = {name: value for name, value in theirs.items() if name != "id"}
    for answer in (
        send(launch, "PUT", "Observation/o1", theirs, If_Match='W/"1"'),
        send(launch, "POST", "Observation", created),
    ):
        assert (answer.status, written(tenant)) == (403, [])
