"""Writes that the proxy refuses: no part of them reaches the EHR (contract, sections 6, 7, 11)."""

import gzip
import json
from typing import Any

import pytest

from tests.support.app.app import Launched
from tests.support.app.in_process import InProcess
from tests.support.app.proxy import FORM, about, asked, launched, relaunched
from tests.support.app.writes import PATCH_JSON, REPLACE_STATUS, keep, send, written
from tests.support.browser.browser import OWN_FETCH
from tests.support.ehr.scripted_ehr import FHIR_JSON, Scripted, Tenant, as_fhir
from tests.support.tables import each

MINE = about("Observation", "o1", "p1")
THEIRS = about("Observation", "o1", "p2")
WIDE = "patient/*.cruds"


FORMS = [
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/fhir+xml",
    "application/xml",
    "text/json",
    "application/octet-stream",
    "application/fhir+json-seq",
    "application/fhir+json, text/plain",
]


@each("who", ["kept", "ward"])
def test_a_body_with_a_url_of_this_proxy_gets_400(who: str, request: pytest.FixtureRequest) -> None:
    launch, tenant = request.getfixturevalue(who)
    before = len(asked(tenant))
    # This includes the URL of a session that has ended, because a page may have kept it.
    for base in (launch.fhir_base, f"http://localhost/fhir_proxy/{'-' * 22}"):
        named = {"performer": [{"reference": f"{base}/Practitioner/d1"}]}
        patch = [{"op": "add", "path": "/performer", "value": named["performer"]}]
        for method, path, document in (
            ("POST", "Observation", MINE | named),
            ("PUT", "Observation/o1", MINE | named),
            ("PATCH", "Observation/o1", patch),
        ):
            answer = send(launch, method, path, document)
            assert (answer.status, answer.code) == (400, "parameter_invalid")
            assert "Write references as `Type/id`" in answer.text
    assert len(asked(tenant)) == before


@each("spelling", ["\\/", "\\u002f", "\\u002F"])
def test_an_address_of_the_proxy_is_known_in_every_spelling_of_json(
    ward: tuple[Launched, Tenant], spelling: str
) -> None:
    launch, tenant = ward
    before = len(asked(tenant))
    named = {"performer": [{"reference": f"{launch.fhir_base}/Practitioner/d1"}]}
    body = json.dumps(MINE | named).replace("/", spelling).encode()
    answer = send(launch, "POST", "Observation", body)
    assert (answer.status, answer.code) == (400, "parameter_invalid")
    assert "contains a URL of this proxy" in answer.text
    assert len(asked(tenant)) == before


@each(
    ("method", "path", "media_types"),
    [
        ("POST", "Observation", [*FORMS, PATCH_JSON]),
        ("PUT", "Observation/o1", [*FORMS, PATCH_JSON]),
        (
            "PATCH",
            "Observation/o1",
            [*FORMS, FHIR_JSON, "application/json", "application/merge-patch+json"],
        ),
    ],
)
def test_only_the_media_types_of_fhir_are_taken(
    kept: tuple[Launched, Tenant], method: str, path: str, media_types: list[str]
) -> None:
    launch, tenant = kept
    before = len(asked(tenant))
    for media_type in media_types:
        answer = send(launch, method, path, MINE, Content_Type=media_type)
        assert (answer.status, answer.code) == (415, "media_type_unsupported"), media_type
        assert f"({ {'POST': 'create', 'PUT': 'update', 'PATCH': 'patch'}[method] })" in answer.text
    url = f"{launch.fhir_base}/{path}"
    assert launch.browser.send(method, url, OWN_FETCH, b"{}").code == "media_type_unsupported"
    assert len(asked(tenant)) == before


@each(
    "media_type",
    [
        "application/json",
        "Application/FHIR+JSON; charset=UTF-8",
        "application/fhir+json;fhirVersion=4.0",
    ],
)
def test_json_is_taken_however_it_is_called(kept: tuple[Launched, Tenant], media_type: str) -> None:
    launch, tenant = kept
    assert send(launch, "PUT", "Observation/o1", MINE, Content_Type=media_type).status == 200
    assert written(tenant)[-1].headers["Content-Type"] == FHIR_JSON


