"""An answer of the EHR taken apart: the resources of a searchset and its next page (FHIR R4)."""

import json
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from shared.json_members import objects

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The resources of one answer, decimals with their digits; `next` is the link as it came."""

    resources: tuple[Resource, ...]
    next: str | None


def page(body: bytes, kinds: AbstractSet[str]) -> SearchPage:
    """The resources of some types in an answer, alone or in a searchset, whatever else it holds.

    `body` must be a JSON object with a `resourceType`: it has been parsed before.
    """
    document = json.loads(body, parse_float=_decimal)
    if document["resourceType"] in kinds:
        return SearchPage((document,), None)
    found = [entry.get("resource") for entry in objects(document.get("entry"))]
    following = (
        link.get("url") for link in objects(document.get("link")) if link.get("relation") == "next"
    )
    return SearchPage(
        tuple(one for one in objects(found) if _is_one_of(one.get("resourceType"), kinds)),
        next((url for url in following if isinstance(url, str)), None),
    )


def _is_one_of(kind: object, kinds: AbstractSet[str]) -> bool:
    return isinstance(kind, str) and kind in kinds


def _decimal(text: str) -> Decimal | None:
    """A number with its digits; None for an exponent beyond all use."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
