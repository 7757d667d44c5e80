"""All calculators filled from a chart: computable ones first, in order of relevance."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from types import MappingProxyType

from clinical import fitness
from clinical.basis import names_behind
from clinical.calculators import REGISTRY, Evaluation, evaluate
from clinical.calculators.inputs import FLAGS, INPUTS, label
from clinical.calculators.model import Calculator
from clinical.chart import Chart
from clinical.chart.evidence import ChartFinding, Outcome
from clinical.clock import Clock
from clinical.prefilled import Findings, inputs_of

from . import cautions, input_views, note, result_views, trends, wording
from .view_models import CalculatorView, Group, InputView

# In order of how much they show.
GROUPS: tuple[Group, ...] = (
    *("computed", "lacking", "incomplete"),
    *("not_applicable", "off", "turned_off"),
)
_FEW = 2
# The longest names of two missing inputs that fit into a row, in characters.
_SHORT = 34

# Findings that make calculators relevant (each declares its own), the most important first. The
# page opens the most relevant calculator. Rows don't move, so everything stays where it was seen.
_WEIGHTY = (
    *("atrial_fibrillation", "acute_kidney_injury", "chronic_kidney_disease"),
    *("abnormal_renal_function", "abnormal_liver_function", "oral_anticoagulant", "diabetes"),
    *("hypertension", "statin"),
)
# Other findings come after these, and before none.
_TIERS = {name: number for number, name in enumerate(_WEIGHTY)}
# A result that needs action comes before all others.
_URGENCY = ("urgent", "action", "")
# In these groups, findings decide the relevance. In the others, only the registry's order does.
_ORDERED = ("computed", "lacking")
_NUMBERS = {name: number for number, name in enumerate(REGISTRY)}


def in_groups(
    chart: Chart,
    clock: Clock,
    patient: str = "",
    off: AbstractSet[str] = frozenset(),
    names: Iterable[str] = REGISTRY,
    cut: AbstractSet[str] = frozenset(),
    unread_behind: Mapping[str, str] = MappingProxyType({}),
) -> Mapping[Group, tuple[CalculatorView, ...]]:
    """Return the calculators by group, the most relevant first, without empty groups.

    `patient` names the patient for a note. `off` are the calculators that are turned off, and `cut`
    the inputs of which the chart has more values than were read. `unread_behind` tells what
    couldn't be read and why, by each input that this leaves open.
    """
    known: dict[str, InputView] = {}
    views = [
        _turned_off(REGISTRY[name])
        if name in off
        else _view(REGISTRY[name], chart, clock, patient, off, cut, unread_behind, known)
        for name in names
    ]
    views.sort(key=lambda view: view.rank)
    grouped = {group: tuple(one for one in views if one.group == group) for group in GROUPS}
    return {group: views for group, views in grouped.items() if views}


def _charted(
    finding: ChartFinding,
    chart: Chart,
    clock: Clock,
    cut: AbstractSet[str],
    known: dict[str, InputView],
) -> InputView:
    """Return what is the same for every calculator with this finding. `known` keeps it for the
    chart's own findings, because several calculators have them.
    """
    name = finding.input
    if finding is chart.findings.get(name) and name in known:
        return known[name]
    trend = trends.of_input(finding, chart, clock, cut)
    made = input_views.of_finding(finding, clock, trend)
    if finding is chart.findings.get(name):
        known[name] = made
    return made


def _turned_off(calculator: Calculator) -> CalculatorView:
    reason = "This calculator is turned off by your organization"
    return CalculatorView(
        calculator,
        "turned_off",
        *((), "", (), ""),
        reason,
        *((), (), (), ()),
        "",
        subject=calculator.subject,
        rank=_rank("turned_off", "", calculator),
    )


def _view(
    calculator: Calculator,
    chart: Chart,
    clock: Clock,
    patient: str,
    off: AbstractSet[str],
    cut: AbstractSet[str],
    unread_behind: Mapping[str, str],
    known: dict[str, InputView],
) -> CalculatorView:
    prefilled = inputs_of(calculator, chart, clock.now, off)
    findings = cautions.without_own_choice(prefilled.findings, chart)
    prefilled = replace(prefilled, findings=findings)
    evaluation = evaluate(calculator.name, prefilled.raw)
    unfit = fitness.unfit(calculator, chart)
    group = _group(calculator, evaluation, findings, unfit)
    relevant_finding = _relevant_finding(calculator, chart)
    needed = {name for output in calculator.outputs for name in output.needs}
    shown = tuple(
        input_views.view(
            finding,
            clock,
            optional=name not in needed,
            definition=calculator.definitions.get(name, ""),
            points=evaluation.points.get(name),
            worth=_worth(calculator, name, evaluation),
            limit=_limit(calculator, name),
            charted=_charted(finding, chart, clock, cut, known),
        )
        for name, finding in findings.items()
    )
    charted = {name: finding.value for name, finding in chart.findings.items()}
    undated = [one.label for one in shown if one.is_undated]
    results = result_views.views(evaluation, _unused(findings), charted, undated)
    behind = names_behind(calculator.name)
    view = CalculatorView(
        calculator=calculator,
        group=group,
        results=() if group == "off" else results,
        provenance=_provenance(findings, clock) if group == "computed" else "",
        lacking=tuple(_lacks(result_views.lacking(evaluation), findings)),
        needs=_needs(result_views.lacking(evaluation), findings),
        reason=(unfit or evaluation.refused or "") if group == "not_applicable" else "",
        warnings=tuple(cautions.warnings(evaluation, prefilled, chart, clock)),
        quality=tuple(cautions.quality(prefilled, chart, calculator.in_chart.steady)),
        notes=evaluation.notes,
        inputs=shown,
        reported=tuple(cautions.reported(evaluation, chart, clock)),
        note="",
        unread=tuple(dict.fromkeys(why for one, why in unread_behind.items() if one in behind)),
        trend=trends.of_output(calculator, chart, clock, cut),
        subject=calculator.in_chart.relevant_with.get(relevant_finding) or calculator.subject,
        is_charted=relevant_finding != "",
        is_done=any(charted.get(name) is True for name in _takes_away(calculator)),
    )
    view = replace(view, rank=_rank(group, relevant_finding, calculator, view.mark))
    if group == "off":
        return view
    parts = note.parts(patient, shown, view.noted, view.unread, clock.read_at)
    return replace(view, note=note.of_results(calculator.title, results, parts))


def _group(calculator: Calculator, evaluation: Evaluation, findings: Findings, unfit: str) -> Group:
    if calculator.mark:
        return "off"
    if unfit:
        return "not_applicable"
    missing = result_views.lacking(evaluation)
    # A score that lacks a few answers has a range, which is a result. Items left open by
    # unclassified entries don't count as lacking, because one entry can leave many open.
    unanswered = [name for name in missing if findings[name].outcome is not Outcome.OPEN]
    if evaluation.results or (evaluation.ranges and len(unanswered) <= _FEW):
        return "computed"
    if not missing:
        return "not_applicable"
    return "lacking" if len(missing) <= _FEW else "incomplete"


def _worth(calculator: Calculator, name: str, evaluation: Evaluation) -> float | None:
    """Return what a "yes" to an item adds to a score, or None if it isn't a yes-or-no item."""
    if calculator.points is None or name not in FLAGS:
        return None
    return calculator.points({**evaluation.inputs, name: True}).get(name)


