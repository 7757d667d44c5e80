"""Calculated LDL cholesterol: Sampson-NIH 2020, Friedewald 1972 for comparison, and non-HDL."""

from clinical.calculators.in_chart import DrawRule, InChart, Reported
from clinical.calculators.limits import above, at_most
from clinical.calculators.model import (
    ADULTS,
    HDL_NOT_BELOW_TOTAL,
    Calculator,
    Citation,
    Formula,
    Limit,
    NotApplicable,
    Note,
    Output,
)


def non_hdl(cholesterol_total: float, hdl: float) -> float:
    """Return the non-HDL cholesterol, mg/dL."""
    return cholesterol_total - hdl


def _positive(ldl: float) -> float:
    if at_most(ldl, 0):
        raise NotApplicable("The equation does not give a positive LDL for this panel")
    return ldl


def sampson(cholesterol_total: float, hdl: float, triglycerides: float) -> float:
    """Return the LDL cholesterol by Sampson; all values in mg/dL."""
    rest = non_hdl(cholesterol_total, hdl)
    return _positive(
        cholesterol_total / 0.948
        - hdl / 0.971
        - (triglycerides / 8.56 + triglycerides * rest / 2140 - triglycerides**2 / 16100)
        - 9.44
    )


def friedewald(cholesterol_total: float, hdl: float, triglycerides: float) -> float:
    """Return the LDL cholesterol by Friedewald; all values in mg/dL."""
    return _positive(non_hdl(cholesterol_total, hdl) - triglycerides / 5)


_PANEL = ("cholesterol_total", "hdl", "triglycerides")
_UP_TO_800 = Limit(
    "triglycerides", None, 800, "Valid only for triglycerides up to 800 mg/dL (9.03 mmol/L)"
)
_UP_TO_400 = Limit(
    "triglycerides",
    None,
    400,
    "Friedewald is valid only for triglycerides up to 400 mg/dL (4.52 mmol/L)",
)


def _output(name: str, label: str, equation: str, formula: Formula, *limits: Limit) -> Output:
    """Return an output; LDL has a limit of the triglycerides, which non-HDL doesn't need."""
    return Output(
        name=name,
        label=label,
        unit="mg/dL",
        digits=0,
        equation=f"{equation}; mg/dL",
        formula=formula,
        needs=_PANEL if limits else _PANEL[:2],
        checked_if_given=("age",),
        limits=(ADULTS, *limits),
        exclusions=(HDL_NOT_BELOW_TOTAL,),
        meaning=lambda _: "the goal depends on the patient's risk",
    )


CALCULATOR = Calculator(
    name="ldl",
    title="LDL cholesterol (Sampson-NIH), non-HDL cholesterol",
    short="LDL (NIH)",
    subject="Lipids",
    year=2020,
    purpose="Calculates LDL cholesterol from a lipid panel.",
    population="Adults. LDL is calculated only for triglycerides up to 800 mg/dL.",
    cautions=(
        "A measured (direct) LDL is preferred to a calculated one.",
        "Not valid in type III dysbetalipoproteinemia.",
        "A calculated LDL of zero or below is not shown.",
        "Non-HDL cholesterol does not require triglycerides.",
        "No treatment categories are shown, because goals depend on the patient's risk.",
    ),
    outputs=(
        _output(
            "ldl_sampson_nih",
            "LDL (Sampson-NIH)",
            "TC/0.948 - HDL/0.971 - (TG/8.56 + TG x (TC - HDL)/2140 - TG^2/16100) - 9.44",
            sampson,
            _UP_TO_800,
        ),
        _output(
            "ldl_friedewald",
            "LDL (Friedewald), for comparison",
            "TC - HDL - TG/5",
            friedewald,
            _UP_TO_400,
        ),
        _output("non_hdl", "Non-HDL cholesterol", "TC - HDL", non_hdl),
    ),
    sources=(
        Citation("Sampson M et al. JAMA Cardiol 2020;5:540-548", "10.1001/jamacardio.2020.0013"),
        Citation("Friedewald WT et al. Clin Chem 1972;18:499-502", "10.1093/clinchem/18.6.499"),
    ),
    notes=(
        Note(
            "Triglycerides above 400 mg/dL: Friedewald is not shown",
            lambda values: above(values.get("triglycerides", 0), 400),
        ),
    ),
    aliases="sampson friedewald friedwald nonhdl",
    words="cholesterin lipid hyperlipidemia dyslipidemia triglycerides cardiology primary care",
    validation="18,715 beta-quantification results from 8,656 patients, and an external "
    "sample of 28,891 (Sampson 2020).",
    in_chart=InChart(
        draw=DrawRule(_PANEL, ("ldl_reported",)),
        reported=Reported("ldl_reported", "ldl_sampson_nih"),
    ),
)
