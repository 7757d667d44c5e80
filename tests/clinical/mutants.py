"""Changes each number of the calculators a little, to see whether a test notices: a coefficient by
0.3%, any other number (a limit, a point) by one unit of its last digit, up and down.
"""

import ast
import os
import sys
from collections.abc import Iterator
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

FOLDER = Path(__file__).parents[2] / "clinical/calculators"
TESTS = Path(__file__).parent / "calculators"
_OTHER = {"year", "digits", "edges", "card", "in_chart"}  # only shown; about charts and cards
_NOT_RUN = {"test_properties", "test_modules"}  # slow; compares printed numbers with themselves


class Mutant(Loader, MetaPathFinder):
    def __init__(self, name: str, tree: ast.Module) -> None:
        self.name, self.tree = f"clinical.calculators.{name}", tree

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        return spec_from_loader(name, self) if name == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.tree, self.name, "exec"), vars(module))


def changes(node: ast.AST, value: float, parents: dict[ast.AST, ast.AST]) -> Iterator[float]:
    above = parents[node]
    while isinstance(above, ast.UnaryOp | ast.IfExp):
        above = parents[above]
    is_row = isinstance(above, ast.Tuple) and all("." in ast.unparse(one) for one in above.elts)
    if isinstance(above, ast.BinOp) or is_row:
        return iter((value * 1.003 or 0.003,))
    unit = 10.0 ** -len(str(value).partition(".")[2])
    return (type(value)(round(value + step, 9)) for step in (unit, -unit))


def is_noticed(name: str, tree: ast.Module) -> bool:
    if not (child := os.fork()):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.meta_path.insert(0, Mutant(name, tree))
        files = [p for p in TESTS.glob("test_*.py") if p.stem not in _NOT_RUN]
        files.sort(key=lambda p: ("second" not in p.stem or name not in p.read_text("utf-8"), p))
        os._exit(pytest.main(["-xq", "--noconftest", "-pno:cacheprovider", *map(str, files)]))
    return os.waitpid(child, 0)[1] != 0


def main(names: list[str]) -> None:
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    settings.register_profile("mutants", derandomize=True, deadline=None, max_examples=40)
    settings.load_profile("mutants")
    for name in names or [p.stem for p in FOLDER.glob("*.py") if "CALCULATOR = " in p.read_text()]:
        tree, done, alive = ast.parse((FOLDER / f"{name}.py").read_text()), 0, 0
        assert not is_noticed(name, tree), "a test fails without a change"
        parents = {child: one for one in ast.walk(tree) for child in ast.iter_child_nodes(one)}
        other = [k for k in ast.walk(tree) if isinstance(k, ast.keyword) and k.arg in _OTHER]
        skipped = {one for keyword in other for one in ast.walk(keyword)}
        for node in [one for one in ast.walk(tree) if isinstance(one, ast.Constant)]:
            was = node.value
            if isinstance(was, bool) or not isinstance(was, int | float) or node in skipped:
                continue
            for value in changes(node, was, parents):
                node.value, done = value, done + 1
                if not is_noticed(name, tree):
                    alive += 1
                    print(f"{name}.py:{node.lineno} {was} -> {value}", flush=True)
            node.value = was
        print(f"{name}: {done - alive} of {done} noticed", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
