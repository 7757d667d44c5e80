"""The patient compartment: the resources that belong to the patient of a launch.

FHIR R4 CompartmentDefinition "patient"
(https://hl7.org/fhir/R4/compartmentdefinition-patient.html), narrowed to the elements that name the
patient a resource is about. The table is an allow-list: patient/ scopes can't reach a type that is
neither here nor in OUTSIDE.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from shared.fhir.references import Compartment, whom

# The patient of a resource: the launch's patient, another one, none, or unproved.
Standing = Literal["ours", "another", "nobody", "unproved"]

# Directory and knowledge resources: they aren't about a patient, so only the scope decides.
_NOT_ABOUT_A_PATIENT = """
    CodeSystem Endpoint HealthcareService Location Medication Organization Practitioner
    PractitionerRole Questionnaire ValueSet
"""
OUTSIDE = frozenset(_NOT_ABOUT_A_PATIENT.split())

# The element that holds the reference to the patient, and the types that have it.
_SUBJECT = """
    Account AdverseEvent CarePlan CareTeam ChargeItem ClinicalImpression Communication
    CommunicationRequest Composition Condition DeviceRequest DeviceUseStatement DiagnosticReport
    DocumentManifest DocumentReference Encounter Flag Goal ImagingStudy Invoice List
    MeasureReport Media MedicationAdministration MedicationDispense MedicationRequest
    MedicationStatement Observation Procedure QuestionnaireResponse RequestGroup RiskAssessment
    ServiceRequest Specimen
"""
_PATIENT = """
    AllergyIntolerance BodyStructure Claim ClaimResponse Consent CoverageEligibilityRequest
    CoverageEligibilityResponse DetectedIssue Device EpisodeOfCare ExplanationOfBenefit
    FamilyMemberHistory Immunization ImmunizationEvaluation ImmunizationRecommendation
    NutritionOrder RelatedPerson SupplyDelivery VisionPrescription
"""
_PATIENT_ELEMENT: Mapping[str, str] = {
    **dict.fromkeys(_SUBJECT.split(), "subject"),
    **dict.fromkeys(_PATIENT.split(), "patient"),
    "Appointment": "participant.actor",
    "Coverage": "beneficiary",
    "SupplyRequest": "deliverTo",
    "Task": "for",
}
# The types of R4 without a search parameter `patient`.
_SEARCHED_BY_SUBJECT = frozenset({"AdverseEvent", "SupplyRequest"})
# The types that patient/ scopes can reach at all.
REACHABLE = frozenset({"Patient", *OUTSIDE, *_PATIENT_ELEMENT})


def names_its_patient(resource_type: str) -> bool:
    """Return whether a resource of the type names its patient."""
    return resource_type == "Patient" or resource_type in _PATIENT_ELEMENT


def patient_element(resource_type: str) -> str | None:
    """Return the element of a resource that contains only the reference to its patient."""
    path = _PATIENT_ELEMENT.get(resource_type, ".")
    return None if "." in path else path


def proving_elements(resource_type: str) -> frozenset[str]:
    """Return the elements of a resource without which nothing shows who its patient is."""
    path = _PATIENT_ELEMENT.get(resource_type)
    return frozenset() if path is None else frozenset({path.partition(".")[0]})


def search_parameter(resource_type: str) -> str | None:
    """Return the search parameter that restricts a search to one patient, if needed."""
    if resource_type in OUTSIDE:
        return None
    if resource_type == "Patient":
        return "_id"
    return "subject" if resource_type in _SEARCHED_BY_SUBJECT else "patient"


def searched_by_subject(resource_type: str) -> bool:
    """Return whether R4 has the search parameter `subject` for the type."""
    return _PATIENT_ELEMENT.get(resource_type) == "subject"


def search_value(resource_type: str, patient: str) -> str:
    """Return the value of that parameter. `subject` allows types other than Patient, so it needs
    one.
    """
    return f"Patient/{patient}" if resource_type in _SEARCHED_BY_SUBJECT else patient


def standing(resource: Any, known: Compartment) -> Standing:
    """Return the standing of a resource (parsed JSON), by the references in its type's elements.

    One reference to another patient makes it `another`, even if it names others too.
    """
    resource_type = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(resource_type, str):
        return "unproved"
    if resource_type in OUTSIDE:
        return "nobody"
    if known.patient is None:
        return "unproved"
    if resource_type == "Patient":
        is_ours = resource.get("id") == known.patient and not known.outside
        return "ours" if is_ours else "another"
    path = _PATIENT_ELEMENT.get(resource_type)
    if path is None:
        return "unproved"
    # The common case: one reference.
    if isinstance(only := resource.get(path), dict):
        whose = whom(only, known)
        return whose if whose in {"ours", "another"} else "unproved"
    named = {whom(one, known) for one in _references(resource, path.split("."))}
    if "another" in named:
        return "another"
    return "ours" if "ours" in named else "unproved"


def belongs(resource: Any, known: Compartment) -> bool:
    """Return whether a resource (parsed JSON) is about this patient, or about no patient at all.

    An unproved resource isn't released.
    """
    return standing(resource, known) in {"ours", "nobody"}


def _references(element: Any, path: list[str]) -> Iterator[Any]:
    """Yield the values at a path. A text in place of an object is yielded unchanged, and counts as
    another patient.
    """
    if isinstance(element, list):
        for item in element:
            yield from _references(item, path)
    elif not path or (element is not None and not isinstance(element, dict)):
        yield element
    elif isinstance(element, dict):
        yield from _references(element.get(path[0]), path[1:])
