"""What is to be read before a result is used, and charted values of the same kind beside it."""

from collections.abc import Iterator, Mapping

from clinical.calculators import REGISTRY, Evaluation
from clinical.calculators.inputs import label
from clinical.chart import Chart
from clinical.chart.evidence import Finding, Flag, Outcome
from clinical.chart.steadiness import unsteady
from clinical.prefilled import CALCULATED, Prefilled

from . import input_views as inputs
from .view_models import EntryView

_FOR_ATRIAL_FIBRILLATION = frozenset({"cha2ds2_vasc", "has_bled"})

# Values that a laboratory or a scale reports itself: to be read beside the result, never used.
_BESIDE: Mapping[str, str] = {
    "egfr_ckd_epi_2021": "egfr_reported",
    "bmi": "bmi_reported",
    "ldl": "ldl_reported",
}
_BMI_AGREES = 0.5
_USES_CREATININE = frozenset({"egfr_ckd_epi_2021", "creatinine_clearance_cg", "prevent_2023_base"})
_OF_MARKS: Mapping[str, str] = {
    "legacy": "Legacy: superseded by PREVENT, and split by race. For comparison with older notes.",
    "time-critical": "Not for alarms, emergencies or continuous monitoring.",
}


def warnings(evaluation: Evaluation, prefilled: Prefilled, chart: Chart) -> Iterator[str]:
    """The warnings on a result of these inputs, as sentences."""
    calculator = evaluation.calculator
    if calculator.mark:
        yield _OF_MARKS[calculator.mark]
    told = chart.findings["atrial_fibrillation"].value is not None
    if calculator.name in _FOR_ATRIAL_FIBRILLATION and not told:
        yield "The chart did not tell of atrial fibrillation: the score is for it only."
    if said := unfit(calculator.name, chart):
        yield f"{said}."
    if prefilled.warning:
        yield f"The values were {prefilled.warning}."
    valued = _valued(prefilled, chart)
    if old := [label(name) for name, one in valued.items() if Flag.OLD in one.flags]:
        yield f"Old values: {', '.join(old)}."
    if newer := [label(name) for name, one in valued.items() if Flag.PRELIMINARY in one.flags]:
        yield f"A newer preliminary value is charted and not used: {', '.join(newer)}."
    if calculator.name in _USES_CREATININE:
        said = unsteady(chart.usable.get("creatinine", ()))
        yield from [f"{said}."] if said else []
    if calculator.name == "meld" and chart.findings["vitamin_k_antagonist"].value:
        yield "A vitamin K antagonist is ordered: INR misleads."


def _valued(prefilled: Prefilled, chart: Chart) -> Mapping[str, Finding]:
    """The findings with a value; in place of a calculated one those it was calculated from."""
    found: dict[str, Finding] = {}
    for name, finding in prefilled.findings.items():
        if finding.outcome is Outcome.CALCULATED:
            needs = REGISTRY[CALCULATED[name]].outputs[0].needs
            found |= {source: chart.findings[source] for source in needs}
        elif finding.value is not None:
            found[name] = finding
    return found


def unfit(name: str, chart: Chart) -> str:
    """Why a calculator is not for this patient, as far as the chart tells; empty where it is.

    A person may know better: it stays open to use.
    """
    findings = chart.findings
    if name not in _FOR_ATRIAL_FIBRILLATION or findings["atrial_fibrillation"].value is not False:
        return ""
    if name == "has_bled" and findings["oral_anticoagulant"].value is not False:
        return ""
    return "No atrial fibrillation found in the chart"


def beside(evaluation: Evaluation, chart: Chart) -> Iterator[EntryView]:
    """The charted value of the same kind; a reported BMI only where it differs by over 0.5."""
    name = _BESIDE.get(evaluation.calculator.name)
    entry = inputs.charted(chart.findings[name]) if name else None
    if name is None or entry is None:
        return
    own, reported = evaluation.outputs.get("bmi"), chart.findings[name].value
    agrees = own is not None and isinstance(reported, float) and abs(own - reported) <= _BMI_AGREES
    if not agrees:
        yield entry
