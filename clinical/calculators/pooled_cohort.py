"""Legacy 10-year ASCVD risk: Pooled Cohort Equations (Goff, Circulation 2014;129:S49-S73)."""

import math

from clinical.calculators.limits import at_least, below
from clinical.calculators.model import (
    HDL_NOT_BELOW_TOTAL,
    Band,
    Calculator,
    Citation,
    Exclusion,
    Limit,
    Output,
    Race,
    Sex,
)

GROUPS: tuple[tuple[Sex, Race], ...] = (
    ("female", "white_or_other"),
    ("female", "black"),
    ("male", "white_or_other"),
    ("male", "black"),
)

# Columns as in GROUPS; 0.0 if the group's equation lacks the term.
COEFFICIENTS = {
    "ln age": (-29.799, 17.114, 12.344, 2.469),
    "ln age^2": (4.884, 0.0, 0.0, 0.0),
    "ln TC": (13.540, 0.940, 11.853, 0.302),
    "ln age x ln TC": (-3.114, 0.0, -2.664, 0.0),
    "ln HDL": (-13.578, -18.920, -7.990, -0.307),
    "ln age x ln HDL": (3.149, 4.475, 1.769, 0.0),
    "ln treated SBP": (2.019, 29.291, 1.797, 1.916),
    "ln age x ln treated SBP": (0.0, -6.432, 0.0, 0.0),
    "ln untreated SBP": (1.957, 27.820, 1.764, 1.809),
    "ln age x ln untreated SBP": (0.0, -6.087, 0.0, 0.0),
    "smoker": (7.574, 0.691, 7.837, 0.549),
    "ln age x smoker": (-1.665, 0.0, -1.795, 0.0),
    "diabetes": (0.661, 0.874, 0.658, 0.645),
}
MEAN = (-29.18, 86.61, 61.18, 19.54)
BASELINE_SURVIVAL = (0.9665, 0.9533, 0.9144, 0.8954)


def risk_percent(
    age: int,
    sex: Sex,
    race: Race,
    cholesterol_total: float,
    hdl: float,
    systolic_bp: float,
    antihypertensive_treatment: bool,
    current_smoker: bool,
    diabetes: bool,
) -> float:
    """Return the risk of a first hard ASCVD event within 10 years, %; mg/dL and mmHg."""
    ln_age = math.log(age)
    ln_treated = math.log(systolic_bp) if antihypertensive_treatment else 0.0
    ln_untreated = 0.0 if antihypertensive_treatment else math.log(systolic_bp)
    terms = {
        "ln age": ln_age,
        "ln age^2": ln_age**2,
        "ln TC": math.log(cholesterol_total),
        "ln age x ln TC": ln_age * math.log(cholesterol_total),
        "ln HDL": math.log(hdl),
        "ln age x ln HDL": ln_age * math.log(hdl),
        "ln treated SBP": ln_treated,
        "ln age x ln treated SBP": ln_age * ln_treated,
        "ln untreated SBP": ln_untreated,
        "ln age x ln untreated SBP": ln_age * ln_untreated,
        "smoker": float(current_smoker),
        "ln age x smoker": ln_age * current_smoker,
        "diabetes": float(diabetes),
    }
    group = GROUPS.index((sex, race))
    total = sum(row[group] * terms[term] for term, row in COEFFICIENTS.items())
    survival = math.pow(BASELINE_SURVIVAL[group], math.exp(total - MEAN[group]))
    return 100 * (1 - survival)


CALCULATOR = Calculator(
    name="ascvd_pce_2013",
    title="ASCVD risk (Pooled Cohort Equations 2013, legacy)",
    short="ASCVD (PCE 2013)",
    subject="CV risk",
    year=2013,
    purpose="Estimates 10-year risk with the equations used before PREVENT, for comparison with "
    "earlier notes.",
    population="Ages 40 to 79, without ASCVD and with LDL below 190 mg/dL.",
    cautions=(
        "Legacy: superseded by PREVENT.",
        "The equations differ by race. Race is never prefilled.",
        "The risk categories are from the 2018 cholesterol guideline, which has been superseded.",
    ),
    outputs=(
        Output(
            name="risk_10y_ascvd_percent",
            label="10-year ASCVD risk",
            unit="%",
            digits=1,
            edges=(0, 5, 7.5, 20, 30),
            equation=(
                "100 x (1 - S0^exp(sum of coefficient x term - mean)); TC, HDL mg/dL, SBP mmHg"
            ),
            formula=risk_percent,
            needs=(
                *("age", "sex", "race", "cholesterol_total", "hdl", "systolic_bp"),
                *("antihypertensive_treatment", "current_smoker", "diabetes"),
            ),
            checked_if_given=("ldl_reported", "known_cvd_excludes_risk_score"),
            limits=(
                Limit("age", 40, 79, "Valid for ages 40 to 79"),
                Limit("cholesterol_total", 130, 320, "Total cholesterol must be 130 to 320 mg/dL"),
                Limit("hdl", 20, 100, "HDL cholesterol must be 20 to 100 mg/dL"),
                Limit("systolic_bp", 90, 200, "Systolic pressure must be 90 to 200 mmHg"),
            ),
            exclusions=(
                HDL_NOT_BELOW_TOTAL,
                Exclusion(
                    "Not valid with known cardiovascular disease",
                    lambda values: values.get("known_cvd_excludes_risk_score") is True,
                ),
                Exclusion(
                    "Not valid with an LDL of 190 mg/dL or more",
                    lambda values: at_least(values.get("ldl_reported", 0), 190),
                ),
            ),
            bands=(
                Band("below 5%: low", lambda v, _: below(v, 5), short="low"),
                Band("5 to below 7.5%: borderline", lambda v, _: below(v, 7.5), short="borderline"),
                Band(
                    "7.5 to below 20%: intermediate",
                    lambda v, _: below(v, 20),
                    short="intermediate",
                ),
                Band("20% or more: high", lambda v, _: at_least(v, 20), short="high"),
            ),
        ),
    ),
    sources=(
        Citation(
            "Goff DC et al. Circulation 2014;129(25 Suppl 2):S49-S73",
            "10.1161/01.cir.0000437741.48606.98",
        ),
        Citation(
            "Grundy SM et al. 2018 AHA/ACC cholesterol guideline (risk categories)",
            "10.1161/CIR.0000000000000625",
        ),
    ),
    table=(
        ("Term", "White or other F", "Black F", "White or other M", "Black M"),
        *((term, *(f"{c:g}" if c else "" for c in row)) for term, row in COEFFICIENTS.items()),
        ("mean", *(f"{mean:g}" for mean in MEAN)),
        ("S0", *(f"{survival:g}" for survival in BASELINE_SURVIVAL)),
    ),
    mark="legacy",
    why_marked="Legacy: superseded by PREVENT. Results differ by race. "
    "For comparison with earlier notes.",
    aliases="pooled cohort equations 10-year",
    words="legacy heart cardiovascular cvd risk cholesterol cardiology",
    validation="No study is cited, because we have not read one that is open access.",
)
