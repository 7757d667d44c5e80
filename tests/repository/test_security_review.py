"""docs/security-review.md and docs/stability.md: each answer names a file or a test as proof."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROOF = re.compile(r"`((?:[\w.-]+/)+[\w.-]+)(?:::test_\w+)?`|\]\(([\w./-]+\.md)")


@pytest.mark.calculators
def test_every_answer_names_a_file_that_exists_and_every_threat_a_test() -> None:
    text = (ROOT / "docs/security-review.md").read_text("utf-8")
    answers, threats = text.split("## Threat model")
    rows = [row for row in answers.splitlines() if row.startswith("| ")][1:]
    missing = [row for row in rows if not _proofs(row)]
    rows = [row for row in threats.splitlines() if row.startswith("| ")][1:]
    missing += [row for row in rows if "::test_" not in row.rstrip(" |").rpartition("| ")[2]]
    assert (len(rows) > 10, missing) == (True, [])
    promises = (ROOT / "docs/stability.md").read_text("utf-8")
    named = [one for row in (answers + threats + promises).splitlines() for one in _proofs(row)]
    assert [one for one in named if not (ROOT / one).exists()] == []


def _proofs(row: str) -> list[str]:
    """The files in the last column of a row, relative to the repository."""
    last = row.rstrip(" |").rpartition("| ")[2] if row.startswith("| ") else ""
    return [file or f"docs/{link}" for file, link in PROOF.findall(last)]
