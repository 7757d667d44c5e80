"""Count how often this project's code goes through its input: for tests that it's linear.

Linear code goes through n items a fixed number of times, whatever n is. No clock is needed to see
whether it does. A count of executed lines would miss what happens inside Python's own functions:
`max(known)` for each of n items is one line each, and n² comparisons. So the source is changed when
it's imported: each loop reports how many turns it took, and each call of a built-in function, `in`,
`+`, slice and unpacking how many items it read or wrote. Those of at least a quarter of the input
add up to the number of sweeps.

The code must not be imported yet, so a new process runs the cases (`sweeps`).
"""

import ast
import builtins
import importlib.abc
import importlib.machinery
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import BuiltinFunctionType, CodeType, MethodDescriptorType
from typing import Any

ROOT = Path(__file__).parents[3]
_OURS = ("clinical", "functions", "shared")
# They compile once, and not over data.
_NOT_METERED = frozenset({"shared.frozen", "shared.patterns"})
_ITEMS = (list, tuple, dict, set, frozenset)
_TEXTS = (str, bytes)
# An item of the inputs has at least as many characters.
_ITEM_CHARACTERS = 40
# What reads or writes one item, whatever the size of what it's called with.
_OF_ONE = frozenset(
    {
        *("len", "isinstance", "id", "iter", "next", "getattr", "hasattr", "type"),
        *("bisect_left", "bisect_right"),
    }
)
_METHODS_OF_ONE = frozenset({"append", "add", "get", "setdefault", "popitem", "discard"})
_VIEWS = frozenset({"items", "keys", "values"})
# These methods change only what they're given, not all of what's there.
_GROWING = frozenset({"extend", "update"})
_MOST_SECONDS = 240.0

# A case takes a size, and returns a function to count.
Case = Callable[[int], Callable[[], object]]


