"""The patient compartment: what belongs to the launch's patient, and what cannot be proved to."""

import tracemalloc
from typing import Any

from shared.fhir.compartment import OUTSIDE, REACHABLE, belongs, search_parameter, search_value
from shared.fhir.mentions import names_another
from shared.fhir.nested import is_free_of_others
from shared.fhir.references import Compartment
from shared.fhir.resource_types import RESOURCE_TYPES
from tests.support.tables import each

BASE = "https://ehr.example/r4"
OURS = Compartment("p1", BASE)
MINE, OTHERS = {"reference": "Patient/p1"}, {"reference": "Patient/p2"}
# One type for each position of the reference.
PLACES = {
    "Observation": "subject",
    "AllergyIntolerance": "patient",
    "Coverage": "beneficiary",
    "Task": "for",
    "SupplyRequest": "deliverTo",
}


@each(("resource_type", "element"), PLACES.items())
@each(
    ("reference", "expected"),
    [
        ("Patient/p1", True),
        (f"{BASE}/Patient/p1", True),
        ("Patient/p1/_history/3", True),
        (f"{BASE}/Patient/p1/_history/3", True),
        *(
            (reference, False)
            for reference in (
                *("Patient/p2", "Patient/p", "Patient/p11", "Patient/P1", "Patient/", "p1", "#p1"),
                *("urn:uuid:p1", "Group/p1", "patient/p1", "Patient?identifier=p1"),
                *("Patient/p1/../p2", "/Patient/p1", "https://other.example/r4/Patient/p1"),
            )
        ),
        ("http://ehr.example/r4/Patient/p1", True),
        (f"{BASE}/x/Patient/p1", False),
    ],
)
def test_the_reference_decides(
    resource_type: str, element: str, reference: str, expected: bool
) -> None:
    resource = {"resourceType": resource_type, element: {"reference": reference}}
    assert belongs(resource, OURS) is expected


@each(
    ("resource", "expected"),
    [
        ({"resourceType": "Patient", "id": "p1"}, True),
        ({"resourceType": "Patient", "id": "p2"}, False),
        ({"resourceType": "Patient"}, False),
        ({"resourceType": "Patient", "id": "p2", "link": [{"other": MINE}]}, False),
        ({"resourceType": "Observation", "subject": MINE, "performer": [OTHERS]}, True),
        ({"resourceType": "Observation", "subject": OTHERS, "performer": [MINE]}, False),
        ({"resourceType": "Observation", "subject": [MINE, MINE]}, True),
        ({"resourceType": "Observation", "subject": [MINE, OTHERS]}, False),
        ({"resourceType": "Observation", "subject": []}, False),
        ({"resourceType": "Observation", "subject": None}, False),
        ({"resourceType": "Observation", "subject": {"reference": {"x": "Patient/p1"}}}, False),
        ({"resourceType": "Observation", "subject": {"reference": ["Patient/p1"]}}, False),
        ({"resourceType": "Observation", "subject": "Patient/p1"}, False),
        ({"resourceType": "Observation", "subject": {"display": "p1"}}, False),
        ({"resourceType": "Observation", "subject": {"identifier": {"value": "p1"}}}, False),
        ({"resourceType": "Appointment", "participant": [{"actor": MINE}]}, True),
        ({"resourceType": "Appointment", "participant": {"actor": MINE}}, True),
        ({"resourceType": "Appointment", "participant": [MINE]}, False),
        ({"resourceType": "Practitioner"}, True),
        ({"resourceType": "Binary"}, False),
        ({"resourceType": "Bundle", "entry": []}, False),
        ({"resourceType": "Nonsense", "subject": MINE}, False),
        ({"resourceType": ["Patient"], "id": "p1"}, False),
        ({"resourceType": {"Patient": 1}, "id": "p1"}, False),
        ({"subject": MINE}, False),
        ([], False),
        (None, False),
        ("Patient/p1", False),
    ],
)
def test_what_cannot_be_proved_does_not_belong(resource: Any, expected: bool) -> None:
    assert belongs(resource, OURS) is expected


