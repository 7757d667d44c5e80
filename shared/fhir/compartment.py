"""The patient compartment: which resources belong to the patient of a launch.

FHIR R4 CompartmentDefinition "patient" (https://hl7.org/fhir/R4/compartmentdefinition-patient.html),
narrowed to the elements that name the patient a resource is about. The table is an allow-list: a
type that is neither here nor in OUTSIDE cannot be reached with patient/ scopes.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import repeat
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
# How a reference names a patient: by id, or as the search of a conditional reference (FHIR R4
# http.html, "transaction"), in whatever case a lenient server takes it.
_NAMES_A_PATIENT = re.compile(r"(?:^|/)Patient(?:[/?]|%2F|%3F)", re.IGNORECASE)
_PATIENT_TYPES = frozenset({"Patient", "http://hl7.org/fhir/StructureDefinition/Patient"})
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
    ours = _ours(patient, fhir_base)
    proved = False
    for path in _PATIENT_ELEMENTS.get(resource_type, ()):
        for reference in _references(resource, path.split(".")):
            if _unversioned(reference) in ours:
                proved = True
            elif _NAMES_A_PATIENT.search(reference):
                return False
    return proved


def names_another(document: Any, patient: str | None, fhir_base: str) -> bool:
    """Whether a resource or a JSON Patch (parsed JSON) refers to another patient, at any depth.

    A reference that names a patient by identifier alone, or by a search, counts as one to another.
    In a patch every text that looks like a reference counts, for it can be moved to become one.
    """
    ours = _ours(patient, fhir_base)
    in_patch = isinstance(document, list)
    for name, value in _members(document):
        if isinstance(value, dict):
            by_identifier = "identifier" in value and "reference" not in value
            if by_identifier and str(value.get("type")) in _PATIENT_TYPES:
                return True
        elif isinstance(value, str) and _NAMES_A_PATIENT.search(value):
            counts = name.lower() == "reference" or (in_patch and not re.search(r"\s", value))
            if counts and _unversioned(value) not in ours:
                return True
    return False


def _members(document: Any) -> Iterator[tuple[str, Any]]:
    """Everything in a document, each with the name of the member that holds it."""
    levels: list[Iterator[tuple[str, Any]]] = [iter([("", document)])]
    while levels:
        for name, value in levels[-1]:
            yield name, value
            if isinstance(value, dict):
                levels.append(iter(value.items()))
                break
            if isinstance(value, list):
                levels.append(zip(repeat(name), value, strict=False))
                break
        else:
            levels.pop()


def _ours(patient: str | None, fhir_base: str) -> frozenset[str]:
    """The references to the patient of the launch."""
    return frozenset({f"Patient/{patient}", f"{fhir_base}/Patient/{patient}"})


def _unversioned(reference: str) -> str:
    return reference.partition("/_history/")[0]


def _references(element: Any, path: list[str]) -> Iterator[str]:
    if isinstance(element, list):
        for item in element:
            yield from _references(item, path)
    elif isinstance(element, dict):
        if path:
            yield from _references(element.get(path[0]), path[1:])
        elif isinstance(element.get("reference"), str):
            yield element["reference"]
