"""docs/cds-hooks.md prints the templates of discovery to copy, and tells every reason."""

import json
import re
from pathlib import Path
from typing import get_args

from docs.generators import blocks, cds_cards, cds_prefetch
from functions.cds_services import caller, discovery

TEXT = (Path(__file__).parents[2] / "docs/cds-hooks.md").read_text(encoding="utf-8")


def test_the_prefetch_to_copy_is_that_of_discovery() -> None:
    assert cds_prefetch.into(TEXT) == TEXT, "run: make docs"
    printed = blocks.of(TEXT, cds_prefetch.NAME).removeprefix("```json\n").removesuffix("```\n")
    assert json.loads(printed) == dict(discovery.templates())


def test_every_reason_of_a_refusal_is_told() -> None:
    table = TEXT.partition("## When no card appears")[2].partition("\n## ")[0]
    told = set(re.findall(r"`([a-z]+)`", table))
    assert set(get_args(caller.Reason)) <= told


def test_the_cards_of_the_simulated_charts_are_those_of_the_code() -> None:
    assert cds_cards.into(TEXT) == TEXT, "run: make docs"
    block = blocks.of(TEXT, cds_cards.NAME)
    rows = [line for line in block.splitlines() if line.startswith("| ")]
    # Charts with and without cards, and no row without its reason.
    assert {"**warning**" in row for row in rows[1:]} == {True, False}
    assert all(cell.strip() for row in rows for cell in row.split("|")[1:-1])
