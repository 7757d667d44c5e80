"""Resources that stand within another document: where R4 lets them, and where it does not.

FHIR R4 bundle.html (`entry.resource`, `entry.response.outcome`) and references.html, "Contained
Resources". A reader takes a resource from wherever it finds one, so each is looked at that has a
`resourceType`, in whatever case of the letters and at any depth.
"""

from collections.abc import Iterator
from typing import Any

from shared.fhir import compartment

_NAME = "resourcetype"


def within(document: Any) -> Iterator[tuple[dict[str, Any], bool]]:
    """The outermost resources below a document (parsed JSON), each with whether it is contained."""
    waiting: list[tuple[Any, bool]] = [(document, False)]
    while waiting:
        value, contained = waiting.pop()
        if isinstance(value, dict):
            held = [(one, contained or name == "contained") for name, one in value.items()]
        else:
            held = [(one, contained) for one in value]
        for one, is_contained in held:
            if isinstance(one, dict) and _is_resource(one):
                yield one, is_contained
            elif isinstance(one, dict | list):
                waiting.append((one, is_contained))


def of_answer(document: Any) -> Iterator[dict[str, Any]]:
    """The resources that a Bundle or an OperationOutcome holds, wherever they stand in it, remarks
    (OperationOutcome) left aside, but not what these hold.
    """
    waiting = [document]
    while waiting:
        for one, _ in within(waiting.pop()):
            if one.get("resourceType") == "OperationOutcome":
                waiting.append(one)
            else:
                yield one


def is_free_of_others(resource: Any, patient: str | None, fhir_base: str | None) -> bool:
    """Whether the resources within one are the patient's, about nobody, or contained and not said
    to be another patient's. A contained Patient is a copy that leads to no record.
    """
    waiting = [resource]
    while waiting:
        for one, contained in within(waiting.pop()):
            if one.get("resourceType") == "Patient" and contained:
                standing = True
            elif contained and isinstance(one.get("resourceType"), str):
                standing = compartment.standing(one, patient or "", fhir_base) != "another"
            else:
                standing = compartment.belongs(one, patient, fhir_base)
            if not standing:
                return False
            waiting.append(one)
    return True


def _is_resource(value: dict[str, Any]) -> bool:
    return "resourceType" in value or any(
        len(name) >= len(_NAME) and name.strip().casefold() == _NAME for name in value
    )
