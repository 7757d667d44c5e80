"""Read and search resources for a project's function, with the checks and calls of the proxy
(shared/fhir/calls/served.py).

It returns parsed resources with decimals instead of bytes, follows the pages of a search, and
restricts a search to the session's patient unless the function opts out.
"""

import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from shared import fhir_id, held_bytes
from shared.errors import (
    EhrRefused,
    ParameterInvalid,
    PathInvalid,
    PatientDenied,
    PatientMissing,
    UpstreamInvalid,
)
from shared.fhir import compartment, fhir_client, page_links, searchset
from shared.fhir.access import Access
from shared.fhir.calls import served
from shared.fhir.calls.read import Terms
from shared.fhir.calls.served import Served
from shared.fhir.calls.write import version_of
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy.finer_scopes import Parameters
from shared.fhir.policy.interactions import READ, SEARCH, Address, Interaction
from shared.fhir.resource_types import RESOURCE_TYPES
from shared.frozen import dataclass
from shared.own.in_flight import InFlight, Versions

MOST_PAGES = 20
MOST_BYTES = fhir_client.MAX_BYTES
MOST_PARAMETERS = 200
_TERMS = Terms(decimal=Decimal)
# After this time, the search requests no more pages. The last page may take this long again.
SECONDS = fhir_client.SECONDS
# The proxy's own parameter (functions/fhir_proxy/rewrite.py).
_PAGE_PARAMETER = "_page"

Resource = dict[str, Any]


class RefusedByEhr(Exception):
    """The EHR refused a request. `outcome` is its OperationOutcome, which may contain anything."""

    def __init__(self, error: EhrRefused, outcome: Resource) -> None:
        super().__init__(error.status)
        self.error = error
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Matches:
    """The matches of a search, and whether they're complete."""

    resources: Sequence[Resource]
    complete: bool


def read(request: InFlight, resource_type: str, resource_id: str | None) -> Resource:
    """Read one resource. Raise CodedError or RefusedByEhr."""
    if resource_id is None:
        raise PatientMissing
    address = address_of(READ, resource_type, resource_id)
    access = access_of(request)
    response = served.fetch(address, (), access, {}, _TERMS)
    return noted(request, _resource(response, access), response.answer)


def search(
    request: InFlight,
    resource_type: str,
    parameters: Parameters,
    pages: int,
    *,
    own_patient: bool,
) -> Matches:
    """Return the matches on up to this many pages. With `own_patient`, every scope counts as a
    patient/ scope, except for types that are never about a patient. Raise PatientDenied for types
    that don't reliably state which patient they're about.
    """
    if len(parameters) > MOST_PARAMETERS:
        raise ParameterInvalid("A search accepts at most 200 parameters.")
    if pages < 1:
        raise ParameterInvalid("A search must read at least one page.")
    address = address_of(SEARCH, resource_type)
    until = time.monotonic() + SECONDS
    access = access_of(request)
    if any(name == _PAGE_PARAMETER for name, _ in parameters):
        raise ParameterInvalid(
            f"A search doesn't accept the parameter {_PAGE_PARAMETER}.",
            why="The parameter is reserved for the proxy's links to further pages.",
            steps=("Use `pages` to set how many pages to read.",),
        )
    restricted = own_patient and resource_type not in compartment.OUTSIDE
    terms = replace(_TERMS, own_patient=restricted)
    with _explained(resource_type, restricted=restricted):
        response = served.fetch(address, parameters, access, {}, terms)
    level, must_show = response.decision.level, response.decision.must_show
    matches: list[Resource] = []
    size = 0
    for number in range(1, MOST_PAGES + 1):
        page = searchset.of_document(_resource(response, access), {resource_type}, included=False)
        following = page_links.following(page, access, resource_type)
        size += len(response.answer.body)
        if number > 1 and size > MOST_BYTES:
            break
        matches += (noted(request, one) for one in page.resources)
        if following is None:
            return Matches(matches, complete=True)
        if number == min(pages, MOST_PAGES) or time.monotonic() > until:
            break
        del response, page  # free their memory before the next page is read
        access = access_of(request)
        response = served.fetch_next_page(  # noqa: F841 - used in the next round
            address, following, access, level, must_show=must_show, terms=terms
        )
    return Matches(matches, complete=False)


