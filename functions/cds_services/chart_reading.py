"""Reads the chart behind the cards: the prefetch, and data from the EHR that fills its gaps.

CDS Hooks 2.0, "Providing FHIR Resources to a CDS Service". Each key is independent. An incomplete
key isn't used at all, because the missing part might have a newer value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from clinical import queries
from clinical.chart import Chart, read_chart
from clinical.chart.observations import ObservationReader
from clinical.chart.resources.times import zone_of
from clinical.chart.unread import without_answers
from clinical.queries import Search
from shared.config.settings import Ehr
from shared.errors import CdsDataMissing
from shared.fhir.access import Access
from shared.frozen import dataclass
from shared.scopes import Grant

from . import prefetch, reader
from .hook_call import HookCall
from .prefetch import Contents

PATIENT = "patient"
# At least one of these is required.
_MEASURED = ("labs", "slow", "vitals")
_WHY = "is missing, was refused or is incomplete"


@dataclass(frozen=True, slots=True)
class HookChart:
    """A chart and the source of each key. Keys in `incomplete` aren't used.

    `now` is the time of reading in the chart's time zone, as on the page.
    """

    chart: Chart
    now: datetime
    prefetched: tuple[str, ...]
    fetched: tuple[str, ...]
    incomplete: tuple[str, ...]


def read(hook: HookCall, ehr: Ehr, now: datetime, unproved: frozenset[int]) -> HookChart:
    """Read the chart of the hook's patient, without the resources of the prefetch that are
    `unproved`, by `id()`. Raises CdsDataMissing.
    """
    searches = _searches(ehr)
    prefetched_keys = {one.name: prefetch.of_key(one, hook.prefetch, unproved) for one in searches}
    keys = _completed(hook, ehr, now, searches, prefetched_keys)
    incomplete = tuple(name for name, contents in keys.items() if contents.state != "complete")
    _require(hook, keys, incomplete)
    complete_keys = [contents for contents in keys.values() if contents.state == "complete"]
    resources = [resource for contents in complete_keys for resource in contents.resources]
    observations = ObservationReader(now.tzinfo, ehr.codes)
    times = (
        observations.entry(one).heading.moment
        for one in resources
        if one.get("resourceType") == "Observation"
    )
    local_now = now.astimezone(zone_of(times, now))
    # Without a base, an absolute reference proves nothing, because it can refer to any server.
    chart = read_chart(resources, local_now, hook.patient, hook.fhir_base or "", observations)
    reasons = {name: _WHY for one in searches if one.name in incomplete for name in one.answers}
    prefetched = tuple(
        name for name, contents in prefetched_keys.items() if contents.state == "complete"
    )
    return HookChart(
        without_answers(chart, reasons),
        local_now,
        prefetched,
        tuple(name for name in keys if name not in {*prefetched, *incomplete}),
        incomplete,
    )


def _searches(ehr: Ehr) -> tuple[Search, ...]:
    """Return the app's searches; the drug search also accepts Medication resources."""
    return tuple(
        replace(one, reads=one.reads | {"Medication"})
        if one.resource_type == "MedicationRequest"
        else one
        for one in queries.searches(ehr.profile.searches, ehr.codes)
    )


def _completed(
    hook: HookCall,
    ehr: Ehr,
    now: datetime,
    searches: Sequence[Search],
    prefetched: Mapping[str, Contents],
) -> Mapping[str, Contents]:
    if hook.access_token is None or hook.fhir_base is None:
        return prefetched
    # The token's scopes aren't known (Epic's are words), so it may read anything of the patient's.
    everything = (Grant("patient", "*", frozenset("rs")),)
    access = Access(ehr, hook.fhir_base, hook.access_token, hook.patient, everything)
    return reader.complete(access, now.date(), searches, prefetched)


def _require(hook: HookCall, keys: Mapping[str, Contents], incomplete: Sequence[str]) -> None:
    """Require the data that every card needs: the patient, and one kind of measured values."""
    ids = [one.get("id") for one in keys[PATIENT].resources] if PATIENT not in incomplete else []
    lacking = [] if hook.patient in ids else [PATIENT]
    if set(_MEASURED) <= set(incomplete):
        lacking += _MEASURED
    if lacking:
        raise CdsDataMissing(
            why=f"Missing data that could not be read: {', '.join(lacking)}.",
            evidence={"missing": " ".join(lacking)},
        )
