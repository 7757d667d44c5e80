"""Checks whether a calculator applies to a patient, according to the chart. Pure.

The clinician might know better, so the page still lets them use it.
"""

from collections.abc import Iterator

from clinical.calculators.model import Calculator
from clinical.chart import Chart
from clinical.chart.evidence import ChartFinding, Outcome

# Clinical statuses of FHIR R4 Condition.
_PAST = ("inactive", "remission", "resolved")


def unfit(calculator: Calculator, chart: Chart) -> str:
    """Return the reason why a calculator doesn't apply according to the chart, or "" if it does."""
    only = calculator.in_chart.only_with
    if only is None or any(chart.findings[name].value is not False for name in only.findings):
        return ""
    return only.without


def of_the_patient(calculator: Calculator, chart: Chart) -> Iterator[tuple[str, str]]:
    """Yield the cautions from diagnoses and drugs: each finding and its sentence.

    The finding is "" if the caution is about its absence. If the finding is an input of the
    calculator, the calculator's own notes report its absence.
    """
    only = calculator.in_chart.only_with
    if only and chart.findings[only.findings[0]].value is None:
        yield only.findings[0], only.if_open
    elif only and only.findings[0] not in calculator.inputs and unfit(calculator, chart):
        yield "", f"{only.without}."
    for caution in calculator.in_chart.cautions:
        finding = chart.findings[caution.finding]
        if finding.value is True and (not caution.if_past or _has_ended(finding)):
            yield caution.finding, caution.text
        elif finding.outcome is Outcome.OFFERED and caution.suggested:
            yield caution.finding, caution.suggested


def _has_ended(finding: ChartFinding) -> bool:
    """Return whether the chart marks every entry for a diagnosis as ended."""
    entries = (finding.chosen, *finding.further)
    return all(one is not None and one.status.startswith(_PAST) for one in entries)
