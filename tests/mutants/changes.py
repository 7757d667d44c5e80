"""The changes that make a mutant: each turns one decision of a module into a neighboring one.

A comparison gets its border or its opposite, a condition is always or never true, `and`, `or` and
`not` lose a part, a number or a boolean changes, a row of a table goes, an error isn't raised, a
call for its effect isn't made. Texts for people, types and declarations stay unchanged.
"""

import ast
from collections.abc import Iterator, MutableMapping, MutableSequence
from typing import Any

_BORDER = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
_OPPOSITE = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC = {ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult}
_DECLARATIONS = {"annotation", "returns", "decorator_list", "type_params", "names", "bases"}
_Slot = tuple[MutableSequence[Any] | MutableMapping[str, Any], Any]


def changes(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line of each change and what it does. While one is yielded, `tree` has it."""
    for node, where in _places(tree):
        for holder, key, new in _replacements(node, where):
            old, was = holder[key], _shown(holder[key])
            holder[key] = new
            yield _line(node), f"{was} -> {_shown(new)}"
            holder[key] = old
        if isinstance(node, ast.Set | ast.List | ast.Tuple):
            yield from _without_a_row(node)


def _places(node: ast.AST) -> Iterator[tuple[ast.AST, _Slot]]:
    """Yield each node that may change, and where its parent holds it."""
    for field, value in ast.iter_fields(node):
        if field in _DECLARATIONS or _is_type(node, field):
            continue
        slots: list[_Slot] = [(vars(node), field)]
        if isinstance(value, list):
            slots = [(value, number) for number in range(len(value))]
        for holder, key in slots:
            child = holder[key]
            if isinstance(child, ast.AST) and not _is_declaration(child):
                yield child, (holder, key)
                yield from _places(child)


def _is_type(node: ast.AST, field: str) -> bool:
    match node:
        case ast.Subscript(value=ast.Name(id="Literal")):
            return True
        case ast.Call(func=ast.Name(id="cast" | "TypeVar" | "NewType")):
            return field == "args"
    return isinstance(node, ast.JoinedStr)


def _is_declaration(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id="__slots__" | "__all__")]):
            return True
        case ast.ClassDef():
            return any("Protocol" in ast.unparse(base) for base in node.bases)
    return False


def _replacements(  # noqa: C901, PLR0912 - a table: a row is a case
    node: ast.AST, where: _Slot
) -> Iterator[tuple[Any, Any, ast.AST]]:
    holder, key = where
    match node:
        case ast.Compare(ops=[operator]):
            for table in (_BORDER, _OPPOSITE):
                if new := table.get(type(operator)):
                    yield node.ops, 0, new()
        case ast.BoolOp():
            for number in range(len(node.values)):
                rest = node.values[:number] + node.values[number + 1 :]
                yield holder, key, rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        case ast.UnaryOp(op=ast.Not()):
            yield holder, key, node.operand
        case ast.BinOp() if operation := _ARITHMETIC.get(type(node.op)):
            yield vars(node), "op", operation()
        case ast.Constant(value=bool() as was):
            yield holder, key, ast.Constant(not was)
        case ast.Constant(value=int() | float() as number):
            yield holder, key, ast.Constant(number + 1)
        case ast.Raise() | ast.Expr(value=ast.Call()):
            yield holder, key, ast.Pass()
        case ast.If() | ast.IfExp() | ast.While():
            yield vars(node), "test", ast.Constant(False)
            if not isinstance(node, ast.While):
                yield vars(node), "test", ast.Constant(True)
        case ast.comprehension():
            for number in range(len(node.ifs)):
                yield node.ifs, number, ast.Constant(True)


def _without_a_row(node: ast.Set | ast.List | ast.Tuple) -> Iterator[tuple[int, str]]:
    if not isinstance(node.ctx if hasattr(node, "ctx") else ast.Load(), ast.Load):
        return
    if len(node.elts) < 2 or not all(isinstance(one, ast.Constant) for one in node.elts):
        return
    every = node.elts
    for number, one in enumerate(every):
        node.elts = every[:number] + every[number + 1 :]
        yield _line(one), f"without {_shown(one)}"
    node.elts = every


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0) or next(
        (line for child in ast.iter_child_nodes(node) if (line := _line(child))), 0
    )


def _shown(node: ast.AST) -> str:
    if isinstance(node, ast.cmpop | ast.operator):
        return type(node).__name__
    text = ast.unparse(ast.fix_missing_locations(node)) or "nothing"
    return " ".join(text.split())[:70]
