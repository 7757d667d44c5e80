"""Whether a document that is to be written refers to another patient, wherever it says so.

R4's patient compartment takes a resource in by its performers, recipients and authors as well, so
every Reference at any depth counts, not only those that compartment.py looks at. Free text does
not: it leads nowhere.
"""

from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Any

from shared.fhir.references import member, of_text, whom

_NAMES = """
    account appointment assigner careManager careTeam claim condition container context
    contract coverage custodian derivedFrom destination device encounter endpoint
    episodeOfCare facility
    generalPractitioner goal hasMember healthcareService imagingStudy instance insurance
    insurer location managingOrganization manufacturer medicationReference organization
    origin originalPrescription parent payment performingOrganization prescriber
    prescription provider
    qualification referral requestor result resultsInterpreter schedule service
    serviceProvider slot specimen supplier team
"""
# Elements in which R4 lets no patient stand, and parts that have an identifier of their own: there
# an identifier without a type is nobody's.
_NEVER_A_PATIENT = frozenset(_NAMES.split())
# Elements in which R4 lets no patient stand in some types, and anything in others.
_NEVER_IN: Mapping[str, frozenset[str]] = {
    "basedOn": frozenset(
        {"CarePlan", "DiagnosticReport", "Encounter", "ImagingStudy", "Media", "MedicationRequest"}
        | {"Observation", "Procedure", "QuestionnaireResponse", "ServiceRequest"}
    ),
    "partOf": frozenset(
        {"CarePlan", "Encounter", "MedicationAdministration", "MedicationDispense"}
        | {"MedicationStatement", "Observation", "Procedure", "QuestionnaireResponse"}
    ),
    "reasonReference": frozenset(
        {"Appointment", "Encounter", "Immunization", "MedicationAdministration"}
        | {"MedicationRequest", "MedicationStatement", "Procedure", "ServiceRequest"}
    ),
    # A part of its own, with the identifier of what is related.
    "related": frozenset({"DocumentManifest"}),
}


def names_another(document: Any, patient: str | None, fhir_base: str, element: str = "") -> bool:
    """Whether a document (parsed JSON) refers to another patient, at any depth, or in a way that is
    not read here: nobody can say to whom.

    `element` is the name of the element whose value it is; empty for a resource.
    """
    kind = document.get("resourceType") if isinstance(document, dict) else None
    never = _NEVER_A_PATIENT | {
        name for name, kinds in _NEVER_IN.items() if isinstance(kind, str) and kind in kinds
    }
    for name, value in _members(document, element):
        if member(name) == "reference" and _says_a_patient(value, patient, fhir_base):
            return True
        if isinstance(value, dict) and _is_reference(value, name):
            may_be = name not in never
            named = whom(value, patient, fhir_base, may_be_a_patient=may_be)
        elif member(name) == "reference" and isinstance(value, str):
            # Also one of a list, or of a patch: whatever holds it, it is a reference.
            named = of_text(value, patient, fhir_base)
        else:
            continue
        if named in {"another", "unread"}:
            return True
    return False


def _says_a_patient(value: Any, patient: str | None, fhir_base: str) -> bool:
    """Whether an object where a text belongs has another patient as its `value`; R4 has Identifiers
    there too, which may have any other value.
    """
    said = (
        [held for name, held in value.items() if member(name) == "value"]
        if isinstance(value, dict)
        else []
    )
    return any(
        isinstance(one, str) and of_text(one, patient, fhir_base) == "another" for one in said
    )


def _is_reference(value: dict[str, Any], element: str) -> bool:
    """Whether an object can be taken for a Reference; resources have identifiers as well."""
    if element in {"", "contained"} and isinstance(value.get("resourceType"), str):
        return False
    for name, held in value.items():
        known = member(name)
        if known == "reference" and not isinstance(held, dict | list):
            return True
        if known == "identifier" and held is not None:
            return True
    return False


def _members(document: Any, element: str) -> Iterator[tuple[str, Any]]:
    """Everything in a document, each with the name of the member that holds it."""
    levels: list[Iterator[tuple[str, Any]]] = [iter([(element, document)])]
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
