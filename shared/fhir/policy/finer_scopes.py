"""Finer-grained scopes: check EHR responses against a scope's own search parameters.

SMART App Launch 2.2, "Finer-grained resource constraints using search parameters". The parameters
are added to a search (asking.py). FHIR joins repeated ones with AND, but some servers join them
with OR, or use the first. So their results are checked again, if a resource shows the value.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.json_members import fields, objects

Parameters = tuple[tuple[str, str], ...]
Filters = frozenset[tuple[str, str]]
NO_FILTERS: Filters = frozenset()

# Search parameters with the same name as their element in every type.
_SHOWN = frozenset({"category", "status"})
# The types for which that's true of `code` (FHIR R4, search parameter registry).
_SHOWN_CODE = frozenset(
    {"Condition", "DiagnosticReport", "Medication", "Observation", "Procedure", "ServiceRequest"}
)
# Elements that R4 requires in the types for which they're checked.
_ALWAYS = frozenset({"code", "status"})
_OR = re.compile(r"(?<!\\),")


def repeated(filters: Filters, parameters: Parameters) -> set[str]:
    """Return the filters' parameters that the search also has with another value, in any case or
    form.
    """
    others = {_head(name) for name, value in parameters if (name, value) not in filters}
    return {name for name, _ in filters if _head(name) in others}


def is_shown(name: str, resource_type: str) -> bool:
    """Return whether a resource of the type shows the value of this parameter."""
    return name in _SHOWN or (name == "code" and resource_type in _SHOWN_CODE)


def hidden(filters: Filters, resource_type: str, parameters: Parameters) -> set[str]:
    """Return the filters' parameters whose element the search can omit from the results. A plain
    `_elements` has been completed (searches.py).
    """
    names = {name for name, _ in filters if is_shown(name, resource_type)}
    # Not in R4. HAPI has `_elements:exclude`.
    if any(_head(name) == "_elements" and ":" in name for name, _ in parameters):
        return names
    # FHIR R4 search.html, "_summary": `text` keeps the mandatory elements.
    if any(_head(name) == "_summary" and "text" in value.split(",") for name, value in parameters):
        return names - _ALWAYS
    return set()


def fits(resource: Mapping[str, Any], filters: Filters, *, must_show: bool) -> bool:
    """Return whether a resource matches a scope's parameters: those that it shows, or, with
    `must_show`, every parameter.
    """
    for name, value in filters:
        element = resource.get(name) if is_shown(name, resource["resourceType"]) else None
        if element is None:
            if must_show:
                return False
        elif not _matches(element, value):
            return False
    return True


def _head(name: str) -> str:
    return name.partition(":")[0].partition(".")[0].lower()


def _matches(element: object, value: str) -> bool:
    """Match a token with an element (FHIR R4 search.html, "token")."""
    held = tuple(_codes(element))
    return any(
        _is_one(code, system, token.replace("\\,", ","))
        for token in _OR.split(value)
        for system, code in held
    )


def _is_one(code: str, system: str | None, token: str) -> bool:
    wanted_system, bar, wanted = token.rpartition("|")
    if wanted and code != wanted:
        return False
    # A plain `code` element has the one system that its definition binds it to.
    return not bar or system is None or system == wanted_system


def _codes(element: object) -> Iterator[tuple[str | None, str]]:
    """Yield system and code of each coding. The system of a plain code is None."""
    for one in element if isinstance(element, list) else [element]:
        if isinstance(one, str):
            yield None, one
        for coding in objects(fields(one).get("coding")):
            yield str(coding.get("system", "")), str(coding.get("code", ""))
