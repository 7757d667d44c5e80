"""Runs a search, from its parameters to the ordered matches, and refuses unknown parameters (FHIR
R4, Search, with `handling=strict`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from simulator.charts.resources import Charts, Resource
from simulator.common import resource_text
from simulator.fhir.search_parameters import INCLUDES, PARAMETERS, Date, Matcher, Pairs

# How often a parameter may occur. A resource must match every occurrence.
_MOST_REPEATS = {"date": 2, "_lastUpdated": 2, "_count": 1, "_sort": 1}
_MOST_OTHERS = 10
# Parameters that change what a match looks like, or what comes with it.
_SHAPING = ("_include", "_elements")
_SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
}


class SearchInvalidError(ValueError):
    """The search is invalid; the message has the parameter and the reason."""


@dataclass(frozen=True, slots=True)
class Search:
    """A valid search.

    `count`: requested number of resources per page; 0 requests only the total, None if absent.
    `sort`: the name of a date parameter, after `-` if the newest comes first; None for chart order.
    `includes`: the elements whose targets `_include` adds. `elements`: the elements to return; all
    if it's empty.
    """

    type: str
    matchers: tuple[Matcher, ...]
    count: int | None
    sort: str | None
    includes: tuple[str, ...] = ()
    elements: frozenset[str] = frozenset()

    def run(self, resources: Iterable[Resource]) -> list[Resource]:
        """Return the matches in order."""
        matched = [one for one in resources if all(matches(one.body) for matches in self.matchers)]
        date = PARAMETERS[self.type].get((self.sort or "").removeprefix("-"))
        if self.sort is None or not isinstance(date, Date):
            return matched
        dated = [(date.interval(one.body), one) for one in matched]
        parameters = sorted(
            ((when.start, one.id, one) for when, one in dated if when is not None),
            key=lambda row: row[:2],
            reverse=self.sort.startswith("-"),
        )
        return [row[2] for row in parameters] + [one for when, one in dated if when is None]

    def included(self, matches: Iterable[Resource], charts: Charts) -> tuple[Resource, ...]:
        """Return the resources that `_include` adds to these matches, without duplicates."""
        references = (
            reference
            for one in matches
            for name in self.includes
            for reference in _references(one.body.get(name))
        )
        targets = (charts.find(*one.split("/")) for one in dict.fromkeys(references))
        return tuple(one for one in targets if one is not None)

    def subset(self, resource: Resource) -> Resource:
        """Return a resource with the requested elements only, marked as such (R4, `_elements`)."""
        if not self.elements:
            return resource
        body = resource_text.read(resource.text)
        body["meta"] = {**body["meta"], "tag": [*body["meta"].get("tag", ()), _SUBSETTED]}
        kept = self.elements | {"resourceType", "id", "meta"}
        text = resource_text.write({name: body[name] for name in body if name in kept})
        return replace(resource, text=text)


def _references(element: object) -> Iterator[str]:
    """Yield the relative references in an element that is a reference or a list of them."""
    for one in element if isinstance(element, list) else [element]:
        reference = one.get("reference", "") if isinstance(one, dict) else ""
        if reference.count("/") == 1:
            yield reference


def parse(fhir_type: str, pairs: Pairs, fhir_base: str) -> Search:
    """Read the parameters of a search on one type.

    Raises SearchInvalidError for an unknown parameter or modifier, a malformed value, or a
    parameter that's repeated too often.
    """
    parameters = PARAMETERS[fhir_type]
    pairs = [("_count", "0") if pair == ("_summary", "count") else pair for pair in pairs]
    matchers: list[Matcher] = []
    count: int | None = None
    sort = "-date" if fhir_type == "Observation" else None
    for name, times in Counter(name for name, _ in pairs).items():
        if times > _MOST_REPEATS.get(name, _MOST_OTHERS):
            raise SearchInvalidError(f"{_shown(name)} is repeated too often")
    for name, value in pairs:
        if name == "_count":
            count = _count(value)
        elif name == "_sort" and "date" in parameters:
            if value not in ("date", "-date"):
                raise SearchInvalidError("_sort must be date or -date")
            sort = value
        elif name in _SHAPING:
            pass
        elif name in parameters:
            try:
                matchers.append(parameters[name].matcher(value, fhir_base))
            except ValueError as error:
                raise SearchInvalidError(f"{name}: {error}") from None
        else:
            raise SearchInvalidError(
                f"{_shown(name)} isn't a supported search parameter of {fhir_type}"
            )
    included, elements = _followed(fhir_type, pairs), _elements(pairs)
    return Search(fhir_type, tuple(matchers), count, sort, included, elements)


def _followed(fhir_type: str, pairs: Pairs) -> tuple[str, ...]:
    known = {f"{fhir_type}:{name}": path for name, path in INCLUDES.get(fhir_type, {}).items()}
    values = [value for name, value in pairs if name == "_include"]
    for value in values:
        if value not in known:
            raise SearchInvalidError(f"_include={_shown(value)} isn't supported")
    return tuple(known[value] for value in values)


def _elements(pairs: Pairs) -> frozenset[str]:
    values = [value for name, value in pairs if name == "_elements"]
    return frozenset(name for value in values for name in value.split(","))


def _count(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 6):
        raise SearchInvalidError("_count must be a whole number, 0 or more")
    return int(value)


def _shown(name: str) -> str:
    return repr(name[:60])
