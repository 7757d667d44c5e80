"""What the page reads from the chart: a few FHIR calls at once, each bounded, none fatal.

A call that the scopes do not cover is not made; one that fails leaves its part of the page with
the reason, never a blank page.
"""

import contextvars
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from shared import fhir, log
from shared.errors import SmartError
from shared.scopes import Interaction
from shared.sessions import Active
from shared.settings import Ehr

SECONDS_A_CALL = 8.0
PAGE_SIZE = 100
_NEWEST_FIRST = (("_sort", "-date"),)
_CATEGORY_SYSTEM = "http://terminology.hl7.org/CodeSystem/observation-category"
CATEGORIES = {"vital-signs": "Vital signs", "laboratory": "Laboratory"}


@dataclass(frozen=True, slots=True)
class Part:
    """The resources of one call, or why there are none. Decimals keep their digits.

    `more` says that the EHR has further pages.
    """

    resources: tuple[dict[str, Any], ...] = ()
    problem: str | None = None
    more: bool = False


def search(ehr: Ehr, patient: str, category: str, count: int) -> str:
    """The search for the Observations of a category, newest first, below the FHIR base."""
    # Oracle Health knows no _sort: its searches are newest first by themselves.
    sort = () if ehr.vendor == "oracle" else _NEWEST_FIRST
    query = (("patient", patient), ("category", category), *sort, ("_count", str(count)))
    return f"Observation?{urlencode(query)}"


def chart(active: Active, patient: str) -> dict[str, Part]:
    """The patient and the newest Observations by category, read side by side."""
    calls: dict[str, tuple[str, Interaction, str]] = {
        "patient": ("Patient", "r", f"Patient/{patient}")
    }
    for category in CATEGORIES:
        calls[category] = ("Observation", "s", search(active.ehr, patient, category, PAGE_SIZE))
    with ThreadPoolExecutor(len(calls)) as pool:
        running = {
            name: pool.submit(contextvars.copy_context().run, partial(_read, active, *call))
            for name, call in calls.items()
        }
        parts = {name: future.result() for name, future in running.items()}
    person = parts["patient"]
    if person.resources and person.resources[0].get("id") != patient:
        log.event("fhir_denied", "another patient came", severity="ERROR", code="patient_denied")
        parts["patient"] = Part(problem="The EHR answered with another patient.")
    return parts


def _read(active: Active, kind: str, interaction: Interaction, path: str) -> Part:
    if not _is_covered(active, kind, interaction, path):
        return Part(problem=f"This launch was not granted access to {kind} resources.")
    started = time.monotonic()
    fields: dict[str, str | int | float | list[str]] = {"type": kind}
    try:
        answer = fhir.call(
            active, "GET", f"{active.session.fhir_base}/{path}", seconds=SECONDS_A_CALL
        )
    except SmartError as error:
        fields |= error.evidence
        log.event("fhir_request", str(error), severity="ERROR", code=error.code, fields=fields)
        return Part(problem=f"It could not be read. {error.title} {error.why}")
    fields |= {"status": answer.status, "ehr_ms": round((time.monotonic() - started) * 1000, 1)}
    log.event("fhir_request", "read for the page", fields={**fields, **answer.ehr_ids})
    if answer.status != 200:
        return Part(problem=f"It could not be read: the EHR answered with HTTP {answer.status}.")
    part = _part(answer.body, kind)
    if interaction == "r" and not part.resources:
        return Part(problem="It could not be read: the EHR answered with something else.")
    return part


def _is_covered(active: Active, kind: str, interaction: Interaction, path: str) -> bool:
    """Whether a scope covers the call; a finer-grained one does where the search repeats it."""
    given = set(parse_qsl(path.partition("?")[2]))
    coded = {(name, f"{_CATEGORY_SYSTEM}|{value}") for name, value in given if name == "category"}
    return any(
        grant.covers(kind, interaction) and grant.filters <= given | coded
        for grant in active.session.grants(active.ehr)
    )


def _part(body: bytes, kind: str) -> Part:
    """The resources of a type in an answer, alone or in a searchset, whatever else it holds."""
    document = json.loads(body, parse_float=_decimal)
    if document["resourceType"] == kind:
        return Part((document,))
    entries, links = document.get("entry"), document.get("link")
    found = [entry.get("resource") for entry in _objects(entries)]
    resources = tuple(item for item in _objects(found) if item.get("resourceType") == kind)
    return Part(resources, more=any(link.get("relation") == "next" for link in _objects(links)))


def _decimal(text: str) -> Decimal | None:
    """A number with its digits; None for an exponent beyond all use."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
