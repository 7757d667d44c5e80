"""The cold start of launch and of the first page, each compared with a function that loads only
the packages that it needs.

A start ends with the first response, and that of smart_calc with the first page. The bytecode is
already compiled, as in a deployment.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.support import click
from benchmarks.support.processes import Place
from benchmarks.support.report import Budget, Row
from benchmarks.support.rounds import rounds
from tests.support.browser import Browser
from tests.support.servers import companion

STARTS, SECONDS = 20, 40.0
BUDGET = Budget(1.15)
T = TypeVar("T")


@dataclass(frozen=True)
class _Start:
    seconds: float
    cpu_seconds: float
    launched_cpu_seconds: float = 0.0


def measure(place: Place, store: str) -> list[Row]:
    """Measure pairs of starts, one after the other, in alternating order."""
    with companion("benchmarks.support.ehr") as origin:
        base = f"{origin}/r4"
        variables = place.variables(base, store)
        ours, bare = _in_turn(lambda: _launch(place, variables, base), lambda: _bare(place))
        first_page = _first_page(place, variables, base)
    cpu = statistics.median(one.cpu_seconds for one in ours)
    bare_cpu = statistics.median(one.cpu_seconds for one in bare)
    launched = statistics.median(one.launched_cpu_seconds for one in ours)
    return [
        Row(
            "cold_start.cpu",
            "cold start of launch / of only its imports, CPU time",
            cpu / bare_cpu,
            "ratio",
            BUDGET,
            {
                "launch CPU s": cpu,
                "imports alone CPU s": bare_cpu,
                "launch wall s": statistics.median(one.seconds for one in ours),
                "imports alone wall s": statistics.median(one.seconds for one in bare),
            },
            f"medians of {len(ours)} pairs",
        ),
        Row(
            "cold_start.first_launch",
            "cold start and first launch / of only its imports, CPU time",
            launched / bare_cpu,
            "ratio",
            None,
            {"launch CPU s": launched},
            "first use of the store's client, discovery",
        ),
        first_page,
    ]


def _first_page(place: Place, variables: Mapping[str, str], base: str) -> Row:
    with place.functions(("launch", "callback"), variables) as running:
        browser = Browser()
        begun = click.begin(running["launch"].origin, base, browser)
        session = click.finish(running["callback"].origin, begun, base, browser)
        ours, bare = _in_turn(
            lambda: _page(place, variables, session), lambda: _page_libraries(place)
        )
    cpu, bare_cpu = statistics.median(ours), statistics.median(bare)
    return Row(
        "cold_start.first_page",
        "cold start and first page / of only imports and calculators",
        cpu / bare_cpu,
        "ratio",
        BUDGET,
        {"smart_calc CPU s": cpu, "imports and calculators CPU s": bare_cpu},
        f"medians of {len(ours)} pairs",
    )


def _in_turn(one: Callable[[], T], other: Callable[[], T]) -> tuple[list[T], list[T]]:
    """Start both in turn, in alternating order, without the first starts, which compile."""
    ones, others = [], []
    for number in rounds(STARTS + 1, SECONDS):
        if number % 2:
            ones.append(one())
        others.append(other())
        if not number % 2:
            ones.append(one())
    return ones[1:], others[1:]


def _page(place: Place, variables: Mapping[str, str], session: click.Session) -> float:
    with place.function("smart_calc", variables) as server:
        session.page(server.origin)
        return server.cpu_seconds()


def _page_libraries(place: Place) -> float:
    with place.beside("page_libraries", "smart_calc", {}) as server:
        return server.cpu_seconds()


def _launch(place: Place, variables: Mapping[str, str], base: str) -> _Start:
    began = time.perf_counter()
    with place.function("launch", variables) as server:
        seconds = time.perf_counter() - began
        started = server.cpu_seconds()
        click.begin(server.origin, base, Browser())
        return _Start(seconds, started, server.cpu_seconds())


def _bare(place: Place) -> _Start:
    began = time.perf_counter()
    with place.beside("imports_only", "launch", {}) as server:
        return _Start(time.perf_counter() - began, server.cpu_seconds())
