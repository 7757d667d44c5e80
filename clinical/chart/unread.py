"""Inputs that a failed search leaves unanswered: without the search, "not found" proves nothing."""

from collections.abc import Mapping
from dataclasses import replace

from clinical.chart import Chart
from clinical.chart.codes.observations import ASKED_LOINC
from clinical.chart.evidence import ChartFinding, Outcome

_UNANSWERED = frozenset({Outcome.ABSENT, Outcome.OPEN, Outcome.ASKED, Outcome.STALE})


def with_unread(chart: Chart, reasons: Mapping[str, str]) -> Chart:
    """Return the chart with every input that a failed search left unanswered marked as unread.

    `reasons` tells why, by input. Values found anyway, on an earlier page, stay.
    """
    findings = {
        name: _unread(finding, reasons[name]) if name in reasons else finding
        for name, finding in chart.findings.items()
    }
    return replace(chart, findings=findings)


def without_answers(chart: Chart, reasons: Mapping[str, str]) -> Chart:
    """Return the chart with every input of a failed search marked as unread, even if found.

    The part that's missing may have a newer value.
    """
    unread = {
        name: ChartFinding(name, Outcome.UNREAD, why, unit=chart.findings[name].unit)
        for name, why in reasons.items()
        if name in chart.findings
    }
    usable = {name: values for name, values in chart.usable.items() if name not in reasons}
    return replace(chart, findings={**chart.findings, **unread}, usable=usable)


def _unread(finding: ChartFinding, reason: str) -> ChartFinding:
    # Inputs that a person always answers are still asked.
    if finding.outcome not in _UNANSWERED or finding.input in ASKED_LOINC:
        return finding
    return replace(finding, outcome=Outcome.UNREAD, why=reason, value=None, could_be=())
