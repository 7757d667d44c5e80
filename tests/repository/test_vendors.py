"""Vendor-specific behavior is in the vendor's profile: no other code checks a vendor's name."""

import ast
from collections.abc import Iterator
from pathlib import Path

from shared.explain.catalogue import ENTRIES
from shared.vendors import OWN, everyone

ROOT = Path(__file__).parents[2]
PRODUCT = ("clinical", "docs", "doctor", "functions", "gateway", "shared")
PROFILES = ROOT / "shared" / "vendors"
NAMES = frozenset(one.name for one in everyone()) - {OWN.name}


def _named(source: str) -> Iterator[int]:
    """The lines that hold a vendor's name as a whole text."""
    if not any(f'"{name}"' in source for name in NAMES):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and node.value in NAMES:
            yield node.lineno


def test_no_code_outside_the_profiles_names_a_vendor() -> None:
    files = [path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py")]
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files
        if PROFILES not in path.parents
        for line in _named(path.read_text(encoding="utf-8"))
    ]
    assert files
    assert wrong == []


def test_every_error_of_the_catalogue_is_of_a_vendor_with_a_profile() -> None:
    assert {entry.vendor for entry in ENTRIES} <= {one.name for one in everyone()}


def test_every_vendor_has_a_name_of_its_own() -> None:
    known = everyone()
    assert len({one.name for one in known}) == len({one.title for one in known}) == len(known)
