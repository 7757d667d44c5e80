"""Which results a chart makes a card of: told where nobody asked, so only what is certain. Pure.

A card is never the work of a default, of an old value or of half a chart. Which bands make one
stands beside each calculator (`Band.urgency`, `Output.card`). docs/cds-hooks.md has the reasons.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from clinical import fitness, units_in_words
from clinical.calculators import REGISTRY, Evaluation, evaluate
from clinical.calculators.evaluate import Result
from clinical.calculators.in_chart import FINDINGS
from clinical.calculators.inputs import label
from clinical.calculators.model import Calculator, CardRule, Output
from clinical.chart import Chart
from clinical.chart.evidence import ChartFinding, Flag, Outcome
from clinical.chart.steadiness import unsteady
from clinical.prefilled import Prefilled, inputs_of

_THERE = frozenset({Outcome.FOUND, Outcome.CALCULATED})
# An input that a formula takes where it is given: a chart without it has nothing to give.
_NOT_THERE = frozenset({Outcome.ABSENT, Outcome.ASKED, Outcome.STALE})
_SAID = {
    Flag.OLD: "old value",
    Flag.PRELIMINARY: "a newer preliminary value is charted",
    Flag.UNDATED: "no date is charted",
    Flag.DECEASED: "the patient has died",
}


@dataclass(frozen=True, slots=True)
class Card:
    """A result worth a card. `used` are the findings it was computed from, `counted_as_no` those
    that are not in the chart, and `cautions` what is to be read with it, the gravest first.
    """

    calculator: Calculator
    result: Result
    used: tuple[ChartFinding, ...]
    counted_as_no: tuple[ChartFinding, ...]
    cautions: tuple[str, ...]

    @property
    def said(self) -> str:
        """The result in words: `eGFR 28 mL/min/1.73 m2`."""
        result = self.result
        unit = units_in_words.unit(result.output.unit)
        words = (result.output.label, result.printed, unit)
        return units_in_words.plain(" ".join(filter(None, words)))

    @property
    def summary(self) -> str:
        """The result and its band in one line."""
        return f"{self.said}: {self.result.band}"


@dataclass(frozen=True, slots=True)
class NoCard:
    """A calculator that gives no card for a chart, and why."""

    calculator: Calculator
    why: str


def of_chart(
    chart: Chart, now: datetime, off: AbstractSet[str] = frozenset()
) -> tuple[Card | NoCard, ...]:
    """What each calculator that can make a card makes of a chart: warnings first, then by place.

    `now` is that of the chart, in its zone; `off` are the calculators that are turned off.
    """
    ranked = sorted(
        (_rank(found, rule), number, found)
        for number, (calculator, output, rule) in enumerate(_with_a_card())
        for found in [_judged(calculator, output, rule, chart, now, off)]
    )
    return tuple(found for _, _, found in ranked)


def _with_a_card() -> Iterator[tuple[Calculator, Output, CardRule]]:
    for calculator in REGISTRY.values():
        for output in calculator.outputs:
            if output.card is not None:
                yield calculator, output, output.card


def _rank(found: Card | NoCard, rule: CardRule) -> tuple[int, int]:
    if isinstance(found, NoCard):
        return 2, rule.place
    return 0 if found.result.urgency == "warning" else 1, rule.place


def _judged(
    calculator: Calculator,
    output: Output,
    rule: CardRule,
    chart: Chart,
    now: datetime,
    off: AbstractSet[str],
) -> Card | NoCard:
    if calculator.name in off:
        return NoCard(calculator, "turned off here")
    if calculator.mark:
        return NoCard(calculator, calculator.mark)
    if unfit := fitness.unfit(calculator, chart):
        return NoCard(calculator, unfit)
    prefilled = inputs_of(calculator, chart, now, off)
    evaluation = evaluate(calculator.name, prefilled.raw)
    result = evaluation.results.get(output.name)
    if result is None:
        return NoCard(calculator, _not_computed(evaluation, output, prefilled))
    if result.urgency is None:
        told = f"{output.label} {result.printed}"
        return NoCard(calculator, f"{told}, {result.band or 'in no band'}: makes no card")
    against = next(_against(calculator, result, rule, prefilled, chart), None)
    if against is not None:
        return NoCard(calculator, against)
    findings = [prefilled.findings[name] for name in output.inputs]
    return Card(
        calculator,
        result,
        used=tuple(one for one in findings if one.outcome in _THERE),
        counted_as_no=tuple(one for one in findings if _is_no(one)),
        cautions=(
            *(text for _, text in fitness.of_the_patient(calculator, chart)),
            *evaluation.notes,
            *calculator.cautions,
        ),
    )


def _not_computed(evaluation: Evaluation, output: Output, prefilled: Prefilled) -> str:
    lacking = [prefilled.findings[name] for name in output.needs if _is_open(prefilled, name)]
    if not lacking:
        return str(evaluation.refusals[output.name])
    return "; ".join(f"{label(one.input)}: {one.outcome.value}" for one in lacking)


def _is_open(prefilled: Prefilled, name: str) -> bool:
    return prefilled.findings[name].value is None


def _is_no(finding: ChartFinding) -> bool:
    """Whether a diagnosis or drug is not found in a chart that was read whole."""
    return finding.outcome is Outcome.ABSENT and finding.value is False


def _against(
    calculator: Calculator, result: Result, rule: CardRule, prefilled: Prefilled, chart: Chart
) -> Iterator[str]:
    """What speaks against a card of a result, the first of which is told."""
    output = result.output
    for name in output.inputs:
        finding = prefilled.findings[name]
        without = name in output.optional and finding.outcome in _NOT_THERE
        if finding.outcome not in _THERE and not without and not _is_no(finding):
            yield f"{label(name)}: {finding.outcome.value}"
        for flag in finding.flags if finding.outcome in _THERE else ():
            yield f"{label(name)}: {_SAID.get(flag, flag.value)}"
    if prefilled.warning:
        yield f"the values were {prefilled.warning}"
    for name in calculator.in_chart.steady:
        if said := unsteady(chart.usable.get(name, ())):
            yield said
    yield from _of_the_rule(result, rule, prefilled, chart)


def _of_the_rule(
    result: Result, rule: CardRule, prefilled: Prefilled, chart: Chart
) -> Iterator[str]:
    given = {name: finding.value for name, finding in prefilled.findings.items()}
    for limit in rule.limits:
        value = given[limit.input]
        if not (isinstance(value, int | float) and limit.admits(value)):
            yield limit.reason
    for name in rule.found:
        if chart.findings[name].value is not True:
            yield f"{_named(name)}: {chart.findings[name].outcome.value}"
    for name in rule.not_found:
        if not _is_no(chart.findings[name]):
            yield f"{_named(name)}: {chart.findings[name].outcome.value}"
    alone = given.get(rule.unlike)
    if isinstance(alone, int | float) and result.output.band(alone, given) == result.band:
        yield f"{label(rule.unlike)} by itself lies in the same band"


def _named(finding: str) -> str:
    return FINDINGS.get(finding) or label(finding)
