"""Reads the data that the prefetch lacks, with the call's access token, in parallel and within
limits that suit a clinician who is waiting (CDS Hooks 2.0, "FHIR Resource Access").

The token is sent only to the call's FHIR base, and is kept only during the call.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import field
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
from shared.frozen import dataclass
from shared.outbound import http_client, waiting
from shared.outcome import MEDIA_TYPE
from shared.smart.token_endpoint import ehr_ids

from . import prefetch
from .prefetch import Contents

CALL_SECONDS = 2.0
ALL_SECONDS = 2.5
# The last call ends this long before the overall deadline, so that the pages already read can
# still be used.
_GATHERING_SECONDS = 0.1
_FAILED = Contents("failed")
_INCOMPLETE = Contents("incomplete")
_Fields = dict[str, str | int | float | list[str]]


@dataclass(frozen=True, slots=True)
class _Response:
    """The EHR's response.

    `status` is None if there's no response, `document` is None if it isn't JSON, and `size` is the
    size of the body.
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

    def complete(
        self, searches: Sequence[Search], keys: Mapping[str, Contents]
    ) -> Mapping[str, Contents]:
        """Return all keys, after reading the missing ones and the next pages of incomplete ones."""
        due = [one for one in searches if keys[one.name].state in {"missing", "incomplete"}]
        if not due:
            return keys
        results = run_all([partial(self._read_key, one, keys[one.name]) for one in due], self.until)
        read = {one.name: result or _FAILED for one, result in zip(due, results, strict=True)}
        return {**keys, **read}

    def _read_key(self, search: Search, prefetched: Contents) -> Contents:
        request = request_for(search, self.patient, self.today)
        if prefetched.state == "incomplete":
            return self._paged(search, request, prefetched, SEARCH_BYTES)
        url = f"{self.fhir_base}/{request.path}"
        if request.parameters:
            url = f"{url}?{urlencode(request.parameters)}"
        response = self._get(search, url, SEARCH_BYTES)
        first = prefetch.of_value(search, response.document) if response.status == 200 else _FAILED
        if first.state in {"complete", "incomplete"}:
            first = self._paged(search, request, first, SEARCH_BYTES - response.size)
        if search.fallbacks and (response.status == 400 or first == Contents("complete")):
            return self._instead(search.fallbacks)
        return _FAILED if first.state == "missing" else first

    def _instead(self, fallbacks: Sequence[Search]) -> Contents:
        """Return the combined result of all fallbacks."""
        missing = Contents("missing")
        calls = [partial(self._read_key, one, missing) for one in fallbacks]
        instead = [result or _FAILED for result in run_all(calls, self.until)]
        if any(result.state != "complete" for result in instead):
            return _FAILED
        return Contents("complete", tuple(one for result in instead for one in result.resources))

    def _paged(
        self, search: Search, request: Request, first: Contents, bytes_left: int
    ) -> Contents:
        """Read a search to its last page; if that fails, discard the pages already read."""
        resources, page = list(first.resources), first
        for _ in range(search.page_cap - 1):
            if page.state != "incomplete":
                break
            url = followed(page.next, self.fhir_base, request.path)
            if url is None or bytes_left <= 0:
                return _INCOMPLETE
            response = self._get(search, url, bytes_left)
            if response.status != 200:
                return _INCOMPLETE
            page = prefetch.of_value(search, response.document)
            resources += page.resources
            bytes_left -= response.size
        return Contents("complete", tuple(resources)) if page.state == "complete" else _INCOMPLETE

    def _get(self, search: Search, url: str, most: int) -> _Response:
        """Make one call and log it."""
        started = time.monotonic()
        left = self.until - _GATHERING_SECONDS - started
        if left <= 0:
            return _Response(None)
        fields: _Fields = {"type": search.resource_type}
        try:
            response = self._send(url, min(CALL_SECONDS, left), most)
        except (http_client.OutboundError, Overloaded) as error:
            fields["reason"] = str(error)
            log.event("fhir_request", "not read for cards", severity="ERROR", fields=fields)
            return _Response(None)
        milliseconds = round((time.monotonic() - started) * 1000, 1)
        fields |= {"status": response.status, "ehr_ms": milliseconds}
        fields |= ehr_ids(response.headers, (self.access_token,))
        severity = log.of_answer(response.status)
        log.event("fhir_request", "read for cards", severity=severity, fields=fields)
        try:
            document = strict_json.parse(response.body)
        except ValueError:
            document = None
        self._log_foreign(search, document)
        return _Response(response.status, document, len(response.body))

    def _send(self, url: str, seconds: float, most: int) -> http_client.Answer:
        until = time.monotonic() + seconds
        waiting.admit(self.fhir_base, self.fhir_base)
        response = http_client.stream(
            "GET",
            url,
            seconds=seconds,
            max_bytes=most,
            headers={"Accept": MEDIA_TYPE, "Authorization": f"Bearer {self.access_token}"},
            ca_file=self.ehr.ca_file,
            base=self.fhir_base,
        )
        body = held_bytes.gather(response, most, until)
        return http_client.Answer(response.status, response.headers, body)

    def _log_foreign(self, search: Search, document: Any) -> None:
        """Log the resources that the chart leaves out because they're about another patient."""
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