def _limit(calculator: Calculator, name: str) -> int | None:
    """Return the calculator's own maximum age of an input in days, or None."""
    rule = calculator.in_chart.draw
    limit = calculator.in_chart.max_age.get(name)
    if rule is not None and name in rule.inputs + rule.optional:
        limit = rule.max_age or limit
    return limit.days if limit else None


def _relevant_finding(calculator: Calculator, chart: Chart) -> str:
    """Return the most specific finding of the chart that makes a calculator relevant, or ""."""
    declared = calculator.in_chart.relevant_with
    return next((one for one in declared if chart.findings[one].value is True), "")


def _takes_away(calculator: Calculator) -> Iterable[str]:
    """Return the findings that take away the mark of a result, other than inputs."""
    actions = (band.action for output in calculator.outputs for band in output.bands)
    names = (name for action in actions if action for name in action.unless)
    return (name for name in names if name not in calculator.inputs)


def _rank(
    group: Group, finding: str, calculator: Calculator, mark: str = ""
) -> tuple[int, int, int, int]:
    tier = _TIERS.get(finding, len(_TIERS)) if finding and group in _ORDERED else len(_TIERS) + 1
    return GROUPS.index(group), _URGENCY.index(mark), tier, _NUMBERS[calculator.name]


def _provenance(findings: Findings, clock: Clock) -> str:
    """Return `Computed from 5 chart values, measured 3 Mar 2026 to 20 Nov 2026`."""
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
        parts.append(f"{len(absent)} not found in chart, assumed absent")
    return ", ".join(parts)


def _is_dated(finding: ChartFinding) -> bool:
    """Return whether the date of the value matters, which it doesn't for a diagnosis or drug."""
    calculated = finding.outcome is Outcome.CALCULATED
    return finding.input in INPUTS or finding.input == "current_smoker" or calculated


def _unused(findings: Findings) -> Mapping[str, str]:
    """Return why a charted value isn't used, by input."""
    plain = (Outcome.ABSENT, Outcome.ASKED)
    return {
        name: finding.outcome.value
        for name, finding in findings.items()
        if finding.value is None and finding.outcome not in plain and finding.chosen
    }


def _needs(lacking: Iterable[str], findings: Findings) -> str:
    """Return the missing inputs for a row: `not read: creatinine`, `needs INR`, or both.

    A row has room for two short names. Otherwise, it names the first and counts the others.
    """
    names = list(lacking)
    unread = [name for name in names if findings[name].outcome is Outcome.UNREAD]
    others = [name for name in names if name not in unread]
    if unread and others:
        return f"not read: {_few(unread)}; needs {len(others)} more"
    return f"not read: {_few(unread)}" if unread else f"needs {_few(others)}" if others else ""


def _few(names: list[str]) -> str:
    first, *rest = (wording.in_line(name).partition(" (")[0] for name in names)
    both = ", ".join((first, *rest))
    return both if len(rest) < 2 and len(both) <= _SHORT else f"{first} and {len(rest)} more"


def _lacks(names: Iterable[str], findings: Findings) -> Iterable[str]:
    """Return the missing inputs with the reason, each reason once."""
    by_reason: dict[str, list[str]] = {}
    for name in names:
        by_reason.setdefault(findings[name].outcome.value, []).append(label(name))
    return (f"{'; '.join(labels)} ({reason})" for reason, labels in by_reason.items())
