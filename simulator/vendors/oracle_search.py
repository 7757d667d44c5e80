"""The search parameters and paging of Oracle Health (fhir.cerner.com, R4, per resource; a copy of
2024; README.md lists the assumptions).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from simulator.charts.resources import Resource
from simulator.fhir.bundle import cut
from simulator.fhir.outcome import FhirError
from simulator.fhir.search import Search
from simulator.fhir.search_parameters import Body, Pairs

_PATIENT_PARAMETERS = frozenset({"_id", "patient", "subject"})
_SUPPORTED: Mapping[str, frozenset[str]] = {
    "Patient": frozenset({"_id"}),
    "Observation": _PATIENT_PARAMETERS | {"category", "code", "date", "_lastUpdated", "_count"},
    "Condition": _PATIENT_PARAMETERS | {"category", "clinical-status"},
    "MedicationRequest": frozenset({"_id", "patient", "status", "intent", "_count"}),
    "Encounter": _PATIENT_PARAMETERS | {"date", "_count"},
    "DocumentReference": frozenset({"_id", "patient", "type", "category", "date", "_count"}),
    "Practitioner": frozenset({"_id"}),
}
_LOWER, _UPPER = frozenset({"ge", "gt"}), frozenset({"le", "lt"})
_PREFIXES = _LOWER | _UPPER | {"eq"}
_DATES = ("date", "_lastUpdated")
# A search by code finds a blood pressure only by its panel code 85354-9.
_NEVER_FOUND = frozenset({"8480-6", "8462-4"})
_DEFAULT_COUNT = 50
_MOST_COUNT = 200


def require_supported(fhir_type: str, pairs: Pairs) -> None:
    """Check the parameters of a search.

    Raises FhirError with 400 if one is unsupported, one is missing, or two dates don't form a
    range.
    """
    names = [name for name, _ in pairs]
    for name in names:
        if name not in _SUPPORTED.get(fhir_type, _PATIENT_PARAMETERS):
            raise FhirError(400, "invalid", f"{name[:60]} isn't a supported search parameter")
    if not _PATIENT_PARAMETERS.intersection(names):
        choices = ", ".join(
            sorted(_PATIENT_PARAMETERS & _SUPPORTED.get(fhir_type, _PATIENT_PARAMETERS))
        )
        raise FhirError(400, "required", f"at least one of {choices} is required")
    for date in _DATES:
        prefixes = [value[:2] for name, value in pairs if name == date]
        if not _PREFIXES.issuperset(prefixes):
            raise FhirError(
                400,
                "invalid",
                f"{date} must have one of the prefixes {', '.join(sorted(_PREFIXES))}",
            )
        ranged = _LOWER.intersection(prefixes) and _UPPER.intersection(prefixes)
        if len(prefixes) == 2 and not ranged:
            raise FhirError(400, "invalid", "of two dates, one needs ge or gt, the other le or lt")
    if fhir_type == "Observation":
        codes = [code for name, value in pairs if name == "code" for code in value.split(",")]
        if any("|" not in code for code in codes):
            raise FhirError(400, "invalid", "each code must have its system")


def adapted(query: Search, pairs: Pairs) -> Search:
    """Exclude single blood pressures from a search by code, and sort a search by `_lastUpdated`
    with the most recent update first.
    """
    names = {name for name, _ in pairs}
    if query.type == "Observation" and "code" in names:
        query = replace(query, matchers=(*query.matchers, _is_found_by_code))
    return replace(query, sort="-_lastUpdated") if "_lastUpdated" in names else query


def _is_found_by_code(body: Body) -> bool:
    codings = body["code"].get("coding", [])
    return not any(coding.get("code") in _NEVER_FOUND for coding in codings)


def pages_of(query: Search, matches: Sequence[Resource]) -> list[Sequence[Resource]]:
    """Put all social history on the first page, and repeat a page's last entry on the next page."""
    count = _DEFAULT_COUNT if query.count is None else min(query.count, _MOST_COUNT)
    if count == 0:
        return [()]
    social = [one for one in matches if _is_social_history(one)]
    others = [one for one in matches if not _is_social_history(one)]
    room = max(count - len(social), 0)
    pages = [[*social, *others[:room]], *cut(others[room:], count)]
    pages = [pages[0], *(part for part in pages[1:] if part)]
    return [pages[0], *([*before[-1:], *part] for before, part in pairwise(pages))]


def _is_social_history(resource: Resource) -> bool:
    codes = (
        coding.get("code")
        for concept in resource.body.get("category", [])
        for coding in concept.get("coding", [])
    )
    return resource.type == "Observation" and "social-history" in codes
