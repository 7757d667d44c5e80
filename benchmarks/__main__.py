"""Measures the budgets on this machine: `python -m benchmarks` (`make bench`).

It prints one screen and writes .local/bench.json. If you give names of measurements, it runs only
those, prints both sides of each comparison and writes no file. `last` prints the details of the
stored run. It always exits with status 0, because a value over its budget is a finding, not a
failure. docs/performance.md explains how to read the results.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
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
from benchmarks.support import load, processes, report
from benchmarks.support.processes import Place
from benchmarks.support.report import Row
from tests.support.app.servers import ROOT, companion

RESULT = ROOT / ".local" / "bench.json"
LAST = "last"
# Each returns rows that were measured together, or yields each row when it's measured.
MEASUREMENTS: Mapping[str, Callable[[Place, str], Iterable[Row]]] = {
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
    stored = report.from_json(RESULT.read_text("utf-8")) if RESULT.exists() else []
    if names == [LAST]:
        print(report.as_details(stored) or "There is no stored run. Run `make bench`.")
        return 0
    if unknown:
        known = ", ".join((*MEASUREMENTS, LAST))
        sys.stderr.write(f"Unknown: {', '.join(unknown)}. Choose from: {known}\n")
        return 2
    facts = report.machine()
    began = time.monotonic()
    last = {row.id: row for row in stored}
    rows = [row.after(last.get(row.id)) for row in _measured(names or tuple(MEASUREMENTS))]
    seconds = time.monotonic() - began
    if names:
        print(report.as_details(rows))
        return 0
    print(report.as_screen(rows, facts, seconds))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(report.as_json(rows, facts, seconds), encoding="utf-8")
    print(f"For both sides of each row: python -m benchmarks {LAST}, or {RESULT.relative_to(ROOT)}")
    return 0


def _measured(names: Sequence[str]) -> list[Row]:
    """Run measurements, each row with the processor time that other programs used meanwhile."""
    processes.leave_a_core_to_the_servers()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        place = processes.place(Path(folder))
        with companion("tests.support.cloud.firestore_stand_in") as store:
            for name in names:
                began, watch = time.monotonic(), load.Watch()
                sys.stderr.write(f"measuring {name} … ")
                rows += [
                    replace(row, others=watch.others()) for row in MEASUREMENTS[name](place, store)
                ]
                sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
