"""A searchset Bundle put together from the texts of its resources (FHIR R4, Bundle), and the
pages of a search under links that say nothing (FHIR R4, HTTP, paging).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from simulator.charts import Resource
from simulator.shelf import Shelf

_PAGES_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Result:
    """A search's matches, kept so that its pages agree with each other.

    Fields:
        token: the access token that searched; no other may page.
    """

    matches: tuple[Resource, ...]
    count: int
    token: str

    @property
    def pages(self) -> int:
        """Return the number of pages, at least 1."""
        return max(1, -(-len(self.matches) // self.count)) if self.count else 1


class Pages:
    """Finds the page that a link names, and writes the links."""

    def __init__(self, fhir_base: str, clock: Callable[[], float]) -> None:
        self._fhir_base = fhir_base
        self._results = Shelf[Result](_PAGES_SECONDS, clock)

    def first(self, result: Result, self_url: str) -> str:
        """Return the first page; the result is kept if there are more."""
        key = self._results.put(result) if result.pages > 1 else ""
        return self._bundle(result, key, 1, self_url)

    def page(self, key: str, number: str, token: str) -> str | None:
        """Return a page, or None if the link is unknown, too old or another token's."""
        result = self._results.get(key)
        if result is None or result.token != token:
            return None
        if number not in {str(one) for one in range(1, result.pages + 1)}:
            return None
        return self._bundle(result, key, int(number), self._link(key, int(number)))

    def _bundle(self, result: Result, key: str, number: int, self_url: str) -> str:
        links = [("self", self_url)]
        if number < result.pages:
            links.append(("next", self._link(key, number + 1)))
        if number > 1:
            links.append(("previous", self._link(key, number - 1)))
        shown = result.matches[(number - 1) * result.count : number * result.count]
        return searchset(shown, len(result.matches), links, self._fhir_base)

    def _link(self, key: str, number: int) -> str:
        return f"{self._fhir_base}?{urlencode({'_getpages': key, '_page': number})}"


def searchset(
    resources: Sequence[Resource],
    total: int,
    links: Sequence[tuple[str, str]],
    fhir_base: str,
) -> str:
    """Write a searchset Bundle around the resources' own texts."""
    members: dict[str, object] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": total,
        "link": [{"relation": relation, "url": url} for relation, url in links],
    }
    head = json.dumps(members)
    if not resources:
        return head  # FHIR forbids an empty list of entries
    entries = ",\n".join(
        f'{{"fullUrl":{json.dumps(f"{fhir_base}/{one.type}/{one.id}")},'
        f'"resource":{one.text},"search":{{"mode":"match"}}}}'
        for one in resources
    )
    return f'{head[:-1]}, "entry": [\n{entries}\n]}}'
