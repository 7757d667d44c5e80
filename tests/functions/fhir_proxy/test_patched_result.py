"""A patch is judged by what it makes of the resource, whatever way it takes there (RFC 6902)."""

import json
from typing import Any

import pytest

from tests.support.app.app import Launched
from tests.support.app.in_process import InProcess
from tests.support.app.proxy import about, asked, launched, relaunched
from tests.support.app.writes import REPLACE_STATUS, keep, send, written
from tests.support.ehr.scripted_ehr import Scripted, Tenant, as_fhir
from tests.support.tables import each

NOTED = about(
    "Observation",
    "o1",
    "p1",
    status="final",
    note=[{"text": "Patient/p2"}, {"text": "informed"}],
    performer=[{"reference": "Practitioner/d1"}],
    valueQuantity={"value": 1.50},
)
THEM = "Patient/p2"


def _op(op: str, path: str, **more: Any) -> dict[str, Any]:
    return {"op": op, "path": path, **more}


def _moved(op: str, source: str, path: str) -> dict[str, Any]:
    return {"op": op, "from": source, "path": path}


@pytest.fixture(scope="module")
def noted(here: InProcess) -> tuple[Launched, Tenant]:
    """A launch for p1 at an EHR whose Observation speaks of another patient in its notes."""
    launch, tenant = launched(here, "w", scope="patient/Observation.cruds")
    keep(tenant, NOTED)
    return launch, tenant


AROUND = {
    "copied": [_moved("copy", "/note/0/text", "/performer/0/reference")],
    "moved": [_moved("move", "/note/0/text", "/performer/0/reference")],
    "put in and moved": [
        _op("add", "/note/-", value={"text": THEM}),
        _moved("move", "/note/2/text", "/performer/0/reference"),
    ],
    "put in and copied, whole": [
        _op("add", "/note/-", value={"reference": "Practitioner/d1", "text": THEM}),
        _moved("move", "/note/2/text", "/note/2/reference"),
        _moved("copy", "/note/2", "/performer/-"),
    ],
    "in two operations": [
        _op("replace", "/performer/0", value={"type": "Patient"}),
        _op("add", "/performer/0/identifier", value={"value": "2"}),
    ],
    "in two operations, the other way": [
        _op("replace", "/performer/0", value={"identifier": {"value": "2"}, "type": "Device"}),
        _op("remove", "/performer/0/type"),
    ],
    "a resource that wasn't a reference before": [
        _op("add", "/contained", value=[{"resourceType": "Basic", "id": "b", "code": {}}]),
        _op("add", "/contained/0/subject", value={"display": "x"}),
        _moved("copy", "/note/0/text", "/contained/0/subject/reference"),
    ],
    "the parts of the subject": [
        _moved("copy", "/subject", "/focus/0"),
        _moved("copy", "/note/0/text", "/focus/0/reference"),
    ],
}


@each("patch", AROUND.values(), ids=AROUND.keys())
def test_no_way_through_a_patch_leads_to_another_patient(
    noted: tuple[Launched, Tenant], patch: list[dict[str, Any]]
) -> None:
    launch, tenant = noted
    answer = send(launch, "PATCH", "Observation/o1", patch)
    assert (answer.status, answer.code, written(tenant)) == (403, "patient_denied", [])


