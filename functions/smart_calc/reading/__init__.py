"""What the page reads from the chart: the searches of queries.py side by side, in 20 seconds.

None is fatal: what could not be read leaves its inputs open, with the reason.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from clinical import queries
from clinical.chart import Chart, read_chart, valued
from clinical.chart.observations import Reader as Observations
from clinical.chart.resources.times import Moment, zone_of
from clinical.chart.unread import with_unread
from clinical.queries import ALL_SECONDS, Request, Search, request_for
from shared import log
from shared.session.sessions import Active
from shared.vendors import GENERIC

from .search import Part, Reader

# What the searches of every vendor are for, in words, by name.
PURPOSES: Mapping[str, str] = {
    search.name: search.purpose for search in queries.searches(GENERIC.searches)
}


@dataclass(frozen=True, slots=True)
class ChartReading:
    """What the searches gave, by their names, and the chart that was made of it.

    `now` is the time of reading in the zone in which most of the chart's times are written: its
    date decides the age, and it is the zone of the page.
    """

    parts: Mapping[str, Part]
    chart: Chart
    now: datetime

    @property
    def patient(self) -> dict[str, Any] | None:
        """The Patient resource of the patient in context."""
        return next(iter(self.parts["patient"].resources), None)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all could be read."""
        return all(part.problem and not part.resources for part in self.parts.values())

    @property
    def technical(self) -> Mapping[str, str]:
        """What support has to know of a search that gave nothing, or not all, by its name."""
        return {name: part.technical for name, part in self.parts.items() if part.technical}

    @property
    def unread(self) -> Mapping[str, str]:
        """Why a search gave nothing, or not all, by its name."""
        return {name: part.problem for name, part in self.parts.items() if part.problem}


def read(active: Active, patient: str, now: datetime) -> ChartReading:
    """Read the chart of the session's patient; times without an offset are in the zone of `now`.

    Raises SessionExpired or SessionMissing where the session ended meanwhile.
    """
    fhir_base = active.session.fhir_base
    observations = Observations(now.tzinfo)
    reader = Reader(
        active,
        until=time.monotonic() + ALL_SECONDS,
        request=partial(_request, patient=patient, now=now),
        valued=partial(
            valued, now=now, patient_id=patient, fhir_base=fhir_base, reader=observations
        ),
    )
    searches = queries.searches(active.ehr.profile.searches)
    names = (search.name for search in searches)
    parts = dict(zip(names, reader.run_all(searches), strict=True))
    parts["patient"] = _only(patient, parts["patient"])
    resources = [resource for part in parts.values() for resource in part.resources]
    here = now.astimezone(zone_of(_times(observations, resources), now))
    chart = read_chart(resources, here, patient, fhir_base, observations)
    if chart.foreign:
        fields: dict[str, str | int | float | list[str]] = {"set_aside": len(chart.foreign)}
        message = "resources of another patient came"
        log.event("fhir_denied", message, severity="ERROR", code="patient_denied", fields=fields)
    return ChartReading(parts, with_unread(chart, dict(_reasons(searches, parts))), here)


def _times(reader: Observations, resources: list[dict[str, Any]]) -> Iterator[Moment | None]:
    for resource in resources:
        if resource.get("resourceType") == "Observation":
            yield reader.entry(resource).heading.moment


def _request(search: Search, patient: str, now: datetime) -> Request:
    return request_for(search, patient, now.date())


def _only(patient: str, part: Part) -> Part:
    """The answer to the read of a patient, taken only if it is that patient."""
    if part.problem or [one.get("id") for one in part.resources] == [patient]:
        return part
    if not part.resources:
        problem = "could not be read (the EHR answered with something else)"
    else:
        problem = "could not be read (the EHR answered with another patient)"
        log.event("fhir_denied", "another patient came", severity="ERROR", code="patient_denied")
    return Part(problem=problem, unanswered=frozenset({"age", "sex"}))


def _reasons(searches: tuple[Search, ...], parts: Mapping[str, Part]) -> Iterator[tuple[str, str]]:
    for search in searches:
        part = parts[search.name]
        for name in part.unanswered:
            if part.problem:
                yield name, part.problem
