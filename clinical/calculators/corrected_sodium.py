"""Sodium corrected for glucose: Katz, N Engl J Med 1973;289:843; Hillier, Am J Med 1999;106:399."""

import math

from clinical.calculators.in_chart import DrawRule, InChart
from clinical.calculators.limits import above, at_most, below
from clinical.calculators.model import (
    ADULTS,
    Band,
    Calculator,
    Citation,
    Exclusion,
    Formula,
    Note,
    Output,
)


def by(fall: float) -> Formula:
    """Return the formula for a fall of sodium, mmol/L, per 100 mg/dL of glucose."""
    return lambda sodium, glucose: sodium + fall * (glucose - 100) / 100


_NOT_RAISED = Exclusion(
    "Glucose is below 100 mg/dL (5.6 mmol/L), so there is nothing to correct",
    lambda values: below(values.get("glucose", math.inf), 100),
)
_BANDS = (
    Band("below 135 after correction: low", lambda v, _: below(v, 135), short="low"),
    Band(
        "135 to 145 after correction: within the usual range",
        lambda v, _: at_most(v, 145),
        short="in range",
    ),
    Band("above 145 after correction: high", lambda _, __: True, short="high"),
)


def _output(paper: str, fall: float) -> Output:
    return Output(
        name=f"corrected_sodium_{paper.partition(' ')[0].lower()}",
        label=f"Corrected sodium ({paper})",
        unit="mmol/L",
        digits=0,
        edges=(120, 135, 145, 160),
        equation=f"sodium + {fall} x (glucose - 100) / 100; mmol/L and mg/dL",
        formula=by(fall),
        needs=("sodium", "glucose"),
        checked_if_given=("age",),
        limits=(ADULTS,),
        exclusions=(_NOT_RAISED,),
        bands=_BANDS,
    )


CALCULATOR = Calculator(
    name="corrected_sodium",
    title="Corrected sodium (for glucose)",
    short="Corrected Na",
    subject="Metabolic",
    year=1999,
    purpose="Estimates the sodium that would be measured at a glucose of 100 mg/dL.",
    population="Adults with hyperglycemia.",
    cautions=(
        "Both values must be from the same draw.",
        "During treatment of ketoacidosis, minutes count: compare the two times.",
        (
            "The estimate is for glucose only. It does not correct pseudohyponatremia from lipids"
            " or protein."
        ),
        "The range of 135 to 145 mmol/L is a laboratory convention.",
        "Katz's factor is theoretical. Hillier measured the fall in 6 healthy people.",
    ),
    outputs=(_output("Katz 1973", 1.6), _output("Hillier 1999", 2.4)),
    sources=(
        Citation("Katz MA. N Engl J Med 1973;289:843-844", "10.1056/NEJM197310182891607"),
        Citation("Hillier TA et al. Am J Med 1999;106:399-403", "10.1016/s0002-9343(99)00055-8"),
    ),
    notes=(
        Note(
            "Glucose above 400 mg/dL (22.2 mmol/L): sodium fell by 4.0 mmol/L per 100 mg/dL there "
            "(Hillier 1999), so both results may be too low",
            lambda values: above(values.get("glucose", -math.inf), 400),
        ),
    ),
    aliases="katz hillier hyperglycemic hyponatremia",
    words="hyperglycaemia hyperglycemia dka hhs ketoacidosis glucose electrolytes endocrinology",
    validation="6 healthy people: sodium fell by 2.4 mmol/L per 100 mg/dL of glucose, by 1.6 up to "
    "400 mg/dL and by 4.0 above (Hillier 1999).",
    in_chart=InChart(draw=DrawRule(("sodium", "glucose"))),
)
