"""Every test that a document names as its proof exists, and every file that it links."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
NAMED = re.compile(r"`([\w./-]+\.py)::(\w+)`")


@cache
def _source(file: str) -> str:
    """The tests that SECURITY.md names are below tests/."""
    places = [place for place in (ROOT / file, ROOT / "tests" / file) if place.is_file()]
    return places[0].read_text("utf-8") if places else ""


@pytest.mark.calculators
def test_every_test_that_a_document_names_exists() -> None:
    named = [(path, *one) for path in DOCUMENTS for one in NAMED.findall(path.read_text("utf-8"))]
    assert len(named) > 100
    missing = [
        f"{path.name}: {file}::{test}"
        for path, file, test in named
        if not test.startswith("test_") or f"\ndef {test}(" not in _source(file)
    ]
    assert missing == []


def test_every_link_to_a_file_leads_somewhere() -> None:
    links = [
        (path, target.partition("#")[0])
        for path in DOCUMENTS
        for target in re.findall(r"\]\(([\w./#-]+)\)", path.read_text("utf-8"))
    ]
    assert len(links) > 100
    broken = [f"{path.name}: {to}" for path, to in links if not (path.parent / to).exists()]
    assert broken == []
