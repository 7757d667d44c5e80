"""Formats the cards of a chart for CDS Hooks 2.0 ("CDS Service Response").

Cards contain no text from the chart, because clients render Markdown, and some allow HTML in it.
Numbers are formatted here, and names and sentences come from the calculators.
"""

import json
import re
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from clinical.calculators.inputs import INPUTS, label
from clinical.calculators.registry import DEFAULT_CARDS
from clinical.card_conditions import name_of
from clinical.cards import Card, in_words, of_chart
from clinical.chart import read_chart
from clinical.chart.codes.diagnoses import IS_OF_NOW
from clinical.chart.codes.drugs import DRUG_CLASSES
from clinical.chart.evidence import Outcome, Value
from clinical.chart.resources.times import parse_now
from clinical.clock import Clock
from clinical.units_in_words import plain, unit
from shared.release import version

LONGEST_SUMMARY = 139
LONGEST_DETAIL = 2000
# Reasons to override a card. Other programs use these codes.
OVERRIDE_REASONS = {
    "known": "Already known",
    "notapplicable": "Does not apply to this patient",
    "datawrong": "Chart data wrong or out of date",
    "later": "Not now",
}
_CODE_SYSTEM = "/cds_services/CodeSystem/"
_DRUGS = frozenset(drugs.name for drugs in DRUG_CLASSES)
# Characters that GFM wouldn't print unchanged (GitHub Flavored Markdown 0.29, 2.4 and 6).
_MARKUP = re.compile(r"[\\`*_~<>\[\]|#&]")


def of_resources(
    resources: Iterable[Mapping[str, Any]], now_iso: str, cards: Collection[str] | None = None
) -> list[dict[str, str]]:
    """Return the cards of Patient/p1, warnings first, if every key of the chart was read in full.

    An entry point for other programs. `now_iso` is the time of the call (ISO 8601), and `cards` are
    the calculators that may make cards, as in the setting `cards`; None means the default.
    """
    now = parse_now(now_iso)
    chosen = DEFAULT_CARDS if cards is None else frozenset(cards)
    chart = read_chart(list(resources), now, "p1", None)
    return [
        {
            "calculator": card.calculator.name,
            "indicator": card.on_card.urgency,
            "summary": summary(card),
            "detail": detail(card, Clock(now)),
        }
        for card in of_chart(chart, now, chosen=chosen)
        if isinstance(card, Card)
    ]


def of(card: Card, clock: Clock, public_url: str, launch_path: str) -> dict[str, Any]:
    """Return one card in CDS Hooks format. Its link launches the app at `launch_path`."""
    calculator = card.calculator
    systems = f"{public_url}{_CODE_SYSTEM}"
    return {
        "uuid": str(uuid.uuid4()),
        "summary": summary(card),
        "detail": detail(card, clock),
        "indicator": card.on_card.urgency,
        "source": {
            "label": f"smart-calc: {calculator.title}",
            "url": f"https://doi.org/{card.rule.doi}",
            "topic": {
                "system": f"{systems}calculators",
                # Epic accepts only letters and digits, and uses them to remember an override.
                "code": calculator.name.replace("_", ""),
                "display": calculator.title,
            },
        },
        "links": [
            {
                "label": "Open this calculator",
                "type": "smart",
                "url": f"{public_url}{launch_path}",
                "appContext": json.dumps({"calculator": calculator.name}, separators=(",", ":")),
            }
        ],
        "overrideReasons": [
            {"system": f"{systems}override-reasons", "code": code, "display": display}
            for code, display in OVERRIDE_REASONS.items()
        ],
    }


def summary(card: Card) -> str:
    """Return `LABEL VALUE UNIT: DOCUMENT: LIMIT`, in less than 140 characters."""
    text = card.summary
    return text if len(text) <= LONGEST_SUMMARY else f"{text[: LONGEST_SUMMARY - 1]}…"


