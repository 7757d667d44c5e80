"""FHIR requests of a project's function, by the way of the proxy's (shared/fhir/calls/served.py).

What differs is the form: parsed resources with decimals in place of bytes, pages followed here, and
a search that is restricted to the session's patient unless that is waived.
"""

import contextlib
import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from shared import fhir_id, strict_json, urls
from shared.errors import (
    EhrRefused,
    MethodNotAllowed,
    ParameterInvalid,
    PathInvalid,
    PatientMissing,
    SmartError,
    TooLarge,
    UpstreamInvalid,
)
from shared.fhir import compartment, fhir_client, page_links
from shared.fhir.calls import served
from shared.fhir.calls.served import Served
from shared.fhir.calls.write import version_of
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy.finer_scopes import Parameters
from shared.fhir.policy.interactions import TABLE, Address, Kind
from shared.fhir.resource_types import RESOURCE_TYPES
from shared.inbound import request_body
from shared.json_members import fields, objects
from shared.own.in_flight import InFlight
from shared.session.sessions import Active

MOST_PAGES = 20
MOST_BYTES = fhir_client.MAX_BYTES
MOST_PARAMETERS = 200
_WHOLE = {"Prefer": "return=representation"}
_CHANGING = "POST, PUT, PATCH, DELETE"
_MATCHES = frozenset({"match", None})

Resource = dict[str, Any]


class RefusedByEhr(Exception):
    """The EHR's own refusal: as our error, and its OperationOutcome, which may hold anything."""

    def __init__(self, error: EhrRefused, outcome: Resource) -> None:
        super().__init__(error.status)
        self.error = error
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Matches:
    """The matches of a search, and whether that is all."""

    resources: Sequence[Resource]
    complete: bool


def read(request: InFlight, resource_type: str, resource_id: str | None) -> Resource:
    """One resource. Raises SmartError, and RefusedByEhr."""
    if resource_id is None:
        raise PatientMissing
    address = _address("read", resource_type, resource_id)
    active = _active(request)
    response = served.fetch(address, (), active, {})
    return _noted(request, _resource(response, address, active), response.answer)


def search(
    request: InFlight,
    resource_type: str,
    parameters: Parameters,
    pages: int,
    *,
    own_patient: bool,
) -> Matches:
    """The matches on so many pages. With `own_patient` every scope counts as a patient/ scope,
    where the type is about a patient.
    """
    if len(parameters) > MOST_PARAMETERS:
        raise ParameterInvalid("A search takes 200 parameters at most.")
    if pages < 1:
        raise ParameterInvalid("A search reads one page at least.")
    address = _address("search", resource_type)
    active = _active(request)
    restricted = own_patient and compartment.names_its_patient(resource_type)
    response = served.fetch(address, parameters, active, {}, own_patient=restricted)
    matches: list[Resource] = []
    size = 0
    for number in range(1, min(pages, MOST_PAGES) + 1):
        bundle = _resource(response, address, active)
        size += len(response.answer.body)
        if size > MOST_BYTES:
            return Matches(matches, complete=False)
        matches += (_noted(request, one) for one in _matches(bundle, resource_type))
        url = _next(bundle, active, resource_type)
        if url is None:
            return Matches(matches, complete=True)
        if number < min(pages, MOST_PAGES):
            first = response.decision
            response = served.fetch_next_page(
                address, url, active, first.level, shown=first.shown, own_patient=restricted
            )
    return Matches(matches, complete=False)


def write(
    request: InFlight,
    resource: Mapping[str, Any],
    body: bytes,
    *,
    is_new: bool,
    if_match: str | None,
) -> Resource:
    """What was created or updated, as the EHR stored it; type and id alone where no scope lets it
    be read.
    """
    if request.call.method in {"GET", "HEAD"}:
        raise MethodNotAllowed(
            "A GET request can't change anything.",
            why="A link or a reload would repeat the change.",
            steps=("Create and update in a POST request.",),
            allow=_CHANGING,
        )
    if len(body) > request_body.MAX_BYTES:
        raise TooLarge
    named = (resource.get("resourceType"), None if is_new else resource.get("id", ""))
    address = _address("create" if is_new else "update", *named)
    active = _active(request)
    headers = dict(_WHOLE)
    known = if_match or request.versions.get((address.type, address.id))
    if not is_new and known:
        headers["If-Match"] = known
    made = served.change(address, (), lambda: body, active, headers)
    if made.answer.status >= 300:
        _refuse(made, address, active)
    served.log_answer(address, made, active)
    return _made(request, made, address, active)


