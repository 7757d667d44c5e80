"""How much of a chart is read: the pages of one search are bounded together."""

from dataclasses import replace
from datetime import UTC, datetime

from clinical import queries
from clinical.chart.evidence import Outcome
from functions.smart_calc.reading import ChartReading
from tests.support.app.open_session import EHR, in_use, open_session
from tests.support.charts.app_chart import SODIUM, answering, bundle, by_search
from tests.support.ehr.in_memory_ehr import read_in
from tests.support.ehr.scripted_ehr import Handler, Received, Scripted, ScriptedEhr, Tenant, as_fhir


def _read(tenant: Tenant) -> ChartReading:
    tenant.access_token = "sentinel-access"
    session = open_session(fhir_base=tenant.base, iss=tenant.base)
    return read_in(in_use(session, replace(EHR, iss=(tenant.base,))), "p1", datetime.now(UTC))


def _endless(tenant: Tenant, megabytes: int) -> Handler:
    """Pages without end, each of so many megabytes."""
    link = [{"relation": "next", "url": f"{tenant.base}/Observation?more=1&category=laboratory"}]
    document = {**bundle(SODIUM, link=link), "id": "x" * (megabytes * 1_000_000)}

    def page(_: Received) -> Scripted:
        return as_fhir(document)

    return page


def _asked_for_more(tenant: Tenant) -> int:
    return len([one for one in tenant.hits("/Observation") if "more=1" in one.query])


def test_what_came_before_the_bound_is_used_and_the_rest_is_told(scripted: ScriptedEhr) -> None:
    assert queries.SEARCH_BYTES == 8_000_000
    tenant = answering(scripted.tenant())
    pages = _endless(tenant, 3)
    tenant.on("/Observation", by_search(labs=pages))
    made = _read(tenant)
    # 3 and 3 of 8 MB, and one that would be 9.
    assert _asked_for_more(tenant) == 2
    assert made.unread == {"labs": "could not be read (no usable response)"}
    assert made.chart.findings["sodium"].value == 139.0
    assert made.chart.findings["creatinine"].outcome is Outcome.UNREAD


def test_one_answer_over_the_bound_costs_its_own_search_alone(scripted: ScriptedEhr) -> None:
    tenant = answering(scripted.tenant())
    tenant.on("/Observation", by_search(labs=_endless(tenant, 9)))
    made = _read(tenant)
    assert made.unread == {"labs": "could not be read (no usable response)"}
    assert made.chart.findings["sodium"].outcome is Outcome.UNREAD
    assert made.parts["conditions"].resources
