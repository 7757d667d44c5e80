"""One search, from the scope check to the last page: limited, and never fatal to the page.

A search that the scopes don't cover isn't sent. If the EHR refuses it (400) or it finds nothing,
its fallbacks follow. Pages are read up to the cap, while an input has no value.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from clinical.queries import CALL_SECONDS, SEARCH_BYTES, Request, Search, is_settled
from shared import log
from shared.errors import SmartError, UpstreamTimeout
from shared.fhir import compartment, fhir_client, page_links, searchset
from shared.fhir.access import of_session
from shared.fhir.fhir_client import FhirAnswer
from shared.fhir.side_by_side import run_all
from shared.frozen import dataclass
from shared.session.sessions import Active

from . import coverage

LATE = f"could not be read ({UpstreamTimeout.briefly})"
NO_ACCESS = "could not be read: the EHR did not give this app access"
# The last call ends this long before the overall deadline, so that the pages already read can
# still be used.
_GATHERING_SECONDS = 0.2
_Fields = dict[str, str | int | float | list[str]]


@dataclass(frozen=True, slots=True)
class Part:
    """The result of one search.

    `problem` tells a clinician why it failed or is incomplete ("could not be read (HTTP 403)"), and
    `technical` tells support. `unanswered` are the inputs that this leaves open. `more` means that
    the EHR has further pages that weren't read, `try_instead` that the fallbacks should be tried,
    and `is_foreign` that the EHR returned another patient.
    """

    resources: tuple[dict[str, Any], ...] = ()
    problem: str | None = None
    unanswered: frozenset[str] = frozenset()
    more: bool = False
    try_instead: bool = False
    technical: str = ""
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class _Failed:
    """A failed call: the reason in words, and the EHR's status if there's one.

    `technical` has further details for support.
    """

    why: str
    status: int | None = None
    technical: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads for one page.

    `until` is its deadline on the monotonic clock. `request` completes a search, and `valued`
    returns the inputs that have a value in some resources. `reading.begin` makes both.
    """

    active: Active
    until: float
    request: Callable[[Search], Request]
    valued: Callable[[list[dict[str, Any]]], frozenset[str]]

    def _run_all(self, searches: Sequence[Search]) -> list[Part]:
        """Return the result of each search. Raises SessionError if the session has ended."""
        parts = run_all([partial(self.run, search) for search in searches], self.until)
        return [
            part or Part(problem=LATE, unanswered=search.answers)
            for search, part in zip(searches, parts, strict=True)
        ]

    def run(self, search: Search) -> Part:
        """Return the result of a search or its fallbacks. Raises SessionError if it has ended."""
        part = self._first(search)
        if part.try_instead and search.fallbacks:
            return _joined(self._run_all(search.fallbacks))
        return part

    def _first(self, search: Search) -> Part:
        """Return the result of a search without its fallbacks."""
        access = of_session(self.active)
        session = self.active.session
        scope = coverage.uncovered(search, session.grants(self.active.ehr), session)
        if scope is not None:
            return Part(
                problem=NO_ACCESS, unanswered=search.answers, try_instead=True, technical=scope
            )
        request = self.request(search)
        url = f"{session.fhir_base}/{request.path}"
        if request.parameters:
            url = f"{url}?{urlencode(request.parameters)}"
        resources: list[dict[str, Any]] = []
        valued: set[str] = set()
        bytes_left = SEARCH_BYTES
        for number in range(search.page_cap):
            answer = self._call(search, url, bytes_left)
            if isinstance(answer, _Failed):
                refused = answer.status == 400 and number == 0
                return _broken(search, resources, answer, try_instead=refused)
            bundle = searchset.of_document(answer.resource, search.reads)
            found = bundle.resources
            if not page_links.is_within(url, session.fhir_base):
                patient, base = session.context.patient, session.fhir_base
                found = tuple(
                    one for one in found if compartment.belongs(one, patient, base, outside=True)
                )
            resources += found
            if bundle.next is None:
                return Part(tuple(resources), try_instead=not resources)
            following = page_links.followed(bundle.next, access, request.path)
            if following is None:
                why = "could not be read completely (the next page is at a different address)"
                return _broken(search, resources, _Failed(why))
            url = following
            valued |= self.valued(list(found))
            bytes_left -= len(answer.body)
            if is_settled(search, valued) or bytes_left <= 0:
                break
        return Part(tuple(resources), more=True)

    def _call(self, search: Search, url: str, max_bytes: int) -> FhirAnswer | _Failed:
        """Make one call and log it. Raises SessionError if the session has ended."""
        started = time.monotonic()
        left = self.until - _GATHERING_SECONDS - started
        if left <= 0:
            return _Failed(LATE)
        fields: _Fields = {"type": search.resource_type}
        try:
            seconds = min(CALL_SECONDS, left)
            answer = fhir_client.call(
                of_session(self.active),
                "GET",
                url,
                seconds=seconds,
                max_bytes=max_bytes,
                decimal=searchset.decimal,
            )
        except SmartError as error:
            if error.status == 401:
                raise
            fields |= error.evidence
            log.event("fhir_request", str(error), severity="ERROR", code=error.code, fields=fields)
            return _Failed(f"could not be read ({error.briefly or error.title.rstrip('.')})")
        fields |= {"status": answer.status, "ehr_ms": round((time.monotonic() - started) * 1000, 1)}
        fields |= answer.ehr_ids
        diagnosis = None
        if answer.words:
            from shared.explain import of_fhir

            diagnosis = of_fhir.of_fhir(answer.status, answer.words, self.active.ehr.vendor)
            fields |= of_fhir.log_fields(diagnosis)
        severity = log.of_answer(answer.status)
        log.event("fhir_request", "read for the page", severity=severity, fields=fields)
        if answer.status == 200:
            return answer
        meaning = f"HTTP {answer.status}: {diagnosis.meaning.replace('`', '')}" if diagnosis else ""
        return _Failed(_refusal(answer.status), answer.status, meaning)


def _broken(
    search: Search, resources: list[dict[str, Any]], failed: _Failed, *, try_instead: bool = False
) -> Part:
    more = bool(resources)
    return Part(tuple(resources), failed.why, search.answers, more, try_instead, failed.technical)


def _joined(parts: list[Part]) -> Part:
    problems = dict.fromkeys(part.problem for part in parts if part.problem)
    return Part(
        tuple(resource for part in parts for resource in part.resources),
        "; ".join(problems) or None,
        frozenset().union(*(part.unanswered for part in parts)),
        any(part.more for part in parts),
        technical="; ".join(dict.fromkeys(part.technical for part in parts if part.technical)),
    )


def _refusal(status: int) -> str:
    """Return why the EHR refused, for a clinician; its own message is for support."""
    why = f"could not be read (HTTP {status})"
    if status in (429, 503):
        return f"{why}: the EHR is busy now; wait a minute, then try again"
    if status in (401, 403):
        # The scopes were checked before the call, so the EHR has another reason.
        return f"{why}: the EHR denied access"
    return why
