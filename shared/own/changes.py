"""Create and update resources for a project's function, with the checks and calls of the proxy
(shared/fhir/calls/served.py).

There are two differences. An update always names the version that it replaces, so that it can't
undo another user's change, and a resource that the EHR doesn't return is read.
"""

import contextlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from shared.errors import CodedError, MethodNotAllowed, TooLarge, VersionConflict
from shared.fhir.access import Access
from shared.fhir.calls import served
from shared.fhir.calls.served import Served
from shared.fhir.calls.write import LOCATIONS, place_of, version_of
from shared.fhir.policy.interactions import CREATE, UPDATE
from shared.inbound import request_body
from shared.own.in_flight import InFlight, Versions
from shared.own.resources import (
    RefusedByEhr,
    Resource,
    access_of,
    address_of,
    noted,
    read,
    refuse,
    stated_version,
)

_WHOLE = {"Prefer": "return=representation"}
_CHANGING = "POST, PUT, PATCH, DELETE"


def write(
    request: InFlight,
    resource: Mapping[str, Any],
    body: bytes,
    *,
    is_new: bool,
    if_match: str | None,
) -> Resource:
    """Create or update a resource and return it as the EHR stored it. If no scope allows reading
    it, return only its type and id.
    """
    if request.call.method in {"GET", "HEAD"}:
        raise MethodNotAllowed(
            "A GET request can't change anything.",
            why="A link or a reload would repeat the change.",
            steps=("Use a POST request to create or update.",),
            allow=_CHANGING,
        )
    if len(body) > request_body.MAX_BYTES:
        raise TooLarge
    named = (resource.get("resourceType"), None if is_new else resource.get("id", ""))
    address = address_of(CREATE if is_new else UPDATE, *named)
    access = access_of(request)
    seen = request.versions.get((address.type, address.id), Versions())
    stated = stated_version(resource)
    condition = (
        if_match or seen.replaced_by(stated) or version_of({}, {"meta": {"versionId": stated}})
    )
    headers = {**_WHOLE, **({} if is_new or not condition else {"If-Match": condition})}

    def content() -> bytes:
        if not is_new and not condition:
            raise VersionConflict(
                "The update doesn't say which version it replaces.",
                why="The resource has no valid `meta.versionId`, and this call hasn't read that "
                "version. The change wasn't sent to the EHR, because it could undo another user's.",
                steps=("Read the resource first, or pass its version as `if_match`.",),
            )
        return body

    made = served.change(address, (), content, access, headers)
    if made.answer.status >= 300:
        refuse(made, access)
    served.log_answer(made, access)
    return _made(request, made, access)


def _made(request: InFlight, made: Served, access: Access) -> Resource:
    """Return the created or updated resource, and read it if the EHR didn't return it. If that read
    fails, the change is still successful.
    """
    answer, address = made.answer, made.decision.address
    base = access.fhir_base
    places = (place_of(answer.headers, name, address.type, base) for name in LOCATIONS)
    made_id = address.id or next((one.id for one in places if one), "")
    # The versions that were read before are no longer current.
    request.versions[address.type, made_id] = Versions()
    if made.decision.returns and answer.resource is not None:
        resource = served.parsed(answer.body, Decimal)
        if resource["resourceType"] == address.type:
            return noted(request, resource, answer)
    if made.decision.returns and made_id:
        with contextlib.suppress(CodedError, RefusedByEhr):
            return read(request, address.type, made_id)
    return {"resourceType": address.type, **({"id": made_id} if made_id else {})}
