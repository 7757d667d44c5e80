"""The places where a response can carry another patient's data."""

from typing import Any

Json = dict[str, Any]


def pages(mine: Json, foreign: Json, here: str, elsewhere: str) -> dict[str, tuple[Json, Json]]:
    """Return a search's first page and its next one (at `?page=2`), by the place of the foreign
    resource. `here` and `elsewhere` are the URLs of that page, on the FHIR base and another host.
    """

    def bundle(*entries: Json, **more: Any) -> Json:
        return {"resourceType": "Bundle", "type": "searchset", "entry": list(entries), **more}

    def onward(url: str) -> Json:
        return bundle({"resource": mine}, link=[{"relation": "next", "url": url}])

    last = bundle()
    own, other = {"resource": mine}, {"resource": foreign}
    group = {**foreign, "subject": {"reference": "Group/p1"}}
    both = {**foreign, "subject": {"reference": "Patient/p1", "Reference": "Patient/p2"}}
    cased = {name.title() if name == "resourceType" else name: one for name, one in foreign.items()}
    return {
        "entry": (bundle(own, other), last),
        "included": (bundle(own, {**other, "search": {"mode": "include"}}), last),
        "contained": (bundle({"resource": {**mine, "contained": [foreign]}}), last),
        "within": (bundle({"resource": {**mine, "extension": [other]}}), last),
        "a Bundle within": (bundle(own, {"resource": bundle(other)}), last),
        "beside the entries": (bundle(own, contained=[foreign]), last),
        "a group's": (bundle(own, {"resource": group}), last),
        "another member": (bundle({**own, "Resource": foreign}), last),
        "another member of a reference": (bundle(own, {"resource": both}), last),
        "another list of entries": (bundle(own, Entry=[other]), last),
        "another spelling": (bundle({"resource": {**mine, "extension": [cased]}}), last),
        "next page": (onward(here), bundle(other)),
        "next page on another host": (onward(elsewhere), bundle(other)),
    }
