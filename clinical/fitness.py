"""Whether a calculator is meant for a patient, as far as the chart tells. Pure.

A person may know better: on the page it stays open to use.
"""

from collections.abc import Iterator

from clinical.calculators.model import Calculator
from clinical.chart import Chart
from clinical.chart.evidence import ChartFinding, Outcome

# Clinical statuses of FHIR R4 Condition.
_PAST = ("inactive", "remission", "resolved")


def unfit(calculator: Calculator, chart: Chart) -> str:
    """Why a calculator is not for this patient, as far as the chart tells; empty where it is.

    A person may know better: it stays open to use.
    """
    only = calculator.in_chart.only_with
    if only is None or any(chart.findings[name].value is not False for name in only.findings):
        return ""
    return only.without


def of_the_patient(calculator: Calculator, chart: Chart) -> Iterator[tuple[str, str]]:
    """What diagnoses and drugs say against it: each time a finding of the chart, empty where one is
    not there, and the sentence to read before a result.

    Where the calculator asks for the finding itself, its own notes tell that it is not there.
    """
    only = calculator.in_chart.only_with
    if only and chart.findings[only.findings[0]].value is None:
        yield only.findings[0], only.untold
    elif only and only.findings[0] not in calculator.inputs and unfit(calculator, chart):
        yield "", f"{only.without}."
    for caution in calculator.in_chart.cautions:
        finding = chart.findings[caution.finding]
        if finding.value is True and (not caution.if_past or _has_ended(finding)):
            yield caution.finding, caution.text
        elif finding.outcome is Outcome.OFFERED and caution.suggested:
            yield caution.finding, caution.suggested


def _has_ended(finding: ChartFinding) -> bool:
    """Return whether every entry that answers a diagnosis is charted as over."""
    entries = (finding.chosen, *finding.further)
    return all(one is not None and one.status.startswith(_PAST) for one in entries)
