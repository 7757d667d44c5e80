"""All calculators as a chart fills them: what can be computed first, by what the chart is about."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from clinical import fitness
from clinical.calculators import REGISTRY, Evaluation, evaluate
from clinical.calculators.inputs import INPUTS, label
from clinical.calculators.model import Calculator
from clinical.chart import Chart
from clinical.chart.evidence import ChartFinding, Outcome
from clinical.clock import Clock
from clinical.prefilled import Found, inputs_of

from . import cautions, trends
from . import input_views as inputs
from . import outcome as results
from .note import NoteParts, full, short
from .view_models import CalculatorView, Group

GROUPS: Mapping[Group, str] = {
    "computed": "For this patient",
    "lacking": "One or two values are missing",
    "incomplete": "More values are missing",
    "not_applicable": "Not for this patient",
    "off": "Off unless you ask for it",
    "turned_off": "Turned off here",
}
_FEW = 2

# Findings that make calculators relevant (each declares which), the weightiest first, in a word.
_WEIGHTY: Mapping[str, str] = {
    "atrial_fibrillation": "AF",
    "oral_anticoagulant": "Anticoag.",
    "abnormal_liver_function": "Liver",
    "abnormal_renal_function": "Kidney",
    "diabetes": "Diabetes",
    "hypertension": "BP",
}
# The places of the list: a heading and the tiers of each group, in order.
PLACES: tuple[str, ...] = tuple(
    f"{group}-{place}"
    for group in (*GROUPS, "chart")
    for place in ("title", *range(len(_WEIGHTY) + 1))
)


def views(
    chart: Chart,
    clock: Clock,
    patient: str = "",
    off: AbstractSet[str] = frozenset(),
    names: Iterable[str] = REGISTRY,
) -> Mapping[Group, tuple[CalculatorView, ...]]:
    """The calculators in their groups, the most relevant first; groups without any are left out.

    `patient` names the patient for a note; `off` are the calculators that are turned off here.
    """
    found = [
        _turned_off(REGISTRY[name])
        if name in off
        else _view(REGISTRY[name], chart, clock, patient, off)
        for name in names
    ]
    found.sort(key=lambda view: view.tier)
    grouped = {group: tuple(one for one in found if one.group == group) for group in GROUPS}
    return {group: views for group, views in grouped.items() if views}


def _turned_off(calculator: Calculator) -> CalculatorView:
    reason = "This calculator is turned off here by the configuration of the app"
    return CalculatorView(calculator, "turned_off", (), "", (), reason, (), (), (), (), "", "")


def _view(
    calculator: Calculator, chart: Chart, clock: Clock, patient: str, off: AbstractSet[str]
) -> CalculatorView:
    prefilled = inputs_of(calculator, chart, clock.now, off)
    findings = prefilled.findings
    evaluation = evaluate(calculator.name, prefilled.raw)
    unfit = fitness.unfit(calculator, chart)
    group = _group(calculator, evaluation, unfit)
    tier = _relevance(calculator, chart)
    needed = {name for output in calculator.outputs for name in output.needs}
    shown = tuple(
        replace(
            inputs.view(
                finding,
                clock,
                optional=name not in needed,
                definition=calculator.definitions.get(name, ""),
                points=evaluation.points.get(name),
            ),
            trend=trends.of_input(finding, chart, clock),
        )
        for name, finding in findings.items()
    )
    made = results.views(evaluation, _unused(findings))
    view = CalculatorView(
        calculator=calculator,
        group=group,
        results=() if group == "off" else made,
        provenance=_provenance(findings, clock) if group == "computed" else "",
        lacking=tuple(_lack(findings[name]) for name in results.lacking(evaluation)),
        reason=(unfit or evaluation.refused or "") if group == "not_applicable" else "",
        warnings=tuple(cautions.warnings(evaluation, prefilled, chart)),
        notes=evaluation.notes,
        inputs=shown,
        beside=tuple(cautions.beside(evaluation, chart, clock)),
        note="",
        brief="",
        trend=trends.of_output(calculator, chart, clock),
        tier=tier,
        because=[*_WEIGHTY.values(), ""][tier],
    )
    if group == "off":
        return view
    parts = NoteParts(
        day=clock.today,
        patient=patient,
        values=tuple(one.note for one in shown),
        brief_values=tuple(one.brief for one in shown),
        cautions=view.cautions,
    )
    return replace(view, note=full(calculator.title, made, parts), brief=short(made, parts))


def _group(calculator: Calculator, evaluation: Evaluation, unfit: str) -> Group:
    if calculator.mark:
        return "off"
    if unfit:
        return "not_applicable"
    if evaluation.results:
        return "computed"
    missing = results.lacking(evaluation)
    if not missing:
        return "not_applicable"
    return "lacking" if len(missing) <= _FEW else "incomplete"


def _relevance(calculator: Calculator, chart: Chart) -> int:
    """The place in the order; what the registry lists first stays first among equals."""
    declared = calculator.in_chart.relevant_with
    for place, finding in enumerate(_WEIGHTY):
        if finding in declared and chart.findings[finding].value is True:
            return place
    return len(_WEIGHTY)


def _provenance(findings: Found, clock: Clock) -> str:
    """`Computed from 5 chart values, measured 3 Mar 2026 to 20 Nov 2026`."""
    used = [
        finding
        for finding in findings.values()
        if finding.value is not None and finding.outcome is not Outcome.ABSENT
    ]
    dated = sorted(
        (
            finding.chosen.moment
            for finding in used
            if _is_dated(finding) and finding.chosen and finding.chosen.moment
        ),
        key=lambda moment: moment.instant,
    )
    parts = [f"Computed from {len(used)} chart value{'s' if len(used) != 1 else ''}"]
    if dated:
        newest, oldest = clock.day(dated[-1]), clock.day(dated[0])
        days = newest if newest == oldest else f"{oldest} to {newest}"
        parts.append(f"measured {days}")
    absent = [
        one for one in findings.values() if one.outcome is Outcome.ABSENT and one.value is False
    ]
    if absent:
        parts.append(f"{len(absent)} not found in chart, counted as no")
    return ", ".join(parts)


def _is_dated(finding: ChartFinding) -> bool:
    """Whether the date of the value matters: that of a diagnosis or of a drug does not."""
    calculated = finding.outcome is Outcome.CALCULATED
    return finding.input in INPUTS or finding.input == "current_smoker" or calculated


def _unused(findings: Found) -> Mapping[str, str]:
    """Why a value that the chart has is not used, by input."""
    plain = (Outcome.ABSENT, Outcome.ASKED)
    return {
        name: finding.outcome.value
        for name, finding in findings.items()
        if finding.value is None and finding.outcome not in plain and finding.chosen
    }


def _lack(finding: ChartFinding) -> str:
    return f"{label(finding.input)} ({finding.outcome.value})"
