"""Reads the data that the prefetch lacks, with the call's access token, in parallel and within
limits that suit a clinician who is waiting (CDS Hooks 2.0, "FHIR Resource Access").

The token is sent only to the call's FHIR base, and is kept only during the call.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

from clinical.queries import SEARCH_BYTES, Search, request_for
from shared.fhir import page_links
from shared.fhir.access import Access
from shared.fhir.reader import Found, Reader
from shared.fhir.searchset import SearchPage
from shared.fhir.side_by_side import run_all

from .prefetch import Contents

CALL_SECONDS = 2.0
ALL_SECONDS = 2.5
# The last call ends this long before the overall deadline, so that the pages already read can
# still be used.
_GATHERING_SECONDS = 0.1


def complete(
    access: Access, today: date, searches: Sequence[Search], keys: Mapping[str, Contents]
) -> Mapping[str, Contents]:
    """Return all keys, after reading the missing ones and the next pages of incomplete ones."""
    due = [one for one in searches if keys[one.name].state in {"missing", "incomplete"}]
    if not due:
        return keys
    reader = Reader(
        access,
        "read for cards",
        time.monotonic() + ALL_SECONDS,
        _GATHERING_SECONDS,
        CALL_SECONDS,
        SEARCH_BYTES,
        request=partial(request_for, patient_id=access.patient or "", today=today),
        # Another path may be another tenant's.
        may_follow=lambda url: page_links.is_within(url, access.fhir_base),
    )
    calls = [partial(_read, reader, one, keys[one.name]) for one in due]
    results = run_all(calls, reader.until)
    read = {one.name: found or _FAILED for one, found in zip(due, results, strict=True)}
    return {**keys, **read}


def _read(reader: Reader[Search], search: Search, prefetched: Contents) -> Contents:
    if prefetched.state == "incomplete":
        return _joined(prefetched, reader.pages(search, SearchPage((), prefetched.next, more=True)))
    return _joined(Contents("complete"), *(found for _, found in reader.run(search)))


def _joined(first: Contents, *further: Found) -> Contents:
    """Return all of it. If a page couldn't be read, nothing counts."""
    if not all(found.is_complete for found in further):
        return _FAILED
    return Contents("complete", first.resources + tuple(r for f in further for r in f.resources))


_FAILED = Contents("failed")
