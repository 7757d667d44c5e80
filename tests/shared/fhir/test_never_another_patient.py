"""What is released or sent names no other patient, for any reader (tests/support/ehr/readings.py).

Resources, patches and references are drawn from a grammar of what servers forgive.
"""

import contextlib
import json
import os
from typing import Any

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from shared.errors import ParameterInvalid, PatientDenied
from shared.fhir import compartment
from shared.fhir.policy import content, write_policy
from shared.fhir.policy.decision import Decision
from shared.fhir.policy.finer_scopes import NO_FILTERS
from shared.fhir.policy.interactions import TABLE, Address
from shared.fhir.references import Compartment
from simulator.fhir.json_patch import PatchError, apply
from tests.support.ehr.readings import BASE, named, patients
from tests.support.tables import each

PREFIXES = [
    *("", "", "", f"{BASE}/", "/", "./", "../r4/", "%2e/", " ", "\t", "r4/"),
    *("http://ehr.example/r4/", "https://EHR.example:443/r4/", "https://ehr.example:8443/r4/"),
    *("//ehr.example/r4/", "https://other.example/r4/", f"{BASE}/../r4/", f"{BASE}//"),
]
TYPES = [
    *("Patient", "Patient", "patient", "PATIENT", "%50atient", "Pat%2569ent", "Patient%20"),
    *("Ｐatient", "Pat\u200bient", "Practitioner", "Encounter", "Group", "Nonsense"),
]
SEPARATORS = ["/", "/", "/", "\\", "%2F", "%252f", "?", "?_id=", "//", "/%2e/", " / "]
IDS = ["p1", "p1", "p2", "p2", "", "P1", "p1%20", "p1 ", "p1,p2", ".", "..", "%70%31", "x" * 65]
TAILS = [
    *("", "", "", "/_history/1", "/_history/", "/_history/..", "#x", "?x", " ", "\n", "/"),
    *("/../p2", "/%2e%2e/p2", "/_history/1/../../../p2", "/_history/../../../Patient/p2"),
    *("/_history/Patient/p2", "/_history/1?x=Patient/p2", "/_history/1#Patient/p2", "%00"),
]
LITERALS = st.one_of(
    st.tuples(*map(st.sampled_from, (PREFIXES, TYPES, SEPARATORS, IDS, TAILS))).map("".join),
    st.sampled_from(["#p1", "#", "", " ", "# ", "urn:uuid:0", "urn:patient:p2", "p1", "Patient"]),
)
NAMES = ["reference", "reference", "Reference", " reference", "identifier", "Identifier", "type"]
KINDS = ["Patient", " Patient", "patient", "Practitioner", "Device", "", "x/Patient", None, 1]
KINDS += [f"http://hl7.org/fhir/StructureDefinition/{name}" for name in ("Patient", "Group")]
REFERENCES = st.fixed_dictionaries(
    {},
    optional={
        "reference": LITERALS | st.sampled_from([None, ["Patient/p2"], 2]),
        "Reference": LITERALS,
        "identifier": st.sampled_from([{"value": "2"}, {}, [{"value": "2"}], None]),
        "Identifier": st.just({"value": "2"}),
        "type": st.sampled_from(KINDS),
        "display": st.just("Patient/p2"),
    },
)
OWN = {"reference": "Patient/p1"}
OURS = Compartment("p1", BASE)
MANY = settings(max_examples=1000 if os.environ.get("SOAK") else 80, deadline=None)


def _others(document: Any) -> set[str]:
    return set(named(document)) - {"p1"}


@MANY
@given(st.lists(REFERENCES | LITERALS, max_size=3), st.booleans())
@example([{"reference": "Patient/p1/_history/../../../Patient/p2"}], True)
@example([OWN, {"reference": "Patient/p1/_history/Patient/p2"}], True)
@example([OWN, {"identifier": {"value": "2"}, "reference": "#"}], False)
def test_what_is_released_is_about_no_other_patient(about: list[Any], together: bool) -> None:
    for resource in (
        {"resourceType": "Observation", "subject": about if together else about[:1]},
        {"resourceType": "Appointment", "participant": [{"actor": one} for one in about]},
    ):
        if compartment.belongs(resource, OURS):
            element = "subject" if "subject" in resource else "participant"
            assert set(named(resource[element], element)) == {"p1"}
            texts = [one for one in about if isinstance(one, str)]
            assert not any(patients(one) - {"p1"} for one in texts)


def _address(kind: str, resource_id: str = "") -> Address:
    interaction = next(one for one in TABLE if one.kind == kind)
    return Address(interaction, "Observation", resource_id)


def _decision(kind: str, resource_id: str = "") -> Decision:
    covering = {"Observation": (NO_FILTERS,)}
    return Decision(_address(kind, resource_id), "patient", (), OURS, frozenset(), covering)


