"""Cautions to read before using a result, and charted results to compare it with.

Every sentence comes from what the calculator declares (calculators/in_chart.py).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from clinical import fitness
from clinical.calculators import REGISTRY, Evaluation
from clinical.calculators.inputs import label
from clinical.calculators.limits import at_most
from clinical.calculators.registry import DERIVED
from clinical.chart import Chart
from clinical.chart.evidence import ChartFinding, Flag, Outcome
from clinical.chart.steadiness import single_value, unsteady
from clinical.clock import Clock
from clinical.prefilled import Findings, Prefilled

from . import entries
from .view_models import Caution, EntryView

OLD = "Old value: "
_OF_A_VALUE = {
    Flag.OLD: OLD,
    Flag.UNDATED: "No date: ",
    Flag.PRELIMINARY: "Newer preliminary value in the chart, not used: ",
}


def warnings(
    evaluation: Evaluation, prefilled: Prefilled, chart: Chart, clock: Clock
) -> Iterator[Caution]:
    """Yield the warnings on a result of these inputs, as sentences, the serious ones first."""
    calculator = evaluation.calculator
    for name in calculator.in_chart.steady:
        if text := unsteady(chart.usable.get(name, ())):
            yield Caution(f"{text}.", grave=True, marks=_first_with(name) == calculator.name)
    if calculator.why_marked:
        yield Caution(calculator.why_marked, grave=True)
    actions = [one.action for one in evaluation.results.values() if one.action]
    taken = {name for action in actions for name in action.unless}
    for about, text in fitness.of_the_patient(calculator, chart):
        # That an action was taken doesn't make the result that asks for it doubtful. What the chart
        # leaves open, the page tells once, with the entries.
        is_open = about != "" and chart.findings[about].outcome is Outcome.OPEN
        marks = about not in taken and not is_open and _first_with(text) == calculator.name
        yield Caution(text, about, grave=True, entry=_entry(chart, about, clock), marks=marks)
    if prefilled.warning:
        yield Caution(f"The values were {prefilled.warning}.", marks=True)


def _first_with(cause: str) -> str:
    """Return the first calculator that declares a steady input or a caution with this text.

    Several calculators can have the same caution, and a list marks only one of them.
    """
    for name, calculator in REGISTRY.items():
        declared = calculator.in_chart
        texts = (text for one in declared.cautions for text in (one.text, one.suggested))
        only = declared.only_with
        if cause in (*declared.steady, *texts) or (
            only and cause in (only.if_open, f"{only.without}.")
        ):
            return name
    return ""


def quality(prefilled: Prefilled, chart: Chart, steady: Sequence[str]) -> Iterator[Caution]:
    """Yield what there is to know about the charted values behind a result.

    These are facts about the chart, so a page shows each of them once, not for every result.
    """
    yield from _of_one_value(prefilled, chart, steady)
    for name, finding in prefilled.findings.items():
        for source, one in _behind(name, finding, chart).items():
            for flag, text in _OF_A_VALUE.items():
                if flag in one.flags:
                    yield Caution(f"{text}{label(source)}.", name)


def _of_one_value(prefilled: Prefilled, chart: Chart, steady: Sequence[str]) -> Iterator[Caution]:
    for name in steady:
        if chart.findings[name].value is not None and (
            text := single_value(chart.usable.get(name, ()))
        ):
            yield Caution(f"{text}.", name if name in prefilled.findings else "")


def without_own_choice(findings: Findings, chart: Chart) -> Findings:
    """Return the findings, none flagged as old because of a choice that the app made itself.

    Values of one draw can be older than the newest ones (clinical/prefilled.py).
    """
    return {
        name: replace(one, flags=tuple(flag for flag in one.flags if flag is not Flag.OLD))
        if Flag.OLD in one.flags
        and one.outcome is Outcome.FOUND
        and name in chart.findings
        and Flag.OLD not in chart.findings[name].flags
        else one
        for name, one in findings.items()
    }


def of_the_page(causes: Iterable[Caution]) -> str:
    """Return the quality of a page's values, each cause once, and all old values in a sentence."""
    texts = list(dict.fromkeys(one.text for one in causes))
    old = [text.removeprefix(OLD).rstrip(".") for text in texts if text.startswith(OLD)]
    rest = [text for text in texts if not text.startswith(OLD)]
    return " ".join([*rest, *([f"Old values: {'; '.join(old)}."] if len(old) > 1 else [])]) or (
        f"{OLD}{old[0]}." if old else ""
    )


def _entry(chart: Chart, finding: str, clock: Clock) -> str:
    """Return the charted entry behind a caution, or "" if there's no single one."""
    answering = entries.answering(chart.findings[finding], clock) if finding else ()
    return f"{answering[0].text}, {answering[0].when}" if answering else ""


def _behind(name: str, finding: ChartFinding, chart: Chart) -> Mapping[str, ChartFinding]:
    """Return the finding if it has a value, or the findings that it was calculated from."""
    if finding.outcome is Outcome.CALCULATED:
        return {source: chart.findings[source] for source in DERIVED[name].output.needs}
    return {name: finding} if finding.value is not None else {}


def reported(evaluation: Evaluation, chart: Chart, clock: Clock) -> Iterator[EntryView]:
    """Yield the charted value of the same kind, unless it agrees with the result."""
    declared = evaluation.calculator.in_chart.reported
    entry = entries.chosen(chart.findings[declared.input], clock) if declared else None
    if declared is None or entry is None:
        return
    own, charted = evaluation.outputs.get(declared.output), chart.findings[declared.input].value
    within = declared.agrees_within
    if within is not None and own is not None and isinstance(charted, float):
        agrees = at_most(abs(own - charted), within)
        yield from () if agrees else (entry,)
    else:
        yield entry
