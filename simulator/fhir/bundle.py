"""Builds a searchset Bundle from the texts of its resources (FHIR R4, Bundle), and serves the pages
of a search at opaque links (FHIR R4, HTTP, paging).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from simulator.charts.resources import Resource
from simulator.common.expiring_map import ExpiringMap

_PAGES_SECONDS = 600


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of a search: its matches and the included resources."""

    matches: Sequence[Resource]
    included: Sequence[Resource] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The matches of a search, stored so that its pages are consistent.

    `pages`: at least one. `total`: None if the EHR doesn't send it. `token`: that of the
    search. No other token can page through it.
    """

    pages: Sequence[SearchPage]
    total: int | None
    token: str


def cut(matches: Sequence[Resource], count: int) -> list[Sequence[Resource]]:
    """Split matches into one or more pages; if the count is zero, return one empty page."""
    if count == 0 or not matches:
        return [()]
    return [matches[start : start + count] for start in range(0, len(matches), count)]


class Pages:
    """Creates page links and finds the page for a link."""

    def __init__(self, fhir_base: str, clock: Callable[[], float]) -> None:
        self._fhir_base = fhir_base
        self._results = ExpiringMap[Result](_PAGES_SECONDS, clock)

    def first(self, result: Result, self_url: str) -> str:
        """Return the first page, and keep the result if there are more."""
        key = self._results.put(result) if len(result.pages) > 1 else ""
        return self._bundle(result, key, 1, self_url)

    def at(self, key: str, number: str, token: str) -> str | None:
        """Return a page, or None if the link is unknown, expired or belongs to another token."""
        result = self._results.get(key)
        if result is None or result.token != token:
            return None
        if number not in {str(one) for one in range(1, len(result.pages) + 1)}:
            return None
        return self._bundle(result, key, int(number), self._link(key, int(number)))

    def _bundle(self, result: Result, key: str, number: int, self_url: str) -> str:
        links = [("self", self_url)]
        if number < len(result.pages):
            links.append(("next", self._link(key, number + 1)))
        if number > 1:
            links.append(("previous", self._link(key, number - 1)))
        return searchset(result.pages[number - 1], result.total, links, self._fhir_base)

    def _link(self, key: str, number: int) -> str:
        return f"{self._fhir_base}?{urlencode({'_getpages': key, '_page': number})}"


def searchset(
    part: SearchPage, total: int | None, links: Sequence[tuple[str, str]], fhir_base: str
) -> str:
    """Write a searchset Bundle, with the text of each resource unchanged."""
    members: dict[str, object] = {
        "resourceType": "Bundle",
        "type": "searchset",
        **({} if total is None else {"total": total}),
        "link": [{"relation": relation, "url": url} for relation, url in links],
    }
    head = json.dumps(members)
    modes = [(one, "match") for one in part.matches] + [(one, "include") for one in part.included]
    if not modes:
        return head  # FHIR forbids an empty `entry` array
    entries = ",\n".join(
        f'{{"fullUrl":{json.dumps(f"{fhir_base}/{one.type}/{one.id}")},'
        f'"resource":{one.text},"search":{{"mode":"{mode}"}}}}'
        for one, mode in modes
    )
    return f'{head[:-1]}, "entry": [\n{entries}\n]}}'
