"""The package as a whole: pure, complete, documented."""

import ast
import json
import re
import sys
from importlib import import_module
from pathlib import Path

from clinical import calculators
from clinical.calculators import REGISTRY
from clinical.calculators.inputs import label
from docs.generators.calculators import count_vectors, markdown
from functions.smart_calc.recalculate import recalculation
from tests.support.charts.calculators import CASES, VECTORS
from tests.support.tables import each

PACKAGE = Path(str(calculators.__file__)).parent
ROOT = PACKAGE.parents[1]
DOCUMENT = ROOT / "docs" / "calculators.md"
# Not calculators: what they share, and what runs and lists them.
SHARED = {
    "__init__",
    "card_rule",
    "devine",
    "dictionary",
    "evaluate",
    "in_chart",
    "inputs",
    "limits",
    "model",
    "questions",
    "ranges",
    "registry",
    "units",
}
MODULES = sorted(path for path in PACKAGE.glob("*.py") if path.stem not in SHARED)


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


@each("path", MODULES, ids=lambda path: path.stem)
def test_a_calculator_imports_math_and_the_common_types_only(path: Path) -> None:
    common = ("card_rule", "devine", "in_chart", "limits", "model")
    own = {f"clinical.calculators.{name}" for name in common}
    assert imports(path) <= {"math", *own}


@each("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_the_package_imports_the_standard_library_and_itself_only(path: Path) -> None:
    for name in imports(path):
        own = name.startswith("clinical.calculators")
        assert own or name.split(".")[0] in sys.stdlib_module_names


def test_every_module_is_one_calculator_of_the_registry() -> None:
    modules = {import_module(f"clinical.calculators.{path.stem}") for path in MODULES}
    missing = [one.__name__ for one in modules if one.CALCULATOR not in REGISTRY.values()]
    assert missing == []
    assert len(MODULES) == len(REGISTRY)
    assert all(name == calculator.name for name, calculator in REGISTRY.items())


def test_the_calculators_that_are_off_until_asked_for_are_those_of_the_cases() -> None:
    assert {name: one.mark for name, one in REGISTRY.items()} == {
        name: case.get("mark") for name, case in CASES.items()
    }


@each("name", REGISTRY)
def test_a_calculator_carries_what_a_reader_needs_to_check_it(name: str) -> None:
    calculator = REGISTRY[name]

    assert calculator.purpose
    assert calculator.population
    assert calculator.cautions
    assert calculator.sources
    assert all(label(needed) for needed in calculator.inputs)
    for output in calculator.outputs:
        assert output.equation
        assert output.unit
        assert {limit.input for limit in output.limits} <= set(output.inputs)
    for source in calculator.sources:
        assert source.doi is None or source.doi.startswith("10.")
    for row in calculator.table:
        assert len(row) == len(calculator.table[0])


def test_the_documentation_is_current() -> None:
    written = DOCUMENT.read_text("utf-8")

    assert written == markdown(count_vectors(VECTORS)), "run: make docs"


def test_the_example_of_the_document_is_what_the_calculator_answers() -> None:
    asked, told = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    answer = recalculation.answer("egfr_ckd_epi_2021", recalculation.parse(asked.encode()))
    answer["outputs"] = {name: round(value, 1) for name, value in answer["outputs"].items()}
    assert answer == json.loads(told)
