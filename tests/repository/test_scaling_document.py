"""docs/scaling.md is what its generator makes, and that reckons with what is deployed."""

from dataclasses import replace

import pytest

from docs.generators import scaling
from infra.deployment import FILE, read
from tests.support.app.servers import ROOT
from tests.support.tables import each

STATE = read(ROOT / FILE)


def test_the_committed_page_is_current() -> None:
    written = (ROOT / "docs" / "scaling.md").read_text("utf-8")
    assert written == scaling.markdown(), "run: make docs"


def test_every_function_of_a_launch_is_one_that_is_deployed() -> None:
    assert set(scaling.PROCESSOR_SECONDS) <= set(STATE.functions)
    assert min(scaling.PROCESSOR_SECONDS.values()) > 0


@each("launches", scaling.STEPS)
def test_more_launches_cost_more_and_one_costs_less(launches: int) -> None:
    now, then = (sum(scaling.costs(one, STATE).values()) for one in (launches, 10 * launches))
    assert now < then < 10 * now


def test_a_lonely_request_is_paid_for_as_long_as_it_is_held() -> None:
    held = scaling.WAITS["callback"] + scaling.PROCESSOR_SECONDS["callback"]
    load = scaling.load("callback", 1_000, 16)
    assert load.seconds == pytest.approx(1_000 * held, rel=0.01)
    assert load.instances == 1


def test_requests_that_wait_at_once_share_an_instance() -> None:
    alone, together = (scaling.load("fhir_proxy", 100_000_000, one) for one in (1, 16))
    assert together.seconds < alone.seconds / 8


def test_waiting_instances_cost_what_the_list_says() -> None:
    one = {**STATE.functions["launch"], "cpu": 1, "memory_mib": 1024}
    state = replace(STATE, functions={"launch": one})
    assert scaling.warm(state) == pytest.approx(2 * 0.0000025 * 730 * 3600)


def test_the_limits_are_in_order_and_each_is_reached_where_it_says() -> None:
    limits = scaling.limits(STATE)
    assert [one.reached for one in limits] == sorted(one.reached for one in limits)
    for one in limits:
        below = one.needed(one.reached * 9 // 10)
        assert one.needed(one.reached) > one.available >= below, one.what
    more = {**STATE.functions["cds_services"], "max_instances": 1000}
    raised = replace(STATE, functions={**STATE.functions, "cds_services": more})
    assert scaling.limits(raised)[-1].what == limits[0].what == "instances of `cds_services`"
