"""docs/troubleshooting.md and its pages by vendor are what the catalogue says."""

import re
from pathlib import Path

from docs.generators.troubleshooting import pages
from shared.explain.catalogue import ENTRIES

DOCS = Path(__file__).parents[3] / "docs"
PAGES = pages()
INDEX = PAGES["troubleshooting.md"].partition("## Causes by ID")[0]
OF_VENDORS = {path: text for path, text in PAGES.items() if path != "troubleshooting.md"}


def test_the_committed_pages_are_current() -> None:
    """Otherwise: make docs"""
    written = [DOCS / "troubleshooting.md", *(DOCS / "troubleshooting").iterdir()]
    assert {str(one.relative_to(DOCS)): one.read_text("utf-8") for one in written} == dict(PAGES)


def test_every_error_has_its_place_and_its_line_in_the_index() -> None:
    for entry in ENTRIES:
        (path,) = [one for one, text in OF_VENDORS.items() if f'<a id="{entry.key}"></a>' in text]
        assert INDEX.count(f"]({path}#{entry.key})") == 1


def test_every_link_leads_somewhere() -> None:
    for path, text in PAGES.items():
        anchors = set(re.findall(r'<a id="([^"]+)"></a>', text))
        assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
        for name in re.findall(r"\]\(([a-z./-]+\.md)(?:#[^)]*)?\)", text):
            assert (DOCS / path).parent.joinpath(name).resolve().is_file(), (path, name)


def test_what_is_inferred_is_marked_so() -> None:
    inferred = sum("inferred" in cause.source for entry in ENTRIES for cause in entry.causes)
    marked = sum(text.count("*inferred*") for text in OF_VENDORS.values())
    assert marked >= inferred > 0