@contextmanager
def _explained(resource_type: str, *, restricted: bool) -> Iterator[None]:
    """Explain in a PatientDenied which searches for this type are allowed."""
    try:
        yield
    except PatientDenied as error:
        if not restricted or resource_type in compartment.REACHABLE:
            raise
        raise error.again(
            why=f"A {resource_type} doesn't reliably state which patient it's about, so a search "
            "for it can't be restricted to one patient.",
            steps=("With user/ scopes, pass patient=None to search everything they allow.",),
        ) from None


def address_of(row: Interaction, resource_type: object, resource_id: object = None) -> Address:
    """Return the path of a plain request. Raises PathInvalid if the proxy would."""
    if not isinstance(resource_type, str) or resource_type not in RESOURCE_TYPES:
        raise PathInvalid(why="There is no FHIR R4 resource type with this name.")
    if not row.has_id:
        return Address(row, resource_type)
    if not isinstance(resource_id, str) or not re.fullmatch(fhir_id.PATTERN, resource_id):
        raise PathInvalid(
            why="The id isn't a FHIR id (1 to 64 characters from A-Z, a-z, 0-9, - and .)."
        )
    return Address(row, resource_type, resource_id)


def access_of(request: InFlight) -> Access:
    """Return the current access of the request's session or backend service: renewed if that is
    due. Raise an error if the session has ended, and RuntimeError if the request has neither.
    """
    if request.access is None:
        raise RuntimeError("No session is open.")
    return request.access()


def _resource(response: Served, access: Access) -> Resource:
    """Return the resource in a response, with decimals. Raises RefusedByEhr."""
    if response.answer.status != 200:
        refuse(response, access)
    held_bytes.retain(len(response.answer.body))
    resource = served.document(response, _TERMS)
    served.log_answer(response, access)
    return resource


def refuse(response: Served, access: Access) -> NoReturn:
    """Raise the EHR's refusal as RefusedByEhr, or its server error as UpstreamInvalid."""
    answer = response.answer
    retry_after = _seconds(answer.headers.get("retry-after", ""))
    if answer.status >= 500:
        evidence = {"status": str(answer.status), **answer.ehr_ids}
        raise UpstreamInvalid(evidence=evidence).again(retry_after=retry_after)
    served.log_answer(response, access)
    error = EhrRefused().with_status(answer.status, retry_after, access.fhir_base)
    raise RefusedByEhr(error, served.parsed(answer.body, Decimal))


def _seconds(retry_after: str) -> int | None:
    """Return Retry-After (RFC 9110 10.2.3) in seconds, or None if it's invalid."""
    if re.fullmatch("[0-9]{1,8}", retry_after):
        return int(retry_after)
    try:
        return max(0, math.ceil(parsedate_to_datetime(retry_after).timestamp() - time.time()))
    except (ValueError, TypeError, OverflowError):
        return None


def noted(request: InFlight, resource: Resource, answer: FhirAnswer | None = None) -> Resource:
    """Return the resource, and record its version for an update. Pass `answer` if it was read."""
    kind, named = resource.get("resourceType"), resource.get("id")
    if isinstance(kind, str) and isinstance(named, str):
        tag = version_of(answer.headers if answer else {}, resource)
        if tag:
            request.versions.setdefault((kind, named), Versions()).note(
                stated_version(resource), tag, is_read=answer is not None
            )
    return resource


def stated_version(resource: Mapping[str, Any]) -> object:
    """Return the version that the resource states, in whatever form, or None if it states none."""
    meta = resource.get("meta")
    return meta.get("versionId") if isinstance(meta, Mapping) else meta
