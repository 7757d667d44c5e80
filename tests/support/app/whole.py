"""Which tests go with the calculators: not run where those were taken away (core.py).

A module of tests that imports them, or what imports them, is not collected, and neither is one
below. In the others a test that opens their page, or asks their CDS service, is marked
`calculators`.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

# The function, as one of the values of a parameter.
SMART_CALC = pytest.param("smart_calc", marks=pytest.mark.calculators)
ROOT = Path(__file__).parents[3]
FOLDERS = ("clinical", "functions/cds_services", "functions/smart_calc")

# A folder of which git took the files may still hold what Python left in it.
_MISSING = tuple(folder for folder in FOLDERS if not any((ROOT / folder).glob("*.py")))
IS_WHOLE = not _MISSING
# These hold documents and figures to the whole.
_ABOUT_THE_WHOLE = frozenset(
    f"tests/repository/test_{name}.py"
    for name in ("architecture_document", "scaling_document", "security_document")
)


def is_gone(folder: str) -> bool:
    """Whether a folder is one of those that were taken away."""
    return any(folder == one or folder.startswith(f"{one}/") for one in _MISSING)


def is_left_out(path: Path) -> bool:
    """Whether a module of tests is about what is not there."""
    return not IS_WHOLE and (str(path.relative_to(ROOT)) in _ABOUT_THE_WHOLE or _needs_them(path))


@cache
def _needs_them(path: Path) -> bool:
    return any(
        is_gone(name.replace(".", "/")) or (name.startswith("tests.") and _module_needs_them(name))
        for name in _imported(path)
    )


def _module_needs_them(name: str) -> bool:
    file = ROOT / f"{name.replace('.', '/')}.py"
    return file.is_file() and _needs_them(file)


def _imported(path: Path) -> set[str]:
    """Return the modules that a module names. `from a import b` may mean a.b."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names
