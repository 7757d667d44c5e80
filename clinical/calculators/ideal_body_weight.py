"""Ideal body weight (Devine 1974) and adjusted body weight, for drug doses."""

from clinical.calculators.devine import DEVINE, SHORT, adjusted_weight, ideal_weight
from clinical.calculators.in_chart import ChartCaution, InChart
from clinical.calculators.limits import below
from clinical.calculators.model import (
    ADULTS,
    Calculator,
    Citation,
    NotApplicable,
    Output,
    Sex,
)


def adjusted_if_heavier(sex: Sex, height: float, weight: float) -> float:
    """Return the adjusted weight, kg; raise NotApplicable if the actual weight is below ideal."""
    if below(weight, ideal_weight(sex, height)):
        raise NotApplicable("The actual weight is below the ideal weight: use the actual weight")
    return adjusted_weight(sex, height, weight)


CALCULATOR = Calculator(
    name="ideal_body_weight",
    title="Ideal and adjusted body weight (Devine)",
    short="Ideal weight",
    subject="Body",
    year=1974,
    purpose="Estimates a body weight for drug doses, where the dose follows ideal weight.",
    population="Adults.",
    cautions=(
        (
            "For the doses of drugs whose label or protocol names this weight. It is not a target"
            " for the patient."
        ),
        "Not valid with edema, after an amputation or in pregnancy.",
        "Derived from insurance tables, not from measured body composition.",
        "The adjusted weight is not shown if the actual weight is below the ideal weight.",
        "Use the actual weight then.",
    ),
    outputs=(
        Output(
            name="ideal_body_weight",
            label="Ideal body weight",
            unit="kg",
            digits=1,
            equation="50 [male] or 45.5 [female] + 2.3 kg per inch of height over 60 in",
            formula=ideal_weight,
            needs=("sex", "height"),
            checked_if_given=("age",),
            limits=(ADULTS,),
            meaning=lambda _: "for drug doses",
        ),
        Output(
            name="adjusted_body_weight",
            label="Adjusted body weight",
            unit="kg",
            digits=1,
            equation="ideal weight + 0.4 x (actual - ideal weight)",
            formula=adjusted_if_heavier,
            needs=("sex", "height", "weight"),
            checked_if_given=("age",),
            limits=(ADULTS,),
            meaning=lambda _: "for drug doses",
        ),
    ),
    sources=(
        DEVINE,
        Citation(
            "Pai MP, Paloucek FP. Ann Pharmacother 2000;34:1066-1069 (origin)",
            "10.1345/aph.19381",
        ),
        Citation(
            "Winter MA et al. Pharmacotherapy 2012;32:604-612 (adjusted weight)",
            "10.1002/j.1875-9114.2012.01098.x",
        ),
    ),
    notes=(SHORT,),
    aliases="ibw abw adjbw devine",
    words="adjusted lean weight dose dosing drug pharmacy obesity aminoglycoside",
    validation="A rule for doses, not validated against body composition.",
    in_chart=InChart(
        cautions=(
            ChartCaution(
                "amputation",
                "An amputation is documented in the chart. The actual weight does not include the "
                "limb.",
                "The problem list suggests an amputation. The actual weight does not include the "
                "limb.",
            ),
            ChartCaution(
                "pregnancy",
                "Pregnancy is documented in the chart. The formula is not for pregnancy.",
                "The problem list suggests pregnancy. The formula is not for pregnancy.",
            ),
        ),
    ),
)
