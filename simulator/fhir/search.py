"""Runs a search, from its parameters to the ordered matches, and refuses unknown parameters (FHIR
R4, Search, with `handling=strict`).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from simulator.charts.resources import Charts, Resource
from simulator.fhir.search_parameters import PARAMETERS, Date, Matcher, Pairs

# How often a parameter may occur. A resource must match every occurrence.
_MOST_REPEATS = {"date": 2, "_lastUpdated": 2, "_count": 1, "_sort": 1}
_MOST_OTHERS = 10


class SearchInvalidError(ValueError):
    """The search is invalid; the message has the parameter and the reason."""


@dataclass(frozen=True, slots=True)
class Search:
    """A valid search.

    `count`: requested number of resources per page; 0 requests only the total, None if absent.
    `sort`: the name of a date parameter, after `-` if the newest comes first; None for chart order.
    `includes`: whether to include the Medications that orders refer to.
    """

    type: str
    matchers: tuple[Matcher, ...]
    count: int | None
    sort: str | None
    includes: bool = False

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
        if not self.includes:
            return ()
        references = (one.body.get("medicationReference", {}).get("reference") for one in matches)
        resources = (
            charts.find("Medication", reference.removeprefix("Medication/"))
            for reference in dict.fromkeys(references)
            if reference is not None
        )
        return tuple(one for one in resources if one is not None)


def parse(fhir_type: str, pairs: Pairs, fhir_base: str, *, include: str | None = None) -> Search:
    """Read the parameters of a search on one type; `include` is the only supported `_include`.

    Raises SearchInvalidError for an unknown parameter or modifier, a malformed value, or a
    parameter that's repeated too often.
    """
    parameters = PARAMETERS[fhir_type]
    matchers: list[Matcher] = []
    count: int | None = None
    includes = False
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
        elif name == "_include" and value == include:
            includes = True
        elif name in parameters:
            try:
                matchers.append(parameters[name].matcher(value, fhir_base))
            except ValueError as error:
                raise SearchInvalidError(f"{name}: {error}") from None
        else:
            raise SearchInvalidError(
                f"{_shown(name)} isn't a supported search parameter of {fhir_type}"
            )
    return Search(fhir_type, tuple(matchers), count, sort, includes)


def _count(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 6):
        raise SearchInvalidError("_count must be a whole number, 0 or more")
    return int(value)


def _shown(name: str) -> str:
    return repr(name[:60])
