"""docs/configuration.md lists the settings that the code reads: every one, no other."""

import re
from pathlib import Path

import pytest

from shared.config import settings_file
from shared.config.settings import Settings
from shared.config.table import TomlTable
from tests.support.app.stores import KINDS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
# Every table that a configuration may have, once: a table that is not here is not read by the test.
SMALLEST = """
public_url = "https://smart.example.org"
sealing_keys = ["env:SEALING_KEY"]
[store]
[[ehr]]
key = "one"
iss = ["https://ehr.example.org/r4"]
client_id = "client"
scopes = "openid"
[[cds_client]]
key = "one"
ehr = "one"
iss = "https://ehr.example.org/r4"
jku = "https://ehr.example.org/jwks.json"
"""
TOP = "Top level"
SECTION = re.compile(
    r"^## (Top level|`\[.*?\]+`)[^\n]*\n+\| key \| default \|[^\n]*\n", re.MULTILINE
)


def _documented() -> dict[str, list[str]]:
    """The names in the first column of each table of settings, by the table's name in TOML."""
    names: dict[str, list[str]] = {}
    for heading in SECTION.finditer(TEXT):
        lines = TEXT[heading.end() :].splitlines()[1:]
        end = next(number for number, line in enumerate(lines) if not line.startswith("|"))
        cells = [line.split("|")[1] for line in lines[:end]]
        names[heading[1].strip("`[]")] = [n for cell in cells for n in re.findall(r"`(\w+)`", cell)]
    return names


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """The names that the code asks for, by table: noted where each table is finished."""
    names: dict[str, set[str]] = {}
    finish = TomlTable.finish

    def noted(table: TomlTable) -> None:
        name = re.sub(r"(?:\[0\])?\.$", "", table._prefix) or TOP
        names[name] = set(table._known)
        finish(table)

    monkeypatch.setattr(TomlTable, "finish", noted)
    settings, problems = settings_file.parse(SMALLEST)
    assert isinstance(settings, Settings), problems
    return names


def test_every_setting_stands_in_the_document(read: dict[str, set[str]]) -> None:
    documented = _documented()
    # The heading of a table's section names it.
    tables = documented.keys() - {TOP}
    assert {name: set(names) for name, names in documented.items()} == {
        name: names - tables if name == TOP else names for name, names in read.items()
    }
    assert read[TOP] >= tables


def test_every_choice_stands_in_the_row_of_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    choices = _choices(monkeypatch)
    assert len(choices) > 2
    untold = []
    for name, values in choices.items():
        rows = "\n".join(re.findall(rf"^\| `{name}` \|.*$", TEXT, re.MULTILINE))
        untold += [f"{name}: {value}" for value in values if f"`{value}`" not in rows]
    assert untold == []


def test_the_suite_runs_every_kind_of_store(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(_choices(monkeypatch)["kind"]) == set(KINDS)


def _choices(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, ...]]:
    """What each setting that is a choice may be, by its name."""
    by_setting: dict[str, tuple[str, ...]] = {}
    choice = TomlTable.choice

    def noted(table: TomlTable, name: str, default: str, choices: tuple[str, ...]) -> str:
        by_setting[name] = choices
        return choice(table, name, default, choices)

    monkeypatch.setattr(TomlTable, "choice", noted)
    settings_file.parse(SMALLEST)
    return by_setting


def test_the_example_of_the_document_is_a_configuration() -> None:
    examples = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    settings, problems = settings_file.parse(examples[0].replace("…", "client"))
    assert settings is not None, problems