class _Meter:
    """How many items the code has gone through, each time."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def sweeps(self, size: int) -> float:
        """Return how often it has gone through an input of this size, in parts of it or whole."""
        return sum(items for items in self.times if items >= size / 4) / size

    def _went_through(self, items: float) -> None:
        if items > 1:
            self.times.append(items)

    def _size(self, value: Any) -> float:
        if isinstance(value, _ITEMS):
            return len(value)
        return len(value) / _ITEM_CHARACTERS if isinstance(value, _TEXTS) else 0

    def loop(self, items: Iterable[Any]) -> Iterator[Any]:
        """Yield the items of a loop."""
        turns = 0
        try:
            for item in items:
                turns += 1
                yield item
        finally:
            self._went_through(turns)

    def call(self, function: Any, *given: Any, **named: Any) -> Any:
        """Call a function. A built-in one may read its arguments, and write its result."""
        result = function(*given, **named)
        name, owner = getattr(function, "__name__", ""), getattr(function, "__self__", None)
        if isinstance(function, type):
            is_built_in = function.__module__ in ("builtins", "collections", "itertools")
        else:
            is_built_in = isinstance(function, BuiltinFunctionType | MethodDescriptorType)
        if not is_built_in or name in _OF_ONE or name in _METHODS_OF_ONE or name in _VIEWS:
            return result
        if isinstance(owner, re.Pattern) and len(given) == len(("text", "start", "end")):
            self._went_through((given[2] - given[1]) / _ITEM_CHARACTERS)
            return result
        if (
            isinstance(owner, re.Pattern)
            and name == "match"
            and len(given) == len(("text", "start"))
        ):
            # At a place, it reads what it matches. What it tries in vain isn't counted.
            self._went_through((result.end() - given[1]) / _ITEM_CHARACTERS if result else 0)
            return result
        if name == "pop" and (not given or not isinstance(owner, list)):
            return result
        for one in (*given, result, *(() if name in _GROWING else (owner,))):
            self._went_through(self._size(one))
        return result

    def held(self, item: Any, container: Any) -> bool:
        """Return `item in container`."""
        if isinstance(container, list | tuple | str | bytes):
            self._went_through(self._size(container))
        return item in container

    def made(self, value: Any) -> Any:
        """Return a value that has just been put together."""
        self._went_through(self._size(value))
        return value

    def added(self, target: Any, value: Any) -> Any:
        """Return the value of `target += value`."""
        self._went_through(self._size(value))
        if isinstance(target, tuple | str | bytes):
            self._went_through(self._size(target))
        return value


_meter = _Meter()


class _Metering(ast.NodeTransformer):
    """Puts the calls of the meter into a module."""

    def _metered(self, method: str, *given: ast.expr) -> ast.Call:
        meter = ast.Name("__meter__", ast.Load())
        return ast.Call(ast.Attribute(meter, method, ast.Load()), list(given), [])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        # They depend on the frame that calls them.
        if isinstance(node.func, ast.Name) and node.func.id in {"super", "globals"}:
            return node
        call = self._metered("call", node.func, *node.args)
        call.keywords = node.keywords
        return call

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) > 1 or not isinstance(node.ops[0], ast.In | ast.NotIn):
            return node
        held = self._metered("held", node.left, node.comparators[0])
        return held if isinstance(node.ops[0], ast.In) else ast.UnaryOp(ast.Not(), held)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.target, ast.Name):
            target = ast.Name(node.target.id, ast.Load())
            node.value = self._metered("added", target, node.value)
        return node

    def _made(self, node: Any) -> ast.AST:
        self.generic_visit(node)
        is_read = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        return self._metered("made", node) if is_read else node

    # ast.NodeVisitor finds methods by the names of its nodes.
    visit_BinOp = visit_List = visit_Tuple = _made  # noqa: N815 - see above
    visit_Set = visit_Dict = visit_JoinedStr = _made  # noqa: N815 - see above

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        is_read = isinstance(node.slice, ast.Slice) and isinstance(node.ctx, ast.Load)
        return self._metered("made", node) if is_read else node

    def _loop(self, node: ast.For | ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.iter = self._metered("loop", node.iter)
        return node

    visit_For = visit_comprehension = _loop  # noqa: N815 - see above

    # Types aren't work.
    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        returns, node.returns = node.returns, None
        self.generic_visit(node)
        node.returns = returns
        return node

    # A pattern looks like an expression, and isn't one.
    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        node.body = [self.visit(one) for one in node.body]
        return node


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        tree = _Metering().visit(ast.parse(self.get_data(path)))
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name.partition(".")[0] not in _OURS or name in _NOT_METERED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
            spec.loader = _Loader(name, spec.origin)
        return spec


def sweeps(module: str, sizes: Sequence[int]) -> dict[str, list[float]]:
    """Return the sweeps of each case in a module's `CASES`, for each size, beyond those of one
    item. A new process counts them.
    """
    command = [sys.executable, "-m", "tests.support.app.metered", module, *map(str, sizes)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=_MOST_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def _counted(case: Case, *sizes: int) -> list[float]:
    case(1)()  # what's read once
    _meter.times.clear()
    case(1)()
    of_one = [_meter.sweeps(size) for size in sizes]
    counts = []
    for size in sizes:
        run = case(size)
        _meter.times.clear()
        run()
        counts.append(_meter.sweeps(size))
    return [n - m for n, m in zip(counts, of_one, strict=True)]


def main(module: str, *sizes: str) -> None:
    """Print the sweeps of a module's cases as JSON."""
    setattr(builtins, "__meter__", _meter)  # noqa: B010 - mypy doesn't know it
    sys.meta_path.insert(0, _Finder())
    cases: dict[str, Case] = import_module(module).CASES
    print(json.dumps({name: _counted(case, *map(int, sizes)) for name, case in cases.items()}))


if __name__ == "__main__":
    # As a module, so that there's only one meter.
    import_module("tests.support.app.metered").main(*sys.argv[1:])
