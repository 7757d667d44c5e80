"""The patient compartment: the resources that belong to the patient of a launch.

FHIR R4 CompartmentDefinition "patient"
(https://hl7.org/fhir/R4/compartmentdefinition-patient.html), narrowed to the elements that name the
patient a resource is about. The table is an allow-list: patient/ scopes can't reach a type that is
neither here nor in OUTSIDE.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from shared.fhir.references import whom

# The patient of a resource: the launch's patient, another one, none, or unproved.
Standing = Literal["ours", "another", "nobody", "unproved"]

# Directory and knowledge resources: they aren't about a patient, so only the scope decides.
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
# The types of R4 without a search parameter `patient`.
_SEARCHED_BY_SUBJECT = frozenset({"AdverseEvent", "SupplyRequest"})


_REACHABLE = frozenset({"Patient", *OUTSIDE, *_PATIENT_ELEMENTS})


def reachable_types() -> frozenset[str]:
    """Return the types that patient/ scopes can reach at all."""
    return _REACHABLE


def reachable(resource_type: str) -> bool:
    """Return whether patient/ scopes can reach the type at all."""
    return resource_type in _REACHABLE


def names_its_patient(resource_type: str) -> bool:
    """Return whether a resource of the type names its patient."""
    return resource_type == "Patient" or resource_type in _PATIENT_ELEMENTS


def patient_elements(resource_type: str) -> frozenset[str]:
    """Return the elements of a resource that contain only the reference to its patient."""
    return frozenset(p for p in _PATIENT_ELEMENTS.get(resource_type, ()) if "." not in p)


def proving_elements(resource_type: str) -> frozenset[str]:
    """Return the elements of a resource without which nothing shows who its patient is."""
    return frozenset(path.partition(".")[0] for path in _PATIENT_ELEMENTS.get(resource_type, ()))


def search_parameter(resource_type: str) -> str | None:
    """Return the search parameter that restricts a search to one patient, if needed."""
    if resource_type in OUTSIDE:
        return None
    if resource_type == "Patient":
        return "_id"
    return "subject" if resource_type in _SEARCHED_BY_SUBJECT else "patient"


def searched_by_subject(resource_type: str) -> bool:
    """Return whether R4 has the search parameter `subject` for the type."""
    return _PATIENT_ELEMENTS.get(resource_type) == ("subject",)


def search_value(resource_type: str, patient: str) -> str:
    """Return the value of that parameter. `subject` allows types other than Patient, so it needs
    one.
    """
    return f"Patient/{patient}" if resource_type in _SEARCHED_BY_SUBJECT else patient


def standing(
    resource: Any, patient: str | None, fhir_base: str | None, *, outside: bool = False
) -> Standing:
    """Return the standing of a resource (parsed JSON), by the references in its type's elements.

    One reference to another patient makes it `another`, even if it names others too. If the
    resource comes from `outside` the FHIR base, its ids and relative references are another
    server's.
    """
    resource_type = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(resource_type, str):
        return "unproved"
    if resource_type in OUTSIDE:
        return "nobody"
    if patient is None:
        return "unproved"
    if resource_type == "Patient":
        return "ours" if resource.get("id") == patient and not outside else "another"
    paths = _PATIENT_ELEMENTS.get(resource_type, ())
    # The common case: one element, one reference.
    if len(paths) == 1 and isinstance(only := resource.get(paths[0]), dict):
        whose = whom(only, patient, fhir_base, outside=outside)
        return whose if whose in {"ours", "another"} else "unproved"
    named = {
        whom(reference, patient, fhir_base, outside=outside)
        for path in paths
        for reference in _references(resource, path.split("."))
    }
    if "another" in named:
        return "another"
    return "ours" if "ours" in named else "unproved"


def belongs(
    resource: Any, patient: str | None, fhir_base: str | None, *, outside: bool = False
) -> bool:
    """Return whether a resource (parsed JSON) is about this patient, or about no patient at all.

    An unproved resource isn't released.
    """
    return standing(resource, patient, fhir_base, outside=outside) in {"ours", "nobody"}


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
