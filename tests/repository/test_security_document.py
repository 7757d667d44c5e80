"""SECURITY.md promises what tests hold: each row of its threat table names tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECTION = re.compile(r"^## Never another patient$(.*?)^## ", re.DOTALL | re.MULTILINE)
TEST = re.compile(r"`([a-z_/]+\.py)::([a-z0-9_]+)`")


def _rows() -> list[str]:
    section = SECTION.search((ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    assert section is not None
    rows = [line for line in section[1].splitlines() if line.startswith("|")]
    return rows[2:]


def _tests_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_row_of_the_threat_table_names_a_test() -> None:
    rows = _rows()
    assert len(rows) > 10
    assert [row for row in rows if not TEST.search(row.rpartition("| ")[2])] == []


def test_every_test_that_the_threat_table_names_exists() -> None:
    named = [match for row in _rows() for match in TEST.findall(row)]
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not name.startswith("test_")
        or not (ROOT / "tests" / file).is_file()
        or name not in _tests_in(ROOT / "tests" / file)
    ]
    assert missing == []
