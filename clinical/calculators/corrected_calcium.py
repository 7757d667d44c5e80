"""Calcium corrected for albumin, with the usual slope of 0.8 (after Payne, BMJ 1973;4:643)."""

from clinical.calculators.in_chart import DrawRule, InChart
from clinical.calculators.limits import above, at_most, below
from clinical.calculators.model import ADULTS, Band, Calculator, Citation, Output


def corrected_calcium(calcium_total: float, albumin: float) -> float:
    """Return the corrected calcium, mg/dL, from total calcium in mg/dL and albumin in g/dL."""
    return calcium_total + 0.8 * (4.0 - albumin)


CALCULATOR = Calculator(
    name="corrected_calcium",
    title="Calcium corrected for albumin",
    short="Corrected Ca",
    subject="Metabolic",
    year=1973,
    purpose="Estimates the total calcium at an albumin of 4.0 g/dL.",
    population="Adults.",
    cautions=(
        "Not reliable in critical illness. A measured ionized calcium is preferred.",
        "Payne's original slope is close to 1.0. The slope in common use is 0.8.",
        "Your laboratory's reference range takes precedence over the one shown here.",
    ),
    outputs=(
        Output(
            name="corrected_calcium_mg_dl",
            label="Corrected calcium",
            unit="mg/dL",
            digits=1,
            edges=(6, 8.5, 10.5, 13),
            equation="calcium + 0.8 x (4.0 - albumin); mg/dL and g/dL",
            formula=corrected_calcium,
            needs=("calcium_total", "albumin"),
            checked_if_given=("age",),
            limits=(ADULTS,),
            bands=(
                Band("below 8.5: low", lambda v, _: below(v, 8.5), short="low"),
                Band(
                    "8.5 to 10.5: within the usual range",
                    lambda v, _: at_most(v, 10.5),
                    short="in range",
                ),
                Band("above 10.5: high", lambda v, _: above(v, 10.5), short="high"),
            ),
        ),
    ),
    sources=(Citation("Payne RB et al. Br Med J 1973;4:643-646", "10.1136/bmj.4.5893.643"),),
    aliases="adjusted payne",
    words="hypocalcaemia hypocalcemia hypercalcaemia hypercalcemia endocrinology general "
    "parathyroid electrolytes",
    validation="Not a risk score, so it has no c statistic. In illness, it "
    "disagrees with ionized calcium.",
    in_chart=InChart(draw=DrawRule(("calcium_total", "albumin"))),
)