CREATE, PATCH = _decision("create"), _decision("patch", "o1")


def _is_sent(document: Any) -> bool:
    body = json.dumps(document).encode()
    try:
        brought = content.read(CREATE.address, body)
        write_policy.require_own(brought, CREATE)
    except PatientDenied:
        return False
    return True


@MANY
@given(
    subject=st.just(OWN) | REFERENCES,
    performers=st.lists(REFERENCES, max_size=2),
    element=st.sampled_from(["performer", "Performer", "encounter", "extension", "unheard"]),
    more=REFERENCES,
)
def test_what_is_written_refers_to_no_other_patient(
    subject: Any, performers: list[Any], element: str, more: Any
) -> None:
    document = {
        "resourceType": "Observation",
        "subject": subject,
        "performer": performers,
        "contained": [{"resourceType": "Task", "for": more}],
        "extension": [{"url": "x", "valueReference": more}],
        element: [more],
    }
    if _is_sent(document):
        assert _others(document) == set()


@each(
    "more",
    [
        {"performer": [{"reference": "Practitioner/d1"}, {"reference": "#d"}, OWN]},
        {"performer": [{"type": "Practitioner", "identifier": {"value": "1"}}]},
        {"performer": [{"reference": f"{BASE}/Patient/p1/_history/7"}]},
        {"performer": [{"reference": "http://EHR.example:80/r4/Patient/p1"}]},
        {"performer": [{"reference": "urn:uuid:6f4b8f0e-2c6c-4c0e-9d55-0d6b7a2c3a11"}]},
        {"encounter": {"identifier": {"system": "urn:x", "value": "1"}}},
        {"note": [{"text": "Patient/p2"}], "valueString": "see Patient/p2"},
        {"identifier": [{"value": "1", "assigner": {"display": "x"}}]},
        {"specimen": {"reference": "Specimen/s", "identifier": {"value": "1"}}},
    ],
    ids=json.dumps,
)
def test_what_only_comes_near_is_written(more: dict[str, Any]) -> None:
    assert _is_sent({"resourceType": "Observation", "subject": OWN, **more})


NOW: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "subject": {"reference": "Patient/p1"},
    "performer": [{"reference": "Practitioner/d1"}, {"type": "Device", "display": "x"}],
    "note": [{"text": "Patient/p2"}, {"text": "Patient/p1", "authorString": "Patient"}],
    "valueQuantity": {"value": 1},
}
PLACES = st.sampled_from(
    [
        *("/note", "/note/0", "/note/0/text", "/note/1/text", "/note/-", "/note/0/reference"),
        *("/performer", "/performer/0", "/performer/1", "/performer/-", "/performer/0/reference"),
        *("/performer/1/type", "/performer/1/identifier", "/performer/0/identifier", "/focus/0"),
        *("/subject", "/subject/reference", "/extension", "/contained", "/contained/0/subject"),
        *("/focus", "/focus/-", "/status", "/x/reference", "/performer/0/Reference", "/value"),
    ]
)
VALUES = (
    LITERALS
    | REFERENCES
    | st.sampled_from(
        [
            *({"value": "2"}, [{"reference": "Patient/p2"}], [], {}, "Patient", "amended", 1),
            *([{"resourceType": "Task", "id": "t"}], {"text": "x", "reference": "Device/d"}),
        ]
    )
)
OPERATIONS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"op": st.sampled_from(["add", "replace"]), "path": PLACES, "value": VALUES}
        ),
        st.fixed_dictionaries(
            {"op": st.sampled_from(["move", "copy"]), "from": PLACES, "path": PLACES}
        ),
        st.fixed_dictionaries({"op": st.just("remove"), "path": PLACES}),
    ),
    min_size=1,
    max_size=4,
)


@MANY
@given(OPERATIONS)
@example([{"op": "copy", "from": "/note/0/text", "path": "/performer/0/reference"}])
@example(
    [
        {"op": "replace", "path": "/performer/1/type", "value": "Patient"},
        {"op": "add", "path": "/performer/1/identifier", "value": {"value": "2"}},
    ]
)
def test_what_a_patch_makes_refers_to_no_other_patient(patch: list[dict[str, Any]]) -> None:
    body = json.dumps(patch).encode()
    with contextlib.suppress(PatientDenied, ParameterInvalid):
        brought = content.read(PATCH.address, body)
        write_policy.require_own(brought, PATCH)
        now = json.dumps(NOW).encode()
        write_policy.require_own_result(brought, now, PATCH)
        try:
            made = apply(patch, NOW)
        except PatchError:
            # The EHR refuses it; a more willing one is judged in test_patched_result.py.
            assume(False)
        assert _others(made) == set()
        assert "p1" in set(named(made.get("subject"), "subject"))
