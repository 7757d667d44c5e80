"""Search a document to be written for references to another patient, at any depth.

In R4, a performer, recipient or author can also put a resource into a patient's compartment, so
every Reference counts, not only those in compartment.py. Free text doesn't count, because it isn't
a link.
"""

from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Any

from shared.fhir.references import Compartment, member, of_text, whom

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
# Elements that never contain a patient in R4, and parts that have their own identifier: in them, an
# identifier without a type isn't a patient's.
_NEVER_A_PATIENT = frozenset(_NAMES.split())
# Elements that never contain a patient in some types of R4, and may in others.
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
    # A backbone element, with the identifier of the related item.
    "related": frozenset({"DocumentManifest"}),
}


def names_another(document: Any, known: Compartment, element: str = "") -> bool:
    """Return whether a document (parsed JSON) refers to another patient, at any depth, or contains
    a reference in a form that isn't understood here.

    `element` is the name of the element whose value it is, empty for a resource.
    """
    kind = document.get("resourceType") if isinstance(document, dict) else None
    never = _NEVER_A_PATIENT | {
        name for name, kinds in _NEVER_IN.items() if isinstance(kind, str) and kind in kinds
    }
    for name, value in _members(document, element):
        if member(name) == "reference" and _says_a_patient(value, known):
            return True
        if isinstance(value, dict) and _is_reference(value, name):
            named = whom(value, known, may_be_a_patient=name not in never)
        elif member(name) == "reference" and isinstance(value, str):
            # In a list or a patch too: this is a reference in any container.
            named = of_text(value, known)
        else:
            continue
        if named in {"another", "unread"}:
            return True
    return False


def _says_a_patient(value: Any, known: Compartment) -> bool:
    """Return whether an object in place of a text has another patient as its `value`. R4 also has
    Identifiers there, which may have any other value.
    """
    said = (
        [held for name, held in value.items() if member(name) == "value"]
        if isinstance(value, dict)
        else []
    )
    return any(isinstance(one, str) and of_text(one, known) == "another" for one in said)


def _is_reference(value: dict[str, Any], element: str) -> bool:
    """Return whether an object may be a Reference. Resources have identifiers as well."""
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
    """Yield every value in a document, each with the name of the member that holds it."""
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