@each("coding", ["gzip", "GZIP", "br", "identity, gzip"])
def test_a_body_in_a_content_coding_is_not_taken(
    kept: tuple[Launched, Tenant], coding: str
) -> None:
    launch, tenant = kept
    before = len(asked(tenant))
    packed = gzip.compress(json.dumps(MINE).encode())
    for method, path in (("POST", "Observation"), ("PUT", "Observation/o1")):
        for body in (packed, MINE):
            answer = send(launch, method, path, body, Content_Encoding=coding)
            assert (answer.status, answer.code) == (415, "media_type_unsupported")
    form = {**OWN_FETCH, "Content-Type": FORM, "Content-Encoding": coding}
    search = launch.browser.send("POST", f"{launch.fhir_base}/Observation/_search", form, packed)
    assert (search.status, search.code) == (415, "media_type_unsupported")
    assert len(asked(tenant)) == before
    assert send(launch, "PUT", "Observation/o1", MINE, Content_Encoding="identity").status == 200


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no json": b"<Observation/>",
    "truncated": json.dumps(MINE).encode()[:-1],
    "two": json.dumps(MINE).encode() * 2,
    "a list": json.dumps([MINE]).encode(),
    "null": b"null",
    "another type": json.dumps(about("Condition", "o1", "p1")).encode(),
    "another case": json.dumps(about("observation", "o1", "p1")).encode(),
    "no type": json.dumps({"id": "o1", "subject": {"reference": "Patient/p1"}}).encode(),
    "a bundle": json.dumps({"resourceType": "Bundle", "id": "o1", "type": "batch"}).encode(),
    "a member twice": b'{"resourceType":"Observation","id":"o1",'
    b'"subject":{"reference":"Patient/p2"},"subject":{"reference":"Patient/p1"}}',
    "a member twice deeper": b'{"resourceType":"Observation","id":"o1",'
    b'"subject":{"reference":"Patient/p2","refer\\u0065nce":"Patient/p1"}}',
    "a mark": b"\xef\xbb\xbf" + json.dumps(MINE).encode(),
    "utf-16": json.dumps(MINE).encode("utf-16"),
    "latin-1": '{"resourceType":"Observation","id":"o1","x":"ë"}'.encode("latin-1"),
    "NaN": b'{"resourceType":"Observation","id":"o1","x":NaN}',
    "deep": b'{"resourceType":"Observation","id":"o1","x":' + b"[" * 9999 + b"]" * 9999 + b"}",
}
NOT_THIS_ONE = {
    "another id": json.dumps(MINE | {"id": "o2"}).encode(),
    "no id": json.dumps({name: MINE[name] for name in ("resourceType", "subject")}).encode(),
    "id no text": json.dumps(MINE | {"id": ["o1"]}).encode(),
}


@each("who", ["kept", "ward"])
@each(
    ("method", "path", "body"),
    [
        *(
            pytest.param("POST", "Observation", body, id=f"create {name}")
            for name, body in BODIES.items()
        ),
        *(
            pytest.param("PUT", "Observation/o1", body, id=f"update {name}")
            for name, body in {**BODIES, **NOT_THIS_ONE}.items()
        ),
    ],
)
def test_a_body_that_does_not_fit_the_address_is_refused(
    request: pytest.FixtureRequest, who: str, method: str, path: str, body: bytes
) -> None:
    launch, tenant = request.getfixturevalue(who)
    before = len(asked(tenant))
    answer = send(launch, method, path, body)
    assert (answer.status, answer.code, len(asked(tenant))) == (400, "parameter_invalid", before)


REPLACE = {"op": "replace", "path": "/status", "value": "x"}
PATCHES: dict[str, Any] = {
    "an object": REPLACE,
    "nothing": [],
    "a text": ["replace"],
    "no op": [{"path": "/status", "value": "x"}],
    "another op": [{**REPLACE, "op": "Replace"}],
    "op a list": [{**REPLACE, "op": ["replace"]}],
    "no path": [{"op": "replace", "value": "x"}],
    "no value": [{"op": "add", "path": "/status"}],
    "no from": [{"op": "move", "path": "/status"}],
    "relative": [{**REPLACE, "path": "status"}],
    "everything": [{**REPLACE, "path": ""}],
    "an empty name": [{**REPLACE, "path": "/"}],
    "escaped": [{**REPLACE, "path": "/sub~0ject"}],
    "encoded": [{**REPLACE, "path": "/%73ubject"}],
    "with a space": [{**REPLACE, "path": "/subject "}],
    "with a line end": [{**REPLACE, "path": "/subject\n"}],
    "the id": [{**REPLACE, "path": "/id"}],
    "the id's extension": [{**REPLACE, "path": "/_id"}],
    "the type": [{**REPLACE, "path": "/resourceType"}],
    "away from the id": [{"op": "move", "from": "/id", "path": "/note"}],
    "the last of two": [REPLACE, {"op": "remove", "path": "/id"}],
}


