"""docs/errors.md lists what the code can answer and log: every code and every event, no other."""

import ast
from pathlib import Path
from typing import get_args

import pytest

from docs.generators import errors
from shared import log

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
LOGGING = ("functions", "shared", "gateway")


def _rows(header: str) -> list[list[str]]:
    """The cells of each row of the table that begins with a header."""
    assert TEXT.count(f"\n| {header} |") == 1
    lines = TEXT.partition(f"\n| {header} |")[2].splitlines()[2:]
    end = next((n for n, line in enumerate(lines) if not line.startswith("|")), len(lines))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:end]]


def _events_in_code() -> set[str]:
    """The first argument of every `event(…)`, and the events that each function's Edge names."""
    events: set[str] = set()
    for path in (path for folder in LOGGING for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if called == "log.event" and isinstance(node.args[0], ast.Constant):
                events.add(str(node.args[0].value))
            elif called == "Edge":
                given = {word.arg: word.value for word in node.keywords}
                named = [*node.args[2:4], given.get("refused"), given.get("failed")]
                events |= {str(one.value) for one in named if isinstance(one, ast.Constant)}
    return events


def test_the_table_of_codes_is_that_of_the_classes() -> None:
    assert errors.into(TEXT) == TEXT, "run: make docs"
    rows = _rows("code | status | a clinician reads | when | what to do")
    assert [row[0] for row in rows] == [f"`{leaf.code}`" for leaf in errors.leaves()]
    assert all(len(row) == 5 and all(row) for row in rows)


def test_every_log_event_stands_in_the_document() -> None:
    documented = [row[0] for row in _rows("event | when")]
    assert len(documented) == len(set(documented))
    assert set(documented) == {f"`{name}`" for name in get_args(log.Event)}


@pytest.mark.calculators
def test_every_log_event_is_written_somewhere() -> None:
    assert _events_in_code() == set(get_args(log.Event))
