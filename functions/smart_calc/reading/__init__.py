"""Reading of the chart for the page: the searches of queries.py, in parallel, within 20 seconds.

A failed search isn't fatal: its inputs stay open, with the reason. Results are available before the
rest arrives.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, tzinfo
from functools import partial
from typing import Any

from clinical import queries
from clinical.chart import Chart, read_chart, valued
from clinical.chart.observations import ObservationReader
from clinical.chart.resources.times import Moment, zone_of
from clinical.chart.unread import with_unread
from clinical.queries import ALL_SECONDS, CALL_SECONDS, SEARCH_BYTES, Search, request_for
from shared.fhir.access import of_session
from shared.fhir.reader import Reader
from shared.fhir.searchset import Resource
from shared.frozen import dataclass
from shared.session.sessions import Active
from shared.vendors import GENERIC

from . import arrivals
from .arrivals import Arrivals
from .search import Part

# The last call ends this long before the overall deadline, so that the pages already read can
# still be used.
_GATHERING_SECONDS = 0.2
# The purpose of each search, in words, by name.
PURPOSES: Mapping[str, str] = {
    search.name: search.purpose for search in queries.searches(GENERIC.searches)
}


@dataclass(frozen=True, slots=True)
class ChartReading:
    """The results of the searches, by name, and the chart built from them.

    `now` is the time of reading in the most frequent time zone of the chart, which is the page's
    zone. Its date decides the age.
    """

    parts: Mapping[str, Part]
    chart: Chart
    now: datetime

    @property
    def is_empty(self) -> bool:
        """Whether nothing could be read."""
        return all(part.problem and not part.resources for part in self.parts.values())

    @property
    def set_aside(self) -> int:
        """How many resources aren't used, because they aren't the patient's."""
        return sum(part.set_aside for part in self.parts.values()) + len(self.chart.foreign)

    @property
    def technical(self) -> Mapping[str, str]:
        """Details for support about failed or incomplete searches, by name."""
        return {name: part.technical for name, part in self.parts.items() if part.technical}

    @property
    def unread(self) -> Mapping[str, str]:
        """Why a search failed or is incomplete, by name."""
        return {name: part.problem for name, part in self.parts.items() if part.problem}

    @property
    def unread_behind(self) -> Mapping[str, str]:
        """What couldn't be read and why, by each input that this leaves open."""
        return {
            name: f"{PURPOSES[search]}, {part.problem}"
            for search, part in self.parts.items()
            if part.problem
            for name in part.unanswered
        }


@dataclass(frozen=True, slots=True)
class Searching:
    """The chart of the session's patient while it's being read."""

    patient: str
    fhir_base: str
    now: datetime
    searches: tuple[Search, ...]
    observations: ObservationReader
    arrivals: Arrivals

    def so_far(self) -> Iterator[Mapping[str, Part]]:
        """Yield the parts so far each time that more arrive, and finally all.

        Raises SessionExpired or SessionMissing if the session ends meanwhile.
        """
        for parts in self.arrivals:
            if "patient" in parts:
                yield {**parts, "patient": _only(self.patient, parts["patient"])}
            else:
                yield parts

    def completed(self) -> Mapping[str, Part]:
        """Return all parts. Raises the same errors as `so_far`."""
        try:
            *_, parts = self.so_far()
        finally:
            self.arrivals.close()
        return parts

    def zone_of(self, parts: Mapping[str, Part]) -> tzinfo:
        """Return the most frequent time zone of these parts."""
        resources = [resource for part in parts.values() for resource in part.resources]
        return zone_of(_times(self.observations, resources), self.now)

    def has_zone(self, parts: Mapping[str, Part]) -> bool:
        """Return whether a time with a zone has arrived, or none will arrive."""
        resources = [resource for part in parts.values() for resource in part.resources]
        times = _times(self.observations, resources)
        measured = (one.name for one in self.searches if one.resource_type == "Observation")
        return any(one and one.timed and one.has_offset for one in times) or all(
            name in parts for name in measured
        )

    def local_codes(self) -> dict[str, list[str]]:
        """Return the hospital's own codes that values have, as a field of a log event, if any."""
        codes = self.observations.local_codes()
        return {"local_codes": codes} if codes else {}

    def chart_of(self, parts: Mapping[str, Part], zone: tzinfo) -> ChartReading:
        """Build the chart from these parts, in a time zone."""
        local_now = self.now.astimezone(zone)
        resources = [resource for part in parts.values() for resource in part.resources]
        chart = read_chart(resources, local_now, self.patient, self.fhir_base, self.observations)
        reasons = dict(_reasons(self.searches, parts))
        return ChartReading(parts, with_unread(chart, reasons), local_now)


def begin(
    active: Active, patient: str, now: datetime, names: AbstractSet[str] | None = None
) -> Searching:
    """Start reading the chart of the session's patient: the searches in `names`, or all.

    Times without an offset are in the zone of `now`.
    """
    fhir_base = active.session.fhir_base
    observations = ObservationReader(now.tzinfo, active.ehr.codes)

    def settling(search: Search) -> Callable[[Sequence[Resource]], bool]:
        known: set[str] = set()

        def is_settled(page: Sequence[Resource]) -> bool:
            known.update(valued(list(page), now, patient, fhir_base, observations))
            return queries.is_settled(search, known)

        return is_settled

    reader = Reader(
        of_session(active),
        "read for the page",
        time.monotonic() + ALL_SECONDS,
        _GATHERING_SECONDS,
        CALL_SECONDS,
        SEARCH_BYTES,
        request=partial(request_for, patient_id=patient, today=now.date()),
        settling=settling,
    )
    known = queries.searches(active.ehr.profile.searches, active.ehr.codes)
    searches = tuple(one for one in known if names is None or one.name in names)
    under_way = arrivals.begin(reader, searches)
    return Searching(patient, fhir_base, now, searches, observations, under_way)


def _times(reader: ObservationReader, resources: list[dict[str, Any]]) -> Iterator[Moment | None]:
    for resource in resources:
        if resource.get("resourceType") == "Observation":
            yield reader.entry(resource).heading.moment


def _only(patient: str, part: Part) -> Part:
    """Return the Patient read, or a problem unless it's the requested patient."""
    if [one.get("id") for one in part.resources] == [patient]:
        return Part(part.resources)
    if part.problem:
        return part
    problem = "could not be read (the EHR did not return a patient)"
    return Part(problem=problem, unanswered=frozenset({"age", "sex"}))


def _reasons(searches: tuple[Search, ...], parts: Mapping[str, Part]) -> Iterator[tuple[str, str]]:
    for search in searches:
        part = parts.get(search.name)
        if part is not None and part.problem:
            for name in part.unanswered:
                yield name, part.problem
