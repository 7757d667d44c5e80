"""What the benchmark writes: its rows, verdicts and machine facts. Nothing here measures time."""

import json
import socket

from benchmarks.support.report import SCHEMA, Budget, Row, as_json, as_table, machine
from tests.support.tables import each

WITHIN = Row("a.b", "what", 1.1, "ratio", Budget(1.2), {"ours ms": 2.25}, "medians")
OVER = Row("a.c", "other", 0.5, "ratio", Budget(0.8, at_least=True))
FREE = Row("a.d", "free", 3.0, "in series")
ABSENT = Row("a.e", "absent", None, "ratio", Budget(1.2))


@each(
    ("budget", "holds", "fails"),
    [(Budget(1.2), 1.2, 1.21), (Budget(0.8, at_least=True), 0.8, 0.79)],
)
def test_a_budget_holds_at_its_limit_and_not_beyond(
    budget: Budget, holds: float, fails: float
) -> None:
    assert budget.holds(holds)
    assert not budget.holds(fails)


def test_only_what_has_a_value_and_a_budget_is_judged() -> None:
    assert [row.verdict for row in (WITHIN, OVER, FREE, ABSENT)] == ["within", "over", "-", "-"]


def test_the_document_has_each_row_with_its_budget_and_verdict() -> None:
    document = json.loads(as_json([WITHIN, OVER], machine(), 12.34))
    assert (document["schema"], document["seconds"]) == (SCHEMA, 12.3)
    first, second = document["rows"]
    assert first == {
        "id": "a.b",
        "what": "what",
        "value": 1.1,
        "unit": "ratio",
        "budget": {"limit": 1.2, "at_least": False},
        "beside": {"ours ms": 2.25},
        "note": "medians",
        "verdict": "within",
    }
    assert (second["budget"], second["verdict"]) == ({"limit": 0.8, "at_least": True}, "over")


def test_the_machine_is_described_and_not_named() -> None:
    facts = machine()
    assert {"cores", "python", "load", "libraries"} <= facts.keys()
    assert socket.gethostname() not in json.dumps(facts)


def test_the_table_shows_what_was_measured_on_both_sides_and_what_could_not_be() -> None:
    lines = as_table([WITHIN, OVER, ABSENT]).splitlines()
    assert lines[0].split() == ["what", "1.1", "ratio", "budget", "<=", "1.2", "within"]
    assert lines[1:3] == ["    ours ms 2.25", "    medians"]
    assert lines[3].split() == ["other", "0.5", "ratio", "budget", ">=", "0.8", "over"]
    assert "not measured" in lines[4]
