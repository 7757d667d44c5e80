"""Generates the block of docs/cds-hooks.md that lists each simulated chart's cards, and why others
are missing.
"""

import json
from collections.abc import Iterator

from clinical.calculators.registry import CARDS, REGISTRY
from clinical.cards import Card, NoCard, of_chart
from clinical.chart import read_chart
from clinical.chart.resources.times import parse_now
from docs.generators import blocks
from simulator.charts.generated import load_resources

NAME = "cards of the simulated charts"
# The day for which the charts are written.
NOW = "2026-11-20T11:00:00-06:00"
_URGENCY = {"warning": "**warning**", "info": "**info**"}


def into(text: str) -> str:
    """Return the document with its block updated."""
    return blocks.put(text, NAME, markdown())


def markdown() -> str:
    """Return a table with a row for each chart and a column for each calculator of cards."""
    titles = [REGISTRY[name].short for name in CARDS]
    lines = [
        "These are the charts of `make run`, read completely on November 20, 2026, with all five",
        "calculators in `cards`. Each cell has the card, or the first reason for no card, such as",
        "a result that isn't in a category with a card.",
        "",
        f"| chart | {' | '.join(titles)} |",
        "|---" * (len(titles) + 1) + "|",
    ]
    for patient in _patients():
        judged = {one.calculator.name: one for one in _judged(patient)}
        cells = [patient.removeprefix("synthetic-").title(), *(_cell(judged[one]) for one in CARDS)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _patients() -> list[str]:
    return sorted({one.patient for one in load_resources() if one.patient})


def _judged(patient: str) -> tuple[Card | NoCard, ...]:
    now = parse_now(NOW)
    chart = read_chart(list(_resources(patient)), now, patient, None)
    return tuple(of_chart(chart, now, chosen=frozenset(CARDS)))


def _resources(patient: str) -> Iterator[object]:
    for one in load_resources():
        if one.patient == patient or one.type == "Medication":
            yield json.loads(one.text)


def _cell(card: Card | NoCard) -> str:
    if isinstance(card, Card):
        return f"{_URGENCY[card.on_card.urgency]}: {card.summary}"
    return card.why.partition("; ")[0].partition(" doesn't produce a card (")[0]
