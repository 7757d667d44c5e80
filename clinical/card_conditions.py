"""Finds the reasons in a chart why a computed result makes no card, in words. Pure.

A finding prevents a card whether it's found, suggested or open. Each calculator declares its
conditions (calculators/card_rule.py). docs/cards.md has the reasons.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from clinical import earlier
from clinical.calculators.card_rule import CardRule, Nearby, TimesNormal
from clinical.calculators.evaluate import Result
from clinical.calculators.in_chart import FINDINGS
from clinical.calculators.inputs import FLAGS, INPUTS, label
from clinical.calculators.limits import at_least, at_most, within
from clinical.calculators.model import Calculator
from clinical.chart import Chart
from clinical.chart.diagnoses.kidney_stage import SEVERITY
from clinical.chart.evidence import ChartFinding, Evidence, Flag, Outcome
from clinical.chart.items import SUGGESTS
from clinical.chart.steadiness import unsteady
from clinical.prefilled import Prefilled
from shared.frozen import dataclass

HAS_VALUE = frozenset({Outcome.FOUND, Outcome.CALCULATED})
# Outcomes that mean the chart has no value for an optional input.
_HAS_NO_VALUE = frozenset({Outcome.ABSENT, Outcome.ASKED, Outcome.STALE})
_FLAG_TEXTS = {
    Flag.OLD: "old value",
    Flag.PRELIMINARY: "a newer preliminary value is in the chart",
    Flag.UNDATED: "no date in the chart",
    Flag.DECEASED: "the patient has died",
}
_STATUSES_WITHOUT_VALUE = frozenset({"entered-in-error", "cancelled"})


@dataclass(frozen=True, slots=True)
class Earlier:
    """The earlier result that shows that a band has lasted, and the value behind it.

    `between` counts the usable values since then, all in that band or a worse one.
    """

    result: Result
    evidence: Evidence
    between: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A result that might make a card, with everything needed to decide."""

    calculator: Calculator
    result: Result
    rule: CardRule
    prefilled: Prefilled
    chart: Chart
    now: datetime


def is_no(finding: ChartFinding) -> bool:
    """Return whether a diagnosis or drug isn't in a chart that was read completely."""
    return finding.outcome is Outcome.ABSENT and finding.value is False


def name_of(finding: str) -> str:
    """Return the name of a finding or an input for people."""
    return FINDINGS.get(finding) or FLAGS.get(finding) or label(finding)


def reasons_against(judged: Judged) -> Iterator[str]:
    """Yield every reason against a card, starting with those that apply to all calculators."""
    yield from _of_inputs(judged)
    if judged.prefilled.warning:
        yield f"the values were {judged.prefilled.warning}"
    for name in judged.calculator.in_chart.steady:
        if reason := unsteady(judged.chart.usable.get(name, ())):
            yield reason
    yield from _of_findings(judged.rule, judged.chart)
    yield from _of_the_rule(judged)


def _of_inputs(judged: Judged) -> Iterator[str]:
    output = judged.result.output
    for name in output.inputs:
        finding = judged.prefilled.findings[name]
        without = name in output.optional and finding.outcome in _HAS_NO_VALUE
        if finding.outcome not in HAS_VALUE and not without and not is_no(finding):
            yield f"{label(name)}: {finding.outcome.value}"
        for flag in finding.flags if finding.outcome in HAS_VALUE else ():
            yield f"{label(name)}: {_FLAG_TEXTS.get(flag, flag.value)}"


def _of_findings(rule: CardRule, chart: Chart) -> Iterator[str]:
    """Yield required findings that are missing, and excluded ones that aren't absent."""
    for name in rule.present:
        if chart.findings[name].value is not True:
            yield f"{name_of(name)}: {chart.findings[name].outcome.value}"
    drugs = rule.no_drug.classes if rule.no_drug else ()
    for name in (*rule.not_found, *drugs):
        if not is_no(chart.findings[name]):
            yield f"{name_of(name)}: {chart.findings[name].outcome.value}"
    if rule.no_drug and rule.no_drug.among_some and not chart.drugs.entries:
        yield "the chart has no drug entries, so it cannot rule out a drug"


