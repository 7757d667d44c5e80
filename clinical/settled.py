"""Settles inputs by a calculator's published rule if the chart has no usable value. Pure.

MELD counts every bilirubin below 1.0 mg/dL as 1.0, so "< 0.20" is enough to compute it (OPTN
Policy 9). HAS-BLED counts a labile INR only on a vitamin K antagonist (Pisters 2010).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from clinical.calculators.in_chart import FINDINGS, DrawRule, LaboratoryRange
from clinical.calculators.inputs import INPUTS, to_canonical
from clinical.calculators.limits import above, at_most, below, within
from clinical.calculators.model import Calculator, Refused
from clinical.chart import Chart
from clinical.chart.evidence import NOT_IN_CHART, ChartFinding, Evidence, Flag, Outcome


def settled(
    calculator: Calculator, findings: Mapping[str, ChartFinding], chart: Chart, now: datetime
) -> Iterator[ChartFinding]:
    """Yield the findings that the calculator's rules replace."""
    declared = calculator.in_chart
    for name, floor in declared.floors.items():
        bound = findings[name].chosen
        if (
            findings[name].outcome is Outcome.BOUND
            and bound is not None
            and _is_at_most(name, bound, floor)
            and _belongs(bound, declared.draw, findings)
        ):
            yield _at_floor(findings[name], bound, floor, now)
    for name, needed in declared.applies_with.items():
        if findings[name].outcome is Outcome.ASKED and chart.findings[needed].value is False:
            kind = FINDINGS[needed]
            why = f"no {kind[:1].lower()}{kind[1:]} was found in the chart"
            yield ChartFinding(name, Outcome.ABSENT, why, value=False)


def by_range(
    calculator: Calculator, findings: Mapping[str, ChartFinding]
) -> Iterator[ChartFinding]:
    """Yield the findings that the laboratory's ranges of the values in use answer."""
    for one in calculator.in_chart.laboratory_ranges:
        of = findings[one.of]
        chosen = of.chosen if of.value is not None else None
        low, high = (chosen.normal_low, chosen.normal_high) if chosen else (None, None)
        if low is not None and high is not None and low >= high:
            low = high = None
        for name, end in ((one.low, low), (one.high, high)):
            if name:
                yield _limit(name, end, of)
        if one.is_outside:
            yield _outside(one, of, low, high)


def _limit(name: str, end: float | None, of: ChartFinding) -> ChartFinding:
    if end is None or of.chosen is None:
        return ChartFinding(name, Outcome.ABSENT, NOT_IN_CHART)
    # The limit itself, so that no reader takes the value that it's for as the limit.
    charted = f"{round(end, 2):g} {of.unit}"
    own = of.chosen._replace(charted=charted, value=end, charted_value=end, charted_unit="")
    return ChartFinding(name, Outcome.FOUND, "range of the laboratory", end, of.unit, own)


def _outside(
    one: LaboratoryRange, of: ChartFinding, low: float | None, high: float | None
) -> ChartFinding:
    """Return whether the value is outside; a value without a range is left to a person."""
    name = one.is_outside
    if of.outcome in (Outcome.ABSENT, Outcome.APART, Outcome.STALE):
        return ChartFinding(name, Outcome.ABSENT, NOT_IN_CHART, value=False)
    if of.outcome is Outcome.BOUND and of.chosen and _is_beyond(one.of, of.chosen):
        return ChartFinding(name, Outcome.FOUND, of.why, value=True, chosen=of.chosen)
    if not isinstance(of.value, float):
        return ChartFinding(name, Outcome.ASKED, of.why, chosen=of.chosen)
    if within(of.value, low, high) and (low is None or high is None):
        if of.chosen and of.chosen.is_flagged is not None:
            why = "flag of the laboratory"
            return ChartFinding(name, Outcome.FOUND, why, of.chosen.is_flagged, chosen=of.chosen)
        return ChartFinding(name, Outcome.ASKED, "no range in the chart", chosen=of.chosen)
    outside = not within(of.value, low, high)
    return ChartFinding(name, Outcome.FOUND, "range of the laboratory", outside, chosen=of.chosen)


def _is_at_most(name: str, bound: Evidence, floor: float) -> bool:
    """Return whether a value such as `< 0.20` can't exceed the floor."""
    if not bound.charted.startswith("<"):
        return False
    try:
        return at_most(to_canonical(name, bound.charted_value, bound.charted_unit), floor)
    except Refused:
        return False


def _is_beyond(name: str, bound: Evidence) -> bool:
    """Return whether a value such as `< 0.5` can't be within its range, or is flagged."""
    if bound.is_flagged:
        return True
    low, high = bound.normal_low, bound.normal_high
    try:
        limit = to_canonical(name, bound.charted_value, bound.charted_unit)
    except Refused:
        return False
    if bound.charted.startswith("<"):
        return low is not None and below(limit, low)
    return high is not None and above(limit, high)


def _belongs(bound: Evidence, rule: DrawRule | None, findings: Mapping[str, ChartFinding]) -> bool:
    """Return whether the bound was collected together with the values in use."""
    if bound.moment is None:
        return False
    when = bound.moment.instant
    others = (findings[name] for name in rule.inputs if name in findings) if rule else ()
    return all(
        rule is None or abs(other.chosen.moment.instant - when) <= rule.within
        for other in others
        if other.outcome is Outcome.FOUND and other.chosen and other.chosen.moment
    )


def _at_floor(finding: ChartFinding, bound: Evidence, floor: float, now: datetime) -> ChartFinding:
    old = bound.moment is not None and (
        bound.moment.days_before(now) > INPUTS[finding.input].fresh_days
    )
    return replace(
        finding,
        outcome=Outcome.FOUND,
        why=f"charted as {bound.charted} (everything below {floor:g} counts as {floor:g})",
        value=floor,
        flags=(Flag.OLD,) if old else (),
    )
