"""Rules for files that no linter knows."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.support.tables import each

ROOT = Path(__file__).parents[2]
CODE = (
    *("benchmarks", "clinical", "docs", "doctor", "functions", "gateway", "infra", "shared"),
    *("simulator", "smart_calc"),
)
SUFFIXES = {".py", ".js", ".css", ".html"}
REQUIREMENTS = sorted(
    [*ROOT.glob("functions/*/requirements.txt"), *ROOT.glob("requirements/*.txt")]
)


def files(*folders: str) -> list[Path]:
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    return [path for path in paths if path.suffix in SUFFIXES]


def test_no_init_file_below_tests_shadows_a_package() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_every_lint_exception_gives_its_reason() -> None:
    """The reason is after a hyphen, or in a separate comment on the line before."""
    bare = re.compile(r"# noqa(?!: [A-Z0-9, ]+ - \S)|# type: ignore(?!\[[a-z-]+\])")
    wrong = []
    for path in files(*CODE):
        lines = path.read_text("utf-8").splitlines()
        for before, line in zip(["", *lines], lines, strict=False):
            if bare.search(line) and not before.strip().startswith("# "):
                wrong.append(f"{path.relative_to(ROOT)}: {line.strip()}")
    assert wrong == []


def test_no_page_allows_inline_style_or_handlers() -> None:
    """The policy of every page would refuse them."""
    inline = re.compile(r"<[^>]*\s(?:style|on[a-z]+)\s*=")
    wrong = [
        str(path.relative_to(ROOT))
        for path in files(*CODE)
        if path.suffix == ".html" and inline.search(path.read_text("utf-8"))
    ]
    assert wrong == []


def test_every_function_has_its_requirements() -> None:
    functions = sorted(path.parent.name for path in ROOT.glob("functions/*/main.py"))
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    assert functions == sorted(
        path.parent.name for path in ROOT.glob("functions/*/requirements.txt")
    )
    assert set(functions) <= groups.keys()


def test_the_package_needs_what_the_functions_and_their_start_need() -> None:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = content["dependency-groups"]
    taken = {path.parent.name for path in ROOT.glob("functions/*/main.py")} | {"run"}
    needed = {one for name in taken for one in groups[name] if isinstance(one, str)}
    assert set(content["project"]["dependencies"]) == needed


def test_the_pythons_that_the_package_names_are_those_that_are_tested() -> None:
    content = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    named = re.findall(r":: Python :: (3\.\d+)", "\n".join(content["project"]["classifiers"]))
    ci = (ROOT / ".github/workflows/ci.yaml").read_text()
    assert named == re.findall(r'"(3\.\d+)"', ci)


@each("path", REQUIREMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_requirement_is_pinned_by_version_and_hash(path: Path) -> None:
    text = path.read_text("utf-8").replace("\\\n", " ")
    lines = [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    assert lines
    pinned = re.compile(
        r"[A-Za-z0-9._-]+(?:\[[a-z0-9,_-]+\])?==\S+(?: ; [^#]+?)?"
        r"(?:\s+--hash=sha256:[0-9a-f]{64})+\s*"
    )
    assert [line for line in lines if not pinned.fullmatch(line)] == []


def test_every_action_is_pinned_by_the_hash_of_a_commit_and_names_its_version() -> None:
    workflows = "".join(path.read_text() for path in ROOT.glob(".github/workflows/*.yaml"))
    uses = re.findall(r"^ *(?:- )?uses: *(.*)$", workflows, re.MULTILINE)
    pinned = re.compile(r"[\w-]+(?:/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    assert len(uses) > 5
    assert [one for one in uses if not pinned.fullmatch(one)] == []


def test_every_requirements_file_is_a_part_of_the_lock() -> None:
    """`make lock` writes them all."""
    uv = str(Path(sys.executable).parent / "uv")

    def locked(group: str) -> str:
        options = ("--no-emit-project", "--no-annotate", "--no-header", "--only-group", group)
        command = [str(uv), "export", "--quiet", "--offline", "--locked", *options]
        return subprocess.check_output(command, cwd=ROOT, text=True)

    other = [
        str(path.relative_to(ROOT))
        for path in REQUIREMENTS
        if path.name != "npm.txt"
        and path.read_text("utf-8")
        != locked(path.parent.name if path.name == "requirements.txt" else path.stem)
    ]
    assert other == []


def test_nothing_is_written_into_an_error_on_its_way_out() -> None:
    """A Refusal holds everything else about the error (shared/inbound/refusal.py)."""
    wrong = []
    for path in (one for one in files("functions", "shared", "doctor") if one.suffix == ".py"):
        text = path.read_text("utf-8")
        if not re.search(r"except .* as \w+:", text):
            continue
        for handler in ast.walk(ast.parse(text)):
            if isinstance(handler, ast.ExceptHandler) and handler.name is not None:
                wrong += [f"{path.relative_to(ROOT)}: {one}" for one in _written_into(handler)]
    assert wrong == []


def _written_into(handler: ast.ExceptHandler) -> list[str]:
    """The attributes of the caught error that a handler sets."""
    assigned = [node for node in ast.walk(handler) if isinstance(node, ast.Assign)]
    targets = [one for node in assigned for one in node.targets if isinstance(one, ast.Attribute)]
    return [
        f"{handler.name}.{one.attr}"
        for one in targets
        if isinstance(one.value, ast.Name) and one.value.id == handler.name
    ]
