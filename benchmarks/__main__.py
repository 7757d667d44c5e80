"""Measures the budgets on this machine: `python -m benchmarks` (`make bench`).

It prints a table and writes .local/bench.json. If you give names of measurements, it runs only
those and writes no file. It always exits with status 0, because a value over its budget is a
finding, not a failure. docs/performance.md explains how to read the results.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks import (
    a_launch,
    cds_calling,
    cold_start,
    launching,
    memory,
    page,
    proxying,
    round_trips,
    store_operations,
)
from benchmarks.support import processes, report
from benchmarks.support.processes import Place
from benchmarks.support.report import Row
from tests.support.servers import ROOT

RESULT = ROOT / ".local" / "bench.json"
MEASUREMENTS: Mapping[str, Callable[[Place, str], list[Row]]] = {
    "round_trips": round_trips.measure,
    "store_operations": store_operations.measure,
    "proxying": proxying.measure,
    "launching": launching.measure,
    "a_launch": a_launch.measure,
    "page": page.measure,
    "cold_start": cold_start.measure,
    "cds_calling": cds_calling.measure,
    "memory": memory.measure,
}


def main(names: list[str]) -> int:
    """Run the named measurements, or all of them, which also writes the result file."""
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        sys.stderr.write(f"Unknown: {', '.join(unknown)}. Choose from: {', '.join(MEASUREMENTS)}\n")
        return 2
    facts = report.machine()
    processes.leave_a_core_to_the_servers()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        place = processes.place(Path(folder))
        began = time.monotonic()
        with processes.companion("benchmarks.support.stand_in") as store:
            for name in names or MEASUREMENTS:
                sys.stderr.write(f"measuring {name} …\n")
                rows += MEASUREMENTS[name](place, store)
        seconds = time.monotonic() - began
    print(report.as_table(rows))
    print(f"{seconds:.0f} seconds; {facts['cores']} cores, Python {facts['python']}")
    if not names:
        RESULT.parent.mkdir(exist_ok=True)
        RESULT.write_text(report.as_json(rows, facts, seconds), encoding="utf-8")
        print(f"Written: {RESULT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
