"""docs/api.md is what the docstrings of smart_calc.api say, with an example of each name."""

import ast
import re

import smart_calc.api
from docs.generators.api import markdown, names
from tests.support.app.servers import ROOT

TEXT = (ROOT / "docs/api.md").read_text("utf-8")
# Aliases have no docstring. The page describes them in its own text.
ALIASES = {"Json", "Resource"}


def test_the_page_is_current_and_has_every_name() -> None:
    assert markdown() == TEXT
    assert names() == set(smart_calc.api.__all__) - ALIASES
    assert all(f"api.{name}" in TEXT for name in ALIASES)


def test_every_example_is_python() -> None:
    examples = re.findall(r"^ *```python\n(.*?)^ *```", TEXT, re.DOTALL | re.MULTILINE)
    assert len(examples) > len(smart_calc.api.__all__)
    for example in examples:
        # Wrap the example in a function, because it may use `return`.
        indented = "".join(f"    {line}\n" for line in example.splitlines())
        ast.parse(f"def example(call, session, patient, app):\n{indented}")
