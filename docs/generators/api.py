"""Generates docs/api.md from the docstrings and signatures of smart_calc.api's public names."""

import ast
import inspect
import re
from collections.abc import Iterator
from textwrap import dedent
from types import FunctionType

from docs.generators.api_guide import GUIDE
from docs.generators.api_page import PAGE
from smart_calc import api

_ORDER = (
    *("function", "Call", "Session", "Found", "json", "html", "Reply", "at"),
    *("job", "JobCall", "Backend"),
)
_ERRORS = ("SmartError", "EhrError")
_SECTION = re.compile(r"^(Args|Attributes|Example):\n((?:    .*\n?|\n)+)", re.MULTILINE)
_FIELD = re.compile(r"^(\w+): (.+(?:\n    .+)*)", re.MULTILINE)


def markdown() -> str:
    """Return the page."""
    names = "\n".join(_entry(name, getattr(api, name)) for name in (*_ORDER, *_ERRORS))
    return PAGE.replace("GUIDE", GUIDE.strip()).replace("REFERENCE", names.strip())


def names() -> set[str]:
    """Return the names that have their own section."""
    return {*_ORDER, *_ERRORS}


def _entry(name: str, value: object) -> str:
    parts = [f"### api.{name}", _described(name, value)]
    if inspect.isclass(value):
        bases = [base for base in value.__mro__ if base.__module__.startswith("smart_calc.")]
        members = [(name, one) for base in reversed(bases) for name, one in vars(base).items()]
        for method, member in members:
            if method.startswith("_") or not (callable(member) or isinstance(member, property)):
                continue
            parts += [f"#### {name}.{method}", _described(method, member)]
    return "\n\n".join(parts) + "\n"


def _described(name: str, value: object) -> str:
    text = inspect.getdoc(value) or ""
    sections = dict(_SECTION.findall(f"{text}\n"))
    parts = [_SECTION.sub("", f"{text}\n").strip()]
    if inspect.isfunction(value) and name not in {"function", "job"}:
        parts.insert(0, f"`{_signature(value)}`")
    listed = (sections[one] for one in ("Args", "Attributes") if one in sections)
    parts += ["\n".join(_rows(dedent(section))) for section in listed]
    return "\n\n".join([*parts, f"```python\n{dedent(sections['Example']).strip()}\n```"])


def _signature(value: FunctionType) -> str:
    """Return the signature as written, without `self` and with defaults in a readable form."""
    (node,) = ast.parse(dedent(inspect.getsource(value))).body
    assert isinstance(node, ast.FunctionDef)  # noqa: S101 - for the type checker
    node.args.args = [one for one in node.args.args if one.arg != "self"]
    returns = ast.unparse(node.returns) if node.returns else "None"
    arguments = ast.unparse(node.args).replace("EllipsisType | None", "None")
    return f"{node.name}({arguments.replace('MappingProxyType({})', '{}')}) -> {returns}"


def _rows(section: str) -> Iterator[str]:
    for field, text in _FIELD.findall(section):
        yield f"- `{field}`: {' '.join(text.split())}"
