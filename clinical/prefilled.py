"""Fills in the inputs of each calculator from a chart: findings, values of one draw, eGFR, BMI.
Pure.

Values that a formula combines come from the same draw (chart/draws.py). An entry that can't be used
(a bound, a conflict, an implausible number) isn't replaced with an older one. For a calculator's
rules about bounds, see settled.py.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta

from clinical.calculators import evaluate
from clinical.calculators.in_chart import DrawRule
from clinical.calculators.inputs import INPUTS, label
from clinical.calculators.model import Calculator, Raw
from clinical.calculators.registry import DERIVED, Source
from clinical.chart import Chart
from clinical.chart.draws import Draw, drawn_together
from clinical.chart.evidence import NOT_IN_CHART, ChartFinding, Evidence, Flag, Outcome
from clinical.settled import by_range, settled
from shared.frozen import dataclass

Findings = Mapping[str, ChartFinding]

_BY_HAND = "always entered by hand"


@dataclass(frozen=True, slots=True)
class Prefilled:
    """The chart's finding for every input of a calculator, in the calculator's order.

    `warning` is about the time between values of one draw, and may be empty.
    """

    findings: Findings
    warning: str = ""

    @property
    def raw(self) -> Raw:
        """The inputs in the form that `evaluate` expects."""
        return _raw(self.findings)


def inputs_of(
    calculator: Calculator, chart: Chart, now: datetime, off: AbstractSet[str] = frozenset()
) -> Prefilled:
    """Return a calculator's inputs from a chart; `now` is the time of reading.

    Calculators in `off` are turned off, so their outputs aren't used as inputs either.
    """
    findings = {
        name: chart.findings.get(name, ChartFinding(name, Outcome.ASKED, _BY_HAND))
        for name in calculator.inputs
    }
    limits = calculator.in_chart.max_age
    for name, source in DERIVED.items():
        if name in findings and _is_usable(findings[name], limits.get(name), now):
            # A measured value comes before one that's calculated.
            continue
        if name in findings and source.calculator.name in off:
            why = f"{source.calculator.title} is turned off by your organization"
            findings[name] = ChartFinding(name, Outcome.ASKED, why)
        elif name in findings:
            made = _calculated(name, source, chart)
            if made.value is not None or findings[name].outcome in (Outcome.ABSENT, Outcome.ASKED):
                findings[name] = made
    findings |= {
        name: _too_old(findings[name])
        for name, limit in limits.items()
        if findings[name].value is not None and not _is_usable(findings[name], limit, now)
    }
    rule = calculator.in_chart.draw
    draw = _draw(rule, chart, now) if rule else None
    if rule is not None:
        findings |= _together(rule, draw, findings, chart, now)
    findings |= {one.input: one for one in settled(calculator, findings, chart, now)}
    findings |= {one.input: one for one in by_range(calculator, findings)}
    return Prefilled(findings, draw.warning if draw else "")


def _is_usable(finding: ChartFinding, limit: timedelta | None, now: datetime) -> bool:
    """Return whether a finding has a value that isn't older than its calculator's limit."""
    moment = finding.chosen.moment if finding.chosen else None
    is_old = limit is not None and (moment is None or now - moment.instant > limit)
    return finding.value is not None and not is_old


def _too_old(finding: ChartFinding) -> ChartFinding:
    why = "the last known value is too old for this calculator"
    return replace(finding, outcome=Outcome.STALE, why=why, value=None, flags=(Flag.STALE,))


def _raw(findings: Findings) -> Raw:
    return {name: (finding.value, finding.unit or None) for name, finding in findings.items()}


def _draw(rule: DrawRule, chart: Chart, now: datetime) -> Draw | None:
    """Return the newest set of the available values; a missing value doesn't exclude the others."""
    usable = {
        name: chart.usable[name]
        for name in rule.names
        if chart.findings[name].outcome is Outcome.FOUND and chart.usable.get(name)
    }
    present = tuple(name for name in rule.inputs if name in usable)
    return drawn_together(replace(rule, inputs=present), usable, now) if present else None