@each("who", ["kept", "ward"])
@each("patch", PATCHES.values(), ids=PATCHES.keys())
def test_a_patch_that_cannot_be_read_or_changes_what_it_is_is_refused(
    request: pytest.FixtureRequest, who: str, patch: Any
) -> None:
    launch, tenant = request.getfixturevalue(who)
    before = len(asked(tenant))
    answer = send(launch, "PATCH", "Observation/o1", patch)
    assert (answer.status, answer.code, len(asked(tenant))) == (400, "parameter_invalid", before)


# What proves it: tests/shared/fhir/test_compartment.py and test_references.py.
NOT_MINE: list[dict[str, Any]] = [
    THEIRS,
    {"resourceType": "Observation", "id": "o1"},
    {"resourceType": "Observation", "id": "o1", "patient": {"reference": "Patient/p1"}},
]


@each("resource", NOT_MINE, ids=json.dumps)
def test_nothing_is_written_for_another_patient(
    kept: tuple[Launched, Tenant], resource: dict[str, Any]
) -> None:
    launch, tenant = kept
    before = len(asked(tenant))
    for method, path in (("POST", "Observation"), ("PUT", "Observation/o1")):
        answer = send(launch, method, path, resource)
        assert (answer.status, answer.code) == (403, "patient_denied")
    assert len(asked(tenant)) == before


OTHER = {"reference": "Patient/p2"}
MOVES: list[list[dict[str, Any]]] = [
    [{"op": "replace", "path": "/subject", "value": OTHER}],
    [{"op": "replace", "path": "/subject/reference", "value": "Patient/p2"}],
    [{"op": "add", "path": "/subject/identifier", "value": {}}],
    [{"op": "remove", "path": "/subject"}],
    [{"op": "replace", "path": "/_subject/reference", "value": "x"}],
    [{"op": "copy", "from": "/focus/0", "path": "/subject"}],
    [{"op": "move", "from": "/focus/0", "path": "/subject"}],
    [{"op": "move", "from": "/subject", "path": "/focus/0"}],
    [REPLACE, {"op": "replace", "path": "/subject", "value": OTHER}],
]


@each("patch", MOVES, ids=json.dumps)
def test_a_patch_moves_nothing_to_another_patient(
    kept: tuple[Launched, Tenant], ward: tuple[Launched, Tenant], patch: list[dict[str, Any]]
) -> None:
    launch, tenant = kept
    before = len(asked(tenant))
    answer = send(launch, "PATCH", "Observation/o1", patch)
    assert (answer.status, answer.code, len(asked(tenant))) == (403, "patient_denied", before)
    assert send(ward[0], "PATCH", "Observation/o1", patch).status == 200


def test_a_patch_may_test_whose_it_is(kept: tuple[Launched, Tenant]) -> None:
    launch, _ = kept
    test = {"op": "test", "path": "/subject/reference", "value": "Patient/p1"}
    assert send(launch, "PATCH", "Observation/o1", [test, REPLACE]).status == 200


WRITES: list[tuple[str, str, Any]] = [
    ("PUT", "Observation/o1", MINE),
    ("PATCH", "Observation/o1", REPLACE_STATUS),
    ("DELETE", "Observation/o1", None),
]


@each(("method", "path", "document"), WRITES)
def test_what_is_another_patients_now_is_not_changed(
    here: InProcess, method: str, path: str, document: Any
) -> None:
    launch, tenant = relaunched(here, "w", scope=WIDE)
    nobodys = {"resourceType": "Observation", "id": "o1"}
    for now, why in ((THEIRS, "doesn't belong to the launch's patient"), (nobodys, "names no")):
        keep(tenant, now)
        answer = send(launch, method, path, document)
        assert (answer.status, answer.code) == (403, "patient_denied")
        assert why in answer.text
        assert "p2" not in answer.text
    assert written(tenant) == []


@each(("method", "path", "document"), WRITES)
@each("status", [401, 403, 404, 410, 429, 503])
def test_without_a_look_at_it_nothing_is_changed(
    here: InProcess, method: str, path: str, document: Any, status: int
) -> None:
    launch, tenant = relaunched(here, "w", scope=WIDE)
    outcome = {"resourceType": "OperationOutcome", "issue": [{"code": "x"}]}

    def handle(request: Any) -> Scripted:
        return as_fhir(outcome, status) if request.method == "GET" else Scripted(200)

    tenant.on(f"/{path}", handle)
    answer = send(launch, method, path, document)
    if (method, status) == ("PUT", 404):
        assert (answer.status, len(written(tenant))) == (200, 1)
    else:
        assert (answer.status, answer.json(), written(tenant)) == (status, outcome, [])


def test_a_look_that_fails_changes_nothing(here: InProcess) -> None:
    launch, tenant = launched(here, "w", scope=WIDE)
    tenant.on("/Observation/o1", as_fhir({"resourceType": "Patient", "id": "p1"}))
    for method, path, document in WRITES:
        answer = send(launch, method, path, document)
        assert (answer.status, answer.code) == (502, "upstream_invalid")
        assert "not known" not in answer.text
    assert written(tenant) == []


