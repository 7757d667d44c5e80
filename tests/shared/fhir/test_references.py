"""Whom a reference names: the few forms that are read, and everything else."""

from typing import Any

from shared.fhir.references import Compartment, Target, Whom, of_text, parse, whom
from tests.support.tables import each

BASE = "https://ehr.example/r4"
COMPARTMENT = Compartment("p1", BASE)


@each(
    ("reference", "target"),
    [
        ("Patient/p1", Target("Patient", "p1")),
        ("Observation/a.b-C9/_history/7", Target("Observation", "a.b-C9", "7")),
        (f"{BASE}/Patient/p1", Target("Patient", "p1")),
        (f"{BASE}/Patient/p1/_history/2", Target("Patient", "p1", "2")),
        ("HTTPS://EHR.Example:443/r4/Patient/p1", Target("Patient", "p1")),
        ("http://ehr.example/r4/Patient/p1", Target("Patient", "p1")),
        ("http://ehr.example:80/r4/Patient/p1", Target("Patient", "p1")),
        ("http://ehr.example:443/r4/Patient/p1", Target("Patient", "p1")),
        *(
            (reference, None)
            for reference in (
                *("https://ehr.example:80/r4/Patient/p1", "https://ehr.example:8443/r4/Patient/p1"),
                *("https://user@ehr.example/r4/Patient/p1", "https://ehr.example/R4/Patient/p1"),
                *("https://ehr.example/r4/x/Patient/p1", "https://ehr.example/r4/../r4/Patient/p1"),
                *("https://ehr.example/r4//Patient/p1", "https://ehr.example/Patient/p1"),
                *("https://other.example/r4/Patient/p1", "//ehr.example/r4/Patient/p1"),
                *("Patient/p1/_history/../../../Patient/p2", "Patient/p1/_history/Patient/p2"),
                *("Patient/p1/_history/1?x=Patient/p2", "Patient/p1/_history", "Patient/p1/"),
                *("Patient/p1?x", "Patient/p1#x", "Patient/..", "Patient/" + "x" * 65),
                *("patient/p1", "Nonsense/p1", " Patient/p1", "Patient/p1\n", "Patient/p\u0661"),
                *("p1", ""),
            )
        ),
    ],
)
def test_a_target_is_read_in_the_forms_that_all_read_alike(
    reference: str, target: Target | None
) -> None:
    assert parse(reference, BASE) == target


@each(
    ("base", "reference", "ours"),
    [
        ("https://ehr.example:8443/r4", "https://ehr.example:8443/r4/Patient/p1", True),
        ("https://ehr.example:8443/r4", "http://ehr.example:8443/r4/Patient/p1", True),
        ("https://ehr.example:8443/r4", "https://ehr.example/r4/Patient/p1", False),
        ("http://localhost:8090/fhir", "http://LOCALHOST:8090/fhir/Patient/p1", True),
        ("http://localhost/fhir", "http://localhost:80/fhir/Patient/p1", True),
        # What came over TLS is not what came without.
        ("http://localhost:8090/fhir", "https://localhost:8090/fhir/Patient/p1", False),
        ("https://ehr.example//FHIR", "https://ehr.example//FHIR/Patient/p1", True),
        ("https://ehr.example//FHIR", "https://ehr.example/FHIR/Patient/p1", False),
        ("https://ehr.example", "https://ehr.example/Patient/p1", True),
        (None, "https://any.example/x/Patient/p1", True),
        (None, "https://any.example/x/Patient/p1/_history/1", True),
        (None, "https://any.example/../Patient/p1", False),
        (None, "https://any.example/?x/Patient/p1", False),
    ],
)
def test_an_absolute_reference_counts_on_the_fhir_base(
    base: str | None, reference: str, ours: bool
) -> None:
    assert (of_text(reference, Compartment("p1", base)) == "ours") is ours


