"""Charts and the cards that they must make, or must not: tests/clinical/data/card_truth.json."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from clinical.calculators.registry import CARDS, REGISTRY
from clinical.cards import Card, of_chart
from clinical.chart import Chart, read_chart
from clinical.chart.evidence import ChartFinding, Outcome
from clinical.chart.resources.times import parse_now
from functions.cds_services import cards
from tests.support.tables import each

_ROWS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "clinical/data/card_truth.json").read_text("utf-8")
)["rows"]
_CHARTS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "clinical/data/chart_truth.json").read_text("utf-8")
)["rows"]


def _wrong(row: dict[str, Any]) -> str:
    """Return what is wrong with the cards of a row; empty if they are right."""
    made = cards.of_resources(row["resources"], row["today"], row["cards"])
    urgencies = [[one["calculator"], one["indicator"]] for one in made]
    if urgencies != row["expect"]:
        return f"{urgencies}, not {row['expect']}"
    text = " ".join(f"{one['summary']} {one['detail']}" for one in made).replace("\\", "").lower()
    missing = [word for word in row.get("says", ()) if word.lower() not in text]
    banned = [one for one in row.get("never", ()) for card in made if one in card["summary"]]
    return f"{missing} missing, {banned} said" if missing or banned else ""


def test_every_chart_makes_its_cards_and_no_other() -> None:
    wrong = [f"{row['id']} {row['title']}: {said}" for row in _ROWS if (said := _wrong(row))]
    assert wrong == []
    assert sum(bool(row["expect"]) for row in _ROWS) == 30


# Words with which a sentence about the patient calls a result invalid.
_INVALID = re.compile(
    r"not (valid|stable)|unreliable|far from true|means little|without this score|beyond|"
    r"limits are for|too high|does not rule it out"
)


def test_no_card_has_a_detail_that_calls_its_own_summary_invalid() -> None:
    made = [
        card
        for row in (*_ROWS, *_CHARTS)
        for now in (parse_now(row["today"]),)
        for card in of_chart(
            read_chart(row["resources"], now, "p1", None), now, chosen=frozenset(CARDS)
        )
        if isinstance(card, Card)
    ]
    assert len(made) > 30
    wrong = [
        (card.calculator.name, said)
        for card in made
        for said in card.cautions
        if said not in card.calculator.cautions and _INVALID.search(said)
    ]
    assert wrong == []


@each("name", CARDS)
def test_a_finding_with_which_a_result_is_not_valid_prevents_its_card(name: str) -> None:
    rule = CARDS[name].card
    assert rule is not None
    cautions = REGISTRY[name].in_chart.cautions
    doubted = {one.finding for one in cautions if _INVALID.search(one.text)}
    assert doubted - rule.findings == set()


@each("name", CARDS)
def test_what_is_found_suggested_open_or_unread_prevents_a_card_alike(name: str) -> None:
    rule = CARDS[name].card
    assert rule is not None
    row = next(one for one in _ROWS if name in dict(one["expect"]))
    now = parse_now(row["today"])
    chart = read_chart(row["resources"], now, "p1", None)

    def why(changed: Chart) -> str:
        (card,) = (
            one
            for one in of_chart(changed, now, chosen=frozenset({name}))
            if one.calculator.name == name
        )
        return "" if isinstance(card, Card) else card.why

    assert why(chart) == ""
    drugs = rule.no_drug.classes if rule.no_drug else ()
    for finding in (*rule.not_found, *drugs):
        for outcome in (Outcome.FOUND, Outcome.OFFERED, Outcome.OPEN, Outcome.UNREAD):
            one = ChartFinding(finding, outcome, "", True if outcome is Outcome.FOUND else None)
            assert why(replace(chart, findings={**chart.findings, finding: one})), (
                finding,
                outcome,
            )
    for finding in rule.present:
        none = ChartFinding(finding, Outcome.OFFERED, "")
        assert why(replace(chart, findings={**chart.findings, finding: none})), finding