@each("resource_type", ["Patient", *PLACES])
def test_without_a_patient_nothing_belongs_but_the_directory(resource_type: str) -> None:
    element = PLACES.get(resource_type, "link")
    for reference in ("Patient/None", "Patient/", "Patient/p1"):
        resource = {"resourceType": resource_type, "id": "", element: {"reference": reference}}
        assert not belongs(resource, Compartment(None, BASE))
    assert belongs({"resourceType": "Organization"}, Compartment(None, BASE))
    contained = {"resourceType": "Observation", "subject": {"reference": "Patient/p1"}}
    holder = {"resourceType": "Organization", "contained": [contained]}
    assert not is_free_of_others(holder, Compartment(None, BASE))


def test_every_type_named_is_one_of_r4() -> None:
    known = {name for name in RESOURCE_TYPES if name in REACHABLE}
    assert known >= OUTSIDE | PLACES.keys() | {"Patient", "Encounter", "MedicationRequest"}
    assert len(known) == len(OUTSIDE) + 1 + 57
    assert "Binary" not in REACHABLE
    assert "Nonsense" not in REACHABLE


@each(
    ("resource_type", "parameter", "value"),
    [
        ("Patient", "_id", "p1"),
        ("Observation", "patient", "p1"),
        ("Coverage", "patient", "p1"),
        ("Appointment", "patient", "p1"),
        ("AdverseEvent", "subject", "Patient/p1"),
        ("SupplyRequest", "subject", "Patient/p1"),
        ("Practitioner", None, "p1"),
    ],
)
def test_the_search_parameter_that_holds_to_a_patient(
    resource_type: str, parameter: str | None, value: str
) -> None:
    assert search_parameter(resource_type) == parameter
    assert search_value(resource_type, "p1") == value


@each(
    ("other", "expected"),
    [
        ("Practitioner/d1", True),
        ("Patient/p1/_history/2", True),
        ("Patient/p2", False),
        ("Patient?identifier=2", False),
        ("patient/p2", False),
    ],
)
def test_of_several_who_take_part_all_patients_are_the_launchs(other: str, expected: bool) -> None:
    actors = [{"actor": MINE}, {"actor": {"reference": other}}]
    appointment = {"resourceType": "Appointment", "participant": actors}
    assert belongs(appointment, OURS) is expected
    assert belongs({**appointment, "participant": actors[::-1]}, OURS) is expected


# In R4, these elements never refer to a patient in these types, and may in others.
NO_PATIENT = {
    "basedOn": """
        CarePlan DiagnosticReport Encounter ImagingStudy Media MedicationRequest Observation
        Procedure QuestionnaireResponse ServiceRequest
    """,
    "partOf": """
        CarePlan Encounter MedicationAdministration MedicationDispense MedicationStatement
        Observation Procedure QuestionnaireResponse
    """,
    "reasonReference": """
        Appointment Encounter Immunization MedicationAdministration MedicationRequest
        MedicationStatement Procedure ServiceRequest
    """,
    "related": "DocumentManifest",
}


@each("element", NO_PATIENT)
def test_an_identifier_names_a_patient_unless_its_element_never_does(element: str) -> None:
    by_type = {
        one: names_another({"resourceType": one, element: [{"identifier": {"value": "1"}}]}, OURS)
        for one in REACHABLE
    }
    assert [one for one in sorted(by_type) if not by_type[one]] == NO_PATIENT[element].split()


COPY = {"resourceType": "Patient", "id": "p2"}


@each(
    ("held", "expected"),
    [
        ({"contained": [COPY]}, True),
        ({"contained": COPY}, True),
        ({"x": {"contained": COPY}}, True),
        ({"x": COPY}, False),
        ({"x": [COPY]}, False),
        ({"x": {"x": COPY}}, False),
    ],
)
def test_only_a_contained_patient_is_a_copy(held: dict[str, Any], expected: bool) -> None:
    document = {"resourceType": "Basic", **held}
    assert is_free_of_others(document, OURS) is expected


def test_a_large_document_is_looked_through_without_a_copy() -> None:
    document = {"resourceType": "Basic", "x": [1] * 50_000, "y": {"reference": "Patient/p2"}}
    tracemalloc.start()
    try:
        assert names_another(document, OURS)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
