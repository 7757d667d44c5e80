"""The patient compartment: which resources belong to the patient of a launch.

FHIR R4 CompartmentDefinition "patient" (https://hl7.org/fhir/R4/compartmentdefinition-patient.html),
narrowed to the elements that name the patient a resource is about. The table is an allow-list: a
type that is neither here nor in OUTSIDE cannot be reached with patient/ scopes.
"""

from collections.abc import Iterator, Mapping
from typing import Any

# Directory and knowledge resources: about no patient, so the scope alone decides.
OUTSIDE = frozenset(
    {
        "CodeSystem",
        "Endpoint",
        "HealthcareService",
        "Location",
        "Medication",
        "Organization",
        "Practitioner",
        "PractitionerRole",
        "Questionnaire",
        "ValueSet",
    }
)

# Type -> element paths that hold the reference to the patient.
_PATIENT_ELEMENTS: Mapping[str, tuple[str, ...]] = {
    "Account": ("subject",),
    "AdverseEvent": ("subject",),
    "AllergyIntolerance": ("patient",),
    "Appointment": ("participant.actor",),
    "BodyStructure": ("patient",),
    "CarePlan": ("subject",),
    "CareTeam": ("subject",),
    "ChargeItem": ("subject",),
    "Claim": ("patient",),
    "ClaimResponse": ("patient",),
    "ClinicalImpression": ("subject",),
    "Communication": ("subject",),
    "CommunicationRequest": ("subject",),
    "Composition": ("subject",),
    "Condition": ("subject",),
    "Consent": ("patient",),
    "Coverage": ("beneficiary",),
    "CoverageEligibilityRequest": ("patient",),
    "CoverageEligibilityResponse": ("patient",),
    "DetectedIssue": ("patient",),
    "Device": ("patient",),
    "DeviceRequest": ("subject",),
    "DeviceUseStatement": ("subject",),
    "DiagnosticReport": ("subject",),
    "DocumentManifest": ("subject",),
    "DocumentReference": ("subject",),
    "Encounter": ("subject",),
    "EpisodeOfCare": ("patient",),
    "ExplanationOfBenefit": ("patient",),
    "FamilyMemberHistory": ("patient",),
    "Flag": ("subject",),
    "Goal": ("subject",),
    "ImagingStudy": ("subject",),
    "Immunization": ("patient",),
    "ImmunizationEvaluation": ("patient",),
    "ImmunizationRecommendation": ("patient",),
    "Invoice": ("subject",),
    "List": ("subject",),
    "MeasureReport": ("subject",),
    "Media": ("subject",),
    "MedicationAdministration": ("subject",),
    "MedicationDispense": ("subject",),
    "MedicationRequest": ("subject",),
    "MedicationStatement": ("subject",),
    "NutritionOrder": ("patient",),
    "Observation": ("subject",),
    "Procedure": ("subject",),
    "QuestionnaireResponse": ("subject",),
    "RelatedPerson": ("patient",),
    "RequestGroup": ("subject",),
    "RiskAssessment": ("subject",),
    "ServiceRequest": ("subject",),
    "Specimen": ("subject",),
    "SupplyDelivery": ("patient",),
    "SupplyRequest": ("deliverTo",),
    "Task": ("for",),
    "VisionPrescription": ("patient",),
}
# The types of R4 that have no search parameter `patient`.
_SEARCHED_BY_SUBJECT = frozenset({"AdverseEvent", "SupplyRequest"})


def reachable(resource_type: str) -> bool:
    """Whether patient/ scopes can reach the type at all."""
    return resource_type in {"Patient", *OUTSIDE, *_PATIENT_ELEMENTS}


def patient_elements(resource_type: str) -> frozenset[str]:
    """The elements by which a resource says whose it is; empty where no patient has it."""
    paths = ("id",) if resource_type == "Patient" else _PATIENT_ELEMENTS.get(resource_type, ())
    return frozenset(path.partition(".")[0] for path in paths)


def search_parameter(resource_type: str) -> str | None:
    """The search parameter that holds a search to one patient; None where none is needed."""
    if resource_type in OUTSIDE:
        return None
    if resource_type == "Patient":
        return "_id"
    return "subject" if resource_type in _SEARCHED_BY_SUBJECT else "patient"


def searched_by_subject(resource_type: str) -> bool:
    """Whether R4 has the search parameter `subject` for the type, beside `patient` or alone."""
    return _PATIENT_ELEMENTS.get(resource_type) == ("subject",)


def search_value(resource_type: str, patient: str) -> str:
    """The value of that parameter; `subject` may be of other types than Patient, so it says."""
    return f"Patient/{patient}" if resource_type in _SEARCHED_BY_SUBJECT else patient


def belongs(resource: Any, patient: str | None, fhir_base: str) -> bool:
    """Whether a resource (parsed JSON) is this patient's, or about no patient at all.

    Every reference to a patient in the type's elements must be to `patient`, and at least one
    must be there: what cannot be proved is not released.
    """
    resource_type = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(resource_type, str):
        return False
    if resource_type in OUTSIDE:
        return True
    if patient is None:
        return False
    if resource_type == "Patient":
        return bool(resource.get("id") == patient)
    paths = _PATIENT_ELEMENTS.get(resource_type, ())
    ours = {f"Patient/{patient}", f"{fhir_base}/Patient/{patient}"}
    references = [
        reference
        for path in paths
        for reference in _references(resource, path.split("."))
        if "Patient/" in reference
    ]
    return bool(references) and all(
        reference.partition("/_history/")[0] in ours for reference in references
    )


def _references(element: Any, path: list[str]) -> Iterator[str]:
    if isinstance(element, list):
        for item in element:
            yield from _references(item, path)
    elif isinstance(element, dict):
        if path:
            yield from _references(element.get(path[0]), path[1:])
        elif isinstance(element.get("reference"), str):
            yield element["reference"]
