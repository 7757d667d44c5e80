"""The number of sequential EHR round trips between a click and the chart on the screen.

Every call takes 100 ms at this EHR. The count is the longest chain of calls that each started after
the previous one had ended. The wall time divided by 100 ms also includes the app's own work.
"""

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.support import click
from benchmarks.support.ehr import Ehr, at_once, in_series
from benchmarks.support.processes import Place, Server
from benchmarks.support.report import Budget, Row
from tests.support.browser.browser import Browser

DELAY_SECONDS = 0.1
WARM_CLICKS = 7
COLD_CLICKS = 3
_FUNCTIONS = ("launch", "callback", "smart_calc")
# Returns a function's server: a running one, or one that's started for the request.
Instances = Callable[[str], contextlib.AbstractContextManager[Server]]


@dataclass(frozen=True)
class _Clicked:
    seconds: float
    cpu_seconds: float
    series: int
    most_at_once: int
    calls: int
    connections: int


def measure(place: Place, store: str) -> Iterator[Row]:
    """Measure warm (running instances, cached discovery) and cold (three starts, empty caches)."""
    ehr = Ehr(DELAY_SECONDS)
    variables = place.variables(ehr.base, store)
    with place.functions(_FUNCTIONS, variables) as running:

        def warm(name: str) -> contextlib.AbstractContextManager[Server]:
            return contextlib.nullcontext(running[name])

        _click(ehr, warm)
        clicks = [_click(ehr, warm) for _ in range(WARM_CLICKS)]
    yield _row("warm", "EHR round trips in series, click to page, warm", clicks, Budget(2))

    def cold(name: str) -> contextlib.AbstractContextManager[Server]:
        return place.function(name, variables)

    clicks = [_click(ehr, cold) for _ in range(COLD_CLICKS)]
    ehr.close()
    yield _row("cold", "EHR round trips in series, click to page, cold", clicks, None)


def _click(ehr: Ehr, instances: Instances) -> _Clicked:
    """Measure one launch from the EHR's link, without the time on the EHR's own pages."""
    browser = Browser()
    ehr.forget()
    began = time.perf_counter()
    # Stop the instances only after the click, because a cold start doesn't include stopping one.
    with contextlib.ExitStack() as stack:
        servers: dict[str, Server] = {}

        def at(name: str) -> str:
            servers[name] = stack.enter_context(instances(name))
            return servers[name].origin

        begun = click.begin(at("launch"), ehr.base, browser)
        session = click.finish(at("callback"), begun, ehr.base, browser)
        session.page(at("smart_calc"))
        seconds = time.perf_counter() - began
        cpu = sum(server.cpu_seconds() for server in servers.values())
    calls = list(ehr.calls)
    return _Clicked(seconds, cpu, in_series(calls), at_once(calls), len(calls), ehr.connections)


def _row(name: str, what: str, clicks: list[_Clicked], budget: Budget | None) -> Row:
    """Return the medians of several clicks."""
    seconds = statistics.median(one.seconds for one in clicks)
    beside = {
        "wall time / 100 ms": seconds / DELAY_SECONDS,
        "calls": statistics.median(one.calls for one in clicks),
        "at once": statistics.median(one.most_at_once for one in clicks),
        "new connections": statistics.median(one.connections for one in clicks),
    }
    if name == "cold":
        beside["CPU s"] = statistics.median(one.cpu_seconds for one in clicks)
    series = float(statistics.median(one.series for one in clicks))
    note = f"median of {len(clicks)} clicks"
    return Row(f"round_trips.{name}", what, series, "in series", budget, beside, note)
