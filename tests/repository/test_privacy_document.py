"""docs/privacy.md states what files and tests hold: each row names one."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/privacy.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`((?:[a-z_.-]+/)*[A-Za-z_-]+\.(?:py|md|tf|yaml))(?:::(test_[a-z0-9_]+))?`")
STORAGE = ("localStorage", "sessionStorage", "indexedDB", "document.cookie", "caches.")


def test_every_row_of_every_table_names_what_holds_it() -> None:
    rows = [line for line in TEXT.splitlines() if re.match(r"\| (?!---)", line)]
    header = re.compile(r"\| (data|statement|product|to connect the two logs|event) \|")
    rows = [row for row in rows if not header.match(row)]
    assert len(rows) > 20
    assert [row for row in rows if not NAMED.search(row.rstrip(" |").rpartition("| ")[2])] == []


@pytest.mark.calculators
def test_every_file_that_is_named_exists() -> None:
    named = NAMED.findall(TEXT)
    assert len(named) > 30
    missing = [file for file, _ in named if not (ROOT / file).is_file()]
    assert missing == []


def test_no_script_of_the_app_uses_storage_of_the_browser() -> None:
    scripts = [
        *(ROOT / "functions").rglob("*.js"),
        *(ROOT / "functions").rglob("*.html"),
        *(ROOT / "shared").rglob("*.html"),
    ]
    assert scripts
    storing = [
        (path.name, word)
        for path in scripts
        for word in STORAGE
        if word in path.read_text(encoding="utf-8")
    ]
    assert storing == []
