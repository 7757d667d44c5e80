"""docs/sessions.md says what the code does: its fields are the records', each fault has a test."""

import re
from pathlib import Path

from shared.sealing import Sealer
from shared.session.record import Session, fields
from shared.smart.launches import Pending
from shared.store import records
from tests.support.app.open_session import open_session

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/sessions.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z_]+)`")
HEADER = "| what fails | outcome | test |"
SEALED_APART = {"handle", "secret", "version"}


def _table(header: str) -> list[list[str]]:
    """The rows below a header that comes once, cell by cell."""
    lines = TEXT.partition(f"\n{header}\n")[2].splitlines()
    rows: list[list[str]] = []
    for line in lines[1:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def _fields_below(heading: str) -> set[str]:
    """The names in the first column of the first table below a text."""
    lines = TEXT.partition(heading)[2].partition("| field | content |")[2].splitlines()[2:]
    table = lines[: next(n for n, line in enumerate(lines) if not line.startswith("|"))]
    return {name for line in table for name in re.findall(r"`(\w+)`", line.split("|")[1])}


def test_every_fault_names_its_test() -> None:
    rows = _table(HEADER)
    assert len(rows) > 30
    assert [row for row in rows if not NAMED.fullmatch(row[2])] == []


def test_no_test_is_named_in_another_form() -> None:
    assert TEXT.count("test_") == len(NAMED.findall(TEXT)) + TEXT.count("/test_")


def test_the_records_fields_are_told_one_by_one() -> None:
    record = set(fields(open_session(), Sealer((bytes(32),)), last_used=0.0))
    assert _fields_below("### `launches`") == {"schema", *records.names(Pending)}
    assert _fields_below("These fields aren't encrypted") == record | {"unconfirmed"}
    assert _fields_below("encrypted in `sealed`:") == records.names(Session).keys() - SEALED_APART
