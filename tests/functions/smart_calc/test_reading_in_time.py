"""The deadlines of reading a chart: 8 seconds a call, 20 in all, and nothing lost that came.

The limits are shortened here; the EHR holds its answers back until the test is over.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from clinical import queries
from clinical.calculators import REGISTRY
from clinical.chart.evidence import Outcome
from clinical.clock import Clock
from functions.smart_calc import main, reading
from functions.smart_calc.page.calculator_views import in_groups
from functions.smart_calc.reading import ChartReading
from functions.smart_calc.reading.arrivals import Arrivals
from functions.smart_calc.reading.search import Part
from shared.errors import SessionExpired
from shared.fhir import fhir_client
from shared.fhir.access import Access
from shared.fhir.fhir_client import FhirAnswer
from shared.vendors import GENERIC
from tests.support.app.open_session import EHR, in_use, open_session
from tests.support.app.small_settings import small_settings
from tests.support.charts.app_chart import (
    CHART,
    PATIENT,
    SODIUM,
    answering,
    bundle,
    by_search,
    paged,
)
from tests.support.ehr.in_memory_ehr import read_in
from tests.support.ehr.scripted_ehr import HANG_UP, Handler, Received, Scripted, ScriptedEhr, Tenant

LATE = "could not be read (no response in time)"
# In place of the 8 and 20 seconds: long for an EHR that answers, short for a test.
LIMIT = 1.0
SOON = 30.0


@pytest.fixture
def held_back() -> Iterator[Handler]:
    """An answer that does not come before the test is over."""
    over = threading.Event()

    def wait(_: Received) -> Scripted:
        over.wait(60)
        return HANG_UP

    yield wait
    over.set()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Shortens the 8 seconds for the calls whose address holds a text, and for no other."""
    call = fhir_client.call

    def shorten(part: str) -> None:
        def shortened(
            access: Access,
            method: Literal["GET", "POST"],
            url: str,
            *,
            seconds: float,
            **others: Any,
        ) -> FhirAnswer:
            assert seconds == queries.CALL_SECONDS
            seconds = LIMIT if part in url else seconds
            return call(access, method, url, seconds=seconds, **others)

        monkeypatch.setattr(fhir_client, "call", shortened)

    return shorten


@pytest.fixture
def tenant(scripted: ScriptedEhr) -> Tenant:
    made = answering(scripted.tenant())
    made.access_token = "sentinel-access"
    return made


def read(tenant: Tenant) -> tuple[ChartReading, float]:
    """The chart of p1 and how long it took to read."""
    session = open_session(fhir_base=tenant.base, iss=tenant.base)
    active = in_use(session, replace(EHR, iss=(tenant.base,)))
    began = time.monotonic()
    made = read_in(active, "p1", datetime.now(UTC))
    return made, time.monotonic() - began


def test_the_limits_are_those_of_the_contract() -> None:
    assert (queries.CALL_SECONDS, queries.ALL_SECONDS) == (8.0, 20.0)


def test_a_search_without_an_answer_costs_its_own_values_and_its_own_time(
    tenant: Tenant, held_back: Handler, hasty: Callable[[str], None]
) -> None:
    hasty("/Condition?")
    answering(tenant, conditions=held_back)
    made, seconds = read(tenant)
    assert LIMIT <= seconds < SOON
    assert made.unread == {"conditions": LATE}
    assert made.parts["patient"].resources == (PATIENT,)
    assert all(made.parts[name].resources for name in CHART if name != "conditions")
    # Neither a second try nor another search in its place: the time was its own.
    assert len(tenant.received) == 7
    # A diagnosis that was not read is open, not a no.
    fibrillation = made.chart.findings["atrial_fibrillation"]
    assert (fibrillation.outcome, fibrillation.value) == (Outcome.UNREAD, None)
    assert fibrillation.why == LATE
    assert made.chart.findings["sodium"].value == 139.0


def test_a_session_that_is_over_by_the_first_answer_has_an_error_page_in_place_of_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ended(*_: object, **__: object) -> FhirAnswer:
        raise SessionExpired

    monkeypatch.setattr(fhir_client, "call", ended)
    # In place of 0.2 seconds, after which the page begins whatever comes.
    monkeypatch.setattr(main, "_FIRST_SECONDS", SOON)
    with pytest.raises(SessionExpired):
        main._page(small_settings(), in_use(open_session()))


# How long before the end of the whole time a call is given up: as in the product, or before it
# began.
@pytest.mark.parametrize("gathering", [0.2, SOON])
def test_an_ehr_that_answers_nothing_at_all_costs_the_whole_time_once_and_no_more(
    tenant: Tenant,
    held_back: Handler,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    gathering: float,
) -> None:
    monkeypatch.setattr(reading, "ALL_SECONDS", LIMIT)
    monkeypatch.setattr(reading, "_GATHERING_SECONDS", gathering)
    for path in ("/Patient/p1", "/Observation", "/Condition", "/MedicationRequest"):
        tenant.on(path, held_back)
    made, seconds = read(tenant)
    assert seconds < SOON
    # A call that could not begin is not logged as one.
    assert ("fhir_request" in capfd.readouterr().out) is (gathering < LIMIT)
    assert made.unread == dict.fromkeys(("patient", *CHART), LATE)
    assert made.parts["patient"].resources == ()
    assert made.is_empty
    groups = in_groups(made.chart, Clock(datetime.now(UTC)))
    assert sum(len(views) for views in groups.values()) == len(REGISTRY)
    assert "computed" not in groups


def test_a_search_that_outlasts_the_whole_time_is_late_and_not_waited_for() -> None:
    search, *_ = queries.searches(GENERIC.searches)
    with ThreadPoolExecutor(1) as pool:
        (parts,) = Arrivals(pool, {Future(): search}, time.monotonic())
    assert parts == {search.name: Part(problem=LATE, unanswered=search.answers)}


def two_pages(tenant: Tenant, held_back: Handler) -> None:
    """The laboratory's search has a page with sodium, and another that does not come."""
    link = [{"relation": "next", "url": f"{tenant.base}/Observation?page=2&category=laboratory"}]
    first = paged(lambda _: bundle(SODIUM, link=link))

    def labs(request: Received) -> Scripted:
        return held_back(request) if "page=2" in request.query else first(request)

    tenant.on("/Observation", by_search(labs=labs))


def test_pages_that_came_before_the_time_of_a_call_was_up_are_used_and_the_rest_is_told(
    tenant: Tenant, held_back: Handler, hasty: Callable[[str], None]
) -> None:
    two_pages(tenant, held_back)
    hasty("page=2")
    made, _ = read(tenant)
    assert made.unread == {"labs": LATE}
    assert made.chart.findings["sodium"].value == 139.0
    assert made.chart.findings["creatinine"].outcome is Outcome.UNREAD


def test_pages_that_came_before_the_time_for_all_was_up_are_used_too(
    tenant: Tenant, held_back: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_pages(tenant, held_back)
    monkeypatch.setattr(reading, "ALL_SECONDS", 4.0)
    made, seconds = read(tenant)
    assert seconds < SOON
    assert made.unread["labs"] == LATE
    assert made.chart.findings["sodium"].value == 139.0
