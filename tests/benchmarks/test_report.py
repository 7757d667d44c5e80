"""What the benchmark writes: its rows, verdicts and machine facts. Nothing here measures time."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace

from benchmarks.support import load
from benchmarks.support.report import (
    Budget,
    Row,
    as_details,
    as_json,
    as_screen,
    from_json,
    machine,
)
from tests.support.tables import each

WITHIN = Row("a.b", "what", 1.1, "ratio", Budget(1.2), {"ours ms": 2.25}, "medians")
OVER = Row("a.c", "other", 0.5, "ratio", Budget(0.8, at_least=True))
FREE = Row("a.d", "free", 3.0, "in series")
LOUD = replace(WITHIN, id="a.e", others=0.8)
FACTS = {"cores": 2, "python": "3.1", "load": 3.2}
SCREEN = """
Over budget (1)
  other 0.5 >= 0.8
Not judged: other programs took more than 0.5 cores (1)
  what 1.1 <= 1.2 others 0.8
Within budget (1)
  what 1.1 <= 1.2 was 1
Without a budget, changed (1)
* moved 3 in series was 2
9 seconds; 2 cores, Python 3.1; load before the run 3.2; other programs took up to 0.8 cores.
Changed since the last quiet run (*): 1 of the 2 compared rows.
"""


@each(
    ("budget", "holds", "fails"),
    [(Budget(1.2), 1.2, 1.21), (Budget(0.8, at_least=True), 0.8, 0.79)],
)
def test_a_budget_holds_at_its_limit_and_not_beyond(
    budget: Budget, holds: float, fails: float
) -> None:
    assert budget.holds(holds)
    assert not budget.holds(fails)


def test_a_row_is_judged_only_if_it_has_a_budget_and_other_programs_left_it_the_machine() -> None:
    verdicts = [row.verdict for row in (WITHIN, OVER, FREE, LOUD, replace(OVER, others=0.8))]
    assert verdicts == ["within", "over", "-", "not judged", "not judged"]


def test_the_stored_document_gives_the_same_rows_again() -> None:
    rows = [
        replace(WITHIN, earlier=[1.0, 1.2]),
        replace(OVER, earlier=[]),
        replace(FREE, earlier=[]),
    ]
    text = as_json(rows, machine(), 12.34)
    assert from_json(text) == rows
    assert [one["verdict"] for one in json.loads(text)["rows"]] == ["within", "over", "-"]
    assert from_json(text.replace('"schema": 2', '"schema": 1')) == []


@each(
    ("earlier", "value", "changed"),
    [
        ((), 9.0, False),
        ((2.0,), 2.4, False),
        ((2.0,), 2.5, True),
        ((2.0, 2.0, 2.0, 2.0), 2.09, False),
        ((2.0, 2.0, 2.0, 2.0), 1.8, True),
        ((1.8, 2.0, 1.8, 2.0), 2.9, False),
        ((1.8, 2.0, 1.8, 2.0), 3.1, True),
        ((0.0, 0.0, 0.0, 0.0), 1.0, True),
    ],
)
def test_a_value_has_changed_if_it_moved_further_than_runs_usually_do(
    earlier: tuple[float, ...], value: float, changed: bool
) -> None:
    row = replace(FREE, value=value, earlier=earlier)
    assert row.changed is changed
    assert not replace(row, others=0.8).changed


def test_only_quiet_runs_are_kept_to_compare_with_and_only_the_last_ten() -> None:
    kept = replace(WITHIN, earlier=tuple(range(10)))
    assert WITHIN.after(kept).earlier == (*range(1, 10), 1.1)
    assert WITHIN.after(replace(kept, others=0.8)).earlier == tuple(range(10))
    assert WITHIN.after(None).earlier == ()


def test_the_machine_is_described_and_not_named() -> None:
    facts = machine()
    assert {"cores", "python", "load", "libraries"} <= facts.keys()
    assert socket.gethostname() not in json.dumps(facts)


def test_the_screen_has_the_verdicts_and_changes_and_the_details_have_both_sides() -> None:
    moved = replace(FREE, id="a.f", what="moved", earlier=(2.0,))
    screen = as_screen([replace(WITHIN, earlier=(1.0,)), OVER, LOUD, FREE, moved], FACTS, 9)
    assert screen.split() == SCREEN.split()
    assert as_details([WITHIN]).splitlines() == [
        "what: 1.1 ratio, budget <= 1.2: within",
        "    ours ms 2.25",
        "    medians; other programs took 0.00 cores",
    ]


def test_processor_time_of_other_programs_is_what_the_tree_of_processes_does_not_explain() -> None:
    stat = "7 (a b) c) S 3 7 7 0 -1 0 0 0 0 0 1 2 30 40 20 0 1 0 5"
    assert load.spent(stat) == load.Spent(3, 73)
    assert load.of_machine("cpu  1 20 300 99 99 4000 50000 600000 7 7\ncpu0 9 9") == 654321
    every = {1: load.Spent(0, 500), 2: load.Spent(1, 20), 3: load.Spent(2, 7), 4: load.Spent(1, 90)}
    assert load.of_tree(2, every) == 27
    before, after = load.Moment(10.0, 100.0, 40.0), load.Moment(20.0, 116.0, 48.0)
    assert load.cores_of_others(before, after) == 0.8
    assert load.cores_of_others(before, replace(after, own=60.0)) == 0.0


def test_the_time_of_an_ended_child_counts_as_the_benchmarks_own() -> None:
    before = load.now()
    used = "import time\nwhile time.process_time() < 0.1: pass"
    subprocess.run([sys.executable, "-c", used], check=True)
    after = load.now()
    assert after.own - before.own >= 0.05
    assert after.machine > before.machine
    assert os.getpid() in load.processes()
