"""All calculators as a chart fills them: what can be computed first, by what the chart is about."""

from collections.abc import Mapping
from datetime import datetime

from clinical.calculators import REGISTRY, Evaluation, evaluate
from clinical.calculators.inputs import INPUTS, label
from clinical.calculators.model import Calculator
from clinical.chart import Chart
from clinical.chart.evidence import Finding, Outcome
from clinical.prefilled import Found, inputs_of

from . import cautions, wording
from . import input_views as inputs
from . import outcome as results
from .view_models import CalculatorView, Group, InputView, ResultView

GROUPS: Mapping[Group, str] = {
    "computed": "Computed from the chart",
    "lacking": "One or two values are missing",
    "incomplete": "More values are missing",
    "not_applicable": "Not applicable",
    "off": "Off unless you ask for it",
}
_FEW = 2

# Diagnoses and drugs of the chart, and the calculators that they make relevant.
_RELEVANT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("atrial_fibrillation", ("cha2ds2_vasc", "has_bled")),
    ("oral_anticoagulant", ("has_bled", "creatinine_clearance_cg")),
    ("abnormal_liver_function", ("meld", "fib4")),
    ("abnormal_renal_function", ("egfr_ckd_epi_2021",)),
    ("diabetes", ("egfr_ckd_epi_2021", "prevent_2023_base")),
    ("hypertension", ("egfr_ckd_epi_2021", "prevent_2023_base")),
)


def views(chart: Chart, now: datetime) -> Mapping[Group, tuple[CalculatorView, ...]]:
    """Every calculator in its group, the most relevant first; groups without any are left out."""
    found = [_view(calculator, chart, now) for calculator in REGISTRY.values()]
    found.sort(key=lambda view: _relevance(view.name, chart))
    grouped = {group: tuple(one for one in found if one.group == group) for group in GROUPS}
    return {group: views for group, views in grouped.items() if views}


def _view(calculator: Calculator, chart: Chart, now: datetime) -> CalculatorView:
    prefilled = inputs_of(calculator, chart, now)
    findings = prefilled.findings
    evaluation = evaluate(calculator.name, prefilled.raw)
    unfit = cautions.unfit(calculator.name, chart)
    group = _group(calculator, evaluation, unfit)
    needed = {name for output in calculator.outputs for name in output.needs}
    shown = tuple(
        inputs.view(finding, now, optional=name not in needed) for name, finding in findings.items()
    )
    made = results.views(evaluation)
    return CalculatorView(
        calculator=calculator,
        group=group,
        results=() if group == "off" else made,
        provenance=_provenance(findings) if group == "computed" else "",
        lacking=tuple(_lack(findings[name]) for name in results.lacking(evaluation)),
        reason=(unfit or evaluation.refused or "") if group == "not_applicable" else "",
        warnings=tuple(cautions.warnings(evaluation, prefilled, chart)),
        notes=evaluation.notes,
        inputs=shown,
        beside=tuple(cautions.beside(evaluation, chart)),
        note="" if group == "off" else _note(calculator, made, shown, now),
    )


def _note(
    calculator: Calculator,
    made: tuple[ResultView, ...],
    shown: tuple[InputView, ...],
    now: datetime,
) -> str:
    named = tuple(one.note for one in shown)
    return results.note(made, calculator.title, now.date(), named)


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


def _relevance(name: str, chart: Chart) -> int:
    """The place in the order; what the registry lists first stays first among equals."""
    for place, (finding, names) in enumerate(_RELEVANT):
        if chart.findings[finding].value is True and name in names:
            return place
    return len(_RELEVANT)


def _provenance(findings: Found) -> str:
    """`Computed from 5 chart values, newest 20 Nov 2026, oldest 3 Mar 2026`."""
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
        newest, oldest = wording.day(dated[-1]), wording.day(dated[0])
        parts.append(f"all {newest}" if newest == oldest else f"newest {newest}, oldest {oldest}")
    absent = [
        one for one in findings.values() if one.outcome is Outcome.ABSENT and one.value is False
    ]
    if absent:
        parts.append(f"{len(absent)} not found in chart, counted as no")
    return ", ".join(parts)


def _is_dated(finding: Finding) -> bool:
    """Whether the date of the value matters: that of a diagnosis or of a drug does not."""
    calculated = finding.outcome is Outcome.CALCULATED
    return finding.input in INPUTS or finding.input == "current_smoker" or calculated


def _lack(finding: Finding) -> str:
    return f"{label(finding.input)} ({finding.outcome.value})"
