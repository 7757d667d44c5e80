"""Parse a searchset in an EHR's response: its resources and the link to the next page (FHIR R4)."""

from collections.abc import Set as AbstractSet
from decimal import Decimal, InvalidOperation
from typing import Any

from shared.errors import UpstreamInvalid
from shared.frozen import dataclass
from shared.json_members import fields, objects

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The resources of one response. `next` is the unchanged link to the next page, None if it
    isn't a text. `more`: whether there is a link to a next page, even one that isn't a text.
    """

    resources: tuple[Resource, ...]
    next: str | None
    more: bool = False


def of_document(
    document: Resource, kinds: AbstractSet[str], *, included: bool = True
) -> SearchPage:
    """Return the resources of some types in a document, alone or in a searchset with other content,
    without the server's OperationOutcome about the search, and with those that it `included` with
    the matches or without them.
    """
    if _is_one_of(document.get("resourceType"), kinds):
        return SearchPage((document,), None)
    resources = [
        entry.get("resource")
        for entry in objects(document.get("entry"))
        if _is_wanted(fields(entry.get("search")).get("mode"), included=included)
    ]
    following = [
        link.get("url") for link in objects(document.get("link")) if link.get("relation") == "next"
    ]
    return SearchPage(
        tuple(one for one in objects(resources) if _is_one_of(one.get("resourceType"), kinds)),
        next((url for url in following if isinstance(url, str)), None),
        bool(following),
    )


def _is_wanted(mode: object, *, included: bool) -> bool:
    if included:
        return mode != "outcome"
    if not isinstance(mode, str | None):
        # It may be a match, so the matches would be incomplete without it.
        raise UpstreamInvalid(why="The EHR's response has a `search.mode` that isn't a string.")
    return mode in {None, "match"}


def _is_one_of(kind: object, kinds: AbstractSet[str]) -> bool:
    return isinstance(kind, str) and kind in kinds


def decimal(text: str) -> Decimal | None:
    """Return a number with all its digits, or None if the exponent is out of range."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
