"""Systolic and diastolic pressure from one reading (FHIR R4 vital signs, blood pressure profile).

A reading is a panel with two components, or two single Observations of one instant. The newest
complete reading inside the look-back is taken; only where there is none, the newest half of one.
"""

from collections.abc import Sequence

from .choice import Question, choose, recency, set_aside
from .evidence import Candidate, Finding


def pressures(
    systolic: Question,
    diastolic: Question,
    systolics: Sequence[Candidate],
    diastolics: Sequence[Candidate],
) -> tuple[Finding, Finding]:
    """The two findings; the second is empty where the chosen reading has no such value."""
    complete = _readings(systolic, systolics) & _readings(diastolic, diastolics)
    upper = choose(systolic, systolics, complete or None)
    if upper.chosen is None:
        return upper, choose(diastolic, diastolics)
    latest = max(recency(c) for c in systolics if c.evidence == upper.chosen)
    # Two readings of one time are both looked at, so that a conflict between them is seen.
    same_time = {c.evidence.reading for c in systolics if recency(c) == latest}
    return upper, choose(diastolic, diastolics, same_time & complete or same_time)


def _readings(question: Question, candidates: Sequence[Candidate]) -> set[str]:
    """The readings inside the look-back that hold a value of this kind, usable or not."""
    return {
        candidate.evidence.reading
        for candidate in candidates
        if set_aside(candidate, question.now) is None
        and question.in_time(candidate.evidence.moment)
    }
