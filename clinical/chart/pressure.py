"""Systolic and diastolic pressure of one measurement (FHIR R4, blood pressure profile).

A measurement is a panel with two components, or two single Observations of the same instant. The
newest systolic value decides, because the calculators need it. The diastolic value is the one from
the same measurement.
"""

from collections.abc import Sequence

from clinical.chart.choice import Question, choose
from clinical.chart.evidence import Candidate, ChartFinding


def pressures(
    systolic: Question,
    diastolic: Question,
    systolics: Sequence[Candidate],
    diastolics: Sequence[Candidate],
) -> tuple[ChartFinding, ChartFinding]:
    """Return both findings; the diastolic one is empty if the systolic's measurement lacks it.

    The candidates come in the order of `in_order`.
    """
    upper = choose(systolic, systolics)
    if upper.chosen is None:
        return upper, choose(diastolic, diastolics)
    latest = max(c.recency for c in systolics if c.evidence == upper.chosen)
    # Check all measurements of that time, so that a conflict between them is found.
    same_time = {c.evidence.measurement for c in systolics if c.recency == latest}
    return upper, choose(diastolic, diastolics, same_time)