def _made(request: InFlight, made: Served, address: Address, active: Active) -> Resource:
    """What a change has made. It is read where the EHR didn't return it; that this fails doesn't
    make the change undone.
    """
    answer = made.answer
    made_id = address.id or _id_in(answer.headers, address.type, active.session.fhir_base)
    if made.decision.returns and answer.resource is not None:
        resource = parsed(answer.body)
        if resource["resourceType"] == address.type:
            return _noted(request, resource, answer)
    request.versions.pop((address.type, made_id), None)
    if made.decision.returns and made_id:
        with contextlib.suppress(SmartError, RefusedByEhr):
            return read(request, address.type, made_id)
    return {"resourceType": address.type, **({"id": made_id} if made_id else {})}


def _address(kind: Kind, resource_type: object, resource_id: object = None) -> Address:
    """The address of a plain request. Raises PathInvalid where the proxy does."""
    row = next(one for one in TABLE if one.kind == kind)
    if not isinstance(resource_type, str) or resource_type not in RESOURCE_TYPES:
        raise PathInvalid(why="There is no FHIR R4 resource type of this name.")
    if "{id}" not in row.form:
        return Address(row, resource_type)
    if not isinstance(resource_id, str) or not re.fullmatch(fhir_id.PATTERN, resource_id):
        raise PathInvalid(why="The id isn't a FHIR id: 1 to 64 of A-Z a-z 0-9 - and the dot.")
    return Address(row, resource_type, resource_id)


def _active(request: InFlight) -> Active:
    if request.active is None:
        raise RuntimeError("No session is open.")
    return request.active


def _resource(response: Served, address: Address, active: Active) -> Resource:
    """The resource of an answer, with decimals. Raises RefusedByEhr."""
    if response.answer.status != 200:
        _refuse(response, address, active)
    resource = parsed(response.answer.body)
    served.log_answer(address, response, active)
    return resource


def _refuse(response: Served, address: Address, active: Active) -> NoReturn:
    """Raise the EHR's refusal; a failure of its own is an answer that can't be passed on."""
    answer = response.answer
    retry_after = _seconds(answer.headers.get("retry-after", ""))
    if answer.status >= 500:
        evidence = {"status": str(answer.status), **answer.ehr_ids}
        raise UpstreamInvalid(evidence=evidence).again(retry_after=retry_after)
    served.log_answer(address, response, active)
    error = EhrRefused().again(status=answer.status, retry_after=retry_after)
    raise RefusedByEhr(error, parsed(answer.body))


def _seconds(retry_after: str) -> int | None:
    """A Retry-After (RFC 9110 10.2.3) in seconds; None where it is neither these nor a date."""
    if re.fullmatch("[0-9]{1,8}", retry_after):
        return int(retry_after)
    try:
        return max(0, math.ceil(parsedate_to_datetime(retry_after).timestamp() - time.time()))
    except (ValueError, TypeError, OverflowError):
        return None


def parsed(body: bytes) -> Resource:
    """Return the document in a checked response. Raises UpstreamInvalid for ambiguous JSON."""
    try:
        document: Resource = strict_json.parse(body, Decimal)
    except (ValueError, InvalidOperation):
        raise UpstreamInvalid(
            why="The EHR's response repeats a JSON property, or has too many values."
        ) from None
    return document


def _matches(bundle: Resource, resource_type: str) -> Iterator[Resource]:
    """The resources that were searched for; what was brought along isn't among them."""
    for entry in objects(bundle.get("entry")):
        resource = entry.get("resource")
        mode = fields(entry.get("search")).get("mode")
        matches = mode in _MATCHES and fields(resource).get("resourceType") == resource_type
        if matches and isinstance(resource, dict):
            yield resource


def _next(bundle: Resource, active: Active, resource_type: str) -> str | None:
    """The next page's URL. Raises UpstreamInvalid where it isn't followed."""
    for link in objects(bundle.get("link")):
        if link.get("relation") == "next":
            url = link.get("url")
            followed = (
                page_links.followed(url, active.session, resource_type)
                if isinstance(url, str)
                else None
            )
            if followed is None:
                raise page_links.not_followed(url)
            return followed
    return None


def _noted(request: InFlight, resource: Resource, answer: FhirAnswer | None = None) -> Resource:
    """The same, with its version noted for an update."""
    kind, named = resource.get("resourceType"), resource.get("id")
    if isinstance(kind, str) and isinstance(named, str):
        version = version_of(answer.headers if answer else {}, resource)
        if version:
            request.versions[kind, named] = version
    return resource


def _id_in(headers: Mapping[str, str], resource_type: str, fhir_base: str) -> str:
    """The id in the address of what was created; empty where the EHR gave none of its own."""
    for name in ("location", "content-location"):
        url = urls.on_own_host(headers.get(name, ""), fhir_base, resource_type) or ""
        pattern = rf"{re.escape(fhir_base)}/{resource_type}/({fhir_id.PATTERN})(?:/_history/.*)?"
        if match := re.fullmatch(pattern, url):
            return match[1]
    return ""
