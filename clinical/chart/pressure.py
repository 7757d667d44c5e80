"""Systolic and diastolic pressure of one measurement (FHIR R4, blood pressure profile).

A measurement is a panel with two components, or two single Observations of one instant. The
newest systolic value leads, since the calculators need it; the diastolic value belongs to it.
"""

from collections.abc import Sequence

from clinical.chart.choice import Question, choose, recency
from clinical.chart.evidence import Candidate, ChartFinding


def pressures(
    systolic: Question,
    diastolic: Question,
    systolics: Sequence[Candidate],
    diastolics: Sequence[Candidate],
) -> tuple[ChartFinding, ChartFinding]:
    """The two findings; the second is empty if the measurement of the first has no such value."""
    upper = choose(systolic, systolics)
    if upper.chosen is None:
        return upper, choose(diastolic, diastolics)
    latest = max(recency(c) for c in systolics if c.evidence == upper.chosen)
    # Two measurements of one time are both looked at, so that a conflict between them is seen.
    same_time = {c.evidence.measurement for c in systolics if recency(c) == latest}
    return upper, choose(diastolic, diastolics, same_time)
