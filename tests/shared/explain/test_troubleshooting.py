"""docs/troubleshooting.md is what the catalogue says, each fix once."""

import re
from pathlib import Path

from docs.generators.troubleshooting import pages
from shared.explain.catalogue import ENTRIES
from shared.explain.catalogue.causes import KINDS

DOCS = Path(__file__).parents[3] / "docs"
PAGE = pages()["troubleshooting.md"]


def test_the_committed_pages_are_current() -> None:
    """Otherwise: make docs"""
    assert (DOCS / "troubleshooting.md").read_text("utf-8") == PAGE


def test_every_error_is_under_its_first_cause() -> None:
    for entry in ENTRIES:
        section = PAGE.partition(f"\n## {entry.causes[0].id}\n")[2].partition("\n## ")[0]
        assert f"`{entry.says}`" in section, entry.key
        for other in entry.causes[1:]:
            assert f"[`{other.id}`](#{other.id})" in section, entry.key


def test_every_step_is_there_and_a_long_one_only_once() -> None:
    steps = {step for kind in KINDS.values() for step in kind.steps}
    steps |= {step for entry in ENTRIES for cause in entry.causes for step in cause.steps}
    last = "Launch the app again"
    missing = [step for step in steps if step not in PAGE and not step.startswith(last)]
    assert missing == []
    often = [step for step in steps if len(step.split()) > 12 and PAGE.count(f"{step}\n") > 1]
    assert often == []


def test_every_link_leads_somewhere() -> None:
    anchors = {*re.findall(r'<a id="([^"]+)"></a>', PAGE), *re.findall(r"\n## (\w+)\n", PAGE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors
    for name in re.findall(r"\]\(([a-z./-]+\.md)(?:#[^)]*)?\)", PAGE):
        assert (DOCS / name).is_file(), name


def test_what_is_inferred_is_marked_so() -> None:
    causes = {one for entry in ENTRIES for one in entry.causes if "inferred" in one.source}
    assert PAGE.count("*inferred*") > len({one.why for one in causes}) / 2 > 0
