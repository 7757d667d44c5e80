"""What a failed search leaves unanswered: an absence in a chart that was not read is no absence."""

from collections.abc import Mapping
from dataclasses import replace

from clinical.chart import Chart
from clinical.chart.codes.observations import ASKED_LOINC
from clinical.chart.evidence import ChartFinding, Outcome

_UNANSWERED = frozenset({Outcome.ABSENT, Outcome.OPEN, Outcome.ASKED, Outcome.STALE})


def with_unread(chart: Chart, reasons: Mapping[str, str]) -> Chart:
    """The chart with every input that a failed search left unanswered marked as not read.

    `reasons` says why, by input. What was found all the same, on an earlier page, stays.
    """
    findings = {
        name: _unread(finding, reasons[name]) if name in reasons else finding
        for name, finding in chart.findings.items()
    }
    return replace(chart, findings=findings)


def without_answers(chart: Chart, reasons: Mapping[str, str]) -> Chart:
    """The chart with every input that a failed search answers marked as not read, found or not: a
    newer value may be among what did not come.
    """
    unread = {
        name: ChartFinding(name, Outcome.UNREAD, why, unit=chart.findings[name].unit)
        for name, why in reasons.items()
        if name in chart.findings
    }
    usable = {name: values for name, values in chart.usable.items() if name not in reasons}
    return replace(chart, findings={**chart.findings, **unread}, usable=usable)


def _unread(finding: ChartFinding, reason: str) -> ChartFinding:
    # What a person answers anyway is asked as before.
    if finding.outcome not in _UNANSWERED or finding.input in ASKED_LOINC:
        return finding
    return replace(finding, outcome=Outcome.UNREAD, why=reason, value=None, could_be=())
