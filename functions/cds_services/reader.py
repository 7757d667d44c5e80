"""Reads data that the prefetch lacks, with the call's access token: limited, in parallel, and fast
enough for a clinician who is waiting (CDS Hooks 2.0, "FHIR Resource Access").

The token is sent only to the call's FHIR base, and is kept only during the call.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import urlencode

from clinical.queries import SEARCH_BYTES, Request, Search, request_for
from shared import held_bytes, log, strict_json, urls
from shared.config.settings import Ehr
from shared.errors import Overloaded, PatientDenied
from shared.fhir import compartment
from shared.fhir.side_by_side import run_all
from shared.outbound import http_client
from shared.outcome import MEDIA_TYPE
from shared.smart.token_endpoint import ehr_ids

from . import prefetch
from .prefetch import Part

CALL_SECONDS = 2.0
ALL_SECONDS = 2.5
# The last call ends this long before the overall deadline, so that the pages already read can
# still be used.
_GATHERING_SECONDS = 0.1
_FAILED = Part("failed")
_INCOMPLETE = Part("incomplete")
_Fields = dict[str, str | int | float | list[str]]


@dataclass(frozen=True, slots=True)
class _Answer:
    """The EHR's response: `document` is None if it isn't JSON, `status` is None if there's no
    response, and `size` is the body's.
    """

    status: int | None
    document: Any = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads for one call. `until` is its deadline on the monotonic clock."""

    ehr: Ehr
    fhir_base: str
    access_token: str = field(repr=False)
    patient: str
    today: date
    until: float

    def complete(self, searches: Sequence[Search], parts: Mapping[str, Part]) -> Mapping[str, Part]:
        """Return the parts after reading missing ones and the further pages of incomplete ones."""
        due = [one for one in searches if parts[one.name].state in {"missing", "incomplete"}]
        if not due:
            return parts
        parts_read = run_all([partial(self._part, one, parts[one.name]) for one in due], self.until)
        read = {one.name: part or _FAILED for one, part in zip(due, parts_read, strict=True)}
        return {**parts, **read}

    def _part(self, search: Search, part: Part) -> Part:
        request = request_for(search, self.patient, self.today)
        if part.state == "incomplete":
            return self._paged(search, request, part, SEARCH_BYTES)
        url = f"{self.fhir_base}/{request.path}"
        if request.parameters:
            url = f"{url}?{urlencode(request.parameters)}"
        answer = self._get(search, url, SEARCH_BYTES)
        first = prefetch.of_value(search, answer.document) if answer.status == 200 else _FAILED
        if first.state in {"whole", "incomplete"}:
            first = self._paged(search, request, first, SEARCH_BYTES - answer.size)
        if search.fallbacks and (answer.status == 400 or first == Part("whole")):
            return self._instead(search.fallbacks)
        return _FAILED if first.state == "missing" else first

    def _instead(self, fallbacks: Sequence[Search]) -> Part:
        """Return the combined result of all fallbacks."""
        missing = Part("missing")
        calls = [partial(self._part, one, missing) for one in fallbacks]
        instead = [part or _FAILED for part in run_all(calls, self.until)]
        if any(part.state != "whole" for part in instead):
            return _FAILED
        return Part("whole", tuple(one for part in instead for one in part.resources))

    def _paged(self, search: Search, request: Request, first: Part, bytes_left: int) -> Part:
        """Read a search to its last page; if that fails, the pages before it don't count."""
        resources, part = list(first.resources), first
        for _ in range(search.page_cap - 1):
            if part.state != "incomplete":
                break
            url = followed(part.next, self.fhir_base, request.path)
            if url is None or bytes_left <= 0:
                return _INCOMPLETE
            answer = self._get(search, url, bytes_left)
            if answer.status != 200:
                return _INCOMPLETE
            part = prefetch.of_value(search, answer.document)
            resources += part.resources
            bytes_left -= answer.size
        return Part("whole", tuple(resources)) if part.state == "whole" else _INCOMPLETE

    def _get(self, search: Search, url: str, most: int) -> _Answer:
        """Make one call and log it."""
        started = time.monotonic()
        left = self.until - _GATHERING_SECONDS - started
        if left <= 0:
            return _Answer(None)
        fields: _Fields = {"type": search.resource_type}
        try:
            answer = self._sent(url, min(CALL_SECONDS, left), most)
        except (http_client.OutboundError, Overloaded) as error:
            fields["reason"] = str(error)
            log.event("fhir_request", "not read for cards", severity="ERROR", fields=fields)
            return _Answer(None)
        fields |= {"status": answer.status, "ehr_ms": round((time.monotonic() - started) * 1000, 1)}
        fields |= ehr_ids(answer.headers, (self.access_token,))
        severity = log.of_answer(answer.status)
        log.event("fhir_request", "read for cards", severity=severity, fields=fields)
        try:
            document = strict_json.parse(answer.body)
        except ValueError:
            document = None
        self._tell_of_others(search, document)
        return _Answer(answer.status, document, len(answer.body))

    def _sent(self, url: str, seconds: float, most: int) -> http_client.Answer:
        until = time.monotonic() + seconds
        answer = http_client.stream(
            "GET",
            url,
            seconds=seconds,
            max_bytes=most,
            headers={"Accept": MEDIA_TYPE, "Authorization": f"Bearer {self.access_token}"},
            ca_file=self.ehr.ca_file,
        )
        body = held_bytes.gather(answer, most, until)
        return http_client.Answer(answer.status, answer.headers, body)

    def _tell_of_others(self, search: Search, document: Any) -> None:
        """Log resources that the chart will leave out because they are about another patient."""
        foreign = [
            one
            for one in prefetch.of_value(search, document).resources
            if not compartment.belongs(one, self.patient, self.fhir_base)
        ]
        if foreign:
            fields: _Fields = {"set_aside": len(foreign)}
            message = "the EHR sent resources of another patient"
            code = PatientDenied.code
            log.event("fhir_denied", message, severity="ERROR", code=code, fields=fields)


def followed(link: str | None, fhir_base: str, path: str) -> str | None:
    """Return the absolute URL of a next-page link in the response to a request for `path`.

    Return None unless it's at or below the FHIR base, without a dot segment in any spelling.
    """
    url = urls.on_own_host(link, fhir_base, path) if link else None
    if url is None:
        return None
    below, own = urls.path_of(url), urls.path_of(fhir_base)
    if not below.startswith((f"{own}/", f"{own}?")):
        return None
    return f"{fhir_base.removesuffix(own)}{below}"
