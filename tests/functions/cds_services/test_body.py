"""The body of a call: what it must hold, what is ignored, what is refused (CDS Hooks 2.0,
"Calling a CDS Service").
"""

import gzip
import json
from typing import Any

from tests.support.ehr.cds import SERVICE, Cds, chart, named, patient
from tests.support.tables import each

FHIR = "https://fhir.example.org"


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@each(
    ("member", "changes"),
    [
        ("hook", {"hook": None}),
        ("hook", {"hook": "order-select"}),
        ("hook", {"hook": "Patient-View"}),
        ("hook", {"hook": 7}),
        ("hookInstance", {"hookInstance": None}),
        ("hookInstance", {"hookInstance": ""}),
        ("hookInstance", {"hookInstance": 7}),
        ("hookInstance", {"hookInstance": "x" * 201}),
        ("context", {"context": None}),
        ("context", {"context": []}),
        ("context", {"context": "p1"}),
        ("context.patientId", {"context": {"userId": "Practitioner/1"}}),
        ("context.patientId", {"context": {"patientId": 7}}),
        ("context.patientId", {"context": {"patientId": ""}}),
        ("context.patientId", {"context": {"patientId": "p 1"}}),
        ("context.patientId", {"context": {"patientId": "Patient/Patient/p1"}}),
        ("context.patientId", {"context": {"patientId": "patient/p1"}}),
        ("context.patientId", {"context": {"patientId": "Person/p1"}}),
        ("context.patientId", {"context": {"patientId": ".."}}),
        ("context.patientId", {"context": {"patientId": "x" * 65}}),
        ("context.patientId", {"context": {"patientId": f"{FHIR}/Patient/p1"}}),
        ("prefetch", {"prefetch": []}),
        ("prefetch", {"prefetch": "none"}),
        ("fhirServer", {"fhirServer": 7}),
        ("fhirServer", {"fhirServer": None, "fhirAuthorization": {}}),
        ("fhirAuthorization", {"fhirAuthorization": "token"}),
        ("fhirAuthorization.access_token", {"fhirAuthorization": {"token_type": "Bearer"}}),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
def test_a_body_that_lacks_something_is_refused_by_name(
    cds: Cds, member: str, changes: dict[str, Any]
) -> None:
    if changes.get("fhirAuthorization") == {}:
        changes = {**changes, "fhirAuthorization": cds.main.access()}
    answer = cds.main.call(**changes)
    assert (answer.status, answer.code) == (400, "parameter_invalid")
    assert f"The field {member} " in answer.text


@each(
    "authorization",
    [
        {"access_token": ""},
        {"access_token": "a b"},
        {"access_token": "a\r\nX: y"},
        {"access_token": "ä"},
        {"access_token": 7},
        {"token_type": "mac"},
        {"token_type": None},
        {"access_token": "x" * 16385},
    ],
    ids=repr,
)
def test_an_access_token_that_cannot_be_sent_is_refused(
    cds: Cds, authorization: dict[str, Any]
) -> None:
    before = len(cds.main.fhir_reads)
    answer = cds.main.call(chart(labs=...), fhirAuthorization=cds.main.access(**authorization))
    assert (answer.status, answer.code) == (400, "parameter_invalid")
    assert cds.main.fhir_reads[before:] == []


HOSTILE: dict[str, tuple[bytes, int]] = {
    "no JSON": (b"no", 400),
    "nothing": (b"", 400),
    "a list": (b"[]", 400),
    "a text": (b'"patient-view"', 400),
    "not UTF-8": (b'{"hook":"patient-view\xff"}', 400),
    "UTF-16": ('{"hook":"patient-view"}'.encode("utf-16"), 400),
    "NaN": (b'{"hook":"patient-view","x":NaN}', 400),
    "Infinity": (b'{"hook":"patient-view","x":-Infinity}', 400),
    "a member twice": (b'{"hook":"patient-view","hook":"patient-view"}', 400),
    "a member twice, deep": (b'{"prefetch":{"patient":{"id":"p1","id":"p2"}}}', 400),
    "1,000,000 brackets": (nested(500_000), 400),
    "nested 100,000 deep": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
    "many empty values": (b"[" + b"[]," * 900_000 + b"[]]", 400),
    "a number of 100,000 digits": (b'{"x":' + b"9" * 100_000 + b"}", 400),
    "11 MB": (b'{"x":"' + b"y" * 11_000_000 + b'"}', 413),
}


@each("name", HOSTILE)
def test_a_hostile_body_is_refused(cds: Cds, name: str) -> None:
    body, status = HOSTILE[name]
    answer = cds.main.post(body)
    assert answer.status == status, answer.text[:300]
    assert answer.code == ("too_large" if status == 413 else "parameter_invalid")


def test_resources_nested_deep_are_no_fault_of_ours(cds: Cds) -> None:
    """At each depth the answer is one that is meant, whatever the reader's own limits are."""
    for levels in (50, 300, 700, 900, 950, 980, 5000):
        subject: Any = {"reference": "Patient/p1"}
        raw = json.dumps(cds.main.body(chart(labs="DEEP")))
        deep = '{"resourceType":"Observation","id":"o","subject":' + "[" * levels
        deep += json.dumps(subject) + "]" * levels + "}"
        answer = cds.main.post(raw.replace('"DEEP"', deep).encode())
        assert answer.status in {200, 400}, (levels, answer.text[:300])


@each(
    ("headers", "body"),
    [
        ({"Content_Type": "text/plain"}, b"{}"),
        ({"Content_Type": "application/fhir+json"}, b"{}"),
        ({"Content_Type": ""}, b"{}"),
        ({"Content_Type": "application/x-www-form-urlencoded"}, b"hook=patient-view"),
        ({"Content_Encoding": "gzip"}, gzip.compress(b"{}", mtime=0)),
        ({"Content_Encoding": "br"}, b"{}"),
    ],
)
def test_another_media_type_or_a_compressed_body_is_refused(
    cds: Cds, headers: dict[str, str], body: bytes
) -> None:
    answer = cds.main.post(body, **headers)
    assert (answer.status, answer.code) == (415, "media_type_unsupported")


@each("media_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_parameters_of_the_media_type_do_not_count(cds: Cds, media_type: str) -> None:
    answer = cds.main.post(cds.main.body(), Content_Type=media_type, Content_Encoding="identity")
    assert answer.status == 200


def test_unknown_members_and_extensions_are_ignored(cds: Cds) -> None:
    extension: dict[str, object] = {
        "com.epic.cdshooks.request.bpa-trigger-action": "60",
        "x": [None, {"y": {}}],
    }
    body = cds.main.body(extension=extension, somethingElse=[1, 2, {"a": None}])
    body["context"] |= {"encounterId": {"odd": True}, "more": 1}
    answer = cds.main.post(body)
    assert [named(card) for card in answer.json()["cards"]] == ["egfr_ckd_epi_2021"]


def test_a_member_that_is_null_counts_as_absent(cds: Cds) -> None:
    body = cds.main.body() | {"fhirAuthorization": None, "extension": None, "x": None}
    body["context"] |= {"userId": None, "encounterId": None}
    assert cds.main.post(body).status == 200
    body = cds.main.body() | {"fhirServer": None, "prefetch": None}
    answer = cds.main.post(body)
    assert (answer.status, answer.code) == (412, "cds_data_missing")
    body = cds.main.body() | {"hook": None}
    assert cds.main.post(body).status == 400


@each("given", ["p1", "Patient/p1"])
def test_a_patient_id_may_be_written_as_a_reference(cds: Cds, given: str) -> None:
    context = {"userId": "Practitioner/1", "patientId": given}
    assert cds.main.calculators(chart(), context=context) == {"egfr_ckd_epi_2021": "warning"}


@each("user", ["Patient/p1", "RelatedPerson/r1", "Patient/p2"])
def test_cards_speak_to_clinicians_alone(cds: Cds, user: str) -> None:
    """Nothing is read for others either."""
    before = len(cds.main.fhir_reads)
    context = {"userId": user, "patientId": "p1"}
    access = cds.main.access()
    assert cds.main.cards({}, context=context, fhirAuthorization=access) == []
    assert cds.main.fhir_reads[before:] == []


@each("user", ["Practitioner/1", "PractitionerRole/1", "odd", "Person/Patient/1", None, 7])
def test_the_user_is_not_looked_at_further(cds: Cds, user: object) -> None:
    context = {"userId": user, "patientId": "p1"}
    assert len(cds.main.cards(chart(), context=context)) == 1


def test_the_fhir_server_is_one_of_the_clients_own(cds: Cds) -> None:
    base = cds.main.tenant.base
    host = base.partition("://")[2].partition("/")[0]
    for given in (base, f"{base}/", base.replace("http", "HTTP")):
        assert cds.main.call(fhirServer=given).status == 200, given
    before = len(cds.main.fhir_reads) + len(cds.other.fhir_reads)
    for given in (
        cds.other.tenant.base,
        f"{base}/extra",
        f"{base}x",
        base.rpartition("/")[0],
        f"{base}?x=1",
        f"{base}#x",
        f"{base}/../{base.rpartition('/')[2]}",
        f"http://user@{host}",
        f"http://{host}.example.org",
        base.replace("http://", "https://"),
        base.replace("http://", "ftp://"),
        base.upper(),
        base.replace("/cds/", "/cds%2f"),
        "",
        "fhir",
    ):
        answer = cds.main.call(fhirServer=given, fhirAuthorization=cds.main.access(), prefetch={})
        assert (answer.status, answer.code) == (403, "cds_server_denied"), given
    assert len(cds.main.fhir_reads) + len(cds.other.fhir_reads) == before


def test_an_authorization_of_another_patient_refuses_the_call(cds: Cds) -> None:
    for other in ("p2", 7, "Patient/p2", ["p1"]):
        answer = cds.main.call(fhirAuthorization=cds.main.access(patient=other))
        assert (answer.status, answer.code) == (403, "patient_denied"), other
    for same in ("p1", "Patient/p1", None):
        assert cds.main.call(fhirAuthorization=cds.main.access(patient=same)).status == 200


def test_what_epic_says_of_its_access_is_not_looked_at(cds: Cds) -> None:
    access = cds.main.access(token_type="bearer", scope="Observation.Search (Labs) (R4)", x=1)
    del access["subject"], access["expires_in"]
    assert cds.main.call(fhirAuthorization=access).status == 200


def test_refusals_come_in_the_order_of_the_contract(cds: Cds) -> None:
    """Each body has this fault and all later ones."""
    foreign = chart(patient=patient("p2"))
    other = cds.other.tenant.base
    bad_server = cds.main.body(foreign, fhirServer=other)
    steps: list[tuple[str, Any, dict[str, str]]] = [
        ("media_type_unsupported", b"no" + b" " * 11_000_000, {"Content_Type": "text/plain"}),
        ("too_large", b"no" + b" " * 11_000_000, {}),
        ("parameter_invalid", bad_server | {"hook": "other"}, {}),
        ("cds_server_denied", bad_server, {}),
        ("patient_denied", cds.main.body(foreign | {"labs": None}), {}),
        ("cds_data_missing", cds.main.body({"labs": None}), {}),
    ]
    assert [cds.main.post(body, **headers).code for _, body, headers in steps] == [
        code for code, _, _ in steps
    ]
    no_address = cds.main.post(b"no", path=f"{SERVICE}/", token="bad")
    assert no_address.code == "not_found"


def test_every_refusal_of_a_body_is_an_operation_outcome(cds: Cds) -> None:
    for answer in (
        cds.main.call(hook="x"),
        cds.main.call(fhirServer="http://stranger.example.org"),
        cds.main.call(chart(patient=patient("p2"))),
        cds.main.call({}),
        cds.main.post(b"{}", Content_Type="text/plain"),
    ):
        assert answer.header("Content-Type") == "application/fhir+json"
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert answer.json()["issue"][0]["severity"] == "error"
        assert answer.header("X-Correlation-Id")
