"""The proxy checks every resource in a response, in any position (FHIR R4 bundle.html)."""

from typing import Any

from tests.support.app.in_process import InProcess
from tests.support.app.proxy import about, launched, relaunched, searchset
from tests.support.app.writes import REPLACE_STATUS, keep, send
from tests.support.ehr.scripted_ehr import Scripted, as_fhir
from tests.support.tables import each

MINE = about("Observation", "o1", "p1")
THEIRS = about("Observation", "o2", "p2", note=[{"text": "sentinel"}])
REMARK = {"severity": "information", "code": "informational"}
SCOPE = "launch patient/*.rs"


def _outcome(**more: Any) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [REMARK], **more}


def _entry(**more: Any) -> dict[str, Any]:
    return {**searchset(), "entry": [{"resource": MINE, **more}]}


def _holding(held: Any) -> dict[str, dict[str, Any]]:
    """Return Bundles that hold a resource outside of `entry.resource`."""
    return {
        "the outcome of an entry": _entry(response={"status": "200", "outcome": held}),
        "an OperationOutcome": searchset(MINE, _outcome(contained=[held])),
        "an outcome's OperationOutcome": _entry(response={"outcome": _outcome(x=held)}),
        "contained in the Bundle": searchset(MINE, contained=[held]),
        "another case": searchset(MINE, Entry=[{"resource": held}]),
        "another case in an entry": _entry(Resource=held),
        "issues of R5": searchset(MINE, issues=held),
        "a link": searchset(MINE, link=[{"relation": "self", "url": "x", "x": held}]),
        "a list of lists": searchset(MINE, x=[[[held]]]),
    }


WITHIN = _holding(THEIRS)
SPELT = {
    name: searchset(MINE, issues={name: "Observation", "note": THEIRS["note"]})
    for name in ("ResourceType", " resourceType")
}


@each("bundle", [*WITHIN.values(), *SPELT.values()], ids=[*WITHIN, *SPELT])
def test_a_resource_is_looked_at_wherever_it_stands(
    here: InProcess, bundle: dict[str, Any]
) -> None:
    launch, tenant = relaunched(here, scope=SCOPE)
    tenant.on("/Observation", as_fhir(bundle))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation")
    assert answer.status in {403, 502}
    assert "sentinel" not in answer.text


HARMLESS = {
    **_holding(_outcome()),
    **{f"{name}, ours": one for name, one in _holding(MINE).items()},
    "a type's name": searchset(MINE | {"code": {"text": "resourceType", "coding": []}}),
}


@each("bundle", HARMLESS.values(), ids=HARMLESS.keys())
def test_remarks_and_what_is_ours_may_stand_there(here: InProcess, bundle: dict[str, Any]) -> None:
    launch, tenant = relaunched(here, scope=SCOPE)
    tenant.on("/Observation", as_fhir(bundle))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation")
    assert answer.status == 200
    # Only the URLs of the links differ.
    assert {**answer.json(), "link": 0} == {**bundle, "link": 0}


CONTAINED: list[tuple[dict[str, Any], int]] = [
    (THEIRS, 403),
    ({"resourceType": "Provenance", "id": "x", "contained": [THEIRS]}, 403),
    ({"ResourceType": "Observation", "subject": {"reference": "Patient/p2"}}, 403),
    ({"resourceType": "Observation", "subject": {"reference": "Patient/p1"}}, 200),
    ({"resourceType": "Observation", "subject": {"reference": "#"}}, 200),
    ({"resourceType": "Observation", "id": "x"}, 200),
    ({"resourceType": "Patient", "id": "p2", "name": [{"text": "Mother"}]}, 200),
    ({"resourceType": "Provenance", "target": [{"reference": "#"}]}, 200),
    ({"resourceType": "Medication", "id": "m"}, 200),
]


@each(("held", "status"), CONTAINED)
@each("holder", [MINE, {"resourceType": "Medication", "id": "m1"}])
@each("way", ["read", "search", "vread", "history"])
def test_what_is_contained_does_not_name_another_patient(
    here: InProcess, holder: dict[str, Any], held: dict[str, Any], status: int, way: str
) -> None:
    launch, tenant = relaunched(here, scope=SCOPE)
    resource = {**holder, "contained": [held]}
    name = f"{holder['resourceType']}/{holder['id']}"
    path = {
        "read": name,
        "search": holder["resourceType"],
        "vread": f"{name}/_history/1",
        "history": f"{name}/_history",
    }[way]
    answered = searchset(resource) if way in {"search", "history"} else resource
    tenant.on(f"/{path}", as_fhir(answered))
    answer = launch.browser.fetch(f"{launch.fhir_base}/{path}")
    assert answer.status == status
    assert "sentinel" not in answer.text


def test_a_history_holds_nothing_else(here: InProcess) -> None:
    launch, tenant = launched(here, scope=SCOPE)
    tenant.on("/Observation/o1/_history", as_fhir(WITHIN["the outcome of an entry"]))
    answer = launch.browser.fetch(f"{launch.fhir_base}/Observation/o1/_history")
    assert (answer.status, "sentinel" in answer.text) == (502, False)


@each("status", [404, 422, 503])
def test_remarks_bring_nothing_of_another_patient(here: InProcess, status: int) -> None:
    launch, tenant = relaunched(here, "w", scope="patient/*.cruds")
    refused: Scripted = as_fhir(_outcome(contained=[THEIRS]), status)
    tenant.on("/Observation/o1", refused)
    for answer in (
        launch.browser.fetch(f"{launch.fhir_base}/Observation/o1"),
        send(launch, "PATCH", "Observation/o1", REPLACE_STATUS),
    ):
        assert (answer.status, answer.code) == (403, "patient_denied")
        assert "sentinel" not in answer.text
    for made in (refused, as_fhir(_outcome(contained=[THEIRS]), 200)):
        keep(tenant, MINE, made)
        answer = send(launch, "PATCH", "Observation/o1", REPLACE_STATUS)
        assert (answer.status, "sentinel" in answer.text) == (403, False)


def test_user_scopes_open_what_a_resource_holds(here: InProcess) -> None:
    launch, tenant = launched(here, "u", scope="user/Observation.rs")
    tenant.on("/Observation/o1", as_fhir(MINE | {"contained": [THEIRS]}))
    assert launch.browser.fetch(f"{launch.fhir_base}/Observation/o1").status == 200
