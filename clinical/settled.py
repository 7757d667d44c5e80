"""Settles inputs by a calculator's published rule if the chart has no usable value. Pure.

MELD counts every bilirubin below 1.0 mg/dL as 1.0, so "< 0.20" is enough to compute it (OPTN
Policy 9). HAS-BLED counts a labile INR only on a vitamin K antagonist (Pisters 2010).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from clinical.calculators.in_chart import FINDINGS, DrawRule
from clinical.calculators.inputs import INPUTS, to_canonical
from clinical.calculators.limits import at_most
from clinical.calculators.model import Calculator, Refused
from clinical.chart import Chart
from clinical.chart.evidence import ChartFinding, Evidence, Flag, Outcome


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


def _is_at_most(name: str, bound: Evidence, floor: float) -> bool:
    """Return whether a value such as `< 0.20` can't exceed the floor."""
    if not bound.charted.startswith("<"):
        return False
    try:
        return at_most(to_canonical(name, bound.charted_value, bound.charted_unit), floor)
    except Refused:
        return False


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
