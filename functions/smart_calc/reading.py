"""What the page reads from the chart: a few FHIR calls at once, each bounded, none fatal.

A call that the scopes do not cover is not made; one that fails leaves its part of the page with
the reason, never a blank page.
"""

import contextvars
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlencode

from shared import fhir, log
from shared.errors import SmartError
from shared.scopes import Interaction
from shared.sessions import Session
from shared.settings import Ehr

SECONDS_A_CALL = 8.0
_NEWEST_FIRST = (("_sort", "-date"),)
CATEGORIES = {"vital-signs": "Vital signs", "laboratory": "Laboratory"}


@dataclass(frozen=True, slots=True)
class Part:
    """The resources of one call, or why there are none. Decimals keep their digits."""

    resources: tuple[dict[str, Any], ...]
    problem: str | None


def chart(session: Session, ehr: Ehr, patient: str) -> dict[str, Part]:
    """The patient and the newest Observations by category, read side by side."""
    calls: dict[str, tuple[str, Interaction, str]] = {
        "patient": ("Patient", "r", f"Patient/{patient}")
    }
    for category in CATEGORIES:
        # Oracle Health knows no _sort: its searches are newest first by themselves.
        sort = () if ehr.vendor == "oracle" else _NEWEST_FIRST
        query = (("patient", patient), ("category", category), *sort, ("_count", "100"))
        calls[category] = ("Observation", "s", f"Observation?{urlencode(query)}")
    with ThreadPoolExecutor(len(calls)) as pool:
        running = {
            name: pool.submit(contextvars.copy_context().run, partial(_read, session, ehr, *call))
            for name, call in calls.items()
        }
        return {name: future.result() for name, future in running.items()}


def _read(session: Session, ehr: Ehr, kind: str, interaction: Interaction, path: str) -> Part:
    if not any(grant.covers(kind, interaction) for grant in session.grants(ehr)):
        return Part((), f"This launch was not granted access to {kind} resources.")
    started = time.monotonic()
    try:
        answer = fhir.call(
            session, ehr, "GET", f"{session.fhir_base}/{path}", seconds=SECONDS_A_CALL
        )
    except SmartError as error:
        log.event("fhir_request", str(error), severity="ERROR", code=error.code)
        return Part((), f"It could not be read. {error.title} {error.why}")
    ehr_ms = round((time.monotonic() - started) * 1000, 1)
    fields: dict[str, str | int | float | list[str]] = {"status": answer.status, "ehr_ms": ehr_ms}
    log.event("fhir_request", "read for the page", fields={"type": kind, **fields})
    if answer.status != 200:
        return Part((), f"It could not be read: the EHR answered with HTTP {answer.status}.")
    return Part(tuple(_resources(answer.body, kind)), None)


def _resources(body: bytes, kind: str) -> list[dict[str, Any]]:
    document = json.loads(body, parse_float=Decimal)
    if document["resourceType"] == kind:
        return [document]
    entries = document.get("entry", [])
    found = [entry.get("resource") for entry in entries if isinstance(entry, dict)]
    return [item for item in found if isinstance(item, dict) and item.get("resourceType") == kind]
