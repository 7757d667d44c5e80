"""Creatinine clearance for drug dosing: Cockcroft and Gault, Nephron 1976;16:31-41.

The ideal weight is Devine's (1974). The choice among the weights follows Winter (2012).
"""

from clinical.calculators.devine import DEVINE, SHORT, adjusted_weight, ideal_weight
from clinical.calculators.in_chart import KIDNEY_CAUTIONS, InChart
from clinical.calculators.limits import below
from clinical.calculators.model import (
    ADULTS,
    Calculator,
    CheckedInputs,
    Citation,
    Formula,
    Meaning,
    Output,
    Sex,
)


def clearance(age: int, sex: Sex, creatinine: float, weight: float) -> float:
    """Return the creatinine clearance, mL/min, from creatinine in mg/dL and a weight in kg."""
    return (140 - age) * weight / (72 * creatinine) * (0.85 if sex == "female" else 1)


def selected_weight(sex: Sex, height: float, weight: float) -> float:
    """Return the weight for the patient's BMI class, kg."""
    return selection(sex, height, weight)[0]


def selection(sex: Sex, height: float, weight: float) -> tuple[float, str, str]:
    """Return the weight for the patient's BMI class in kg, its short name, and the reason."""
    bmi = weight * 10000 / height**2
    if below(bmi, 18.5):
        return weight, "actual weight", "the actual weight, because the BMI is below 18.5"
    if below(bmi, 25):
        ideal = ideal_weight(sex, height)
        which = "ideal" if below(ideal, weight) else "actual"
        why = f"the {which} weight, the lower of ideal and actual (BMI 18.5 to below 25)"
        return min(ideal, weight), f"{which} weight", why
    adjusted = adjusted_weight(sex, height, weight)
    return adjusted, "adj. weight", "the adjusted weight, because the BMI is 25 or more"


def by_ideal_weight(age: int, sex: Sex, creatinine: float, height: float) -> float:
    """Return the clearance for the ideal weight, mL/min."""
    return clearance(age, sex, creatinine, ideal_weight(sex, height))


def by_adjusted_weight(
    age: int, sex: Sex, creatinine: float, weight: float, height: float
) -> float:
    """Return the clearance for the adjusted weight, mL/min."""
    return clearance(age, sex, creatinine, adjusted_weight(sex, height, weight))


def by_selected_weight(
    age: int, sex: Sex, creatinine: float, weight: float, height: float
) -> float:
    """Return the clearance for the weight selected by BMI, mL/min."""
    return clearance(age, sex, creatinine, selected_weight(sex, height, weight))


def _with(weight: float, which: str) -> str:
    return f"computed with {weight:.1f} kg, {which}"


def _selected(values: CheckedInputs) -> str:
    weight, _, why = selection(values["sex"], values["height"], values["weight"])
    return _with(weight, why)


def _output(
    name: str,
    label: str,
    equation: str,
    formula: Formula,
    body: tuple[str, ...],
    meaning: Meaning,
    meaning_short: Meaning | None = None,
) -> Output:
    return Output(
        name=f"crcl_{name}_weight",
        label=f"Clearance, {label}",
        unit="mL/min",
        digits=0,
        equation=equation,
        formula=formula,
        needs=("age", "sex", "creatinine", *body),
        limits=(ADULTS,),
        meaning=meaning,
        meaning_short=meaning_short,
    )


CALCULATOR = Calculator(
    name="creatinine_clearance_cg",
    title="Creatinine clearance (Cockcroft-Gault)",
    short="CrCl (C-G)",
    subject="Kidney",
    year=1976,
    purpose="Estimates creatinine clearance for drug dosing.",
    population="Adults.",
    cautions=(
        "For drug dosing only, not for CKD staging.",
        "DOAC labeling uses actual weight.",
        "Not valid while creatinine is changing.",
        "No result is given if the ideal weight is zero or below (height near 1 m).",
    ),
    outputs=(
        _output(
            "selected",
            "weight chosen by BMI",
            "(140 - age) x W / (72 x Scr) x 0.85 [female]; W: actual weight below BMI 18.5; "
            "the smaller of ideal and actual from 18.5 to below 25; adjusted at 25 or more",
            by_selected_weight,
            ("weight", "height"),
            _selected,
            lambda g: selection(g["sex"], g["height"], g["weight"])[1],
        ),
        _output(
            "actual",
            "actual weight",
            "(140 - age) x weight / (72 x Scr) x 0.85 [female]; kg, Scr in mg/dL",
            clearance,
            ("weight",),
            lambda g: _with(g["weight"], "the actual weight"),
        ),
        _output(
            "ideal",
            "ideal weight",
            "(140 - age) x IBW / (72 x Scr) x 0.85 [female]; "
            "IBW = 50 [male] or 45.5 [female] + 2.3 kg per inch over 60 in",
            by_ideal_weight,
            ("height",),
            lambda g: _with(ideal_weight(g["sex"], g["height"]), "the ideal weight"),
        ),
        _output(
            "adjusted",
            "adjusted weight",
            "as for ideal weight, with IBW + 0.4 x (weight - IBW) in place of IBW",
            by_adjusted_weight,
            ("weight", "height"),
            lambda g: _with(
                adjusted_weight(g["sex"], g["height"], g["weight"]), "the adjusted weight"
            ),
        ),
    ),
    sources=(
        Citation("Cockcroft DW, Gault MH. Nephron 1976;16:31-41", "10.1159/000180580"),
        DEVINE,
        Citation(
            "Winter MA et al. Pharmacotherapy 2012;32:604-612 (choice of weight)",
            "10.1002/j.1875-9114.2012.01098.x",
        ),
    ),
    notes=(SHORT,),
    aliases="crcl ccr cockcroft cockroft gault",
    words="clearance dose dosing drug renal function creatinin pharmacy nephrology",
    validation="No study is cited, because we have not read one that is open access.",
    in_chart=InChart(
        relevant_with={
            "acute_kidney_injury": "AKI",
            "chronic_kidney_disease": "CKD",
            "abnormal_renal_function": "",
            "oral_anticoagulant": "OAC",
        },
        cautions=KIDNEY_CAUTIONS,
        steady=("creatinine",),
    ),
)
