"""The cards of a chart as CDS Hooks 2.0 has them ("CDS Service Response").

Nothing of the chart's own text gets into one: clients render markdown, some with HTML in it.
Numbers are in our own spelling, names and sentences are the calculators' own.
"""

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from clinical.calculators.inputs import INPUTS, label
from clinical.cards import Card
from clinical.chart.codes.drugs import DRUG_CLASSES
from clinical.chart.evidence import ChartFinding, Outcome
from clinical.clock import Clock
from clinical.units_in_words import plain, unit
from shared.release import VERSION

MOST_CARDS = 5
LONGEST_SUMMARY = 139
LONGEST_DETAIL = 2000
# Why a clinician may pass over a card; other programs know these codes.
OVERRIDE_REASONS = {
    "known": "Already known",
    "notapplicable": "Does not apply to this patient",
    "datawrong": "Chart data wrong or out of date",
    "later": "Not now",
}
_CODE_SYSTEM = "/cds_services/CodeSystem/"
_DRUGS = frozenset(drugs.name for drugs in DRUG_CLASSES)
# What GFM would not print as it stands (GitHub Flavored Markdown 0.29, 2.4 and 6).
_MARKUP = re.compile(r"[\\`*_~<>\[\]|#&]")


def of(found: Sequence[Card], clock: Clock, public_url: str) -> list[dict[str, Any]]:
    """The first five cards; where there are more, the last of them names the others."""
    shown, others = found[:MOST_CARDS], found[MOST_CARDS:]
    return [_card(card, clock, public_url, others if card is shown[-1] else ()) for card in shown]


def _card(card: Card, clock: Clock, public_url: str, others: Sequence[Card]) -> dict[str, Any]:
    calculator = card.calculator
    systems = f"{public_url}{_CODE_SYSTEM}"
    doi = next((one.doi for one in calculator.sources if one.doi), None)
    return {
        "uuid": str(uuid.uuid4()),
        "summary": summary(card),
        "detail": detail(card, clock, others),
        "indicator": card.result.urgency,
        "source": {
            "label": f"smart-calc: {calculator.title}",
            **({"url": f"https://doi.org/{doi}"} if doi else {}),
            "topic": {
                "system": f"{systems}calculators",
                # Epic takes letters and digits alone, and remembers an override by them.
                "code": calculator.name.replace("_", ""),
                "display": calculator.title,
            },
        },
        "links": [
            {
                "label": "Open this calculator",
                "type": "smart",
                "url": f"{public_url}/launch",
                "appContext": json.dumps({"calculator": calculator.name}, separators=(",", ":")),
            }
        ],
        "overrideReasons": [
            {"system": f"{systems}override-reasons", "code": code, "display": display}
            for code, display in OVERRIDE_REASONS.items()
        ],
    }


def summary(card: Card) -> str:
    """`LABEL VALUE UNIT: BAND`, in less than 140 characters."""
    said = card.summary
    return said if len(said) <= LONGEST_SUMMARY else f"{said[: LONGEST_SUMMARY - 1]}…"


def detail(card: Card, clock: Clock, others: Sequence[Card] = ()) -> str:
    """What the result stands on, in GFM. Cautions that have no room are left to the app."""
    calculator, meaning = card.calculator, card.result.meaning
    head = [f"**{_plain(card.said)}**: {_plain(card.result.band or '')}"]
    if meaning:
        head.append(_plain(meaning))
    values = [f"- {_plain(one)}" for one in _values(card, clock)]
    counted = _counted_as_no(card)
    cautions = [f"- {_plain(one)}" for one in card.cautions]
    foot = [f"{_plain(calculator.title)}, {calculator.year}. smart-calc {VERSION}."]
    if others:
        names = ", ".join(_plain(one.calculator.title) for one in others)
        foot.insert(0, f"Also worth a look, without a card of its own: {names}.")
    while True:
        # With a line of its own before it: two lists that follow each other are one to GFM.
        read_with_it = "\n".join(["To be read with it:", *cautions]) if cautions else ""
        parts = ["\n".join(head), "\n".join(values), counted, read_with_it, *foot]
        text = "\n\n".join(filter(None, parts))
        if len(text) <= LONGEST_DETAIL or not cautions:
            return text[:LONGEST_DETAIL]
        cautions.pop()


def _values(card: Card, clock: Clock) -> Iterator[str]:
    for finding in card.used:
        moment = finding.chosen.moment if finding.chosen else None
        dated = finding.input in INPUTS or isinstance(finding.value, bool)
        calculated = finding.outcome is Outcome.CALCULATED
        when = f", {clock.day(moment)}" if moment and (dated or calculated) else ""
        how = " (calculated)" if calculated else ""
        yield f"{_name(finding)}: {_value(finding)}{how}{when}"


def _name(finding: ChartFinding) -> str:
    return "Age" if finding.input == "age" else label(finding.input)


def _value(finding: ChartFinding) -> str:
    value = finding.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        number = f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"
        return plain(" ".join(filter(None, (number, unit(finding.unit)))))
    return str(value)


def _counted_as_no(card: Card) -> str:
    drugs = sum(one.input in _DRUGS for one in card.counted_as_no)
    diagnoses = len(card.counted_as_no) - drugs
    parts = [
        _number(count, one, many)
        for count, one, many in (
            (diagnoses, "diagnosis", "diagnoses"),
            (drugs, "drug", "drugs"),
        )
        if count
    ]
    if not parts:
        return ""
    return f"Not found in the chart and counted as no: {' and '.join(parts)}."


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _plain(text: str) -> str:
    """Text in which no sign is markup."""
    return _MARKUP.sub(r"\\\g<0>", plain(text))
