"""Read a chart with this app's own searches: decide, send, check, and follow each one to its last
page, within limits.

Every resource has passed the check of shared/fhir/policy/answers.py. One that isn't the patient's,
or that no scope covers, is set aside and counted. A search that fails doesn't affect the others.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, Self, TypeVar

from shared import log
from shared.errors import CodedError, PatientDenied, ScopeDenied, UpstreamTimeout
from shared.fhir import compartment, page_links, references, searchset
from shared.fhir.access import Access
from shared.fhir.calls import served
from shared.fhir.calls.read import Terms
from shared.fhir.calls.served import Served
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.policy.finer_scopes import Parameters
from shared.fhir.policy.interactions import READ, SEARCH, Address
from shared.fhir.searchset import Resource, SearchPage
from shared.fhir.side_by_side import run_all


class Search(Protocol):
    """A search of this app's own."""

    @property
    def reads(self) -> frozenset[str]:
        """The types that it may return."""

    @property
    def page_cap(self) -> int:
        """The most pages to read."""

    @property
    def fallbacks(self) -> Sequence[Self]:
        """The searches to make instead if no scope covers it, if the EHR refuses it (400), or if it
        finds nothing.
        """


S = TypeVar("S", bound=Search)


@dataclass(frozen=True, slots=True)
class Found:
    """The resources of one search.

    Fields:
        more: whether the EHR has further pages that weren't read.
        set_aside: how many resources were left out.
        error: why it failed, or why the last page wasn't read.
        refused: the EHR's own refusal.
    """

    resources: tuple[Resource, ...] = ()
    more: bool = False
    set_aside: int = 0
    error: CodedError | None = None
    refused: FhirAnswer | None = None

    @property
    def is_complete(self) -> bool:
        """Whether every page was read."""
        return not (self.more or self.error or self.refused)

    @property
    def needs_fallbacks(self) -> bool:
        """Whether the fallbacks may find what this search didn't."""
        if self.resources or self.set_aside:
            return False
        if self.refused:
            return self.refused.status == 400
        return self.is_complete or isinstance(self.error, ScopeDenied)


@dataclass(frozen=True, slots=True)
class Reader(Generic[S]):
    """Reads one chart.

    Fields:
        purpose: what the data is for, in the log.
        until: the deadline of all calls, on the monotonic clock. The last call ends `reserve`
            seconds before it, so that what was already read can still be used.
        call_seconds, search_bytes: the limits of one call, and of all pages of one search.
        request: returns a search's path below the FHIR base (`Observation`, or `Patient/ID` for a
            read), and its query in order.
        settling: returns for a search, whose pages it's then given in turn, whether it needs no
            further page.
        may_follow: whether a next page may be read, in addition to the rule of page_links.py.
    """

    access: Access
    purpose: str
    until: float
    reserve: float
    call_seconds: float
    search_bytes: int
    request: Callable[[S], tuple[str, Parameters]]
    settling: Callable[[S], Callable[[Sequence[Resource]], bool]] = lambda _: lambda _: False
    may_follow: Callable[[str], bool] = lambda _: True

    def run(self, search: S) -> list[tuple[S, Found]]:
        """Run a search. Return it with what it found, or its fallbacks, which run side by side.

        Raise SessionError if the session has ended.
        """
        found = self.pages(search)
        if not (found.needs_fallbacks and search.fallbacks):
            return [(search, found)]
        results = run_all([partial(self.run, one) for one in search.fallbacks], self.until)
        late = Found(error=UpstreamTimeout())
        return [
            one
            for fallback, several in zip(search.fallbacks, results, strict=True)
            for one in several or [(fallback, late)]
        ]

    def pages(self, search: S, after: SearchPage | None = None) -> Found:
        """Read the pages of a search up to its cap, or those that follow its first one."""
        path, parameters = self.request(search)
        resource_type, _, resource_id = path.partition("/")
        address = Address(READ if resource_id else SEARCH, resource_type, resource_id)
        is_settled = self.settling(search)
        resources: list[Resource] = []
        set_aside, bytes_left = 0, self.search_bytes

        def ended(error: CodedError | None = None, **others: Any) -> Found:
            return Found(tuple(resources), set_aside=set_aside, error=error, **others)

        try:
            url = None if after is None else self._following(after, address)
            for _ in range(0 if url is None else 1, search.page_cap):
                terms = self._terms(search, bytes_left)
                if terms.seconds <= 0:
                    return ended(UpstreamTimeout())
                response = self._logged(
                    served.fetch(address, parameters, self.access, {}, terms)
                    if url is None
                    else served.fetch_next_page(
                        address, url, self.access, "patient", must_show=False, terms=terms
                    )
                )
                if response.answer.status != 200:
                    return ended(refused=response.answer)
                set_aside += response.answer.set_aside
                page = searchset.of_document(served.document(response, terms), search.reads)
                resources += (
                    _from_outside(page.resources, self.access.fhir_base)
                    if response.decision.compartment.outside
                    else page.resources
                )
                url = self._following(page, address)
                if url is None:
                    return ended()
                bytes_left -= len(response.answer.body)
                if bytes_left <= 0 or is_settled(page.resources):
                    break
        except CodedError as error:
            self._log(error, address)
            if error.status == 401:
                raise
            # Without its traceback, which references entire documents.
            return ended(error.again())
        return ended(more=True)

    def _terms(self, search: S, max_bytes: int) -> Terms:
        return Terms(
            reaches=search.reads,
            sets_aside=True,
            decimal=searchset.decimal,
            seconds=min(self.call_seconds, self.until - self.reserve - time.monotonic()),
            max_bytes=max_bytes,
        )

    def _logged(self, response: Served) -> Served:
        served.log_answer(response, self.access, self.purpose)
        if response.answer.set_aside:
            fields: dict[str, log.Field] = {"set_aside": response.answer.set_aside}
            message = "the EHR sent resources that aren't the patient's"
            code = PatientDenied.code
            log.event("fhir_denied", message, severity="ERROR", code=code, fields=fields)
        return response

    def _following(self, page: SearchPage, address: Address) -> str | None:
        """Return the URL of the next page. Raise UpstreamInvalid if it isn't read."""
        url = page_links.following(page, self.access, address.path)
        if url is not None and not self.may_follow(url):
            raise page_links.not_followed(url)
        return url

    def _log(self, error: CodedError, address: Address) -> None:
        # A search that no scope covers isn't sent. The end of a session is logged where it ends.
        if error.status != 401 and not isinstance(error, ScopeDenied):
            fields: dict[str, log.Field] = {"type": address.type, **error.evidence}
            name: log.Event = "fhir_denied" if error.code == PatientDenied.code else "fhir_request"
            log.event(name, str(error), severity="ERROR", code=error.code, fields=fields)


def _from_outside(resources: Sequence[Resource], fhir_base: str) -> Sequence[Resource]:
    """Return the resources of a page from outside the FHIR base, without those that are known only
    by their id, and without their relative references: both are another server's.
    """
    own = [one for one in resources if one["resourceType"] not in compartment.OUTSIDE]
    waiting: list[Any] = [*own]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            literal = value.get("reference")
            if isinstance(literal, str) and not references.leads_here(literal, fhir_base):
                del value["reference"]
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return own
