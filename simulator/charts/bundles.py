"""Reads other charts: FHIR R4 Bundles, as Synthea or the search of another server writes them."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from simulator.charts.parts import Json
from simulator.charts.resources import RESOURCE_TYPES, Resource, split
from simulator.common import resource_text

_REFERENCE = re.compile(r'"reference": "([^"]+)"')


def read_folder(folder: Path, now: datetime) -> tuple[Resource, ...]:
    """Return the resources of every `*.json` in a folder, in the order of their names.

    Raises ValueError, which names the file, if one isn't such a Bundle or there is none.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise ValueError(f"{folder} has no *.json")
    return tuple(one for file in files for one in _resources(file, now))


def _resources(file: Path, now: datetime) -> Iterator[Resource]:
    try:
        yield from read_bundle(file.read_text("utf-8"), now)
    except KeyError as error:
        raise ValueError(f"{file.name}: a member is missing: {error}") from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"{file.name}: {error}") from None


def read_bundle(text: str, now: datetime) -> Iterator[Resource]:
    """Yield the resources of a Bundle that this EHR serves, with every digit of their decimals.

    References to a `fullUrl` get the form Type/id, as after a transaction (FHIR R4, HTTP). A
    resource without a version is as of `now`. Raises ValueError, KeyError or TypeError for
    anything else.
    """
    first = {"versionId": "1", "lastUpdated": now.isoformat(timespec="seconds")}
    served = [
        {**one, "meta": {**first, **one.get("meta", {})}}
        for one in resolved(text)
        if one["resourceType"] in RESOURCE_TYPES
    ]
    yield from split(resource_text.write(served))


def resolved(text: str) -> list[Json]:
    """Return all resources of a Bundle, for `resource_text.write`, which refer to each other by
    Type/id. Raises as `read_bundle` does.
    """
    entries = resource_text.read(text)["entry"]
    targets = {one["fullUrl"]: _place(one["resource"]) for one in entries if "fullUrl" in one}

    def as_place(match: re.Match[str]) -> str:
        return f'"reference": "{targets.get(match[1], match[1])}"'

    written = resource_text.write([one["resource"] for one in entries])
    return list(resource_text.read(_REFERENCE.sub(as_place, written)))


def _place(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