def detail(card: Card, clock: Clock) -> str:
    """Return the basis of the result, in GFM. Cautions that don't fit are only in the app."""
    calculator, meaning = card.calculator, card.result.meaning
    head = [f"**{_plain(card.result_text)}**", _sentence(card.result.band or "")]
    if meaning:
        head.append(_sentence(meaning))
    document = next(one.text for one in calculator.sources if one.doi == card.rule.doi)
    head.append(_sentence(f"Source: {document}"))
    values = [f"- {_plain(one)}" for one in _values(card, clock)]
    searched = [
        _plain(one) for one in (*card.unconfirmed, _counted_as_no(card), *_searched(card)) if one
    ]
    cautions = [f"- {_plain(one)}" for one in card.cautions]
    title, year = calculator.title, str(calculator.year)
    foot = f"{_plain(title if year in title else f'{title}, {year}')}. smart-calc {version()}."
    while True:
        # A heading line separates the two lists, which GFM would otherwise merge.
        limits = "\n".join(["Limits:", *cautions]) if cautions else ""
        parts = ["\n\n".join(head), "\n".join(values), *searched, limits, foot]
        text = "\n\n".join(filter(None, parts))
        if len(text) <= LONGEST_DETAIL or not cautions:
            return text[:LONGEST_DETAIL]
        cautions.pop()


def _values(card: Card, clock: Clock) -> Iterator[str]:
    for finding in card.used:
        # A diagnosis can have later entries, for a complication or an encounter.
        entry = finding.earliest if finding.input in IS_OF_NOW else finding.chosen
        moment = entry.moment if entry else None
        dated = finding.input in INPUTS or isinstance(finding.value, bool)
        calculated = finding.outcome is Outcome.CALCULATED
        when = f", {clock.day(moment)}" if moment and (dated or calculated) else ""
        how = " (calculated)" if calculated else ""
        value = _value(finding.value, finding.unit, digits=3 if calculated else 4)
        yield f"{_name(finding.input)}: {value}{how}{when}"
    if card.earlier and card.rule.lasting:
        entry, name = card.earlier.evidence, card.rule.lasting.input
        value = _value(entry.value, INPUTS[name].unit)
        basis = f"from {value}, {clock.day(entry.moment)}"
        between = _between(card.earlier.between)
        yield f"Earlier: {in_words(card.earlier.result)} {basis}. {between}"


def _between(count: int) -> str:
    """Return the sentence about the usable values in between, a condition for the card."""
    if not count:
        return "There are no usable values in between."
    values = "The only usable value in between is"
    if count > 1:
        values = f"All {count} usable values in between are"
    return f"{values} in the same category or a worse one."


def _counted_as_no(card: Card) -> str:
    drugs = [one.input for one in card.counted_as_no if one.input in _DRUGS]
    diagnoses = [one.input for one in card.counted_as_no if one.input not in _DRUGS]
    parts = [
        f"{_number(len(names), one, many)} ({_listed(names)})"
        for names, one, many in ((diagnoses, "diagnosis", "diagnoses"), (drugs, "drug", "drugs"))
        if names
    ]
    return f"Not found in the chart, assumed absent: {' and '.join(parts)}." if parts else ""


def _searched(card: Card) -> Iterator[str]:
    """Yield the sentences about what wasn't found, with the number of entries searched."""
    rule = card.rule
    if rule.no_drug:
        kind, ended = rule.no_drug.kind, card.ended
        where = ", but the chart has no current drug orders"
        if card.drugs:
            where = f" among {_number(card.drugs, 'drug entry', 'drug entries')}"
        orders = _number(ended, f"ended {kind} order isn't", f"ended {kind} orders aren't")
        yield f"No {kind} was found{where}." + (f" {orders} counted." if ended else "")
    if rule.not_found:
        where = ", but the chart has no usable problem entries"
        if card.problems:
            where = f" among {_number(card.problems, 'problem entry', 'problem entries')}"
        yield f"Not found{where}: {_listed(rule.not_found)}."


def _listed(names: Sequence[str]) -> str:
    """Return the names of findings for the middle of a sentence."""
    words = (name_of(name) for name in names)
    return "; ".join(one if one[1:2].isupper() else one[:1].lower() + one[1:] for one in words)


def _name(input_name: str) -> str:
    return {"age": "Age", "sex": "Sex"}.get(input_name) or label(input_name)


def _value(value: Value, ucum: str, digits: int = 4) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        number = f"{value:.{digits}g}" if abs(value) < 10_000 else f"{value:.0f}"
        return plain(" ".join(filter(None, (number, unit(ucum)))))
    return str(value)


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _sentence(text: str) -> str:
    return _plain(f"{text[:1].upper()}{text[1:].rstrip('.')}.")


def _plain(text: str) -> str:
    """Return text with all markup escaped."""
    return _MARKUP.sub(r"\\\g<0>", plain(text))
