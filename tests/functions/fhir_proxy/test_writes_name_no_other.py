"""Under patient/ scopes nothing is written that refers to another patient, wherever it says so.

R4's patient compartment takes a resource in by its performers, recipients and authors as well.
"""

import json
from typing import Any

from tests.support.app.app import Launched
from tests.support.app.in_process import InProcess
from tests.support.app.proxy import about, asked, launched
from tests.support.app.writes import REPLACE_STATUS, send
from tests.support.ehr.scripted_ehr import Tenant
from tests.support.tables import each

MINE = about("Observation", "o1", "p1")
WIDE = "patient/*.cruds"
THEM = "Patient/p2"
# The subject is this patient. These elements also put a resource in another patient's record in R4,
# or hold a reference that a server may use.
NAMING_ANOTHER: dict[str, dict[str, Any]] = {
    "performer": {"performer": [{"reference": "Practitioner/d1"}, {"reference": THEM}]},
    "absolute": {"performer": [{"reference": "https://ehr.example/r4/Patient/p1"}]},
    "version": {"focus": [{"reference": f"{THEM}/_history/1"}]},
    "search": {"performer": [{"reference": "Patient?identifier=1"}]},
    "lower case": {"performer": [{"reference": "patient/p2"}]},
    "encoded": {"performer": [{"reference": "Patient%2Fp2"}]},
    "identifier": {"performer": [{"type": "Patient", "identifier": {"value": "1"}}]},
    "contained": {"contained": [about("Observation", "c", "p2")]},
    "another server": {"performer": [{"reference": "https://ehr.example/r4/Practitioner/d1"}]},
    "an object in place of the text": {"performer": [{"reference": {"value": THEM}}]},
    "an object, in other case": {"performer": [{"reference": {"Value": THEM}}]},
    "a name with a space of no width": {"performer": [{"reference\u200b": THEM}]},
    "a name with a zero": {"performer": [{"reference\0": THEM}]},
    "a name in wide letters": {"performer": [{"\uff52eference": THEM}]},
    "an element that may be a patient": {"focus": [{"identifier": {"value": "1"}}]},
    "an identifier with a type of resource": {
        "focus": [{"resourceType": "Practitioner", "identifier": {"value": "1"}}]
    },
    "another type's element": {"reasonReference": [{"identifier": {"value": "1"}}]},
    "extension": {"extension": [{"url": "x", "valueReference": {"reference": THEM}}]},
    "other case of the name": {"Subject": {"Reference": THEM}},
    "deep": {"x": json.loads("[" * 300 + json.dumps({"reference": THEM}) + "]" * 300)},
}


@each("more", NAMING_ANOTHER.values(), ids=NAMING_ANOTHER.keys())
def test_nothing_is_written_that_refers_to_another_patient(
    kept: tuple[Launched, Tenant], ward: tuple[Launched, Tenant], more: dict[str, Any]
) -> None:
    launch, tenant = kept
    before = len(asked(tenant))
    for method, path in (("POST", "Observation"), ("PUT", "Observation/o1")):
        answer = send(launch, method, path, MINE | more)
        assert (answer.status, answer.code) == (403, "patient_denied")
    assert len(asked(tenant)) == before
    assert send(ward[0], "PUT", "Observation/o1", MINE | more).status == 200


def test_a_participant_found_by_a_search_is_nobody_of_ours(here: InProcess) -> None:
    launch, tenant = launched(here, "w", scope=WIDE)
    actors = ({"reference": "Patient/p1"}, {"reference": "Patient?identifier=2"})
    meeting = {"resourceType": "Appointment", "participant": [{"actor": one} for one in actors]}
    answer = send(launch, "POST", "Appointment", meeting)
    assert (answer.status, answer.code, asked(tenant)) == (403, "patient_denied", [])


def test_the_patients_own_record_is_linked_to_nobody_elses(here: InProcess) -> None:
    launch, tenant = launched(here, "w", scope=WIDE)
    link = [{"other": {"reference": THEM}, "type": "replaced-by"}]
    replaced = {"resourceType": "Patient", "id": "p1", "link": link}
    patch = [{"op": "add", "path": "/link", "value": link}]
    for method, document in (("PUT", replaced), ("PATCH", patch)):
        answer = send(launch, method, "Patient/p1", document)
        assert (answer.status, answer.code, asked(tenant)) == (403, "patient_denied", [])


@each(
    "operation",
    [
        {"op": "add", "path": "/performer", "value": [{"reference": THEM}]},
        {"op": "replace", "path": "/performer/0/reference", "value": THEM},
        {"op": "add", "path": "/contained", "value": [about("Observation", "c", "p2")]},
    ],
    ids=json.dumps,
)
def test_a_patch_brings_no_reference_to_another_patient(
    kept: tuple[Launched, Tenant], operation: dict[str, Any]
) -> None:
    launch, tenant = kept
    before = len(asked(tenant))
    answer = send(launch, "PATCH", "Observation/o1", [*REPLACE_STATUS, operation])
    assert (answer.status, answer.code, len(asked(tenant))) == (403, "patient_denied", before)


@each(
    "more",
    [
        {"performer": [{"reference": "Patient/p1"}, {"reference": "Practitioner/d1"}]},
        {"performer": [{"type": "Practitioner", "identifier": {"value": "1"}}]},
        {"note": [{"text": "Patient/family informed"}], "type": {"coding": []}, "identifier": []},
        {"derivedFrom": [{"reference": "#"}]},
        *(
            {name: [{"identifier": {"value": "1"}}]}
            for name in ("basedOn", "partOf", "derivedFrom")
        ),
        {"contained": [{"resourceType": "Provenance", "id": "x", "target": [{"reference": "#"}]}]},
        {"related": [{"reference": {"system": "urn:x", "value": "1"}}]},
        {"performer": [{"reference": "Practitioner/d1", "_reference": {"id": "x"}}]},
        {"valueString": "https://ehr.example/r4/Patient/p2"},
        {"meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/Patient"]}},
    ],
    ids=json.dumps,
)
def test_what_only_looks_like_another_patient_is_written(
    kept: tuple[Launched, Tenant], more: dict[str, Any]
) -> None:
    assert send(kept[0], "PUT", "Observation/o1", MINE | more).status == 200


def test_a_patch_may_speak_of_the_patient(kept: tuple[Launched, Tenant]) -> None:
    note = {"op": "add", "path": "/note", "value": [{"text": "Patient/family informed"}]}
    own = {"op": "add", "path": "/performer", "value": [{"reference": "Patient/p1"}]}
    assert send(kept[0], "PATCH", "Observation/o1", [note, own]).status == 200
