"""Resources within another document, both where R4 allows them and where it doesn't.

FHIR R4 bundle.html (`entry.resource`, `entry.response.outcome`) and references.html, "Contained
Resources". A reader may accept a resource in any place, so every object with a `resourceType` is
checked, in any case and at any depth.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from shared.fhir import compartment
from shared.fhir.references import Compartment

_NAME = "resourcetype"


def within(document: Any) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield the outermost resources in a document (parsed JSON), and whether each is contained."""
    waiting: list[tuple[Any, bool]] = [(document, False)]
    while waiting:
        value, contained = waiting.pop()
        if isinstance(value, dict):
            for name, one in value.items():
                if isinstance(one, dict):
                    if _is_resource(one):
                        yield one, contained or name == "contained"
                    else:
                        waiting.append((one, contained or name == "contained"))
                elif isinstance(one, list) and one:
                    waiting.append((one, contained or name == "contained"))
        else:
            for one in value:
                if isinstance(one, dict) and _is_resource(one):
                    yield one, contained
                elif isinstance(one, dict | list):
                    waiting.append((one, contained))


def of_answer(document: Any) -> Iterator[dict[str, Any]]:
    """Yield the resources in a Bundle or an OperationOutcome, however deeply nested, but not the
    resources contained in those. An OperationOutcome is replaced with the resources in it.
    """
    waiting = [document]
    while waiting:
        for one, _ in within(waiting.pop()):
            if one.get("resourceType") == "OperationOutcome":
                waiting.append(one)
            else:
                yield one


def is_free_of_others(resource: Any, known: Compartment) -> bool:
    """Return whether the resources within one are about the patient, about no patient, or contained
    and not about another patient. A contained Patient is a copy that isn't linked to a record.
    """
    # If there is no patient, every patient is another one.
    some = replace(known, patient="") if known.patient is None else known
    waiting = [resource]
    while waiting:
        for one, contained in within(waiting.pop()):
            if one.get("resourceType") == "Patient" and contained:
                is_free = True
            elif contained and isinstance(one.get("resourceType"), str):
                is_free = compartment.standing(one, some) != "another"
            else:
                is_free = compartment.belongs(one, known)
            if not is_free:
                return False
            waiting.append(one)
    return True


def is_misspelled(resource: dict[str, Any]) -> bool:
    """Return whether a lenient reader may find another type in a resource than a strict one."""
    return any(name != "resourceType" and _is_name(name) for name in resource)


def _is_resource(value: dict[str, Any]) -> bool:
    if "resourceType" in value:
        return True
    for name in value:  # noqa: SIM110 - a generator took twice as long
        if len(name) >= len(_NAME) and _is_name(name):
            return True
    return False


def _is_name(name: str) -> bool:
    return name.strip().casefold() == _NAME
