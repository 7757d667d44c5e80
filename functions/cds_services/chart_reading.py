"""The chart behind the cards: the prefetch, and what's read from the EHR to fill its gaps.

CDS Hooks 2.0, "Providing FHIR Resources to a CDS Service". Each key is independent. An incomplete
key answers nothing, because the missing part may have a newer value.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clinical import queries
from clinical.chart import Chart, read_chart
from clinical.chart.observations import ObservationReader
from clinical.chart.resources.times import zone_of
from clinical.chart.unread import without_answers
from clinical.queries import Search
from shared.config.settings import Ehr
from shared.errors import CdsDataMissing

from . import prefetch
from .hook_call import HookCall
from .prefetch import Part
from .reader import ALL_SECONDS, Reader

PATIENT = "patient"
# At least one of these is required.
_MEASURED = ("labs", "slow", "vitals")
_WHY = "is missing, was refused or is incomplete"


@dataclass(frozen=True, slots=True)
class ChartReading:
    """A chart and the source of each key; keys in `not_whole` answer nothing.

    `now` is the time of reading in the chart's time zone, as on the page.
    """

    chart: Chart
    now: datetime
    prefetched: tuple[str, ...]
    fetched: tuple[str, ...]
    not_whole: tuple[str, ...]


def read(hook: HookCall, ehr: Ehr, now: datetime) -> ChartReading:
    """Read the chart of the hook's patient. Raises CdsDataMissing."""
    searches = _searches(ehr)
    given = {one.name: prefetch.part(one, hook.prefetch) for one in searches}
    parts = _completed(hook, ehr, now, searches, given)
    not_whole = tuple(name for name, part in parts.items() if part.state != "whole")
    _require(hook, parts, not_whole)
    counting = [part for part in parts.values() if part.state == "whole"]
    resources = [resource for part in counting for resource in part.resources]
    observations = ObservationReader(now.tzinfo)
    times = (
        observations.entry(one).heading.moment
        for one in resources
        if one.get("resourceType") == "Observation"
    )
    here = now.astimezone(zone_of(times, now))
    # Without a base, an absolute reference proves nothing, because it may be any server's.
    chart = read_chart(resources, here, hook.patient, hook.fhir_base or "", observations)
    open_ = {name: _WHY for one in searches if one.name in not_whole for name in one.answers}
    prefetched = tuple(name for name, part in given.items() if part.state == "whole")
    return ChartReading(
        without_answers(chart, open_),
        here,
        prefetched,
        tuple(name for name in parts if name not in {*prefetched, *not_whole}),
        not_whole,
    )


def _searches(ehr: Ehr) -> tuple[Search, ...]:
    """Return the app's searches; the drug search also accepts Medication resources."""
    return tuple(
        replace(one, reads=one.reads | {"Medication"})
        if one.resource_type == "MedicationRequest"
        else one
        for one in queries.searches(ehr.profile.searches)
    )


def _completed(
    hook: HookCall, ehr: Ehr, now: datetime, searches: Sequence[Search], given: Mapping[str, Part]
) -> Mapping[str, Part]:
    if hook.access_token is None or hook.fhir_base is None:
        return given
    reader = Reader(
        ehr=ehr,
        fhir_base=hook.fhir_base,
        access_token=hook.access_token,
        patient=hook.patient,
        today=now.date(),
        until=time.monotonic() + ALL_SECONDS,
    )
    return reader.complete(searches, given)


def _require(hook: HookCall, parts: Mapping[str, Part], not_whole: Sequence[str]) -> None:
    """Require what every card needs: the patient, and one kind of measured values."""
    came = [one.get("id") for one in parts[PATIENT].resources] if PATIENT not in not_whole else []
    lacking = [] if hook.patient in came else [PATIENT]
    if set(_MEASURED) <= set(not_whole):
        lacking += _MEASURED
    if lacking:
        raise CdsDataMissing(
            why=f"Missing, and could not be read: {', '.join(lacking)}.",
            evidence={"missing": " ".join(lacking)},
        )