WITHIN = {
    "the subject copied": [_moved("copy", "/subject", "/performer/-")],
    "free text": [_op("add", "/note/-", value={"text": f"see {THEM}"})],
    "free text that reads like a reference": [_op("add", "/note/0/text", value=THEM + "/3")],
    "a name": [_op("add", "/performer/0/display", value=THEM)],
    "text moved to text": [_moved("move", "/note/0/text", "/note/1/text")],
    "a practitioner": [_op("add", "/performer/-", value={"reference": "Practitioner/d2"})],
    "contained": [
        _op("add", "/contained", value=[{"resourceType": "Practitioner", "id": "d"}]),
        _op("replace", "/performer/0/reference", value="#d"),
    ],
    "an encounter known by identifier": [
        _op("add", "/encounter", value={"identifier": {"system": "urn:x", "value": "1"}})
    ],
    "an element that was missing": [_op("replace", "/issued", value="2026-11-20T09:00:00Z")],
    "a list that was missing": [_op("add", "/category/-", value={"text": "x"})],
    "a member that the operation does not need": [
        _op("replace", "/status", value="amended") | {"from": "/note/0"},
        _op("remove", "/note/1", value=None),
    ],
    "what is not there removed": [*REPLACE_STATUS, _op("remove", "/component/0")],
    "a new last place in a list that is there": [_moved("copy", "/note/1", "/note/-")],
    "what the patch has made copied": [
        _op("add", "/category", value=[{"text": "x"}]),
        _moved("copy", "/category/0", "/category/-"),
    ],
    "digits": [_op("replace", "/valueQuantity/value", value=1.5)],
    "a number that becomes a text": [_op("replace", "/valueQuantity/value", value="1.50")],
}


@each("patch", WITHIN.values(), ids=WITHIN.keys())
def test_what_stays_with_the_patient_is_sent_as_it_came(
    here: InProcess, patch: list[dict[str, Any]]
) -> None:
    launch, tenant = relaunched(here, "w", scope="patient/Observation.cruds")
    now = json.dumps(NOTED).replace('"value": 1.5', '"value": 1.50').encode()
    kept = Scripted(200, {"Content-Type": "application/fhir+json", "ETag": 'W/"4"'}, now)
    tenant.on("/Observation/o1", kept)
    sent = json.dumps(patch, indent=1).encode()
    assert send(launch, "PATCH", "Observation/o1", sent).status == 200
    (request,) = written(tenant)
    assert (request.body, request.headers["If-Match"]) == (sent, 'W/"4"')


def test_a_part_of_several_may_be_changed_without_touching_whose_it_is(here: InProcess) -> None:
    launch, tenant = launched(here, "w", scope="patient/*.cruds")
    actors = [{"actor": {"reference": "Patient/p1"}, "status": "needs-action"}]
    keep(tenant, {"resourceType": "Appointment", "id": "a1", "participant": actors})
    accept = [_op("replace", "/participant/0/status", value="accepted")]
    assert send(launch, "PATCH", "Appointment/a1", accept).status == 200
    for patch in (
        [_op("replace", "/participant/0/actor/reference", value=THEM)],
        [_op("remove", "/participant/0/actor")],
        [_op("add", "/participant/-", value={"actor": {"identifier": {"value": "2"}}})],
    ):
        answer = send(launch, "PATCH", "Appointment/a1", patch)
        assert (answer.status, answer.code) == (403, "patient_denied")
    assert len(written(tenant)) == 1


READ_IN_TWO_WAYS = {
    "a source in other case": [_moved("copy", "/Note/0/text", "/performer/0/reference")],
    "a source in other case, below": [_moved("copy", "/note/0/Text", "/performer/0/reference")],
    "a target in other case": [_op("add", "/Performer/-", value={"display": "x"})],
    "a target in other case, below": [_op("add", "/performer/0/Reference", value="#x")],
    "in other case than what the patch made": [
        _op("add", "/category", value=[{"text": "x"}]),
        _op("replace", "/Category/0/text", value="y"),
    ],
    "removed in other case": [_op("remove", "/Performer")],
    "a primitive's own part in other case": [
        _op("add", "/_status", value={"id": "x"}),
        _op("remove", "/_Status"),
    ],
    "a last place copied": [_moved("copy", "/note/-", "/performer/-")],
    "a part of a last place copied": [_moved("copy", "/note/-/text", "/performer/0/reference")],
    "a last place moved": [_moved("move", "/note/-", "/performer/-")],
    "a last place removed": [_op("remove", "/note/-")],
    "a last place replaced": [_op("replace", "/note/-", value={"text": "x"})],
    "a last place tested": [_op("test", "/note/-", value={"text": "x"})],
    "a part of a last place": [_op("add", "/performer/-/display", value="x")],
    "a part of a text": [_op("add", "/status/x", value="y")],
    "a source that is not there": [_moved("copy", "/note/9/text", "/performer/0/reference")],
    "a source that is not there, moved": [_moved("move", "/x", "/performer/0/reference")],
    "a source that is gone": [
        _op("remove", "/note/1"),
        _moved("copy", "/note/1/text", "/performer/0/display"),
    ],
    **{
        f"a member {name}": [_op("replace", "/note/0/text", value="x") | {name: value}]
        for name, value in (
            *(("PATH", "/performer/0/reference"), ("Path", "/subject/reference")),
            *(("Value", THEM), ("OP", "remove"), ("From", "/note/0"), ("comment", "x")),
        )
    },
}