@each(
    ("method", "path", "document"),
    [
        ("POST", "Patient", {"resourceType": "Patient", "id": "p1"}),
        ("POST", "Patient", {"resourceType": "Patient"}),
        ("PUT", "Patient/p2", {"resourceType": "Patient", "id": "p2"}),
        ("PATCH", "Patient/p2", [{"op": "remove", "path": "/photo"}]),
        ("DELETE", "Patient/p2", None),
        ("POST", "Practitioner", {"resourceType": "Practitioner"}),
        ("PUT", "Organization/o1", {"resourceType": "Organization", "id": "o1"}),
        ("DELETE", "Medication/m1", None),
        ("POST", "Binary", {"resourceType": "Binary"}),
        ("POST", "Bundle", {"resourceType": "Bundle", "type": "transaction"}),
        ("DELETE", "Provenance/x", None),
    ],
)
def test_patient_scopes_write_nothing_that_names_no_patient(
    kept: tuple[Launched, Tenant], method: str, path: str, document: Any
) -> None:
    launch, tenant = kept
    before = len(asked(tenant))
    answer = send(launch, method, path, document)
    assert (answer.status, answer.code, len(asked(tenant))) == (403, "patient_denied", before)


def test_the_patient_of_the_launch_may_be_updated(here: InProcess) -> None:
    launch, tenant = launched(here, "w", scope=WIDE)
    patient = {"resourceType": "Patient", "id": "p1"}
    keep(tenant, patient)
    assert send(launch, "PUT", "Patient/p1", patient).status == 200


def test_without_a_patient_nothing_is_written(here: InProcess) -> None:
    launch, tenant = launched(here, "w", scope=WIDE, patient=None)
    for method, path, document in (("POST", "Observation", MINE), *WRITES):
        answer = send(launch, method, path, document)
        assert (answer.status, answer.code, asked(tenant)) == (403, "patient_missing", [])


CONDITIONS = {
    "If_None_Exist": "identifier=1",
    "If_None_Match": "*",
    "If_Modified_Since": "Wed, 21 Oct 2015 07:28:00 GMT",
    "If_Unmodified_Since": "Wed, 21 Oct 2015 07:28:00 GMT",
}


@each(
    ("method", "path", "document", "condition"),
    [
        *(
            (*write, condition)
            for write in (("POST", "Observation", MINE), *WRITES)
            for condition in CONDITIONS
        ),
        ("POST", "Observation", MINE, "If_Match"),
    ],
)
def test_a_condition_that_would_not_be_kept_is_refused(
    kept: tuple[Launched, Tenant], method: str, path: str, document: Any, condition: str
) -> None:
    launch, tenant = kept
    before = len(asked(tenant))
    headers = {condition: CONDITIONS.get(condition, 'W/"1"')}
    answer = send(launch, method, path, document, **headers)
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert method in str(answer.header("Allow"))
    assert len(asked(tenant)) == before


@each("value", ["", "x" * 201, 'W/"ë"', 'W/"\t"'])
def test_an_odd_version_is_refused_and_never_left_out(
    kept: tuple[Launched, Tenant], value: str
) -> None:
    launch, tenant = kept
    before = len(asked(tenant))
    for method, path, document in WRITES:
        answer = send(launch, method, path, document, If_Match=value)
        assert (answer.status, answer.code) == (400, "parameter_invalid")
    assert len(asked(tenant)) == before


@each(
    ("query", "status", "code"),
    [
        ("identifier=1", 400, "parameter_invalid"),
        ("_cascade=delete", 400, "parameter_invalid"),
        ("_page=x", 400, "parameter_invalid"),
        ("access_token=x", 400, "parameter_invalid"),
        ("_format=xml", 406, "not_acceptable"),
    ],
)
def test_a_write_takes_no_parameters(
    kept: tuple[Launched, Tenant], query: str, status: int, code: str
) -> None:
    launch, tenant = kept
    before = len(asked(tenant))
    for method, path, document in (("POST", "Observation", MINE), *WRITES):
        answer = send(launch, method, f"{path}?{query}", document)
        assert (answer.status, answer.code, len(asked(tenant))) == (status, code, before)


def test_the_wish_for_json_is_no_parameter(kept: tuple[Launched, Tenant]) -> None:
    launch, tenant = kept
    url = "Observation/o1?_format=json&_method=DELETE"
    assert send(launch, "PUT", url, MINE).status == 200
    assert (written(tenant)[-1].method, written(tenant)[-1].query) == ("PUT", "")
