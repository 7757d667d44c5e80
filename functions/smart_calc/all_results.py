"""All results of a category, as the page lists them: `POST /smart_calc/SESSION/results`.

The page reads the Observations through the FHIR proxy, page by page, and sends them here, to the
same code that its tables and calculators use. Nothing is kept.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from clinical.chart.observations import ObservationReader
from clinical.chart.resources.scope import latest_versions
from clinical.clock import Clock
from shared.config.settings import LocalCode
from shared.fhir import searchset
from shared.inbound import json_body
from shared.inbound.departed import while_here

from .page import latest_values

MOST_BYTES = 8_000_000
_FORM = 'The body must be {"offset": MINUTES, "pages": [BUNDLE, …]}.'
_MOST_MINUTES = 24 * 60
# Fields of a row that only the server uses.
_SERVER_ONLY = ("moment", "rejected")


def answer(
    body: bytes, patient: str, fhir_base: str, now: datetime, codes: Iterable[LocalCode] = ()
) -> dict[str, Any]:
    """Return the rows of the Observations in `pages`, newest first, each id in its latest version.

    `offset` is the page's UTC offset in minutes, and `codes` are the hospital's own. Raises
    ParameterInvalid for an invalid body, and BrowserGone.
    """
    offset, pages = _parsed(body)
    read = (searchset.of_document(bundle, {"Observation"}) for bundle in pages)
    resources = [one for document in read for one in document.resources]
    reader = ObservationReader(UTC, codes)
    entries = [reader.entry(one) for one in while_here(latest_versions(resources))]
    clock = Clock(now.astimezone(timezone(timedelta(minutes=offset))))
    rows = latest_values.every(while_here(entries), patient, fhir_base, clock)
    return {"rows": [_printed(row) for row in while_here(rows)]}


def _printed(row: latest_values.ListedValue) -> dict[str, Any]:
    members = {name: value for name, value in asdict(row).items() if name not in _SERVER_ONLY}
    return members | {"remarks": ". ".join(row.remarks)}


def _parsed(body: bytes) -> tuple[int, list[dict[str, Any]]]:
    document = json_body.parse(body, _FORM, searchset.decimal)
    if not isinstance(document, dict) or document.keys() != {"offset", "pages"}:
        raise json_body.unusable("The body doesn't have the properties `offset` and `pages`", _FORM)
    offset, pages = document["offset"], document["pages"]
    if isinstance(offset, bool) or not isinstance(offset, int) or abs(offset) >= _MOST_MINUTES:
        raise json_body.unusable("`offset` isn't a number of minutes", _FORM)
    if not isinstance(pages, list) or not all(isinstance(bundle, dict) for bundle in pages):
        raise json_body.unusable("`pages` isn't a list of Bundles", _FORM)
    return offset, pages