@each("patch", READ_IN_TWO_WAYS.values(), ids=READ_IN_TWO_WAYS.keys())
def test_what_servers_read_in_more_than_one_way_is_refused(
    noted: tuple[Launched, Tenant], patch: list[dict[str, Any]]
) -> None:
    launch, tenant = noted
    answer = send(launch, "PATCH", "Observation/o1", [*REPLACE_STATUS, *patch])
    assert (answer.status, answer.code, written(tenant)) == (400, "parameter_invalid", [])


@each("name", ["Subject", "SUBJECT", "_Subject", "Id", "ID", "ResourceType"])
@each("op", ["add", "remove"])
def test_what_is_fixed_is_fixed_in_any_case_of_its_letters(
    noted: tuple[Launched, Tenant], name: str, op: str
) -> None:
    launch, tenant = noted
    more = {"value": "x"} if op == "add" else {}
    before = len(asked(tenant))
    patch = [*REPLACE_STATUS, _op(op, f"/{name}", **more)]
    answer = send(launch, "PATCH", "Observation/o1", patch)
    assert answer.code in {"patient_denied", "parameter_invalid"}
    assert len(asked(tenant)) == before


@each("name", ["Id", "RESOURCETYPE"])
def test_under_user_scopes_too(here: InProcess, name: str) -> None:
    launch, tenant = relaunched(here, "v", scope="user/*.cruds")
    answer = send(launch, "PATCH", "Observation/o1", [_op("add", f"/{name}", value="x")])
    assert (answer.status, answer.code, asked(tenant)) == (400, "parameter_invalid", [])


@each(
    "patch",
    [
        [_op("test", "/status", value="final")],
        [_op("replace", "/status", value="final")],
        [_op("add", "/status", value="x"), _op("replace", "/status", value="final")],
        [_moved("copy", "/status", "/status")],
        [_op("remove", "/component")],
        [_moved("move", "/component/0", "/component/1")],
    ],
    ids=json.dumps,
)
def test_a_patch_that_changes_nothing_is_refused(
    noted: tuple[Launched, Tenant], patch: list[dict[str, Any]]
) -> None:
    launch, tenant = noted
    answer = send(launch, "PATCH", "Observation/o1", patch)
    assert (answer.status, answer.code, written(tenant)) == (400, "parameter_invalid", [])


@each("group", ["w", "v"])
def test_a_patch_that_only_asks_is_refused_without_a_call(here: InProcess, group: str) -> None:
    level = {"w": "patient", "v": "user"}[group]
    launch, tenant = relaunched(here, group, scope=f"{level}/*.cruds")
    patch = [_op("test", "/status", value="final")]
    answer = send(launch, "PATCH", "Observation/o1", patch, Prefer="return=representation")
    assert (answer.status, answer.code, asked(tenant)) == (400, "parameter_invalid", [])


def test_a_patch_cannot_be_made_to_fill_the_memory(noted: tuple[Launched, Tenant]) -> None:
    launch, tenant = noted
    for patch in (
        [_op("add", "/x", value=["y" * 1000]), *([_moved("copy", "/x", "/x/-")] * 60)],
        [_op("add", "/x", value=[{}] * 15_000), *([_moved("copy", "/x", "/y")] * 6)],
        [_op("add", "/a" * 51, value="y")],
        [
            _op("add", "/x", value={f"a{one}": 0 for one in range(1001)}),
            _op("add", "/x/b", value=0),
        ],
        [REPLACE_STATUS[0]] * 1001,
        [_op("add", "/x", value=json.loads("[" * 300 + "]" * 300))],
        [_op("add", "/status/x", value="y")],
    ):
        answer = send(launch, "PATCH", "Observation/o1", patch)
        assert (answer.status, answer.code, written(tenant)) == (400, "parameter_invalid", [])