@each(
    ("reference", "named"),
    [
        ("Practitioner/d1", "nobody"),
        ("#p2", "nobody"),
        ("#patient", "nobody"),
        ("urn:uuid:6f4b8f0e-2c6c-4c0e-9d55-0d6b7a2c3a11", "nobody"),
        ("urn:oid:2.16.840.1", "nobody"),
        ("https://patient.other.example/r4/Practitioner/d1", "unread"),
        ("https://other.example/r4/inpatient/1", "unread"),
        ("Practitioner?identifier=1", "unread"),
        ("somebody", "unread"),
        *(
            (reference, "another")
            for reference in (
                *("urn:patient:p2", "urn:uuid:x/../Patient/p2", "Patient?identifier=2"),
                *("Patient%252Fp2", "%50atient/p2", "Patient\\p2", " Patient/p1", "Pa\ttient/p2"),
                *("\uff30atient/p2", "Pat\u200bient/p2", "PATIENT/p1"),
                *("https://other.example/r4/Patient/p1", "%" + "25" * 20 + "50atient/p2"),
                "x" * 5000,
            )
        ),
    ],
)
def test_what_is_not_read_is_another_patients_where_it_speaks_of_one(
    reference: str, named: Whom
) -> None:
    assert of_text(reference, COMPARTMENT) == named


OURS = {"reference": "Patient/p1"}
BY_NUMBER = {"identifier": {"system": "urn:mrn", "value": "2"}}


@each(
    ("reference", "named"),
    [
        (OURS, "ours"),
        (OURS | BY_NUMBER | {"type": "Patient", "display": "x"}, "ours"),
        (OURS | {"id": "1", "extension": [], "_reference": {}}, "ours"),
        (OURS | {"type": "http://hl7.org/fhir/StructureDefinition/Patient"}, "ours"),
        (OURS | {"type": "Group"}, "unread"),
        (OURS | {"type": "http://hl7.org/fhir/StructureDefinition/Group"}, "unread"),
        (OURS | BY_NUMBER | {"type": "Group"}, "unread"),
        (OURS | {"type": "patient"}, "unread"),
        (OURS | {"type": ["Patient"]}, "unread"),
        ({"reference": "Patient/p2", "type": "Group"}, "another"),
        (None, "nobody"),
        ({}, "nobody"),
        ({"display": "Room 5"}, "nobody"),
        ({"type": "Patient", "display": "x"}, "nobody"),
        (BY_NUMBER, "another"),
        (BY_NUMBER | {"type": "Patient"}, "another"),
        (BY_NUMBER | {"type": " Patient"}, "another"),
        (BY_NUMBER | {"type": "practitioner"}, "another"),
        (BY_NUMBER | {"type": "Resource"}, "another"),
        (BY_NUMBER | {"type": ["Device"]}, "another"),
        (BY_NUMBER | {"type": "http://hl7.org/fhir/StructureDefinition/Patient"}, "another"),
        (BY_NUMBER | {"type": "Practitioner"}, "nobody"),
        (BY_NUMBER | {"type": "http://hl7.org/fhir/StructureDefinition/Group"}, "nobody"),
        (BY_NUMBER | {"reference": None}, "another"),
        (BY_NUMBER | {"reference": ""}, "another"),
        (BY_NUMBER | {"reference": " # "}, "another"),
        (BY_NUMBER | {"reference": "somebody"}, "another"),
        (BY_NUMBER | {"reference": "Practitioner/d1"}, "nobody"),
        (BY_NUMBER | {"reference": "Practitioner/d1", "type": "Patient"}, "another"),
        ({"Identifier": {"value": "2"}}, "another"),
        ({"identifier ": {"value": "2"}, "type": "Device"}, "another"),
        ({"Reference": "Patient/p1"}, "another"),
        (OURS | {"Reference": "Patient/p2"}, "another"),
        ({"reference": ["Patient/p1"]}, "another"),
        ({"reference": {"x": "Patient/p1"}}, "another"),
        ({"reference": "#"}, "nobody"),
        ("Patient/p1", "another"),
        (["Patient/p1"], "another"),
        (1, "another"),
    ],
    ids=repr,
)
def test_a_reference_is_read_with_all_its_members(reference: Any, named: Whom) -> None:
    assert whom(reference, COMPARTMENT) == named


def test_where_no_patient_may_stand_an_identifier_alone_is_nobodys() -> None:
    assert whom(BY_NUMBER, COMPARTMENT, may_be_a_patient=False) == "nobody"
    typed = BY_NUMBER | {"type": "Patient"}
    assert whom(typed, COMPARTMENT, may_be_a_patient=False) == "another"


@each("patient", [None, ""])
@each("reference", ["Patient/", "Patient/None", "Patient/p1"])
def test_without_a_patient_nothing_is_ours(patient: str | None, reference: str) -> None:
    assert whom({"reference": reference}, Compartment(patient, BASE)) == "another"