def _together(
    rule: DrawRule, draw: Draw | None, findings: Findings, chart: Chart, now: datetime
) -> dict[str, ChartFinding]:
    """Return the findings that the draw changes."""
    values = draw.values if draw else {}
    changed: dict[str, ChartFinding] = {}
    for name in rule.names:
        if name in findings and findings[name].outcome is Outcome.FOUND:
            evidence = values.get(name)
            if evidence is None and draw is None and name in rule.near:
                # The other values are typed, so they're of now.
                if not _is_usable(findings[name], rule.near[name], now):
                    changed[name] = _too_old(findings[name])
            elif evidence is None:
                changed[name] = _apart(findings[name], rule, draw, chart)
            elif evidence != findings[name].chosen:
                changed[name] = _of_the_draw(findings[name], evidence, chart, now)
    oxygen = findings.get("supplemental_oxygen")
    if oxygen and oxygen.outcome is Outcome.FOUND and oxygen.chosen not in values.values():
        why = f"no oxygen entry in the chart within {_span(rule.within)} of the other values"
        changed[oxygen.input] = ChartFinding(oxygen.input, Outcome.ASKED, why, chosen=oxygen.chosen)
    return changed


def _apart(finding: ChartFinding, rule: DrawRule, draw: Draw | None, chart: Chart) -> ChartFinding:
    """Return the finding for a value that isn't in the set, or for any value if there's no set."""
    if finding.chosen and finding.chosen.moment is None:
        why = "this value has no date, so it might be from another collection"
    elif draw and finding.input in rule.near:
        why = f"not collected within {_span(rule.near[finding.input])} of the other values"
    elif draw:
        # If a tight set was preferred to a wider one, state the tight span.
        span = _span(rule.warn_beyond if draw.spread <= rule.warn_beyond else rule.within)
        why = f"the other values were collected within {span} of each other, but this one was not"
    else:
        why = f"the chart has no set of values within {_span(rule.within)} of each other"
        why += f" in the last {_span(rule.max_age)}" if rule.max_age else ""
    return replace(
        finding,
        outcome=Outcome.APART,
        why=why,
        value=None,
        further=tuple(chart.usable.get(finding.input, ()))[:3],
    )


def _of_the_draw(
    finding: ChartFinding, evidence: Evidence, chart: Chart, now: datetime
) -> ChartFinding:
    """Return the finding with the value from the same draw; a newer value exists."""
    declared = INPUTS[finding.input]
    old = evidence.moment is not None and evidence.moment.days_before(now) > declared.fresh_days
    others = [entry for entry in chart.usable[finding.input] if entry != evidence]
    return replace(
        finding,
        why="collected with the other values (a newer value is available)",
        value=evidence.value,
        chosen=evidence,
        flags=(Flag.OLD,) if old else (),
        further=tuple(others[:3]),
    )


def _span(time: timedelta) -> str:
    if time >= timedelta(days=2):
        return f"{time.days} days"
    hours = round(time / timedelta(hours=1))
    return "an hour" if hours == 1 else f"{hours} hours"


def _calculated(name: str, source: Source, chart: Chart) -> ChartFinding:
    """Return an input calculated from others, or the reason why the first one is missing."""
    sources = {one: chart.findings[one] for one in source.output.needs}
    evaluation = evaluate(source.calculator.name, _raw(sources))
    result = evaluation.results.get(source.output.name)
    if result is None:
        missing = [sources[one] for one in evaluation.missing]
        first = missing[0] if missing else None
        why = evaluation.refused or ""
        if first is not None:
            # The outcome of an absent value already states that it isn't in the chart.
            reasons = (first.outcome.value, "" if first.why == NOT_IN_CHART else first.why)
            why = f"{label(first.input)}: {', '.join(filter(None, reasons))}"
        return ChartFinding(name, first.outcome if first else Outcome.ABSENT, why)
    measured = [one for name, one in sources.items() if name in INPUTS and one.chosen]
    oldest = min(measured, key=_age_key, default=None)
    flags = tuple(dict.fromkeys(flag for one in measured for flag in one.flags))
    return ChartFinding(
        name,
        Outcome.CALCULATED,
        f"calculated: {source.calculator.title}",
        result.value,
        result.output.unit,
        chosen=oldest.chosen if oldest else None,
        flags=flags,
        behind=tuple(measured),
    )


def _age_key(finding: ChartFinding) -> float:
    moment = finding.chosen.moment if finding.chosen else None
    return moment.instant.timestamp() if moment else float("-inf")
