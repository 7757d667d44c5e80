"""A warm launch, compared with a function that only returns a redirect.

The budget excludes the store write of a launch. Its time is the difference between a function with
the same write and one without.
"""

import contextlib
import statistics

from benchmarks.support import click, wire
from benchmarks.support.processes import Place
from benchmarks.support.report import Budget, Row
from benchmarks.support.wire import Question
from tests.support.app.servers import companion

BUDGET = Budget(1.35)
SECONDS, MOST_ROUNDS = 12.0, 1500
WARMING_ROUNDS = 20


def measure(place: Place, store: str) -> list[Row]:
    """Measure latency and processor time."""
    with contextlib.ExitStack() as stack:
        base = stack.enter_context(companion("benchmarks.support.ehr")) + "/r4"
        variables = place.variables(base, store)
        servers = [
            stack.enter_context(place.function("launch", variables)),
            stack.enter_context(place.beside("redirect", "launch", variables)),
            stack.enter_context(place.beside("redirect_and_write", "launch", variables)),
        ]
        request = wire.get(click.target(base), {"Host": "localhost", "Accept": "text/html"})
        questions = [Question(server.port, request, 302) for server in servers]
        wire.in_turn(questions, SECONDS, WARMING_ROUNDS)
        before = [server.cpu_seconds() for server in servers]
        took = wire.in_turn(questions, SECONDS, MOST_ROUNDS)
        after = [server.cpu_seconds() for server in servers]
    rounds = len(took[0])
    clock = [statistics.median(one) * 1000 for one in took]
    cpu = [(late - early) / rounds * 1000 for early, late in zip(before, after, strict=True)]
    note = f"(launch - (redirect with write - redirect)) / redirect, {rounds} each"
    what = "launch without its store write / bare redirect"
    return [
        _row("latency", f"{what}, latency", clock, "ms", note, BUDGET),
        _row("cpu", f"{what}, CPU time", cpu, "CPU ms", "", None),
    ]


def _row(
    name: str, what: str, medians: list[float], unit: str, note: str, budget: Budget | None
) -> Row:
    launch, bare, writing = medians
    beside = {
        f"launch {unit}": launch,
        f"redirect {unit}": bare,
        f"redirect with write {unit}": writing,
    }
    value = (launch - (writing - bare)) / bare
    return Row(f"launch.{name}", what, value, "ratio", budget, beside, note)