@each(("size", "status"), [(900_000, 200), (1_100_000, 400), (9_900_000, 400)])
def test_a_patch_of_a_large_resource_is_refused(here: InProcess, size: int, status: int) -> None:
    launch, tenant = relaunched(here, "w", scope="patient/*.cruds")
    keep(tenant, NOTED | {"note": [{"text": "x" * size}]})
    answer = send(launch, "PATCH", "Observation/o1", REPLACE_STATUS)
    assert (answer.status, len(written(tenant))) == (status, int(status == 200))
    if status == 400:
        assert "larger than 1 MB" in answer.text
        whole = send(launch, "PUT", "Observation/o1", NOTED)
        assert whole.status == 200


@each("guess", ["final", "amended"])
def test_without_r_a_right_guess_is_answered_like_a_wrong_one(here: InProcess, guess: str) -> None:
    launch, tenant = relaunched(here, "w", scope="patient/Observation.u")
    keep(tenant, NOTED, as_fhir({"resourceType": "OperationOutcome", "issue": []}, 412))
    patch = [_op("replace", "/status", value=guess)]
    answer = send(launch, "PATCH", "Observation/o1", patch)
    assert (answer.status, len(written(tenant))) == (412, 1)


@each(("group", "level"), [("w", "patient"), ("v", "user")])
def test_without_r_no_success_tells_whether_a_patch_changed_anything(
    here: InProcess, group: str, level: str
) -> None:
    launch, tenant = launched(here, group, scope=f"{level}/Observation.u")
    remark = {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "no change"}]}
    answers = []
    for made in (
        as_fhir(remark, 200, ETag='W/"1"', **{"Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}),
        Scripted(304, {"ETag": 'W/"1"'}),
        Scripted(204, {"ETag": 'W/"2"', "Content-Location": "Observation/o1/_history/2"}),
    ):
        keep(tenant, NOTED, made, ETag='W/"1"')
        answer = send(launch, "PATCH", "Observation/o1", REPLACE_STATUS)
        own = {name.lower() for name, _ in answer.headers} - {"x-correlation-id", "date"}
        answers.append((answer.status, answer.body, own))
    assert answers == [answers[0]] * 3
    assert not {"etag", "last-modified", "location", "content-location"} & answers[0][2]


@each(
    ("method", "path", "document"),
    [
        ("POST", "Observation", NOTED),
        ("PUT", "Observation/o1", NOTED),
        ("PATCH", "Observation/o1", REPLACE_STATUS),
    ],
)
@each(("group", "level"), [("w", "patient"), ("v", "user")])
def test_without_r_nothing_of_the_resource_comes_back(
    here: InProcess, method: str, path: str, document: Any, group: str, level: str
) -> None:
    launch, tenant = relaunched(here, group, scope=f"{level}/Observation.cu")
    returned = as_fhir(NOTED | {"note": [{"text": "sentinel"}]}, 200, ETag='W/"2"')
    keep(tenant, NOTED, returned)
    tenant.on("/Observation", returned)
    answer = send(launch, method, path, document, Prefer="return=representation")
    etag = None if method == "PATCH" else 'W/"2"'
    assert (answer.status, answer.body, answer.header("ETag")) == (200, b"", etag)
    assert written(tenant)[0].headers["Prefer"] == "return=minimal"
    outcome = {"resourceType": "OperationOutcome", "issue": []}
    keep(tenant, NOTED, as_fhir(outcome))
    tenant.on("/Observation", as_fhir(outcome))
    answer = send(launch, method, path, document)
    assert method == "PATCH" or answer.json() == outcome


@each(("group", "level"), [("w", "patient"), ("v", "user")])
def test_a_test_in_a_patch_needs_r(here: InProcess, group: str, level: str) -> None:
    launch, tenant = relaunched(here, group, scope=f"{level}/Observation.u")
    keep(tenant, NOTED)
    patch = [_op("test", "/note/0/text", value="x"), *REPLACE_STATUS]
    answer = send(launch, "PATCH", "Observation/o1", patch)
    assert (answer.status, answer.code, asked(tenant)) == (403, "scope_denied", [])
    assert "patient/Observation.r" in answer.text
    assert send(launch, "PATCH", "Observation/o1", REPLACE_STATUS).status == 200


CHANGES: list[tuple[str, Any]] = [("PATCH", REPLACE_STATUS), ("PUT", NOTED), ("DELETE", None)]


@each(("method", "document"), CHANGES)
@each(
    ("given", "sent"),
    [
        (None, 'W/"7"'),
        ('W/"7"', 'W/"7"'),
        ('"7"', 'W/"7"'),
        ("*", 'W/"7"'),
        ('W/"6", W/"7"', 'W/"7"'),
        ('W/"6"', None),
        ('W/"8"', None),
        ('W/"6", W/"8"', None),
        ('W/"77"', None),
        ("7", None),
    ],
)
def test_a_change_is_held_to_the_version_that_was_judged(
    here: InProcess, method: str, document: Any, given: str | None, sent: str | None
) -> None:
    launch, tenant = relaunched(here, "w", scope="patient/*.cruds")
    keep(tenant, NOTED, ETag='W/"7"')
    headers = {} if given is None else {"If_Match": given}
    answer = send(launch, method, "Observation/o1", document, **headers)
    if sent is None:
        assert (answer.status, answer.code, written(tenant)) == (412, "version_conflict", [])
    else:
        assert answer.status == 200
        assert written(tenant)[0].headers["If-Match"] == sent


def test_a_version_that_is_still_to_come_is_not_named_in_advance(here: InProcess) -> None:
    # Judged on version 1, where the note is not there yet, it would act on version 2.
    launch, tenant = launched(here, "w", scope="patient/*.cruds")
    before = {name: value for name, value in NOTED.items() if name != "note"}
    keep(tenant, before, ETag='W/"1"')
    patch = [*REPLACE_STATUS, _op("add", "/performer/0/display", value="x")]
    answer = send(launch, "PATCH", "Observation/o1", patch, If_Match='W/"2"')
    assert (answer.status, written(tenant)) == (412, [])


@each("given", ["*", 'W/"2"'])
def test_what_is_not_there_has_no_version_to_be_held_to(here: InProcess, given: str) -> None:
    launch, tenant = relaunched(here, "w", scope="patient/*.cruds")
    missing = as_fhir({"resourceType": "OperationOutcome", "issue": []}, 404)
    tenant.on("/Observation/o1", missing)
    answer = send(launch, "PUT", "Observation/o1", NOTED, If_Match=given)
    assert (answer.status, written(tenant)) == (412, [])


def test_an_ehr_that_leaves_the_quotes_out_is_understood(here: InProcess) -> None:
    launch, tenant = launched(here, "w", scope="patient/*.cruds")
    keep(tenant, NOTED, ETag="7")
    for given, status in (("7", 200), ("8", 412)):
        answer = send(launch, "PATCH", "Observation/o1", REPLACE_STATUS, If_Match=given)
        assert answer.status == status
    assert [request.headers["If-Match"] for request in written(tenant)] == ["7"]


@each(
    ("meta", "etag", "sent"),
    [
        ({"versionId": "7"}, "", 'W/"7"'),
        ({"versionId": "7"}, 'W/"8"', 'W/"8"'),
        ({"versionId": "7"}, f'W/"{"v" * 300}"', 'W/"7"'),
        ({"versionId": '7" x'}, "", None),
        ({"versionId": 7}, "", None),
        ("x", "", None),
    ],
)
def test_a_version_is_known_by_its_id_too(
    here: InProcess, meta: Any, etag: str, sent: str | None
) -> None:
    launch, tenant = relaunched(here, "w", scope="patient/*.cruds")
    keep(tenant, NOTED | {"meta": meta}, None, **({"ETag": etag} if etag else {}))
    assert send(launch, "PATCH", "Observation/o1", REPLACE_STATUS).status == 200
    assert written(tenant)[0].headers.get("If-Match") == sent
