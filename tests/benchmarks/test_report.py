"""What the benchmark writes: its rows, verdicts and machine facts. Nothing here measures time."""

from dataclasses import replace

from benchmarks.support import load
from benchmarks.support.report import Budget, Row
from tests.support.tables import each

WITHIN = Row("a.b", "what", 1.1, "ratio", Budget(1.2), {"ours ms": 2.25}, "medians")
OVER = Row("a.c", "other", 0.5, "ratio", Budget(0.8, at_least=True))
FREE = Row("a.d", "free", 3.0, "in series")
LOUD = replace(WITHIN, id="a.e", others=0.8)


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


def test_processor_time_of_other_programs_is_what_the_tree_of_processes_does_not_explain() -> None:
    stat = "7 (a b) c) S 3 7 7 0 -1 0 0 0 0 0 1 2 30 40 20 0 1 0 5"
    assert load.spent(stat) == load.Spent(3, 73)
    assert load.of_machine("cpu  1 20 300 99 99 4000 50000 600000 7 7\ncpu0 9 9") == 654321
    every = {1: load.Spent(0, 500), 2: load.Spent(1, 20), 3: load.Spent(2, 7), 4: load.Spent(1, 90)}
    assert load.of_tree(2, every) == 27
    before, after = load.Moment(10.0, 100.0, 40.0), load.Moment(20.0, 116.0, 48.0)
    assert load.cores_of_others(before, after) == 0.8
    assert load.cores_of_others(before, replace(after, own=60.0)) == 0.0
