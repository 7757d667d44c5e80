"""docs/troubleshooting.md is what the catalogue says."""

import re
from pathlib import Path

from docs.generators.troubleshooting import page
from shared.explain.catalogue import ENTRIES

ROOT = Path(__file__).parents[3]


def test_the_committed_page_is_current() -> None:
    """Otherwise: python -m docs.generators.troubleshooting > docs/troubleshooting.md"""
    assert (ROOT / "docs/troubleshooting.md").read_text("utf-8") == page()


def test_every_error_has_its_place_and_its_line_in_the_index() -> None:
    text = page()
    for entry in ENTRIES:
        assert text.count(f'<a id="{entry.key}"></a>') == 1
        assert text.count(f"](#{entry.key})") == 1


def test_every_link_leads_somewhere() -> None:
    text = page()
    anchors = set(re.findall(r'<a id="([^"]+)"></a>', text))
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
    files = re.findall(r"\]\(([a-z]+\.md)\)", text)
    assert files
    assert all((ROOT / "docs" / name).is_file() for name in files)


def test_every_address_of_a_source_stands_in_the_list_and_nowhere_else() -> None:
    before, _, after = page().partition("## Sources\n")
    assert not re.search(r"https?://(?!HOST|fhir)", before)
    assert len(re.findall(r"<https?://[^>\s]+>", after)) == after.count("\n- ")
