"""The cold start of launch and of the first page, each compared with a function that loads only
the packages that it needs, and of launch with a file of 30,000 FHIR bases and names.

A start ends with the first response, and that of smart_calc with the first page. The bytecode is
already compiled, as in a deployment.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from benchmarks.support import click
from benchmarks.support.processes import Place
from benchmarks.support.report import Budget, Row
from benchmarks.support.rounds import rounds
from tests.support.app.servers import companion
from tests.support.browser.browser import NAVIGATION, Browser

STARTS, SECONDS = 20, 40.0
BUDGET = Budget(1.15)
HOSPITALS = 30_000
MORE_BUDGET, MEMORY_BUDGET = Budget(60), Budget(15)
FIRST_SEARCH_BUDGET, SEARCH_BUDGET = Budget(300), Budget(100)
SEARCHES = 20
T = TypeVar("T")


@dataclass(frozen=True)
class _Start:
    seconds: float
    cpu_seconds: float
    launched_cpu_seconds: float = 0.0
    resident_megabytes: float = 0.0
    search_seconds: tuple[float, ...] = ()


def measure(place: Place, store: str) -> list[Row]:
    """Measure pairs of starts, one after the other, in alternating order."""
    with companion("benchmarks.support.ehr") as origin:
        base = f"{origin}/r4"
        variables = place.variables(base, store)
        ours, bare = _in_turn(lambda: _launch(place, variables, base), lambda: _bare(place))
        first_page = _first_page(place, variables, base)
        of_hospitals = list(_hospitals(place, base, store))
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
        *of_hospitals,
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


def _hospitals(place: Place, base: str, store: str) -> Iterator[Row]:
    """Measure launch with many hospitals to choose from, compared with one FHIR base."""
    file = place.staged / "launch" / "issuers" / "benchmark.txt"
    file.parent.mkdir(exist_ok=True)
    lines = (
        f"https://ehr.example.org/{n:08x}/api/FHIR/R4\tHospital {n} of the District\tTown {n % 997}"
        for n in range(HOSPITALS)
    )
    file.write_text("\n".join(lines), encoding="utf-8")
    chooses = 'issuers = "file:issuers/benchmark.txt"\nstandalone = true\nchooser = true\n'
    few, many = (place.variables(base, store, more=more) for more in ("", chooses))
    with_many, with_one = _in_turn(
        lambda: _choose(place, many, searches=SEARCHES), lambda: _choose(place, few, searches=0)
    )
    more = 1000 * statistics.median(
        one.cpu_seconds - other.cpu_seconds for one, other in zip(with_many, with_one, strict=False)
    )
    memory = statistics.median(
        one.resident_megabytes - other.resident_megabytes
        for one, other in zip(with_many, with_one, strict=False)
    )
    what, note = f"{HOSPITALS:,} FHIR bases and names", f"medians of {len(with_many)} pairs"
    first = 1000 * statistics.median(one.search_seconds[0] for one in with_many)
    later = 1000 * max(statistics.median(one.search_seconds[1:]) for one in with_many)
    for name, of, value, unit, budget in (
        ("start", "more CPU time of a cold start", more, "ms", MORE_BUDGET),
        ("memory", "more memory after the start", memory, "MB", MEMORY_BUDGET),
        ("first_search", "first search for a hospital", first, "ms", FIRST_SEARCH_BUDGET),
        ("search", "later searches", later, "ms", SEARCH_BUDGET),
    ):
        yield Row(f"cold_start.hospitals.{name}", f"{what}: {of}", value, unit, budget, {}, note)


def _choose(place: Place, variables: Mapping[str, str], *, searches: int) -> _Start:
    with place.function("launch", variables) as server:
        started, memory = server.cpu_seconds(), server.resident_kilobytes() * 1024 / 1e6
        seconds = []
        for number in range(searches):
            began = time.perf_counter()
            url = f"{server.origin}/launch?ehr=benchmark&find=hospital+{number}"
            page = Browser().send("GET", url, NAVIGATION)
            seconds.append(time.perf_counter() - began)
            if page.status != 200 or "Choose your hospital" not in page.text:
                raise ValueError(f"the search returned {page.status}")
        return _Start(0.0, started, 0.0, memory, tuple(seconds))


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
