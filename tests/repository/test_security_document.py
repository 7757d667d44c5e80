"""SECURITY.md promises what tests hold: each row of its threat table names one."""

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


def test_every_row_of_the_threat_table_names_a_test() -> None:
    rows = _rows()
    assert len(rows) > 10
    assert [row for row in rows if not TEST.search(row.rpartition("| ")[2])] == []
