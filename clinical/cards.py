"""Selects the results in a chart that make a card: few, and each proved by the chart. Pure.

A card never depends on a default, an old value, an incomplete chart or an unclassified entry. The
conditions are in card_conditions.py. docs/cards.md has the reasons.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime

from clinical import fitness, units_in_words
from clinical.calculators import REGISTRY, Evaluation, evaluate
from clinical.calculators.card_rule import CardRule, OnCard
from clinical.calculators.evaluate import Result
from clinical.calculators.inputs import label
from clinical.calculators.model import Calculator, Output
from clinical.calculators.registry import CARDS, DEFAULT_CARDS, DERIVED
from clinical.card_conditions import HAS_VALUE, Earlier, Judged, is_no, lasting, reasons_against
from clinical.chart import Chart
from clinical.chart.evidence import ChartFinding, Outcome
from clinical.chart.steadiness import single_value
from clinical.prefilled import Prefilled, inputs_of
from shared.frozen import dataclass

# Statuses of a MedicationRequest (FHIR R4) whose drug might have been taken in the past.
_OVER = frozenset({"stopped", "completed"})


@dataclass(frozen=True, slots=True)
class Card:
    """A result that makes a card.

    `used` are the findings that it was computed from, and `counted_as_no` those that the chart
    doesn't have. `earlier` is the result that confirms it, if the rule requires one. `problems` and
    `drugs` count the entries searched, and `ended` counts ended orders of drugs that the rule
    excludes. `unconfirmed` lists inputs based on a single value. `cautions` start with the most
    serious.
    """

    calculator: Calculator
    result: Result
    on_card: OnCard
    rule: CardRule
    used: tuple[ChartFinding, ...]
    counted_as_no: tuple[ChartFinding, ...]
    earlier: Earlier | None
    problems: int
    drugs: int
    ended: int
    unconfirmed: tuple[str, ...]
    cautions: tuple[str, ...]

    @property
    def result_text(self) -> str:
        """The result in words: `eGFR 28 mL/min/1.73 m2`."""
        return in_words(self.result)

    @property
    def summary(self) -> str:
        """The result and the limit from the cited document, in one line."""
        return f"{self.result_text}: {self.rule.document}: {self.on_card.limit}"


@dataclass(frozen=True, slots=True)
class NoCard:
    """A calculator that makes no card for a chart, and why."""

    calculator: Calculator
    why: str


def in_words(result: Result) -> str:
    """Return a result with its name and unit, as plain text."""
    unit = units_in_words.unit(result.output.unit)
    words = (result.output.label, result.printed, unit)
    return units_in_words.plain(" ".join(filter(None, words)))


def of_chart(
    chart: Chart,
    now: datetime,
    off: AbstractSet[str] = frozenset(),
    chosen: AbstractSet[str] = DEFAULT_CARDS,
) -> tuple[Card | NoCard, ...]:
    """Return a card, or the reason for none, for each calculator with cards.

    Warnings come first, then infos, then the reasons.
    `now` is in the chart's time zone. `off` are the calculators that are turned off, and `chosen`
    those that the site chose for cards.
    """
    cards_or_reasons = [
        _card_or_reason(REGISTRY[name], output, output.card, chart, now, off, chosen)
        for name, output in CARDS.items()
        if output.card
    ]
    return tuple(sorted(cards_or_reasons, key=_rank))


def _rank(card: Card | NoCard) -> int:
    if isinstance(card, NoCard):
        return 2
    return 0 if card.on_card.urgency == "warning" else 1


def _card_or_reason(
    calculator: Calculator,
    output: Output,
    rule: CardRule,
    chart: Chart,
    now: datetime,
    off: AbstractSet[str],
    chosen: AbstractSet[str],
) -> Card | NoCard:
    if calculator.name not in chosen:
        return NoCard(calculator, "not one of the cards that the site chose")
    if calculator.name in off:
        return NoCard(calculator, "turned off by the site")
    if calculator.mark:
        return NoCard(calculator, calculator.mark)
    if unfit := fitness.unfit(calculator, chart):
        return NoCard(calculator, unfit)
    prefilled = inputs_of(calculator, chart, now, off)
    evaluation = evaluate(calculator.name, prefilled.raw)
    result = evaluation.results.get(output.name)
    if result is None:
        return NoCard(calculator, _not_computed(evaluation, output, prefilled))
    if result.on_card is None:
        band = f" ({result.band})" if result.band else ""
        return NoCard(calculator, f"{in_words(result)} doesn't produce a card{band}")
    judged = Judged(calculator, result, rule, prefilled, chart, now)
    if reason := next(reasons_against(judged), None):
        return NoCard(calculator, reason)
    findings = [prefilled.findings[name] for name in output.inputs]
    return Card(
        calculator,
        result,
        result.on_card,
        rule,
        used=tuple(one for one in findings if one.outcome in HAS_VALUE),
        counted_as_no=tuple(one for one in findings if is_no(one)),
        earlier=lasting(judged),
        problems=chart.problems.entries,
        drugs=chart.drugs.entries,
        ended=_ended(rule, chart),
        unconfirmed=tuple(_of_one_value(findings, chart)),
        cautions=(
            *(text for _, text in fitness.of_the_patient(calculator, chart)),
            *evaluation.notes,
            *calculator.cautions,
        ),
    )


def _ended(rule: CardRule, chart: Chart) -> int:
    classes = rule.no_drug.classes if rule.no_drug else ()
    entries = {
        one.evidence.source
        for name in classes
        for one in chart.findings[name].passed_over
        if one.evidence.status in _OVER
    }
    return len(entries)


def _of_one_value(findings: Iterable[ChartFinding], chart: Chart) -> Iterator[str]:
    """Yield calculated inputs that are based on a single value, which might not be steady."""
    for finding in findings:
        if finding.outcome is Outcome.CALCULATED:
            source = DERIVED[finding.input]
            for name in source.calculator.in_chart.steady:
                if single_value(chart.usable.get(name, ())):
                    yield f"{source.output.label} is based on one {name} value."


def _not_computed(evaluation: Evaluation, output: Output, prefilled: Prefilled) -> str:
    findings = (prefilled.findings[name] for name in output.needs)
    lacking = [one for one in findings if one.value is None]
    if not lacking:
        return str(evaluation.refusals[output.name])
    return "; ".join(f"{label(one.input)}: {one.outcome.value}" for one in lacking)
