"""What is to be read before a result is used, and charted values of the same kind beside it.

Every sentence follows from what the calculator declares (calculators/in_chart.py).
"""

from collections.abc import Iterator, Mapping

from clinical.calculators import Evaluation
from clinical.calculators.inputs import label
from clinical.calculators.model import Calculator
from clinical.calculators.registry import DERIVED
from clinical.chart import Chart
from clinical.chart.evidence import Finding, Flag, Outcome
from clinical.chart.steadiness import unsteady
from clinical.prefilled import Prefilled

from . import entries
from .clock import Clock
from .view_models import EntryView


def warnings(evaluation: Evaluation, prefilled: Prefilled, chart: Chart) -> Iterator[str]:
    """The warnings on a result of these inputs, as sentences."""
    calculator = evaluation.calculator
    if calculator.why_marked:
        yield calculator.why_marked
    yield from _of_the_patient(calculator, chart)
    if prefilled.warning:
        yield f"The values were {prefilled.warning}."
    valued = _valued(prefilled, chart)
    if old := [label(name) for name, one in valued.items() if Flag.OLD in one.flags]:
        yield f"Old values: {'; '.join(old)}."
    if newer := [label(name) for name, one in valued.items() if Flag.PRELIMINARY in one.flags]:
        yield f"A newer preliminary value is charted and not used: {'; '.join(newer)}."
    for name in calculator.in_chart.steady:
        if said := unsteady(chart.usable.get(name, ())):
            yield f"{said}."


def _of_the_patient(calculator: Calculator, chart: Chart) -> Iterator[str]:
    """What diagnoses and drugs say against it."""
    only = calculator.in_chart.only_with
    if only and chart.findings[only.findings[0]].value is None:
        yield only.untold
    if said := unfit(calculator, chart):
        yield f"{said}."
    for caution in calculator.in_chart.cautions:
        finding = chart.findings[caution.finding]
        if finding.value is True:
            yield caution.text
        elif finding.outcome is Outcome.OFFERED and caution.suggested:
            yield caution.suggested


def _valued(prefilled: Prefilled, chart: Chart) -> Mapping[str, Finding]:
    """The findings with a value; in place of a calculated one those it was calculated from."""
    found: dict[str, Finding] = {}
    for name, finding in prefilled.findings.items():
        if finding.outcome is Outcome.CALCULATED:
            needs = DERIVED[name].output.needs
            found |= {source: chart.findings[source] for source in needs}
        elif finding.value is not None:
            found[name] = finding
    return found


def unfit(calculator: Calculator, chart: Chart) -> str:
    """Why a calculator is not for this patient, as far as the chart tells; empty where it is.

    A person may know better: it stays open to use.
    """
    only = calculator.in_chart.only_with
    if only is None or any(chart.findings[name].value is not False for name in only.findings):
        return ""
    return only.without


def beside(evaluation: Evaluation, chart: Chart, clock: Clock) -> Iterator[EntryView]:
    """The charted value of the same kind, where it does not agree with the result."""
    declared = evaluation.calculator.in_chart.beside
    entry = entries.charted(chart.findings[declared.input], clock) if declared else None
    if declared is None or entry is None:
        return
    own, reported = evaluation.outputs.get(declared.output), chart.findings[declared.input].value
    within = declared.agrees_within
    if within is not None and own is not None and isinstance(reported, float):
        agrees = abs(own - reported) <= within
        yield from () if agrees else (entry,)
    else:
        yield entry
