"""docs/architecture.md and CONTRIBUTING.md say what is there: files, links."""

import re
from pathlib import Path

from tests.support.tables import each

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BOTH = each("text", [ARCHITECTURE, CONTRIBUTING], ids=["architecture", "contrib"])
FOLDERS = sorted(path.name for path in ROOT.glob("[a-z]*/"))
# In backticks: a file, a folder with a slash at its end, a pattern, a test of a file.
PATH = re.compile(
    rf"(?:{'|'.join(FOLDERS)}|requirements|\.ci)/[\w./*-]*(?:::\w+)?|[\w-]+\.(?:md|toml)"
)
# Steps and folders that a reader is to make, and what is made while the app runs.
NOT_THERE = {"smart.toml"}


def _named(text: str) -> set[str]:
    """The paths and tests in backticks."""
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return {span for span in spans if PATH.fullmatch(span)} - NOT_THERE


def _is_there(name: str) -> bool:
    path = name.partition("::")[0]
    return any(ROOT.glob(path.rstrip("/"))) and (not path.endswith("/") or (ROOT / path).is_dir())


@BOTH
def test_every_file_that_is_named_exists(text: str) -> None:
    named = _named(text)
    assert len(named) > 10
    assert sorted(name for name in named if not _is_there(name)) == []


def test_every_main_value_is_defined_where_the_table_says() -> None:
    table = re.findall(r"^\| `(\w+)` \| `([\w./]+\.py)` \|", ARCHITECTURE, re.MULTILINE)
    assert len(table) > 10
    texts = {path: f"\n{(ROOT / path).read_text(encoding='utf-8')}" for _, path in table}
    assert [n for n, at in table if not re.search(rf"\n(class {n}\b|{n} = )", texts[at])] == []