def _of_the_rule(judged: Judged) -> Iterator[str]:
    rule = judged.rule
    for name, (low, high) in rule.only_within.items():
        value = judged.prefilled.findings[name].value
        if not (isinstance(value, int | float) and within(value, low, high)):
            yield f"{label(name)}: only from {low:g} to {high:g}"
    if rule.nearby and _is_exceeded(rule.nearby, judged):
        limit = f"{rule.nearby.most:g} {INPUTS[rule.nearby.input].unit}"
        near = f"{name_of(rule.nearby.input)} near the {name_of(rule.nearby.of)}"
        yield f"{near}: is or could be above {limit}"
    if rule.times_normal:
        yield from _many_times_normal(rule.times_normal, judged)
    if rule.listed and (stage := _listed(judged)):
        yield f"stage {stage} is already on the problem list"
    if rule.lasting and lasting(judged) is None:
        result = f"{judged.result.output.label} {judged.result.printed}"
        days = rule.lasting.earlier.days
        yield f"{result}: not shown to have lasted {days} days"


def _is_exceeded(near: Nearby, judged: Judged) -> bool:
    """Return whether an entry near the value in use exceeds a limit, or could."""
    used = judged.prefilled.findings[near.of].chosen
    when = used.moment if used else None
    for entry in judged.chart.entries:
        heading = entry.heading
        if heading.status in _STATUSES_WITHOUT_VALUE or not entry.candidates:
            continue
        apart = abs(heading.moment.instant - when.instant) if heading.moment and when else None
        if apart is not None and apart > near.within:
            continue
        for name, candidate in entry.candidates:
            value = candidate.evidence.value
            is_low = isinstance(value, float) and at_most(value, near.most)
            if name == near.input and not is_low:
                return True
    return False


def _many_times_normal(limit: TimesNormal, judged: Judged) -> Iterator[str]:
    """Yield inputs whose used or newest value reaches the multiple of its upper limit of normal."""
    for name in limit.inputs:
        for finding in (judged.prefilled.findings[name], judged.chart.findings[name]):
            entry = finding.chosen
            if entry is None or not isinstance(entry.value, float):
                continue
            high = entry.normal_high or limit.otherwise
            if at_least(entry.value, limit.times * high):
                yield f"{name_of(name)}: {limit.times:g} times the upper limit of normal or more"
                break


def _listed(judged: Judged) -> str:
    """Return a stage on the problem list that's at least as bad as the band, or ""."""
    finding = judged.chart.findings[judged.rule.listed]
    suggested = [one.evidence for one in finding.passed_over if one.flag in SUGGESTS]
    entries = [*filter(None, (finding.chosen,)), *finding.further, *suggested]
    own = judged.result.short.removeprefix("G")
    # A listed stage 3 without a letter covers 3b.
    covered = SEVERITY["3" if own == "3b" else own]
    stages = (one.stage for one in entries if one.stage)
    return next((stage for stage in stages if SEVERITY[stage] >= covered), "")


def lasting(judged: Judged) -> Earlier | None:
    """Return the newest result that's old enough, or None if it or a later one is better."""
    rule = judged.rule.lasting
    used = judged.prefilled.findings[rule.input].chosen if rule else None
    if rule is None or used is None or used.moment is None:
        return None
    output, newest = judged.result.output, used.moment.instant
    order = [band.text for band in output.bands]
    own = order.index(judged.result.band or "")
    before = (
        (entry.moment.instant, entry, result)
        for entry, result in earlier.results(
            judged.calculator, output, rule.input, judged.chart, judged.now.tzinfo
        )
        if entry.moment and entry.moment.instant < newest
    )
    between = 0
    for when, values in groupby(before, lambda one: one[0]):
        of_one_time = [(entry, result) for _, entry, result in values]
        if any(order.index(result.band or "") < own for _, result in of_one_time):
            return None
        if newest - when >= rule.earlier:
            entry, result = of_one_time[0]
            return Earlier(result, entry, between)
        between += len(of_one_time)
    return None
