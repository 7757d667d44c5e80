"""docs/architecture.md and CONTRIBUTING.md say what is there: files, tests, packages, links."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from tests.support.import_rows import ROWS

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BOTH = pytest.mark.parametrize(
    "text", [ARCHITECTURE, CONTRIBUTING], ids=["architecture", "contrib"]
)
FOLDERS = sorted({*(folder.partition("/")[0] for folder in ROWS), "tests"})
# In backticks: a file, a folder with a slash at its end, a pattern, a test of a file.
PATH = re.compile(
    rf"(?:{'|'.join(FOLDERS)}|requirements|\.ci)/[\w./*-]*(?:::\w+)?|[\w-]+\.(?:md|toml)"
)
# Steps and folders that a reader is to make, and what is made while the app runs.
NOT_THERE = {"smart.toml"}
# A way of data by its heading, and the module in which it begins.
WAYS = {
    "launch": "functions/launch/main.py",
    "callback": "functions/callback/main.py",
    "fhir_proxy": "functions/fhir_proxy/main.py",
    "smart_calc": "functions/smart_calc/main.py",
    "explain": "doctor/explain.py",
}


def _named(text: str) -> set[str]:
    """The paths and tests in backticks."""
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return {span for span in spans if PATH.fullmatch(span)} - NOT_THERE


def _is_there(name: str) -> bool:
    path, _, test = name.partition("::")
    if not test:
        return any(ROOT.glob(path.rstrip("/"))) and (
            not path.endswith("/") or (ROOT / path).is_dir()
        )
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@BOTH
def test_every_file_and_test_that_is_named_exists(text: str) -> None:
    named = _named(text)
    assert len(named) > 10
    assert sorted(name for name in named if not _is_there(name)) == []


def test_every_package_is_told_of() -> None:
    packages = {f"shared/{name}" for row in ROWS["shared"] for name in row.split()}
    packages |= {f"functions/{name}" for row in ROWS["functions"] for name in row.split()}
    told = {name.removesuffix(".py").removesuffix("/") for name in _named(ARCHITECTURE)}
    assert sorted((packages | set(FOLDERS) - {"docs"}) - told) == []


def test_who_imports_a_folder_is_told_right() -> None:
    rows = re.findall(r"^\| `([a-z/]+)/` \| .* \| ([a-z, ]*)\|$", ARCHITECTURE, re.MULTILINE)
    told = {folder.partition("/")[0]: set(who.replace(",", " ").split()) for folder, who in rows}
    assert sorted(told) == FOLDERS
    importers: dict[str, set[str]] = {folder: set() for folder in FOLDERS}
    for folder in set(FOLDERS) - {"tests"}:
        for file in (ROOT / folder).rglob("*.py"):
            for imported in _imported(file):
                importers[imported.relative_to(ROOT).parts[0]].add(folder)
    assert told == {folder: who - {folder} for folder, who in importers.items()}


def test_the_picture_of_shared_is_that_of_the_import_test() -> None:
    (drawn,) = re.findall(r"```text\n(.*?)```", ARCHITECTURE, re.DOTALL)
    assert tuple(reversed(drawn.splitlines())) == ROWS["shared"]


def _modules(way: str) -> list[str]:
    """The modules that the section of a way names."""
    (section,) = re.findall(rf"^### \d\. {way}$(.*?)^##", ARCHITECTURE, re.DOTALL | re.MULTILINE)
    return [name for name in re.findall(r"`([\w./]+\.py)`", section) if "/" in name]


@cache
def _imported(file: Path) -> Sequence[Path]:
    """The modules of this repository that a module imports, wherever it does so."""
    return tuple(_read(file))


def _read(file: Path) -> Iterator[Path]:
    package = file.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            target = ".".join([*base, *([node.module] if node.module else [])])
            targets = [target, *(f"{target}.{alias.name}" for alias in node.names)]
        for target in targets:
            place = ROOT / target.replace(".", "/")
            yield from (
                one for one in (place.with_suffix(".py"), place / "__init__.py") if one.is_file()
            )


def _reached(start: str) -> set[str]:
    found: set[Path] = set()
    left = [ROOT / start]
    while left:
        file = left.pop()
        if file not in found:
            found.add(file)
            left += _imported(file)
    return {str(file.relative_to(ROOT)) for file in found}


@pytest.mark.parametrize("way", WAYS)
def test_a_way_of_data_passes_modules_that_its_beginning_imports(way: str) -> None:
    modules = _modules(way)
    assert len(modules) > 5
    reached = _reached(WAYS[way])
    if way == "explain":
        reached |= _reached("functions/callback/main.py") | _reached("gateway/front.py")
        reached |= _reached("functions/fhir_proxy/main.py")
    assert [name for name in modules if name not in reached] == []


@BOTH
def test_every_link_leads_somewhere(text: str) -> None:
    folder = ROOT / "docs" if text is ARCHITECTURE else ROOT
    linked = re.findall(r"\]\(([\w./-]+)\)", text)
    assert linked
    assert [name for name in linked if not (folder / name).exists()] == []


def test_the_page_for_new_users_leads_to_both() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(docs/architecture.md)" in readme
    assert "(CONTRIBUTING.md)" in readme
